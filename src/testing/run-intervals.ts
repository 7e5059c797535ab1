/** `runIntervals`: a job on virtual time, its input and its answer interval by interval. */
import { type StreamError, StreamErrors } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import type { ComponentMetric } from '../executors/metrics.js';
import type { RunOptions } from '../host/run.js';
import type { Mode } from '../runtime/events.js';
import type { SourceReader } from '../runtime/source.js';
import type { World } from '../runtime/world.js';
import type { SourceNode, Topology } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import type { SourceSpec } from '../topology/specs.js';
import { CapturedSink } from './captured-sink.js';
import { captureSinks } from './captured-sinks.js';
import { withLateSinks } from './late-sink.js';
import { notWhole, unknownNames } from './names.js';
import { TimedPartition, type TimedSequence } from './timed-partition.js';
import { TupleLog } from './tuple-log.js';
import { startVirtual } from './virtual-run.js';
import { type DeliveredTuple, type LifeCall, type WindowActivation, watched } from './watched-components.js';

/** What `runIntervals` is given. */
export interface IntervalRunOptions {
  readonly mode: Mode;
  /** By source: what comes in each interval. A source that is left out gives heartbeats only. */
  readonly inputs: Readonly<Record<string, readonly (readonly unknown[])[]>>;
  /** Intervals to run. Default: the longest input's; input beyond it is not read. */
  readonly intervals?: number;
  /** Tasks of each keyed stage. Default 1. */
  readonly parallelism?: number;
  /** False: exchanges between single tasks are kept. Default true. */
  readonly chaining?: boolean;
  /** Default 1. */
  readonly seed?: number;
}

/** A result whose time lies in none of the intervals: event time may be anywhere. */
export interface OutsideResult {
  readonly value: unknown;
  /** Stream time (us). */
  readonly timestamp: number;
}

/** What came of the job. */
export interface IntervalRun {
  /** By sink: the results whose timestamp lies in interval i, in no promised order. */
  readonly outputs: Record<string, unknown[][]>;
  /** By sink: results with event times in none of the intervals. */
  readonly outside: Record<string, OutsideResult[]>;
  /** The records that `timestamps` found late, in order. */
  readonly late: unknown[];
  /** By uid: the final state of each key of `runningReduce`, `updateStateByKey` and `process`. */
  readonly state: Record<string, [Key, unknown][]>;
  /** What bolts counted about themselves, by component and task. */
  readonly metrics: readonly ComponentMetric[];
  /** Every tuple that a bolt executed, ticks among them: which task got it, and from where. */
  readonly delivered: DeliveredTuple[];
  /** Every window that a windowed bolt got. */
  readonly activations: WindowActivation[];
  /** What spouts and bolts were called beside their tuples, in order. */
  readonly lifeCalls: LifeCall[];
}

/**
 * Runs a job on virtual time, in either mode.
 *
 * 1. Each source is replaced by one partition. Record j of the n of interval i has stream time i·B + ⌊j·B / n⌋ (B: the
 *    batch interval). A heartbeat stands at each multiple of B, also behind an empty interval.
 * 2. Sinks are captured; nothing is written.
 * 3. At `intervals`·B the job is stopped. The input does not end, so windows that are still open stay open.
 *
 * ```ts
 * import { topology } from 'raingauge';
 * import { memory } from 'raingauge/sources';
 * import { stdout } from 'raingauge/sinks';
 * import { runIntervals } from 'raingauge/testing';
 *
 * const job = topology('words', (t) => {
 *   t.source('words', memory<string>([])).countByValue().to('counts', stdout());
 * });
 * const { outputs } = await runIntervals(job, { mode: 'record', inputs: { words: [['a', 'b', 'a'], [], ['b']] } });
 * console.log(outputs['counts']); // [[['a', 2], ['b', 1]], [], [['b', 1]]]
 * ```
 *
 * @throws StreamErrors for an unknown source and whatever does not compile; StreamError that failed the job.
 */
export async function runIntervals(topology: Topology, options: IntervalRunOptions): Promise<IntervalRun> {
  const sources = topology.graph.nodes.filter((node): node is SourceNode => node.kind === 'source');
  const { inputs, mode, parallelism = 1, chaining = true, seed } = options;
  const problems = problemsOf(sources, options);
  if (problems.length > 0) throw new StreamErrors(problems);
  const { intervals = Math.max(0, ...Object.values(inputs).map((input) => input.length)) } = options;

  const { batchInterval } = topology.graph.settings;
  const extended = withLateSinks(topology);
  const late = new CapturedSink('record');
  const sinks = captureSinks(topology, { mode, parallelism, chaining });
  const writers = new Map([...sinks, ...extended.names.map((name) => [name, late] as const)]);
  const settings = (world: World): RunOptions => {
    const sequences = sources.map(
      ({ name }) => [name, sequenceOf(inputs[name] ?? [], intervals, batchInterval)] as const,
    );
    const readers = new Map(sequences.map(([name, sequence]) => [name, readerOf(sequence, world)]));
    const specs = Object.fromEntries(sources.map(({ name }) => [name, SPEC]));
    return { mode, parallelism, chaining, sources: specs, readers, writers };
  };

  const log = new TupleLog([]);
  const { graph, functions } = extended.topology;
  const run = await startVirtual({ graph, functions: watched(graph, functions, log) }, settings, { seed });
  await run.until(intervals * batchInterval);
  run.job.stop();
  const result = await run.end();
  if (result.error !== undefined) throw result.error;
  const stateful = topology.graph.nodes.filter((node) => nodeTraits(node).keeps === 'keyed state');
  const placed = [...sinks].map(
    ([name, { results }]) => [name, placeResults(results, intervals, batchInterval)] as const,
  );
  return {
    outputs: Object.fromEntries(placed.map(([name, { inside }]) => [name, inside])),
    outside: Object.fromEntries(placed.map(([name, { outside }]) => [name, outside])),
    late: late.results.map(({ value }) => value),
    metrics: result.metrics,
    delivered: log.deliveries,
    activations: log.activations,
    lifeCalls: log.lifeCalls,
    state: Object.fromEntries(
      stateful.map(({ uid }) => [uid, Array.from(result.state(uid), ([key, value]) => [key, value])]),
    ),
  };
}

/** What stands for every source: it could be read again, so that any guarantee can be asked for. */
const SPEC: SourceSpec<unknown> = {
  role: 'source',
  kind: 'test-kit',
  options: {},
  capabilities: { replayable: true, bounded: true, partitions: 1, intake: 'range' },
};

function problemsOf(sources: readonly SourceNode[], { inputs, intervals }: IntervalRunOptions): StreamError[] {
  const names = sources.map((source) => source.name);
  return [...unknownNames('source', Object.keys(inputs), names), ...notWhole('intervals', intervals, 0)];
}

function readerOf(sequence: TimedSequence, world: World): SourceReader {
  return { partitions: [new TimedPartition(sequence, world, { ends: false })], close: async () => undefined };
}

function sequenceOf(input: readonly (readonly unknown[])[], intervals: number, batchInterval: number): TimedSequence {
  const values: unknown[] = [];
  const timestamps: number[] = [];
  const heartbeats = [];
  for (let i = 0; i < intervals; i++) {
    const records = input[i] ?? [];
    records.forEach((value, j) => {
      values.push(value);
      timestamps.push(i * batchInterval + Math.floor((j * batchInterval) / records.length));
    });
    heartbeats.push({ at: values.length, watermark: (i + 1) * batchInterval });
  }
  return { values, timestamps, heartbeats };
}

function placeResults(
  results: readonly OutsideResult[],
  intervals: number,
  batchInterval: number,
): { readonly inside: unknown[][]; readonly outside: OutsideResult[] } {
  const inside = Array.from({ length: intervals }, (): unknown[] => []);
  const outside: OutsideResult[] = [];
  for (const { value, timestamp } of results) {
    const interval = inside[Math.floor(timestamp / batchInterval)];
    if (interval === undefined) outside.push({ value, timestamp });
    else interval.push(value);
  }
  return { inside, outside };
}
