/** The package's entry point: what a job file and a program need. */

export { compare } from './compare/compare.js';
export type { CompareOptions } from './compare/options.js';
export type { CompareResult } from './compare/result.js';
export type { Place } from './core/errors.js';
export { StreamError, StreamErrors } from './core/errors.js';
export type { Key } from './core/keys.js';
export type { Duration, Timestamp } from './core/time.js';
export { micros, millis, minutes, seconds } from './core/time.js';
export type { DeadLetter, JobResult, RunningJob } from './executors/executor.js';
export type { ComponentMetric } from './executors/metrics.js';
export { type JobStatus, type RunOptions, run, type StartedJob, start } from './host/run.js';
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
