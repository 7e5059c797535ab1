/** The plan: core operators, the stages they fuse to, and the exchanges between stages. Plain data with a hash. */
import type { Place } from '../core/errors.js';
import type { BoltWindows, DeclaredStream, Grouping, JobSettings, JoinKind } from '../topology/graph.js';
import type { SinkCapabilities, SourceCapabilities } from '../topology/specs.js';

/** How records travel from one stage to the tasks of the next. `hash` goes by the first part of a pair, `forward` to the task of the writer's number. */
export type Exchange = { readonly kind: 'hash' | 'forward' } | Grouping;

/** An input of an operator: an output of another, forwarded within the task (`exchange` undefined) or exchanged. */
export interface OperatorInput {
  readonly operator: number;
  readonly output: string;
  readonly exchange: Exchange | undefined;
}

/**
 * Maps that are built in: `null-key` pairs null with the record; `keep-key` gives a pair's key; `left` and `right` put a side before a pair's value, `left-record` and
 * `right-record` before a record; `spread` pairs a record with one of the keys of `partitions` tasks in turn.
 */
export type DerivedMap = 'null-key' | 'keep-key' | 'left' | 'right' | 'left-record' | 'right-record' | 'spread';

/** How values become a total: the user's reduce, a sum, the user's combiner, or the greatest ones. */
export type FoldKind = 'user' | 'sum' | 'combine' | 'top';

/** What is given of a window's values: by key a list or what a join makes of two sides; of a partition each value, an array, or the user's. */
export type GroupResult = 'list' | JoinKind | 'each' | 'glom' | 'mapPartitions';

/** What every core operator has. */
interface OperatorBase {
  /** Index in `plan.operators`; inputs have lower ids than their readers. */
  readonly id: number;
  /** The graph node that it came from: its functions are found by `functionId(node, role)`. */
  readonly node: number;
  readonly uid: string;
  readonly place: Place | undefined;
  readonly inputs: readonly OperatorInput[];
  /** The slide of its output stream (us). */
  readonly slide: number;
  /** Its tasks where it begins a stage. Default: the job's parallelism. */
  readonly partitions?: number | undefined;
}

export interface SourceOperator extends OperatorBase {
  readonly kind: 'source';
  readonly name: string;
  readonly spec: {
    readonly kind: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly capabilities: SourceCapabilities;
  };
}
/**
 * `map`: role `map`; `pair-values` maps a pair's value, `key` pairs with a key, `pair-key` pairs a pair with what role `by` makes of its key,
 * `unit` pairs with 1, `constant` pairs null with 1, `pair` gives the pair that it gets. Others are built in: `derivedMap` has them.
 */
export interface MapOperator extends OperatorBase {
  readonly kind: 'map';
  readonly shape: 'value' | 'pair-values' | 'key' | 'pair-key' | 'unit' | 'constant' | 'pair' | 'drop-key' | DerivedMap;
}
export interface FlatMapOperator extends OperatorBase {
  readonly kind: 'flat-map';
  /** `left-of` and `right-of` give the records of one side. */
  readonly shape: 'value' | 'pair-values' | 'left-of' | 'right-of';
}
/** Keeps what role `filter` holds for. */
export interface FilterOperator extends OperatorBase {
  readonly kind: 'filter';
}
/** An output for each arm: of the arms that hold for a record the first has it. */
export interface BranchOperator extends OperatorBase {
  readonly kind: 'branch';
  readonly arms: readonly string[];
}
/** A call for each record, whose answer comes later: it heads a stage, whose tasks are those of the stages before it. */
export interface MapAsyncOperator extends OperatorBase {
  readonly kind: 'map-async';
  readonly shape: 'value' | 'pair-values';
  readonly concurrency: number;
  /** Of one call (us). */
  readonly timeout: number;
  readonly ordered: boolean;
}
export interface TimestampsOperator extends OperatorBase {
  readonly kind: 'timestamps';
  readonly maxOutOfOrderness: number;
  readonly idleTimeout: number | undefined;
}
/** At most so many keys have state, or with `keepEmptyKeys` a total, in each task. */
interface KeepsKeys {
  readonly maxKeys?: number | undefined;
}
export interface WindowReduceOperator extends OperatorBase, KeepsKeys {
  readonly kind: 'window-reduce';
  readonly window: number;
  /** Panes are the greatest common divisor of window and slide. */
  readonly pane: number;
  readonly reduce: FoldKind;
  /** How many elements a `top` keeps. */
  readonly max?: number | undefined;
  readonly inverse: 'none' | 'user' | 'difference';
  readonly keepEmptyKeys: boolean;
  /** Emits 0 under the key null for empty windows too. */
  readonly emitEmpty: boolean;
  readonly maxEmptyIntervals: number;
}
/** Gathers the values of each window, by key or of a whole partition, and gives what `gives` makes of them. */
export interface WindowGroupOperator extends OperatorBase {
  readonly kind: 'window-group';
  readonly window: number;
  readonly pane: number;
  readonly gives: GroupResult;
}
export interface RunningReduceOperator extends OperatorBase, KeepsKeys {
  readonly kind: 'running-reduce';
}
export interface UpdateStateOperator extends OperatorBase, KeepsKeys {
  readonly kind: 'update-state';
  /** `latest`: what comes in are states, of which the last stays. Default: the user's. */
  readonly update?: 'user' | 'latest' | undefined;
  readonly maxEmptyIntervals: number;
}
export interface MapWithStateOperator extends OperatorBase, KeepsKeys {
  readonly kind: 'map-with-state';
  readonly timeout: number | undefined;
  /** Results and changes of states come with a side before them: 0 and 1. */
  readonly tellsChanges: boolean;
}
export interface SessionWindowOperator extends OperatorBase {
  readonly kind: 'session-window';
  readonly gap: number;
  readonly reduce: FoldKind;
}
/** Joins records of two sides that are near in time. */
export interface IntervalJoinOperator extends OperatorBase {
  readonly kind: 'interval-join';
  readonly before: number;
  readonly after: number;
}
export interface ProcessOperator extends OperatorBase, KeepsKeys {
  readonly kind: 'process';
}
/** Gathers each interval's records for an interval sink. */
export interface CollectIntervalOperator extends OperatorBase {
  readonly kind: 'collect-interval';
  readonly maxEmptyIntervals: number;
  /** Of two streams: what it gathers is a record and its side in turn. */
  readonly isSided?: boolean | undefined;
}
export interface SpoutOperator extends OperatorBase {
  readonly kind: 'spout';
  readonly name: string;
  /** In place of the job's. */
  readonly maxSpoutPending?: number | undefined;
  readonly messageTimeout?: number | undefined;
  readonly streams: readonly DeclaredStream[];
  readonly parallelism: number;
}
export interface BoltOperator extends OperatorBase, KeepsKeys {
  readonly kind: 'bolt';
  readonly name: string;
  readonly streams: readonly DeclaredStream[];
  readonly parallelism: number;
  readonly tickEvery: number | undefined;
  readonly holdsTuples: boolean;
  readonly keepsState?: boolean | undefined;
  /** In its state where it keeps one. */
  readonly windows?: BoltWindows | undefined;
  /** The longest that it means to hold a tuple (us), and the most tuples. */
  readonly holdsAtMost?: { readonly time: number } | { readonly tuples: number } | undefined;
}
export interface SinkOperator extends OperatorBase {
  readonly kind: 'sink';
  readonly name: string;
  readonly delivery: 'record' | 'interval';
  readonly spec: {
    readonly kind: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly capabilities: SinkCapabilities;
  };
}
export type CoreOperator =
  | SourceOperator
  | MapOperator
  | FlatMapOperator
  | FilterOperator
  | BranchOperator
  | MapAsyncOperator
  | TimestampsOperator
  | WindowReduceOperator
  | WindowGroupOperator
  | RunningReduceOperator
  | UpdateStateOperator
  | MapWithStateOperator
  | SessionWindowOperator
  | IntervalJoinOperator
  | ProcessOperator
  | CollectIntervalOperator
  | SpoutOperator
  | BoltOperator
  | SinkOperator;

/** An edge between stages. */
export interface StageInput {
  /** The stage and operator that produce, and the operator (the head of this stage) that reads. */
  readonly stage: number;
  readonly operator: number;
  readonly output: string;
  readonly exchange: Exchange;
}

/**
 * A set of operators that run as one fused chain in each of `parallelism` tasks. The head is a source, a spout, or an
 * operator behind an exchange; `operators` lists it first, then all that its records reach without an exchange.
 */
export interface Stage {
  readonly id: number;
  readonly head: number;
  readonly operators: readonly number[];
  readonly parallelism: number;
  readonly inputs: readonly StageInput[];
}

/** A compiled job. `stages` are in topological order. */
export interface Plan {
  readonly name: string;
  readonly settings: JobSettings;
  readonly operators: readonly CoreOperator[];
  readonly stages: readonly Stage[];
  /** Heartbeats and watermark steps: the greatest common divisor of batch interval and ticks (us). */
  readonly step: number;
  /** Identity of graph and functions: a worker or a checkpoint with another one is refused. */
  readonly hash: string;
}

/** How a plan is laid out. */
export interface PlanOptions {
  /** Tasks of each keyed stage. Default 1. */
  readonly parallelism?: number;
  /** False: an exchange is never chained away, even between single tasks. Default true. */
  readonly chaining?: boolean;
  /** Refuses what this mode cannot run. Default: what both can hold is planned. */
  readonly mode?: 'micro-batch' | 'record';
}
