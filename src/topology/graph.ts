/** The graph: what the user wrote, as frozen plain data. It knows no executor, no time and no closure. */
import type { Place } from '../core/errors.js';
import type { Duration } from '../core/time.js';
import type { Guarantee, SinkCapabilities, SourceCapabilities } from './specs.js';

/** Settings of a job, all with defaults (`DEFAULT_SETTINGS`). */
export interface JobSettings {
  /** Length of Spark's batch, and of an interval for every per-interval operator, in both modes. */
  readonly batchInterval: Duration;
  readonly guarantee: Guarantee;
  /** What happens to a record whose user function throws `attemptsMax` times. */
  readonly onError: 'fail' | 'dead-letter';
  /** Attempts of a micro-batch task, and deliveries of a tuple, before `onError` applies. */
  readonly attemptsMax: number;
  /** Empty intervals in a row that `count`, `countByWindow` and `updateStateByKey` run for a key; further ones are skipped and counted. */
  readonly maxEmptyIntervals: number;
  /** Spouts and bolts have at most so many tasks each, whatever their `parallelism`. Default: no bound. Storm: `setMaxTaskParallelism`. */
  readonly maxTaskParallelism?: number | undefined;
  /** Of each operator that keeps state by key, so many keys have some in each task (`RG066`), unless it says otherwise. Default 10,000,000. */
  readonly maxKeys?: number | undefined;
}

/** One output of a node; most nodes have only `default`. */
export interface StreamRef {
  readonly node: number;
  readonly output: string;
}

/** How tuples of a stream are spread over the tasks of a bolt (Storm's words). */
export type Grouping =
  | { readonly kind: 'shuffle'; readonly loadAware?: boolean | undefined }
  | { readonly kind: 'localOrShuffle' }
  | { readonly kind: 'none' }
  | { readonly kind: 'fields' | 'partialKey'; readonly fields: readonly string[] }
  | {
      readonly kind: 'custom';
      /** Under this role the bolt's function makes the user's grouping. */
      readonly role: string;
    }
  | { readonly kind: 'all' }
  | { readonly kind: 'global' }
  | { readonly kind: 'direct' };

/** What every node has. `uid` names the operator's state and its errors; `place` is the user's line. */
export interface NodeBase {
  readonly id: number;
  readonly uid: string;
  readonly place: Place | undefined;
  /** Tasks of this operator (Spark's `numPartitions`), in place of the job's parallelism. */
  readonly partitions?: number | undefined;
  /** The user says that its function depends on the order of what it gets, so its answer may too. */
  readonly orderSensitive?: boolean | undefined;
}

/** A stream declared by a spout or bolt. */
export interface DeclaredStream {
  readonly name: string;
  /** Only `emitDirect` may write to it. */
  readonly direct: boolean;
}

/** Narrow operators: one record in, any number out, no state. */
export type NarrowKind =
  | 'map'
  | 'flatMap'
  | 'filter'
  | 'mapValues'
  | 'flatMapValues'
  | 'keyBy'
  | 'peek'
  | 'joinTable'
  | 'leftOuterJoinTable';

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly name: string;
  readonly spec: {
    readonly kind: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly capabilities: SourceCapabilities;
  };
}
export interface NarrowNode extends NodeBase {
  readonly kind: NarrowKind;
  readonly input: StreamRef;
}
/** One call for each record, whose answer comes later. */
export interface CallNode extends NodeBase {
  readonly kind: 'mapAsync' | 'mapValuesAsync';
  readonly input: StreamRef;
  /** The most calls under way in one task. */
  readonly concurrency: number;
  /** How long a call may take. */
  readonly timeout: Duration;
  /** Results come in the order of their records. */
  readonly ordered: boolean;
}
export interface UnionNode extends NodeBase {
  readonly kind: 'union';
  readonly inputs: readonly StreamRef[];
}
/** Each record goes to the first arm whose predicate holds, and is dropped when none does. */
export interface BranchNode extends NodeBase {
  readonly kind: 'branch';
  readonly input: StreamRef;
  readonly arms: readonly string[];
}
export interface TimestampsNode extends NodeBase {
  readonly kind: 'timestamps';
  readonly input: StreamRef;
  readonly maxOutOfOrderness: Duration;
  readonly idleTimeout: Duration | undefined;
}
/** Spark's per-batch operators: once per interval of stream time. */
export interface IntervalNode extends NodeBase {
  readonly kind:
    | 'reduceByKey'
    | 'countByValue'
    | 'count'
    | 'reduce'
    | 'groupByKey'
    | 'glom'
    | 'mapPartitions'
    | 'transform';
  readonly input: StreamRef;
}
/** Per interval without a `window`, else over it. */
export interface SpanNode extends NodeBase {
  readonly kind: 'combineByKey' | 'aggregate' | 'distinct' | 'top';
  readonly input: StreamRef;
  readonly window: Duration | undefined;
  readonly slide: Duration | undefined;
  /** How many elements `top` keeps. */
  readonly max?: number | undefined;
}
/** Two streams of one slide, interval by interval. */
export interface PairedNode extends NodeBase {
  readonly kind: JoinKind | 'transformWith';
  readonly inputs: readonly [left: StreamRef, right: StreamRef];
}
/** Records of two streams that are near in time. */
export interface IntervalJoinNode extends NodeBase {
  readonly kind: 'intervalJoin';
  readonly inputs: readonly [left: StreamRef, right: StreamRef];
  readonly before: Duration;
  readonly after: Duration;
}
export interface SessionNode extends NodeBase {
  readonly kind: 'sessionWindow';
  readonly input: StreamRef;
  readonly gap: Duration;
}
/** What becomes of two streams' values for one key and interval. */
export type JoinKind = 'cogroup' | 'join' | 'leftOuterJoin' | 'rightOuterJoin' | 'fullOuterJoin';
/** Spreads a stream over `partitions` tasks in turn. */
export interface RepartitionNode extends NodeBase {
  readonly kind: 'repartition';
  readonly input: StreamRef;
}
/** It keeps state by key, or with `keepEmptyKeys` totals. */
interface KeepsKeys {
  /** In place of the job's. */
  readonly maxKeys?: number | undefined;
}
/** Spreads pairs over tasks by key, or by what its function makes of the key. */
export interface PartitionByNode extends NodeBase {
  readonly kind: 'partitionBy';
  readonly input: StreamRef;
  readonly isByKey: boolean;
}
export interface WindowNode extends NodeBase, KeepsKeys {
  readonly kind:
    | 'reduceByKeyAndWindow'
    | 'countByWindow'
    | 'window'
    | 'reduceByWindow'
    | 'countByValueAndWindow'
    | 'groupByKeyAndWindow';
  readonly input: StreamRef;
  readonly window: Duration;
  readonly slide: Duration | undefined;
  readonly inverse: boolean;
  readonly keepEmptyKeys: boolean;
  /** A function `filter` decides which results are told. */
  readonly isFiltered?: boolean | undefined;
}
export interface StatefulNode extends NodeBase, KeepsKeys {
  readonly kind: 'runningReduce' | 'updateStateByKey' | 'process';
  readonly input: StreamRef;
}
export interface MapWithStateNode extends NodeBase, KeepsKeys {
  readonly kind: 'mapWithState';
  readonly input: StreamRef;
  readonly timeout: Duration | undefined;
  /** Someone reads its output `snapshots`. */
  readonly snapshots: boolean;
}
export interface SpoutNode extends NodeBase {
  readonly kind: 'spout';
  readonly name: string;
  readonly parallelism: number;
  readonly maxSpoutPending?: number | undefined;
  readonly messageTimeout?: Duration | undefined;
  /** Made anew, its tasks emit the same messages. */
  readonly repeatable?: boolean | undefined;
  readonly streams: readonly DeclaredStream[];
}
/** Of a windowed bolt. Times in us. */
export interface BoltWindows {
  readonly unit: 'time' | 'count';
  readonly length: number;
  readonly slideUnit: 'time' | 'count';
  readonly slide: number;
  /** `state`: at once, since windows are in the bolt's state. */
  readonly ackOn: 'expiry' | 'activation' | 'state';
  readonly lag: number;
}
export interface BoltNode extends NodeBase, KeepsKeys {
  readonly kind: 'bolt';
  readonly name: string;
  readonly parallelism: number;
  readonly streams: readonly DeclaredStream[];
  readonly inputs: readonly { readonly stream: StreamRef; readonly grouping: Grouping }[];
  readonly tickEvery: Duration | undefined;
  /** It acks tuples later than in the call that brought them. */
  readonly holdsTuples: boolean;
  /** What it keeps is in checkpoints. */
  readonly keepsState?: boolean | undefined;
  /** What it makes of a tuple depends on that tuple alone. */
  readonly stateless?: boolean | undefined;
  readonly windows?: BoltWindows | undefined;
}
export interface SinkNode extends NodeBase {
  readonly kind: 'sink';
  readonly name: string;
  readonly input: StreamRef;
  readonly spec: {
    readonly kind: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly capabilities: SinkCapabilities;
  };
}

/** Every kind of node. A new operator adds one member here, a method on `Stream`, a lowering and at most one kernel. */
export type Node =
  | SourceNode
  | NarrowNode
  | CallNode
  | UnionNode
  | BranchNode
  | TimestampsNode
  | IntervalNode
  | SpanNode
  | PairedNode
  | IntervalJoinNode
  | SessionNode
  | RepartitionNode
  | PartitionByNode
  | WindowNode
  | StatefulNode
  | MapWithStateNode
  | SpoutNode
  | BoltNode
  | SinkNode;

/** A job as frozen plain data: JSON in, JSON out. Nodes stand in the order in which they were built. */
export interface Graph {
  readonly name: string;
  readonly settings: JobSettings;
  readonly nodes: readonly Node[];
}

/** User closures and in-memory data, kept beside the graph and never in it: `functionId(node, role)` finds one. */
export type FunctionTable = ReadonlyMap<string, unknown>;

/** The name of a node's function in the table: role `map`, `reduce`, `inverse`, `arm:big`, `spec:generate` … */
export function functionId(node: number, role: string): string {
  return `${node}:${role}`;
}

/** What a job module exports by default: the graph and its functions. */
export interface Topology {
  readonly graph: Graph;
  readonly functions: FunctionTable;
}

/** The streams that a node reads, in order. */
export function inputsOf(node: Node): readonly StreamRef[] {
  switch (node.kind) {
    case 'source':
    case 'spout':
      return [];
    case 'bolt':
      return node.inputs.map((input) => input.stream);
    default:
      return 'inputs' in node ? node.inputs : [node.input];
  }
}
