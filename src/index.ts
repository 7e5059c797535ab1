/**
 * The package's entry point: what a job file and a program need. What runs jobs is loaded when it is called, so that a job file, which
 * only describes its topology, loads a fifth of the package.
 */
import type { CompareOptions } from './compare/options.js';
import type { CompareResult } from './compare/result.js';
import type { JobResult } from './executors/executor.js';
import type { RunOptions, StartedJob } from './host/run.js';
import type { Topology } from './topology/graph.js';

export type { CompareOptions } from './compare/options.js';
export type { CompareResult } from './compare/result.js';
export type { Place } from './core/errors.js';
export { StreamError, StreamErrors } from './core/errors.js';
export type { Key } from './core/keys.js';
export type { Duration, Timestamp } from './core/time.js';
export { micros, millis, minutes, seconds } from './core/time.js';
export type { DeadLetter, JobResult, RunningJob } from './executors/executor.js';
export type { ComponentMetric } from './executors/metrics.js';
export type { JobStatus, RunOptions, StartedJob } from './host/run.js';
export type { JobEvent, Listener, Mode } from './runtime/events.js';
export type { BasicBolt, BasicOutputCollector } from './topology/basic-bolt.js';
export { topology } from './topology/builder.js';
export type { CallContext, CallOptions } from './topology/calls.js';
export type {
  Bolt,
  ConnectedStream,
  CustomGrouping,
  MessageId,
  NoStreams,
  OutputCollector,
  Spout,
  SpoutCollector,
  SpoutMessageId,
  Streams,
  TaskInfo,
  Tuple,
  Values,
} from './topology/components.js';
export { isTick } from './topology/components.js';
export type { JobSettings, Topology } from './topology/graph.js';
export { Join, joinBolt } from './topology/join-bolt.js';
export type { Counter, Histogram, Meter, MetricTimer, TaskMetrics } from './topology/metrics.js';
export type { ProcessContext, ProcessOptions } from './topology/process.js';
export type { Guarantee, Interval, SinkSpec, SourceSpec } from './topology/specs.js';
export type { State, StateSpec, UpdateContext } from './topology/state-spec.js';
export type { KeyValueState, StatefulBolt } from './topology/stateful-bolt.js';
export type { StatefulWindowedBolt, StatefulWindowOptions } from './topology/stateful-windowed-bolt.js';
export { KeyedStream, Stream } from './topology/streams.js';
export type { TupleWindow, WindowCollector, WindowedBolt, WindowOptions } from './topology/windowed-bolt.js';

/**
 * Runs a job in both modes on the same input: the verdict, and what each mode cost.
 *
 * @throws StreamError, StreamErrors for a job that cannot start or that failed. Disagreement is a result, not an error.
 */
export async function compare(topology: Topology, options?: CompareOptions): Promise<CompareResult> {
  return (await import('./compare/compare.js')).compare(topology, options);
}

/** Runs a job to its end. @throws StreamError, StreamErrors for a job that cannot start; a failed job is in the result. */
export async function run(topology: Topology, options: RunOptions): Promise<JobResult> {
  return (await import('./host/run.js')).run(topology, options);
}

/** Starts a job. `done` settles after every source and sink is closed. @throws StreamError, StreamErrors as `run`. */
export async function start(topology: Topology, options: RunOptions): Promise<StartedJob> {
  return (await import('./host/run.js')).start(topology, options);
}
