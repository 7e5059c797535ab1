/** What both executors take and give. */
import type { StreamError } from '../core/errors.js';
import type { StoreMaker } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Durability } from '../runtime/durability.js';
import type { BatchInfo, Listener, Mode } from '../runtime/events.js';
import type { SinkWriter } from '../runtime/sink.js';
import type { SourceReader } from '../runtime/source.js';
import type { World } from '../runtime/world.js';
import type { FunctionTable } from '../topology/graph.js';
import type { ComponentMetric } from './metrics.js';
import type { TaskWorkers } from './workers.js';

/** What an executor is given: opened ends by name, and the World. It opens nothing itself. */
export interface Services {
  /** `world.clock` reads stream time. */
  readonly world: World;
  readonly sources: ReadonlyMap<string, SourceReader>;
  readonly sinks: ReadonlyMap<string, SinkWriter>;
  readonly functions: FunctionTable;
  readonly listener?: Listener;
  /** How a fault plan gets into the record model's channels; none in an ordinary run. */
  readonly channels?: ChannelDecorator;
  /** Where the job's progress survives; none: a job that fails starts anew. */
  readonly durability?: Durability;
  /** Where tasks behind the sources run; none: in this thread. */
  readonly workers?: TaskWorkers;
  /** Makes the stores of tasks in this thread. Default: in memory. */
  readonly createStore?: StoreMaker;
}

/** An answer's way to the ackers. */
export type AckSender = (root: number, generation: number, high: number, low: number) => void;

/** Decorates channels: executors contain no fault code. */
export interface ChannelDecorator {
  /** The way of a component's acks to the ackers: may drop, delay, repeat and reorder them. At worst a tree times out. */
  acks(component: string, send: AckSender): AckSender;
  /** The way of one fail of a component: `send` may be called later, twice, or never. */
  fails?(component: string, send: () => void): void;
  /** Asked for each tuple on its way to a component; false loses it. Undefined: nothing is ever lost. */
  tuples(component: string): (() => boolean) | undefined;
  /** Handed a way to lose all that an acker task knows: its trees time out. Again after each restart. */
  ackers?(reset: (acker: number) => void): void;
}

/** Settings of the micro-batch model, with Spark's defaults where Spark has them. */
export interface MicroBatchOptions {
  /** How often a receiver's data are cut to a block (us). Spark: `spark.streaming.blockInterval`, 200 ms. */
  readonly blockInterval: number;
  /** The most records of one block and of one range. */
  readonly blockRecordsMax: number;
  /** The most records that wait for their batch, or for the log, for each partition; beyond it receivers are not polled. */
  readonly receivedRecordsMax: number;
  /** How long the cut of a batch waits for that tick's heartbeat (us). */
  readonly cutSlack: number;
  /** `interval`: a batch at each multiple of the batch interval. `available`: at once while there are data (Spark's `AvailableNow`). */
  readonly trigger: 'interval' | 'available';
  /** The most records of one batch with trigger `available`. */
  readonly batchRecordsMax: number;
  /**
   * How many batches' jobs run at once on workers. Tasks with state keep the order of batches; one without state has, in each of so many
   * batches, another worker. Results are seen in the order of batches. Spark: `spark.streaming.concurrentJobs`, 1, which loses that order.
   */
  readonly concurrentJobs: number;
  /** Whether a slow task without state gets a twin on another worker; the first result counts. Spark: `spark.speculation`, false. */
  readonly speculation: boolean;
  /** How often to look for slow tasks (us). Spark: `spark.speculation.interval`, 100 ms. */
  readonly speculationInterval: number;
  /** The share of a stage's tasks that must be done before. Spark: `spark.speculation.quantile`, 0.75. */
  readonly speculationQuantile: number;
  /** How many times their median a slow one takes. Spark: `spark.speculation.multiplier`, 1.5. */
  readonly speculationMultiplier: number;
  /** Sources give less when batches take longer than the interval. Default: they give what they have (Spark: `backpressure.enabled`). */
  readonly backpressure?: BackpressureOptions;
  /** The most messages of a spout task in batches that are not done. Storm: `topology.max.spout.pending`. */
  readonly maxSpoutPending: number;
}

/** Weights of the rate estimator, and the rate that it never goes below. */
export interface RateEstimatorOptions {
  /** Of the difference between the rate and what was processed. Spark: `pid.proportional`, 1. */
  readonly proportional: number;
  /** Of what waits, by the scheduling delay. Spark: `pid.integral`, 0.2. */
  readonly integral: number;
  /** Of the change of that difference. Spark: `pid.derived`, 0. */
  readonly derived: number;
  /** Records a second. Spark: `pid.minRate`, 100. */
  readonly minRate: number;
}

/** How the rate of a source follows the time that its records take. Rates are in records a second. */
export interface BackpressureOptions {
  /** False: only `maxRatePerPartition` counts. Default true. */
  readonly isEstimated?: boolean;
  /** Until the first batches tell one. Default: none. Spark: `backpressure.initialRate`. */
  readonly initialRate?: number;
  /** Of each partition, whatever the estimator says. Default: none. Spark: `kafka.maxRatePerPartition`. */
  readonly maxRatePerPartition?: number;
  /** Default: Spark's weights, `{ proportional: 1, integral: 0.2, derived: 0, minRate: 100 }`. */
  readonly estimator?: RateEstimatorOptions;
}

/** Settings of the record model, with Storm's defaults where Storm has them. */
export interface RecordOptions {
  /** False: nothing is tracked, at-most-once (Storm: 0 ackers). */
  readonly acking: boolean;
  /** The most unprocessed tuples of a spout task. Storm: `topology.max.spout.pending`. */
  readonly maxSpoutPending: number;
  /** A tree that is not done between once and twice this long fails (us). Storm: `topology.message.timeout.secs`, 30 s. */
  readonly messageTimeout: number;
  /** Replays of a tuple before `onError` applies, and the first and longest wait before one (us). */
  readonly replaysMax: number;
  readonly replayDelay: number;
  readonly replayDelayMax: number;
  /** Acker tasks. Storm: `topology.acker.executors`. */
  readonly ackers: number;
  /** Entries of the ring of one edge; a power of two. */
  readonly ringCapacity: number;
  /** The most records that a spout task emits in one turn. */
  readonly turnRecordsMax: number;
  /** How long a turn should take at most (us): a spout task emits fewer records when functions are slow. A barrier waits for a turn. */
  readonly turnTimeMax: number;
  /**
   * When a source may forget a record, and a user-written spout hears `ack`. `checkpoint`: when a checkpoint holds what became of it.
   * `update`: when it is processed. `expiry`: when the windows that it is in have closed and their results are out, so that nothing is
   * lost without checkpoints. Default: `checkpoint` where there is durability, unless a bolt holds tuples.
   */
  readonly ackOn?: 'checkpoint' | 'update' | 'expiry';
  /**
   * With `ackOn: 'checkpoint'`: the most records of a source task behind its last checkpoint. Beyond it the task waits for the next. With
   * `ackOn: 'expiry'`: the most records of a source task that are in open windows.
   */
  readonly maxUncommitted: number;
  /** How long a barrier waits for pending trees, and sources for the barrier, before it is skipped (us). */
  readonly barrierTimeout: number;
  /** Rows on their way to a worker, or waiting there, from which on sources wait. */
  readonly workerRowsMax: number;
}

/**
 * Storm's statistics of one component. They count what the code did, also what was done again. Latencies are means (us), complete latency
 * over one tuple in 16, as micro-batches process latency too.
 */
export interface ComponentStats {
  readonly component: string;
  readonly tasks: number;
  /** Records of a source, and emits of spouts and bolts. */
  readonly emitted: number;
  /** Tuples handed to tasks that read: one that goes to two is two. As micro-batches of attempts that succeeded. */
  readonly transferred: number;
  readonly executed: number;
  /** `executed` of each task. Tuples only: neither watermarks nor ticks. */
  readonly executedByTask: readonly number[];
  /** Bolts: their answers, and an exception counts as failed; spouts: their messages; sources, in record mode: their records. */
  readonly acked: number;
  readonly failed: number;
  /** What spouts and bolts gave to `reportError`, told or not. */
  readonly errors: number;
  /** Spouts: emit to done tree, or, as micro-batches, to the end of its batch or the checkpoint that has it. */
  readonly completeLatency: number;
  /** Time inside `execute`, with what is chained behind it; of an operator for each record. */
  readonly executeLatency: number;
  /** Bolts: `execute` to `ack`. */
  readonly processLatency: number;
  /** Share of the run that the component's tasks were busy, 0 to 1. */
  readonly capacity: number;
}

/** A tuple tree, or a record, that was given up. */
export interface DeadLetter {
  readonly source: string;
  readonly partition: number;
  /** Offset in the partition, or the message id of a user-written spout. */
  readonly offset: number | string;
  readonly value: unknown;
  readonly error: StreamError;
}

/** What a run leaves behind. */
export interface JobResult {
  readonly mode: Mode;
  readonly outcome: 'finished' | 'stopped' | 'failed';
  readonly error: StreamError | undefined;
  /** Records read from each source. */
  readonly recordsRead: Readonly<Record<string, number>>;
  /** What each source counted beside its records, such as `invalidUtf8Lines`; sources that counted nothing are left out. */
  readonly sourceCounters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Results handed to each sink. */
  readonly resultsWritten: Readonly<Record<string, number>>;
  readonly lateRecords: number;
  readonly skippedEmptyIntervals: number;
  /** The first `DEAD_LETTERS_KEPT` of them; `deadLetterCount` counts all. */
  readonly deadLetters: readonly DeadLetter[];
  readonly deadLetterCount: number;
  /** Stream time from start to end of the run (us). */
  readonly duration: number;
  /** Micro-batch: the latest `BATCHES_KEPT`, and how many there were. */
  readonly batches: readonly BatchInfo[];
  readonly batchCount: number;
  readonly taskRetries: number;
  /** Micro-batch: records that tasks of lost workers processed a second time, because their state was gone. */
  readonly recomputedRecords?: number;
  /** Storm's numbers, of each component and of operators behind an exchange. As micro-batches of jobs with spouts or bolts, else none. */
  readonly components: readonly ComponentStats[];
  /** What spouts and bolts counted about themselves (`info.metrics`), in both modes; on workers none of a job that failed. */
  readonly metrics: readonly ComponentMetric[];
  /** Tuple trees of spouts, and in record mode of sources: done ones, and failed attempts. As micro-batches: messages of spouts. */
  readonly acked: number;
  readonly failed: number;
  readonly replayed: number;
  /** Record mode: barriers that were given up because trees stayed pending. */
  readonly barriersSkipped?: number;
  /** Final state of a keyed operator, in no promised order. Empty for an unknown uid. */
  state(uid: string): Iterable<readonly [Key, unknown]>;
}

export const DEAD_LETTERS_KEPT = 100;
export const BATCHES_KEPT = 1_000;

/** A running job. */
export interface RunningJob {
  /** Settles when the job has ended, also with outcome `failed`. Rejects only for a bug of ours. */
  readonly done: Promise<JobResult>;
  /** Stops gracefully: sources first, then what they gave is finished. */
  stop(): void;
  /** What has been done so far, cheap enough for ten times a second. */
  progress(): { readonly recordsRead: number; readonly resultsWritten: number; readonly pending: number };
}
