/** Runs a row: its operator on some input, on virtual time, in one mode, with a function that may throw. */
import type { PartitionTrace, Trace } from '../../../src/compare/trace.js';
import type { JobResult } from '../../../src/executors/executor.js';
import type { Mode } from '../../../src/runtime/events.js';
import { captureSinks } from '../../../src/testing/captured-sinks.js';
import { TimedPartition } from '../../../src/testing/timed-partition.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import { none } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../../src/topology/streams.js';
import { B, BAD, type Entry, type Event, type Intervals, type Parts, type Row } from './row.js';

/** How a row is run, beside its input. */
export interface Run {
  readonly mode: Mode;
  readonly settings?: Partial<JobSettings>;
  /** Records have the times at which they happened. */
  readonly isTimed?: boolean;
  /** The function that throws, and how often. Default: always. */
  readonly thrower?: string;
  readonly throws?: number;
  /** Intervals after which the job is stopped. Default: those of the input; the job then ends by itself with `ends`. */
  readonly intervals?: number;
  readonly ends?: boolean;
}

/** What came of it. */
export interface Ran {
  readonly outputs: readonly (readonly unknown[])[];
  readonly outside: readonly unknown[];
  readonly result: JobResult;
  /** How often the function threw. */
  readonly thrown: number;
}

const PARALLELISM = 2;

export async function runRow(row: Pick<Row, 'build'>, input: Intervals<Entry>, run: Run): Promise<Ran> {
  const { intervals = input.length, ends = false } = run;
  let thrown = 0;
  const fails = (name: string): boolean => name === run.thrower && thrown < (run.throws ?? 1_000) && ++thrown > 0;
  const job = jobOf(row, run, fails);
  const options = { mode: run.mode, parallelism: PARALLELISM };
  const sinks = captureSinks(job, options);
  const started = await startVirtual(job, (world) => {
    const readers = traceOf(job, input, intervals).sources.map(({ name, partitions }) => {
      return [
        name,
        { partitions: partitions.map((each) => new TimedPartition(each, world, { ends })), close },
      ] as const;
    });
    return { ...options, readers: new Map(readers), writers: new Map(sinks) };
  });
  if (!ends) {
    await started.until(intervals * B);
    started.job.stop();
  }
  const result = await started.end();
  const outputs = Array.from({ length: intervals }, (): unknown[] => []);
  const outside: unknown[] = [];
  for (const { value, timestamp } of [...sinks.values()].flatMap(({ results }) => results))
    (outputs[Math.floor(timestamp / B)] ?? outside).push(value);
  return { outputs, outside, result, thrown };
}

const close = async (): Promise<void> => undefined;

/** The names of the functions that a row marks. */
export function functionsOf(row: Pick<Row, 'build'>): readonly string[] {
  const names = new Set<string>();
  topology('names', (t) => {
    row.build({ ...partsOf(t, false), call: (name, func) => (names.add(name) ? func : func) });
  });
  return [...names];
}

/** A row as a job with one sink `out`, unless the row ends in one. */
export function jobOf(
  row: Pick<Row, 'build'>,
  { settings = {}, isTimed = false }: Pick<Run, 'settings' | 'isTimed'> = {},
  fails: (name: string) => boolean = () => false,
): Topology {
  return topology('job', { batchInterval: B, ...settings }, (t) => {
    const call: Parts['call'] = (name, func) =>
      ((...values: never[]) => {
        if (values.some(isBad) && fails(name)) throw new Error(`${name} is unlucky`);
        return func(...values);
      }) as typeof func;
    (row.build({ ...partsOf(t, isTimed), call }) as Stream<unknown> | undefined)?.to('out', none());
  });
}

function partsOf(t: TopologyBuilder, isTimed: boolean): Omit<Parts, 'call'> {
  const events = once(() => t.source('in', memory<Event>([])));
  const pairsOf = (stream: Stream<Event>): KeyedStream<string, number> => {
    const timed = isTimed ? stream.timestamps({ extract: ({ at }) => at, maxOutOfOrderness: 0 as never }) : stream;
    return timed.map(({ key, n }) => [key, n] as const);
  };
  const pairs = once(() => pairsOf(events()));
  return {
    t,
    events,
    pairs,
    numbers: once(() => pairs().map(([, n]) => n)),
    others: once(() => pairsOf(t.source('others', memory<Event>([]))).mapValues((n) => n * 10)),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function isBad(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) >= BAD / 2;
  if (Array.isArray(value)) return value.some(isBad);
  if (typeof value !== 'object' || value === null) return false;
  return ('state' in value && isBad(value.state)) || ('n' in value && isBad(value.n));
}

/** Each source of a job with that input, as `runIntervals` places it. */
export function traceOf(job: Topology, input: Intervals<Entry>, intervals = input.length): Trace {
  const sources = job.graph.nodes.flatMap((node) => (node.kind === 'source' ? [node.name] : []));
  return { sources: sources.map((name) => ({ name, partitions: [sequenceOf(input.slice(0, intervals), intervals)] })) };
}

function sequenceOf(input: Intervals<Entry>, intervals: number): PartitionTrace {
  const values: Event[] = [];
  const timestamps: number[] = [];
  const heartbeats = [];
  for (let interval = 0; interval < intervals; interval++) {
    const entries = input[interval] ?? [];
    for (const [i, [key, n, at]] of entries.entries()) {
      const time = interval * B + Math.floor((i * B) / entries.length);
      values.push({ key, n, at: at === undefined ? time : at * B });
      timestamps.push(time);
    }
    heartbeats.push({ at: values.length, watermark: (interval + 1) * B });
  }
  return { values, timestamps: Float64Array.from(timestamps), heartbeats };
}
