/** How a job is run: every option of `run` and `start`. */
import type { StoreMaker } from '../core/keyed-store.js';
import type { ChannelDecorator, MicroBatchOptions, RecordOptions } from '../executors/executor.js';
import type { Listener, Mode, ReceiverEvent } from '../runtime/events.js';
import type { SinkWriter } from '../runtime/sink.js';
import type { SourceReader } from '../runtime/source.js';
import type { Isolation, World } from '../runtime/world.js';
import type { JobSettings } from '../topology/graph.js';
import type { SinkSpec, SourceSpec } from '../topology/specs.js';
import type { JobLocation } from './load-job.js';
import type { StateKind } from './open-state.js';
import type { FaultOptions } from './run-faults.js';
import type { WorkerPoolEvent } from './worker-pool.js';

/** How a job is run. */
export interface RunOptions {
  readonly mode: Mode;
  /** Tasks of each keyed stage. Default 1. */
  readonly parallelism?: number;
  /** False: exchanges between single tasks are kept. Default true. */
  readonly chaining?: boolean;
  /** Seeds ids, shuffle groupings and generators. Default 1. */
  readonly seed?: number;
  /** In place of the topology's own settings. */
  readonly settings?: Partial<JobSettings>;
  readonly microBatch?: Partial<MicroBatchOptions>;
  readonly record?: Partial<RecordOptions>;
  /** Records a second of each source, by their intended times. Default: as fast as they come. */
  readonly rate?: number;
  /** Ends each source after so many records. */
  readonly records?: number;
  /** Stops the job gracefully after so much time (us). */
  readonly duration?: number;
  /** Specs in place of the topology's, by name. */
  readonly sources?: Readonly<Record<string, SourceSpec<unknown>>>;
  readonly sinks?: Readonly<Record<string, SinkSpec<never>>>;
  /** Ends that are open already, by name; they win over specs. `run` closes them too. */
  readonly readers?: ReadonlyMap<string, SourceReader>;
  readonly writers?: ReadonlyMap<string, SinkWriter>;
  /** Opens all ends in place of the connectors; sources behind the records that are done already. */
  readonly openers?: EndOpeners;
  /** Default: the real World. */
  readonly world?: World;
  readonly listener?: Listener;
  /** Hears of receivers only: where nobody listens to all events, none are made. */
  readonly onReceiver?: (event: ReceiverEvent) => void;
  /** How a test gets into the record model's channels; a fault plan has its own way. */
  readonly channels?: ChannelDecorator;
  /** Where progress survives. Default: nowhere, or in memory where the guarantee or workers need it. */
  readonly checkpoint?: CheckpointOptions;
  /** Where state is while the job runs: in memory, or, beyond the heap, in `lmdb`, a package of its own. Default: in memory. Or what makes stores, opened before (a simulation). */
  readonly state?: StateKind | StoreMaker;
  /** Where tasks run. Default: in this thread. */
  readonly workers?: WorkerOptions;
  /** What is broken on purpose. */
  readonly faults?: FaultOptions;
}

/** Opens ends from outside. */
export interface EndOpeners {
  /** `from`: records of each partition that an earlier life has done with; `resume`: what its readers said of their places. */
  source(name: string, from: readonly number[], resume: readonly unknown[]): SourceReader;
  /** `isTransactional`: it must commit by epoch. */
  sink(name: string, isTransactional: boolean): SinkWriter;
}

/** Where a job's progress is kept. */
export interface CheckpointOptions {
  /** Undefined: in memory, for restarts within this process. */
  readonly folder?: string | undefined;
  /** The most micro-batches between two snapshots. Default 10. */
  readonly batches?: number;
  /** The most time between two snapshots (us). Default 1 s. */
  readonly time?: number;
  /** The most increments between two whole snapshots; 0: each is whole. Default 10. */
  readonly increments?: number;
  /** Begin anew; what the folder holds is moved aside. */
  readonly fromScratch?: boolean;
  /** Leave out state of operators that are gone. */
  readonly allowNonRestored?: boolean;
  /** Size of a segment of the log. */
  readonly segmentBytes?: number;
}

/** The workers of a job. */
export interface WorkerOptions {
  readonly count: number;
  /** Default: threads. */
  readonly isolation?: Isolation;
  /** Where a worker finds the job. Undefined only in a simulation, whose workers are given it. */
  readonly job: JobLocation | undefined;
  /** Modules that change the topology in the same way in the driver and in workers, as their export `decorate`. */
  readonly decorators?: readonly string[];
  /** Without an answer for so long a worker counts as lost (us). Default 10 s. */
  readonly heartbeatTimeout?: number;
  readonly onEvent?: (event: WorkerPoolEvent) => void;
}
