/** Storm's interfaces: spouts, bolts, tuples and collectors. They know no thread, no queue and no clock. */

import type { TaskMetrics } from './metrics.js';
import type { KeyValueState } from './stateful-bolt.js';

/** What one stream of a component carries: named fields. */
export type Values = object;

/** A message id: given to `emit` by a spout, handed back to `ack` or `fail`. */
export type MessageId = string | number;

/** A message of a spout, as a bolt that logs it names it. */
export interface SpoutMessageId {
  readonly spout: string;
  readonly task: number;
  readonly id: MessageId;
}

/** A delivered tuple. Its tree stays open until every task that got it acked or failed it. */
export interface Tuple<V extends Values = Values> {
  readonly values: V;
  /** Component, task (from 0) and stream that it came from. A tick tuple comes from `__system`, stream `__tick`. */
  readonly sourceComponent: string;
  readonly sourceTask: number;
  readonly sourceStream: string;
  /** Stream time (us). For a tick tuple: the tick's own time. */
  readonly timestamp: number;
}

/** True for a tick tuple (bolt option `tick`): all tuples before its time came before it. */
export function isTick(tuple: Tuple): boolean {
  return tuple.sourceComponent === '__system' && tuple.sourceStream === '__tick';
}

/** A stream that connects a component with another, and how its tuples are spread. */
export interface ConnectedStream {
  readonly component: string;
  readonly stream: string;
  /** Storm's name of the grouping; `hash` to an operator by key, and `forward` to the task of the same number. */
  readonly grouping: string;
}

/** Where a component learns who it is, once, before the first tuple. Source: Storm `TopologyContext`. */
export interface TaskInfo {
  readonly component: string;
  /** This task's number within its component, from 0. */
  readonly task: number;
  readonly parallelism: number;
  /** This task's number within the job, from 1. A plan with another parallelism has others. */
  readonly id: number;
  /** The ids of each component's tasks: of spouts, bolts, sources, and of operators that begin behind an exchange. */
  readonly componentTasks: Readonly<Record<string, readonly number[]>>;
  /** The streams that it declares. */
  readonly streams: readonly string[];
  /** What it reads. */
  readonly sources: readonly ConnectedStream[];
  /** Who reads its streams. What is chained behind it (`map`, a sink) is part of it. */
  readonly targets: readonly ConnectedStream[];
  /** What it counts about itself. */
  readonly metrics: TaskMetrics;
  /** Only for a bolt that keeps state. */
  readonly state?: KeyValueState;
}

/** A user-written grouping: one instance for each task that writes. Source: Storm `CustomStreamGrouping`. */
export interface CustomGrouping<V extends Values = Values> {
  /** Called once, before the first tuple. `tasks` is the number of the bolt's tasks. */
  prepare?(info: { readonly tasks: number; readonly component: string; readonly task: number }): void;
  /**
   * Told how many rows wait on the worker of each task, before the first tuple and then at every so many. Only the driver of record mode with
   * workers knows that; all are 0 as micro-batches, where the writer is on a worker itself, and in one thread, where tasks are in step.
   * Source: Storm `LoadAwareCustomStreamGrouping.refreshLoad`.
   */
  refreshLoad?(loads: readonly number[]): void;
  /** The tasks that get this tuple, from 0; each of them gets it once for each time that it is named. */
  chooseTasks(values: V): number | readonly number[];
}

/** A spout's way out. `S` maps further declared streams to their values. */
export interface SpoutCollector<V extends Values, S extends Streams = NoStreams> {
  /** Emits a tracked tuple: the spout hears `ack(id)` or `fail(id)` exactly once for it. Without an id it is untracked. */
  emit(values: V, id?: MessageId): void;
  emitTo<N extends keyof S & string>(stream: N, values: S[N], id?: MessageId): void;
  /** Emits on a direct stream to one task of each consumer. */
  emitDirect<N extends StreamName<S>>(task: number, stream: N, values: ValuesOn<V, S, N>, id?: MessageId): void;
  /** Messages of this task that are neither done nor failed. Source: Storm `getPendingCount`. */
  readonly pendingCount: number;
  /** As that of `OutputCollector`. A spout is in the driver: what it reports is told at once, also on workers. */
  reportError(error: unknown): void;
}

/** A bolt's way out, and its answers about tuples. */
export interface OutputCollector<V extends Values, S extends Streams = NoStreams> {
  /** Emits a tuple anchored to `anchors`: their trees are done only when it is done too. */
  emit(values: V, anchors: Tuple | readonly Tuple[]): void;
  emitTo<N extends keyof S & string>(stream: N, values: S[N], anchors: Tuple | readonly Tuple[]): void;
  emitDirect<N extends StreamName<S>>(
    task: number,
    stream: N,
    values: ValuesOn<V, S, N>,
    anchors: Tuple | readonly Tuple[],
  ): void;
  /** Emits a tuple that nobody replays: it caps the guarantee at at-most-once. */
  emitUnanchored(values: V): void;
  emitUnanchoredTo<N extends keyof S & string>(stream: N, values: S[N]): void;
  /** This tuple is processed. @throws StreamError `RG036` when it was acked or failed before. */
  ack(tuple: Tuple): void;
  /** This tuple's trees fail now; their spouts hear `fail` with this bolt and reason. */
  fail(tuple: Tuple, reason?: string): void;
  /** Starts the message timeout of the tuple's trees anew. */
  resetTimeout(tuple: Tuple): void;
  /**
   * The messages of spouts that the tuple came of, each once: looked up when it is asked. None where nothing tracks the tuple (at-most-once, no
   * id, a tick), and of a tree that is over: record at a time with its last ack, as micro-batches with its batch. Record at a time also none on
   * workers, since ids stay with their spout. Source: Storm `Tuple.getMessageId`.
   */
  messageIds(tuple: Tuple): readonly SpoutMessageId[];
  /**
   * Tells of an error that fails nothing: neither a tuple nor the job, and no answer depends on it. What is no `Error` is shown as text.
   *
   * 1. It is counted in the component's `errors`.
   * 2. It is told as an event `errorReported`, which listeners hear and the log has as a warning; of a task at most 5 in 10 s of the World's
   *    clock, as in Storm. The count in the next one says how many there were.
   *
   * An attempt that is made again reports again: as micro-batches each attempt at a batch, record at a time each delivery of a tuple, and in
   * both modes what is processed anew behind a lost worker or a checkpoint. From workers it comes with the task's batch or turn. What
   * `cleanup` reports when the job ends need not be heard. Source: Storm `IErrorReporter.reportError`.
   */
  reportError(error: unknown): void;
}

/** Streams that a component declares beside its default one. */
export type Streams = Readonly<Record<string, Values>>;
/** A declared stream of a component, or its default one. */
export type StreamName<S extends Streams> = (keyof S & string) | 'default';
/** What that stream carries. */
export type ValuesOn<V extends Values, S extends Streams, N extends StreamName<S>> = N extends keyof S ? S[N] : V;
/** No further streams. */
export type NoStreams = Readonly<Record<never, never>>;

/**
 * A user-written source of tuples. The engine calls it from one turn at a time; it must not block.
 * Replay is the spout's own affair: on `fail(id)` it emits that message again, or not.
 *
 * Its life: `open`, `activate`, then `nextTuple`, `ack` and `fail` in turns; `deactivate` when the job stops, `ack` and `fail` of what
 * is still under way, `close`. What was opened is closed, also when the job fails, unless the process is killed.
 */
export interface Spout<V extends Values, S extends Streams = NoStreams> {
  open?(collector: SpoutCollector<V, S>, info: TaskInfo): void;
  /** From now on `nextTuple` is called. */
  activate?(): void;
  /** `nextTuple` is not called any more. */
  deactivate?(): void;
  /** Emits at most a few tuples. Returns `'idle'` when there is nothing now, `'done'` when there never will be. */
  nextTuple(collector: SpoutCollector<V, S>): undefined | 'idle' | 'done' | void;
  ack?(id: MessageId): void;
  fail?(id: MessageId): void;
  close?(): void;
}

/**
 * A user-written operator on tuples. Every tuple must be acked or failed, or its tree times out.
 *
 * Its life: `prepare`, then `execute` for each tuple, then `cleanup`, also when the job fails. Bolts are prepared before spouts are opened.
 * On workers, whose end may be a kill, nothing is promised of `cleanup`. A job that is set back to a checkpoint makes its bolts anew.
 */
export interface Bolt<In extends Values, V extends Values = Values, S extends Streams = NoStreams> {
  prepare?(collector: OutputCollector<V, S>, info: TaskInfo): void;
  execute(tuple: Tuple<In>, collector: OutputCollector<V, S>): void;
  cleanup?(): void;
}
