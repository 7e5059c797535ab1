/** The contract between executors and what survives a crash: snapshots of a job, the driver's log, and what a restart finds. */
import type { SnapshotRow } from '../core/keyed-store.js';
import type { Mode } from './events.js';

/** How far a source partition's stream time got (us). */
export interface PartitionTimes {
  readonly watermark: number;
  readonly nextStep: number;
  readonly highest: number;
  readonly sent: number;
}

/** Where a source partition goes on. */
export interface SourcePosition {
  readonly source: string;
  readonly partition: number;
  /** Offset of the next record. */
  readonly offset: number;
  readonly hasEnded: boolean;
  readonly times: PartitionTimes;
  /** From `PartitionReader.position`. */
  readonly reader: unknown;
}

/** A watermark gate of one task: what its inputs told, in order. Inputs that ended hold their final watermark apart. */
export interface GateState {
  readonly watermarks: readonly number[];
  readonly ended: readonly boolean[];
  readonly minimum: number;
  readonly finalWatermark: number;
  readonly highest: number;
}

/** The small part of a snapshot: plain data, infinities included. */
export interface SnapshotMeta {
  /** Number of the micro-batch that was the last one in it, or of the barrier. Counts up from 1 over the life of the job. */
  readonly epoch: number;
  readonly mode: Mode;
  /** Stream time at which it was taken (us). */
  readonly time: number;
  readonly sources: readonly SourcePosition[];
  /** Of each task behind an exchange, by `stage:task`. */
  readonly gates: Readonly<Record<string, GateState>>;
  /** The gates of paths that meet within a task's chain, in the order in which the chain is built, by `stage:task`. */
  readonly innerGates: Readonly<Record<string, readonly GateState[]>>;
  /** What the run counted so far, such as `lateRecords`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** The state of one operator on one task, as rows that are pulled in pieces. */
export interface StoreSource {
  readonly uid: string;
  readonly kind: string;
  readonly schemaVersion: number;
  readonly task: number;
  /** Tasks of the operator's stage. State of another number of tasks does not fit. */
  readonly tasks: number;
  /** The epoch whose snapshot the rows add to; undefined: they are all there is. */
  readonly since: number | undefined;
  /** The next rows; empty when there are no more. May cross a channel. */
  next(): readonly SnapshotRow[] | Promise<readonly SnapshotRow[]>;
  close(): void;
}

/** A consistent cut of a whole job. */
export interface JobSnapshot {
  readonly meta: SnapshotMeta;
  readonly stores: readonly StoreSource[];
}

/** A snapshot as a restart finds it. */
export interface RestoredJob {
  readonly meta: SnapshotMeta;
  /** By operator uid and task. Undefined for an operator that is new. */
  rows(uid: string, task: number): Iterable<SnapshotRow> | undefined;
}

/** What a driver writes down as it goes. */
export type LogRecord =
  /**
   * A block of a source that cannot be read again, with its values: from here on it is safe (write-ahead log; Spark's
   * `BlockAdditionEvent`). `batch`: the micro-batch that will have it, the next to be cut; 0: none, record at a time.
   */
  | { readonly kind: 'received'; readonly batch: number; readonly range: AllocatedRange }
  /** What a batch will process, before it does. Offsets are of the records: [from, to). */
  | {
      readonly kind: 'allocated';
      readonly batch: number;
      readonly time: number;
      readonly ranges: readonly AllocatedRange[];
    }
  /** All sinks hold the batch's results durably: from here on it is committed. */
  | { readonly kind: 'prepared'; readonly batch: number };

/** A batch's share of one source partition, with the times that its records and heartbeats got. */
export interface AllocatedRange {
  readonly source: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** Runs of equal timestamps: count and time (us) in turn. */
  readonly times: readonly number[];
  /** Position after the record (counted from `from`), and watermark (us), in turn. */
  readonly heartbeats: readonly number[];
  readonly ended: boolean;
  /** From `PartitionReader.position`, after the range. */
  readonly reader: unknown;
  /** The values themselves, of a source that cannot be read again. */
  readonly values?: readonly unknown[] | undefined;
  /** It is made of so many blocks that were logged as they were received: its times, heartbeats and values stand there. */
  readonly blocks?: number | undefined;
}

/** Whether a snapshot does not hold what a log record tells of, so that a restart needs it. */
export function isAfter(record: LogRecord, { epoch, sources }: Pick<SnapshotMeta, 'epoch' | 'sources'>): boolean {
  if (record.kind !== 'received' || record.batch > 0) return record.batch > epoch;
  const { source, partition, to } = record.range;
  const place = sources.find((found) => found.source === source && found.partition === partition);
  return to > (place?.offset ?? 0);
}

/** What a restart finds. */
export interface Recovered {
  /** The newest whole snapshot; undefined before the first. */
  readonly snapshot: RestoredJob | undefined;
  /** What was logged after it, in order. */
  readonly log: readonly LogRecord[];
}

/**
 * What an executor writes so that a restart can go on. In memory it serves restarts within the process; in a folder, those of the driver.
 * Calls are in order: each resolves when what it wrote is durable. A call that rejects (`RG057`) ends the job: nothing is tried again.
 */
export interface Durability {
  readonly recovered: Recovered;
  /** When the job began whose progress this is (us); undefined where that is within this process. */
  readonly begun?: number | undefined;
  /** The most micro-batches, and the most stream time (us), between two snapshots. */
  readonly interval: { readonly batches: number; readonly time: number };
  /** The epoch whose snapshot the next one may add to; undefined when all of its stores must be whole. */
  readonly addsTo: number | undefined;
  log(record: LogRecord): Promise<void>;
  /** Saves a snapshot, whose stores add to the one that was saved last or are whole; afterwards older ones and log records before it may go. Pulls the stores in pieces between other work. */
  save(snapshot: JobSnapshot): Promise<void>;
  /** The snapshot that was saved last, as a restart in this process finds it. */
  latest(): RestoredJob | undefined;
}
