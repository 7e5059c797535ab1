/**
 * Writes `docs/operators.md` from the doc comments of all operators, whose examples it runs in both modes: `npm run operators`.
 * With `--check` nothing is written, and the exit code is 1 when the page is not what it would be.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { demandsOf } from '../src/compare/rules.js';
import { guaranteeChain, strongestOf } from '../src/plan/guarantee.js';
import type { IntervalRun } from '../src/testing/run-intervals.js';
import type { Topology } from '../src/topology/graph.js';
import { type Documented, operatorsOf } from './operators/doc-comments.js';
import { inputsOf, moduleOf, sinkOf } from './operators/example-code.js';
import { pageOf, type Section, type Tried } from './operators/page.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'operators.md');
const folder = join(root, '.examples', 'operators');

/** Files of `src/topology` by the part of the page that they are. */
const FILES = [
  ['One record at a time', 'narrow-stream'],
  ['Once per interval', 'interval-stream'],
  ['Windows', 'window-stream'],
  ['By key: one record at a time, and state', 'streams'],
  ['By key: intervals, windows and sessions', 'keyed-interval-stream'],
  ['Two streams, or a stream and a table', 'join-stream'],
  ['Ends', 'stream'],
] as const;

// Examples may print; nobody reads that here.
console.debug = () => undefined;
const text = pageOf(await sections());
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/operators.md is not up to date: run npm run operators\n');
  process.exitCode = 1;
}

async function sections(): Promise<readonly Section[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const all: Section[] = [];
  for (const [title, name] of FILES) {
    const operators = [...documentedIn(name), ...(name === 'join-stream' ? ofBuilder() : [])];
    const tried: Tried[] = [];
    for (const operator of operators) tried.push(await tryOut(operator));
    all.push({ title, tried });
  }
  return all;
}

function documentedIn(name: string, only?: readonly string[]): readonly Documented[] {
  const path = `src/topology/${name}.ts`;
  return operatorsOf(path, readFileSync(join(root, path), 'utf8'), only);
}

/** The one operator that is no method of a stream. */
function ofBuilder(): readonly Documented[] {
  return documentedIn('builder', ['transform']).map((operator) => ({ ...operator, name: 't.transform' }));
}

/** What an example's module exports here. */
interface Ran {
  readonly job: Topology;
  /** The same job with each source behind a shuffle. */
  readonly shuffled: Topology;
  readonly inputs: Tried['inputs'];
  readonly runs: readonly [microBatch: IntervalRun, record: IntervalRun];
}

/** Runs an operator's example. @throws Error when the modes disagree. */
async function tryOut(operator: Documented): Promise<Tried> {
  const { name, example } = operator;
  const build = moduleOf(name, example, '').split('\n');
  const isJob = (line: string): boolean => line.startsWith('const job');
  const shuffled = build
    .slice(build.findIndex(isJob))
    .join('\n')
    .replace('const job', 'const shuffled')
    .replaceAll('([]));', '([])).repartition(2);');
  const behind = [
    shuffled,
    `const inputs = ${inputsOf(example)};`,
    "const runs = [await runIntervals(job, { mode: 'micro-batch', inputs }), await runIntervals(job, { mode: 'record', inputs })];",
    'export { inputs, job, runs, shuffled };',
  ];
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, `${moduleOf(name, example, behind.join('\n'))}\n`);
  const { job, shuffled: jobBehindShuffle, inputs, runs } = (await import(pathToFileURL(file).href)) as Ran;
  const sink = sinkOf(name);
  const [microBatch, record] = runs.map(({ outputs, late }) => ({ outputs: outputs[sink]!, late })) as [
    { readonly outputs: unknown[][]; readonly late: unknown[] },
    { readonly outputs: unknown[][]; readonly late: unknown[] },
  ];
  if (!isDeepStrictEqual(microBatch, record))
    throw new Error(`the example of ${name} gives other results in each mode`);
  const guarantee = strongestOf(guaranteeChain(job.graph));
  const demandOf = ({ graph }: Topology): string | undefined =>
    demandsOf(graph, () => 2).sinks.get(sink)?.note ?? undefined;
  return {
    operator,
    inputs,
    outputs: record.outputs,
    late: record.late,
    guarantee,
    demand: demandOf(job),
    demandBehindShuffle: demandOf(jobBehindShuffle),
  };
}
