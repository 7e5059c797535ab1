/** What the compiler says of a wrong job: every message is there, and names the thing. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderOfFile } from '../folders.js';

/** One line of a job, and what its one message must say; without texts it compiles. */
interface Snippet {
  readonly what: string;
  readonly line: string;
  readonly code: string;
  readonly says: readonly string[];
}

const SNIPPETS: readonly Snippet[] = [
  {
    what: 'a join with keys of another type',
    line: 'counts.join(flags);',
    code: 'TS2345',
    says: ['KeyedStream<number & Key, boolean>', "'number' is not assignable to type 'string & Key'"],
  },
  {
    what: 'a query of states with keys of another type',
    line: 'words.stateQuery(flags);',
    code: 'TS2345',
    says: ['KeyedStream<number & Key, boolean>', "'number' is not assignable to type 'string & Key'"],
  },
  {
    what: 'reduceByKey on a stream that is no pair',
    line: 'words.reduceByKey((a: number, b: number) => a + b);',
    code: 'TS2339',
    says: ["'reduceByKey' does not exist on type 'Stream<string>'"],
  },
  {
    what: 'a key that is an object',
    line: 'words.keyBy((word) => ({ word }));',
    code: 'TS2322',
    says: ["'{ word: string; }' is not assignable to type 'Key'"],
  },
  {
    what: 'a grouping by a field that the stream lacks',
    line: "t.setBolt<Word, Word>('bolt', bolt).fieldsGrouping(tuples, 'wrod');",
    code: 'TS2345',
    says: [`'"wrod"' is not assignable to parameter of type`, '"n"', '"word"'],
  },
  {
    what: 'a bolt that takes other tuples',
    line: "t.setBolt<{ user: string }, Word>('bolt', () => ({ execute: () => undefined })).shuffleGrouping(tuples);",
    code: 'TS2345',
    says: ["'user' is missing in type 'Word'"],
  },
  {
    what: 'a misspelt arm of a branch',
    line: "branch.logn.to('out', none());",
    code: 'TS2339',
    says: ["'logn' does not exist", 'readonly long: Stream<string>', 'readonly other: Stream<string>'],
  },
  {
    what: 'a misspelt arm of a branch that is taken apart',
    line: "{ const { long, othre } = branch; long.union(othre).to('out', none()); }",
    code: 'TS2339',
    says: ["'othre' does not exist", 'readonly other: Stream<string>'],
  },
  {
    what: 'an arm of a branch that nobody reads',
    line: "{ const { long, other } = branch; long.to('out', none()); }",
    code: 'TS6133',
    says: ["'other' is declared but its value is never read"],
  },
  {
    what: 'a bare number as the window',
    line: 'counts.countByWindow({ window: 5 });',
    code: 'TS2322',
    says: ["Type 'number' is not assignable", 'Duration, made by seconds(5) or millis(250)'],
  },
  {
    what: 'a bare number as the batch interval',
    line: "topology('other', { batchInterval: 500 }, () => undefined);",
    code: 'TS2322',
    says: ["'number' is not assignable to type 'Duration'", 'Duration, made by seconds(5) or millis(250)'],
  },
  {
    what: 'a misspelt option',
    line: 'counts.reduceByKeyAndWindow({ window: seconds(5), slid: seconds(1), reduce: (a, b) => a + b });',
    code: 'TS2561',
    says: ["'slid' does not exist", "Did you mean to write 'slide'?"],
  },
  {
    what: 'a function that returns a promise',
    line: 'words.map(async (word) => word).filter(() => true);',
    code: 'TS2339',
    says: ["'filter' does not exist", 'this function returns a promise; operators are synchronous'],
  },
  { what: 'what is right', line: "branch.long.union(branch.other).to('out', none());", code: '', says: [] },
];

const BEFORE = [
  "import { type Bolt, seconds, topology } from 'raingauge';",
  "import { none } from 'raingauge/sinks';",
  "import { memory } from 'raingauge/sources';",
  'interface Word { readonly word: string; readonly n: number }',
  'const bolt = (): Bolt<Word, Word> => ({ execute: () => undefined });',
  "export const job = topology('job', (t) => {",
  "const words = t.source('words', memory(['rain']));",
  "const counts = t.source('counts', memory([['rain', 1]]));",
  "const flags = t.source('flags', memory([[7, true]]));",
  "const tuples = t.setSpout<Word>('tuples', () => ({ nextTuple: () => 'done' }));",
  'const branch = words.branch({ long: (word) => word.length > 3, other: () => true });',
];

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** By line of the job: each message with all that is indented under it. */
const messages = new Map<number, string[]>();

beforeAll(() => {
  const folder = folderOfFile(tmpdir(), 'raingauge-compile-errors-');
  const compilerOptions = { noUnusedLocals: true, typeRoots: [join(repository, 'node_modules/@types')] };
  const config = { extends: join(repository, 'tsconfig.json'), compilerOptions, include: ['job.mts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'job.mts'), [...BEFORE, ...SNIPPETS.map(({ line }) => line), '});'].join('\n'));
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  for (const message of stdout.trim().split(/\n(?! )/)) {
    const [, line] = /job\.mts\((\d+),\d+\): error /.exec(message) ?? [];
    const at = Number(line ?? 0);
    messages.set(at, [...(messages.get(at) ?? []), message]);
  }
});

describe('the compiler', () => {
  it.each(SNIPPETS.map((snippet, i) => [snippet.what, snippet, BEFORE.length + 1 + i] as const))(
    'on %s',
    (_what, { code, says }, line) => {
      const [message = '', ...more] = messages.get(line) ?? [];
      expect(more).toEqual([]);
      expect(message === '' ? '' : /error (TS\d+)/.exec(message)?.[1]).toBe(code);
      for (const text of says) expect(message).toContain(text);
    },
  );

  it('says nothing of any other line', () => {
    const lines = SNIPPETS.flatMap(({ says }, i) => (says.length > 0 ? [BEFORE.length + 1 + i] : []));
    expect([...messages.keys()].toSorted((a, b) => a - b)).toEqual(lines);
  });
});
