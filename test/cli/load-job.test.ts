/** Job files that load, wherever they lie, and those that do not: the error shows the user's own line. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderOf, loadInTurn, type Outcome, projectFolderOf, raingauge, root, WORDS_JOB } from './command.js';

const HEAD = "import { seconds, topology } from 'raingauge';\n";

describe('a job file', () => {
  it('may lie where nothing is installed, as TypeScript or JavaScript, with further files', async () => {
    const cwd = folderOf({
      'words.ts': "import type { Kind } from './types.js';\nexport const kind: Kind = 'words';\n",
      'types.ts': "export type Kind = 'words';\n",
      'job.ts': `import { kind } from './words.js';\n${WORDS_JOB.replace("topology('words'", 'topology(kind')}`,
      'job.js': `${WORDS_JOB.replace('(line: string)', '(line)').replace(' as const', '')}`,
    });
    for (const file of ['job.ts', 'job.js']) {
      const { code, stdout, stderr } = await raingauge(['graph', file], { cwd, isAlone: true });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('words   batch interval 100 ms, at-least-once\n\nsource lines (text-file)\n└─ flatMap');
    }
  });

  it('may lie in a folder with its own package.json, and another raingauge installed', async () => {
    const cwd = folderOf({ 'package.json': '{"type":"commonjs"}', 'job.ts': WORDS_JOB });
    const other = join(cwd, 'node_modules', 'raingauge');
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'package.json'), '{"name":"raingauge","version":"0.0.1","main":"index.js"}');
    writeFileSync(join(other, 'index.js'), 'throw new Error("the other one");');
    expect(await raingauge(['graph', 'job.ts'], { cwd, isAlone: true })).toMatchObject({ code: 0, stderr: '' });
  });

  it('that is a JavaScript module with raingauge installed is loaded by Node itself, unless it imports TypeScript', async () => {
    const words = WORDS_JOB.replace('(line: string)', '(line)').replace(' as const', '');
    const cwd = folderOf({
      // Only a loader of TypeScript finds `none.ts` by that name.
      'plain.mjs': `${words}\nif ((await import('./none.js').catch(({ code }) => code)) !== 'ERR_MODULE_NOT_FOUND') throw new Error('a loader is here');\n`,
      'mixed.mjs': `import { name } from './none.js';\n${words.replace("topology('words'", 'topology(name')}`,
      'none.ts': "export const name: string = 'words';\n",
    });
    mkdirSync(join(cwd, 'node_modules'));
    symlinkSync(root, join(cwd, 'node_modules', 'raingauge'));
    for (const file of ['plain.mjs', 'mixed.mjs'])
      expect(await raingauge(['graph', file], { cwd, isAlone: true })).toMatchObject({ code: 0, stderr: '' });
  });

  it('may export several topologies', async () => {
    const other = WORDS_JOB.replace('export default topology(', 'export const other = topology(').replace(
      "'words'",
      "'other'",
    );
    const cwd = folderOf({ 'job.ts': other });
    expect((await raingauge(['graph', 'job.ts#other'], { cwd, isAlone: true })).stdout).toContain(
      'other   batch interval',
    );
    const { code, stderr } = await raingauge(['graph', 'job.ts'], { cwd, isAlone: true });
    expect(stderr).toContain('error[RG002]: job.ts has no default export');
    expect(stderr).toContain('help: name one of its topologies: job.ts#other');
    expect(code).toBe(2);
  });
});

describe('a job file that cannot be loaded', () => {
  const cases = [
    {
      what: 'throws',
      text: `${HEAD}\ninterface Config {\n  readonly name: string;\n}\n\nconst config = JSON.parse('null') as Config;\nexport default topology(config.name, () => {});\n`,
      code: 1,
      stderr: [
        "error[RG003]: job.ts threw while it was loaded: TypeError: Cannot read properties of null (reading 'name')",
        '--> job.ts:8:32',
        'export default topology(config.name',
        'help: ',
      ],
    },
    {
      what: 'throws inside the build function',
      text: `${HEAD}\nexport default topology('x', () => {\n  throw new Error('not today');\n});\n`,
      code: 1,
      stderr: [
        'error[RG003]: job.ts threw while it was loaded: Error: not today',
        '--> job.ts:4:9',
        "throw new Error('not today')",
        'help: ',
      ],
    },
    {
      what: 'breaks a rule of ours',
      text: `${HEAD}\nexport default topology('x', { batchInterval: seconds(-1) }, () => {});\n`,
      code: 2,
      stderr: ['error[RG010]: seconds(-1) is no duration', '--> job.ts:3:47', 'help: use for example millis(250)'],
    },
    {
      what: 'is not valid TypeScript',
      text: `${HEAD}\nexport default topology('x' () => {});\n`,
      code: 1,
      stderr: [
        'error[RG003]: job.ts cannot be loaded: it is not valid TypeScript',
        '--> job.ts:3:',
        'help: fix the syntax there',
      ],
    },
    {
      what: 'imports what raingauge lacks',
      text: "import { topolgy } from 'raingauge';\nexport default topolgy('x', () => {});\n",
      code: 1,
      stderr: [
        "error[RG003]: job.ts cannot be loaded: raingauge exports no 'topolgy'",
        '--> job.ts:1:10',
        "help: did you mean 'topology'?",
      ],
    },
    {
      what: 'imports a missing file',
      text: `${HEAD}import { x } from './nowhere.js';\nexport default topology(x, () => {});\n`,
      code: 1,
      stderr: [
        'error[RG003]: job.ts cannot be loaded: it imports',
        'nowhere.js, which cannot be found',
        '--> job.ts:2:',
        'help: check the path',
      ],
    },
    {
      what: 'imports a missing package that a comment names',
      text: `/** Counts what comes from @nobody/rain. */\n${HEAD}import { x } from '@nobody/rain';\nexport default topology(x, () => {});\n`,
      code: 1,
      stderr: [
        "error[RG003]: job.ts cannot be loaded: it imports the package '@nobody/rain', which cannot be found",
        '--> job.ts:3:20',
        'help: install it: npm install @nobody/rain',
      ],
    },
    {
      what: 'imports a file of a missing package',
      text: `${HEAD}const { x } = await import('no-such-rain/data/x.js');\nexport default topology(x, () => {});\n`,
      code: 1,
      stderr: [
        "error[RG003]: job.ts cannot be loaded: it imports the package 'no-such-rain', which cannot be found",
        '--> job.ts:2:29',
        'help: install it: npm install no-such-rain',
      ],
    },
    {
      what: 'resolves a file of a missing package',
      text: `${HEAD}import { createRequire } from 'node:module';\n// From @nobody/rain.\nconst require = createRequire(import.meta.url);\nexport default topology(require.resolve('@nobody/rain/package.json'), () => {});\n`,
      code: 1,
      stderr: [
        "error[RG003]: job.ts cannot be loaded: it imports the package '@nobody/rain', which cannot be found",
        '--> job.ts:5:33',
        'help: install it: npm install @nobody/rain',
      ],
    },
    {
      what: 'requires a missing file',
      text: `${HEAD}import { createRequire } from 'node:module';\nexport default topology(createRequire(import.meta.url)('./nowhere.cjs'), () => {});\n`,
      code: 1,
      stderr: [
        'error[RG003]: job.ts cannot be loaded: it imports ./nowhere.cjs, which cannot be found',
        '--> job.ts:3:',
        'help: check the path',
      ],
    },
    {
      what: 'resolves what an installed package lacks',
      text: `${HEAD}import { createRequire } from 'node:module';\nconst own = createRequire(${JSON.stringify(join(root, 'package.json'))});\nexport default topology(own.resolve('@biomejs/biome/nowhere.json'), () => {});\n`,
      code: 1,
      stderr: [
        "it imports '@biomejs/biome/nowhere.json', which the package '@biomejs/biome' lacks",
        '--> job.ts:4:29',
        'help: check what @biomejs/biome has: it is installed',
      ],
    },
    {
      what: 'exports a function',
      text: `${HEAD}export default () => topology('x', () => {});\n`,
      code: 2,
      stderr: [
        'error[RG002]: the default export of job.ts is a function, not a topology',
        '--> command line',
        "help: write: export default topology('name'",
      ],
    },
  ];
  let outcomes: Awaited<ReturnType<typeof loadInTurn>>;
  beforeAll(async () => {
    outcomes = await loadInTurn(cases.map(({ text }) => folderOf({ 'job.ts': text })));
  });

  it.each(cases.map((each, i) => ({ ...each, i })))(
    'since it $what gets one error with its place',
    ({ i, code, stderr }) => {
      expectError(outcomes[i]!, code, stderr);
    },
  );

  it('since a file that it imports resolves a missing package shows that file', async () => {
    const cwd = folderOf({
      'data.ts': `/** From @nobody/rain. */\nimport { createRequire } from 'node:module';\n\nexport const rain = () =>\n  createRequire(import.meta.url).resolve('@nobody/rain/data.csv');\n`,
      'job.ts': `${HEAD}import { rain } from './data.js';\nexport default topology(rain(), () => {});\n`,
    });
    const outcome = await raingauge(['graph', 'job.ts'], { cwd });
    expectError(outcome, 1, ["imports the package '@nobody/rain'", '--> data.ts:5:43', 'npm install @nobody/rain']);
  });

  it('since it never finishes loading gets one as well, and ends the command', async () => {
    const text = `${HEAD}await new Promise(() => {});\nexport default topology('x', () => {});\n`;
    const outcome = await raingauge(['graph', 'job.ts'], { cwd: folderOf({ 'job.ts': text }), isAlone: true });
    expectError(outcome, 1, ['error[RG003]: job.ts never finished loading', 'help: keep waiting out of the top level']);
    expect(outcome.stdout).toBe('');
  });

  function expectError(outcome: Pick<Outcome, 'code' | 'stderr'>, code: number, parts: readonly string[]): void {
    for (const part of parts) expect(outcome.stderr).toContain(part);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
    expect(outcome.stderr.match(/^error/gm)).toHaveLength(1);
    expect(outcome.code).toBe(code);
  }
});

describe('a topology that is not valid', () => {
  it('gets all its problems at once, each with its line', async () => {
    const cwd = folderOf({
      'job.ts': `${HEAD}import { stdout } from 'raingauge/sinks';
import { textFile } from 'raingauge/sources';

export default topology('bad', { batchInterval: seconds(2), guarantee: 'exactly-once' }, (t) => {
  const pairs = t.source('lines', textFile('a.txt')).map((line) => [line, 1] as const, { uid: 'same' });
  pairs.reduceByKeyAndWindow({ uid: 'same', window: seconds(7), reduce: (a, b) => a + b }).to('out', stdout());
  pairs.mapValues((x) => x + 1);
});
`,
    });
    const { code, stdout, stderr } = await raingauge(['explain', 'job.ts'], { cwd });
    for (const [error, place] of [
      ["error[RG014]: two operators have the uid 'same'", '--> job.ts:7:9'],
      ["error[RG012]: window 7 s of 'same' is not a multiple of the batch interval 2 s", '--> job.ts:7:9'],
      ['error[RG016]: nothing consumes the stream of', '--> job.ts:8:9'],
      ['error[RG017]: exactly-once cannot hold: sink out', '--> job.ts:7:92'],
    ] as const) {
      expect(stderr).toContain(error);
      expect(stderr.slice(stderr.indexOf(error))).toContain(place);
    }
    expect(stderr).toContain('help: use 6 s or 8 s');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    ['no source and no sink', "topology('x', () => {})", 'error[RG013]: topology'],
    [
      'a stream that leads nowhere',
      "topology('x', (t) => void t.source('a', memory([1])))",
      'error[RG016]: nothing consumes',
    ],
    [
      'a cycle',
      "topology('x', (t) => {\n  const a = t.setBolt('a', () => bolt);\n  const b = t.setBolt('b', () => bolt);\n  a.shuffleGrouping(b);\n  b.shuffleGrouping(a);\n})",
      'error[RG015]: ',
    ],
  ])('such as %s', async (_what, expression, error) => {
    const text = `${HEAD}import { memory } from 'raingauge/sources';\nconst bolt = { execute: () => {} };\nexport default ${expression};\nexport { memory, bolt };\n`;
    const { code, stderr } = await raingauge(['explain', 'job.mjs'], { cwd: projectFolderOf({ 'job.mjs': text }) });
    expect(stderr).toContain(error);
    expect(stderr).toContain('help: ');
    expect(code).toBe(2);
  });
});
