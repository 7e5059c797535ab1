/** Word count with its tasks in this thread, and on two worker threads. */
import { fileURLToPath } from 'node:url';
import type { RunOptions } from 'raingauge';
import { tsImport } from 'tsx/esm/api';
import { makeLines } from '../lines.js';
import {
  checksumOf,
  collectGarbage,
  type Measurement,
  startTimer,
  type Variant,
  type VariantInput,
} from '../measurement.js';
import { preparedReader, type Reader } from '../prepared-reader.js';
import { runToEnd } from '../run-job.js';

const WORKERS = 2;
const PATH = fileURLToPath(new URL('../jobs/two-partitions.ts', import.meta.url));

/** Lines of one batch, which is an interval, as in Spark: of a job that is merged behind each batch, and of one that is not. */
const LINES_MERGED = 250_000;
const LINES_KEYED = 50_000;

/** Records of a batch are counted by partition. */
function microBatch(lines: number, partitions: number): RunOptions {
  const records = lines / partitions;
  return {
    mode: 'micro-batch',
    microBatch: { trigger: 'available', batchRecordsMax: records, receivedRecordsMax: records },
  };
}

type Jobs = typeof import('../jobs/two-partitions.js');
type Job = 'onePartition' | 'roundRobin' | 'keyed';

/** One partition, one chain, in this thread: the least that the job costs. */
export function onePartition(input: VariantInput): Promise<Measurement> {
  return measured(input, 'onePartition', microBatch(LINES_MERGED, 1));
}

/** Each partition's counts of a batch are made where its lines are split, and merged behind it; on workers by both. */
export function roundRobin(where: 'thread' | 'workers'): Variant {
  const model = microBatch(LINES_MERGED, 2);
  const options = where === 'thread' ? model : { ...model, parallelism: WORKERS, ...on('roundRobin') };
  return (input) => measured(input, 'roundRobin', options);
}

/** Every word is routed by its key. */
export function keyed(mode: RunOptions['mode'], where: 'thread' | 'workers'): Variant {
  const model: RunOptions = mode === 'record' ? { mode } : microBatch(LINES_KEYED, 2);
  const options = where === 'thread' ? model : { ...model, parallelism: WORKERS, ...on('keyed') };
  return (input) => measured(input, 'keyed', options);
}

function on(exportName: Job): Pick<RunOptions, 'workers'> {
  return { workers: { count: WORKERS, job: { path: PATH, exportName } } };
}

/** Timed from the first poll on: a job starts its workers once. */
async function measured({ lines, seed }: VariantInput, name: Job, options: RunOptions): Promise<Measurement> {
  // As workers load it, however this module was: the text of its functions is part of the plan that both must have.
  const jobs = (await tsImport('../jobs/two-partitions.ts', import.meta.url)) as Jobs;
  let stop: (() => Pick<Measurement, 'ms' | 'onCoreMs'>) | undefined;
  let cpu = process.cpuUsage();
  const onPoll = (): void => {
    if (stop !== undefined) return;
    collectGarbage();
    cpu = process.cpuUsage();
    stop = startTimer();
  };
  const reader = linesReader(makeLines(lines, seed), name, onPoll);
  const result = await runToEnd(jobs[name], { ...options, readers: new Map([['lines', reader]]) });
  const time = stop!();
  const { user, system } = process.cpuUsage(cpu);
  const counts =
    name === 'keyed'
      ? (result.state('counts') as Iterable<readonly [string, number]>)
      : [...jobs.counts].map(([word, { n }]) => [word, n] as const);
  // Of all threads, with those that collect garbage and compile.
  const numbers = { cpuMs: (user + system) / 1_000 };
  return { ...time, count: lines, checksum: checksumOf(counts), numbers };
}

/** The lines in as many equal parts. */
function linesReader(lines: readonly string[], job: Job, onPoll: () => void): Reader {
  const partitions = job === 'onePartition' ? 1 : 2;
  const perBatch = job === 'keyed' ? LINES_KEYED : LINES_MERGED;
  const size = Math.ceil(lines.length / partitions);
  const parts = Array.from({ length: partitions }, (_, part) =>
    preparedReader(lines.slice(part * size, (part + 1) * size), {
      intervalRecords: perBatch / partitions,
      onPoll,
    }),
  );
  return { partitions: parts.flatMap((part) => part.partitions), close: async () => undefined };
}
