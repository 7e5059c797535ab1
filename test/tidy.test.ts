/** Keeps `src` tidy: layers, walls around packages, purity, sizes and names. The rules themselves are tested first. */
import { describe, expect, it } from 'vitest';
import { importsOf } from './tidy/imports.js';
import { type Rule, rules } from './tidy/rules.js';
import { readFiles } from './tidy/source-files.js';
import { readSourceText } from './tidy/source-text.js';

const files = readFiles('src', '.ts');

describe('every source file', () => {
  it('is found', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(Object.entries(rules))('%s', (_name, rule) => {
    expect(files.flatMap((file) => [...rule(file)])).toEqual([]);
  });
});

describe('the rule about imports', () => {
  const rule = ruleOf('imports only what its layer may know');

  it.each([
    ['src/core/time.ts', "import { World } from '../runtime/world.js';", 'core must not import runtime'],
    ['src/core/time.ts', "export * from '../topology/graph.js';", 'core must not import topology'],
    ['src/plan/lower.ts', "import type { World } from '../runtime/world.js';", 'plan must not import runtime'],
    ['src/kernels/map.ts', "import { graph } from '../topology/graph.js';", 'may import only types of topology'],
    ['src/kernels/map.ts', "import { type Graph } from '../topology/graph.js';", 'may import only types of topology'],
    ['src/kernels/map.ts', "import type { Plan } from '../plan/plan.js';", 'kernels must not import plan'],
    ['src/runtime/store.ts', "import type { Kernel } from '../kernels/kernel.js';", 'runtime must not import kernels'],
    [
      'src/runtime/store.ts',
      "const x = await import('../executors/executor.js');",
      'runtime must not import executors',
    ],
    [
      'src/connectors/file.ts',
      "import { run } from '../executors/executor.js';",
      'connectors must not import executors',
    ],
    [
      'src/executors/record/task.ts',
      "import { job } from '../micro-batch/job.js';",
      'executors/record must not import executors/micro-batch',
    ],
    [
      'src/executors/executor.ts',
      "import { job } from './micro-batch/job.js';",
      'executors must not import executors/micro-batch',
    ],
    ['src/executors/record/task.ts', "import { file } from '../../connectors/file.js';", 'must not import connectors'],
    ['src/executors/third/task.ts', "import { x } from '../../core/time.js';", 'lies in no layer'],
    ['src/host/run.ts', "import { compare } from '../compare/compare.js';", 'host must not import compare'],
    [
      'src/engines/storm.ts',
      "import { x } from '../executors/record/x.js';",
      'engines must not import executors/record',
    ],
    ['src/ui/page.ts', "import { x } from '../core/time.js';", 'may import only types of core'],
    ['src/sources.ts', "export { file } from './connectors/file.js';", 'must not import connectors'],
    ['src/cli/main.ts', "import { run } from '../index.js';", 'lies in no layer'],
    ['src/cli/main.ts', "import packageJson from '../../package.json';", 'leads out of src'],
    ['src/executors/micro-batch/job.ts', "import { map } from 'rxjs';", 'only src/executors/record/ may import rxjs'],
    ['src/runtime/world.ts', "import pino from 'pino';", 'only src/runtime/log may import pino'],
    ['src/connectors/tcp.ts', "import { Kafka } from 'kafkajs';", 'only src/connectors/kafka may import kafkajs'],
    ['src/compare/load.ts', "import { build } from 'hdr-histogram-js';", 'only src/runtime/latency'],
    ['src/host/run.ts', "import { Command } from 'commander';", 'only src/cli/ may import commander'],
    ['src/cli/main.ts', "import chalk from 'chalk';", 'chalk has no wall'],
    ['src/kernels/map.ts', "import { readFile } from 'node:fs';", 'kernels must not import node:fs'],
    ['src/executors/record/x.ts', "const fs = await import('node:fs');", 'executors/record must not import node:fs'],
    ['src/cli/main.ts', "import { join } from 'path';", 'path is spelt node:path'],
  ])('refuses in %s: %s', (path, text, problem) => {
    expect(rule({ path, text })).toEqual([expect.stringContaining(problem)]);
    expect(rule({ path, text })[0]).toContain(`${path}:1 `);
  });

  it.each([
    ['src/topology/stream.ts', "import { seconds } from '../core/time.js';"],
    ['src/kernels/map.ts', "import type { Graph } from '../topology/graph.js';"],
    ['src/runtime/files.ts', "import { open } from 'node:fs/promises';"],
    ['src/runtime/log.ts', "import pino from 'pino';"],
    ['src/executors/record/task.ts', "import { map } from 'rxjs/operators';\nimport { e } from '../executor.js';"],
    ['src/connectors/kafka/client.ts', "import { Kafka } from 'kafkajs';"],
    ['src/index.ts', "export { run } from './host/run.js';"],
    ['src/sources.ts', "export { textFile } from './topology/sources.js';"],
    ['src/core/time.ts', "// import { x } from '../cli/main.js';\nconst text = `import { x } from '../cli/main.js'`;"],
  ])('allows in %s: %s', (path, text) => {
    expect(rule({ path, text })).toEqual([]);
  });
});

describe('the rule about clocks and chance', () => {
  const rule = ruleOf('reads no clock, timer or chance where the plan and the World decide');

  it.each([
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'setTimeout(f)',
    'globalThis.setInterval(f)',
  ])('refuses %s in the engine, and allows it in the runtime', (call) => {
    expect(rule({ path: 'src/kernels/map.ts', text: `const x = \`\${${call}}\`;` })).toHaveLength(1);
    expect(rule({ path: 'src/executors/record/x.ts', text: `\nconst x = ${call};` })[0]).toContain('x.ts:2 ');
    expect(rule({ path: 'src/runtime/world.ts', text: `const x = ${call};` })).toEqual([]);
  });

  it('allows the World, comments and strings', () => {
    const text = "world.setTimeout(f); // Date.now()\nconst hint = 'use Date.now()'; const never = /setTimeout/;";
    expect(rule({ path: 'src/plan/x.ts', text })).toEqual([]);
  });
});

describe('the rules about the text', () => {
  it.each([
    ['has at most 300 lines', 'src/core/a.ts', 'x\n'.repeat(301), 'x\n'.repeat(300)],
    [
      'opens with a sentence that says what it is for',
      'src/core/a.ts',
      'export const a = 1; // One.\n',
      '/** One number. */\n',
    ],
    [
      'opens with a sentence that says what it is for',
      'src/core/a.ts',
      '/** no end */\n// One.\n',
      '#!/x\n// A command.\n',
    ],
    ['opens with a sentence that says what it is for', 'src/core/a.ts', '', '/**\n * Is a file, of\n * lines.\n */\n'],
    ['leaves no note of unfinished work', 'src/core/a.ts', `// ${'TO'}${'DO'}: all of it`, '// TODOS is a word.'],
    ['exports by name', 'src/core/a.ts', 'export default 1;', "const text = 'export default';"],
    ['exports by name', 'src/core/a.ts', 'export { a as default };', 'export { a as defaults };'],
    ['never switches the type checker off', 'src/core/a.ts', 'const a = b as any;', '// such as any other'],
    ['never switches the type checker off', 'src/core/a.ts', 'function f(a: any) {}', 'const any = 1;'],
    ['never switches the type checker off', 'src/core/a.ts', 'const a: Map<string, any> = b;', 'anyOf<many>(a, any2);'],
    ['never switches the type checker off', 'src/core/a.ts', `// @ts-${'ignore'}`, '// Nothing is ignored.'],
  ])('%s', (name, path, bad, good) => {
    expect(ruleOf(name)({ path, text: bad })).toHaveLength(1);
    expect(ruleOf(name)({ path, text: good })).toEqual([]);
  });

  it.each(['src/utils/time.ts', 'src/core/helpers.ts', 'src/core/task-manager.ts', 'src/core/KeyedStore.ts'])(
    'refuses the name %s',
    (path) => {
      expect(ruleOf('has a name that says what it is')({ path, text: '' })).toHaveLength(1);
    },
  );

  it('allows the name src/executors/micro-batch/keyed-store.ts', () => {
    const path = 'src/executors/micro-batch/keyed-store.ts';
    expect(ruleOf('has a name that says what it is')({ path, text: '' })).toEqual([]);
  });
});

describe('reading source text', () => {
  it('tells code from comments, strings, templates and regular expressions', () => {
    const text = "a / b; /* c */ f(/'d/, 'e\\'', `g${h('i')}j`); // k\nl";
    expect(readSourceText(text).codeOnly).toBe("a / b;         f(/  /, '   ', ` ${h(' ')} `);     \nl");
  });

  it('finds every form of import with its line', () => {
    const text = [
      "import a, { b } from './b.js';",
      'import type {',
      '  C,',
      "} from './c.js';",
      "export * as d from './d.js';",
      "import './e.js';",
      "type F = import('./f.js').F;",
      "const worker = new URL('./g.js', import.meta.url);",
      "export type { H } from './h.js';",
    ].join('\n');
    expect(importsOf(text).map(({ specifier, isTypeOnly, line }) => `${line} ${specifier} ${isTypeOnly}`)).toEqual([
      '1 ./b.js false',
      '2 ./c.js true',
      '5 ./d.js false',
      '6 ./e.js false',
      '7 ./f.js false',
      '8 ./g.js false',
      '9 ./h.js true',
    ]);
  });
});

function ruleOf(name: string): Rule {
  const rule = rules[name];
  if (rule === undefined) throw new Error(`no rule is called ${name}`);
  return rule;
}
