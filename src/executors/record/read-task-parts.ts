/** What the tasks of sources and of user-written spouts are made from. */
import type { SourcePosition } from '../../runtime/durability.js';
import type { PartitionReader } from '../../runtime/source.js';
import type { WatermarkHold } from './hold.js';
import type { PendingTuples } from './pending.js';
import type { SkippedRecords } from './skipped-records.js';
import type { SourceMarks } from './source-marks.js';

/** What a source task is made from, beside what every task has. */
export interface SourceTaskParts {
  readonly reader: PartitionReader;
  readonly pending: PendingTuples;
  /** What holds watermarks back within the chain. */
  readonly holds: readonly Pick<WatermarkHold, 'release' | 'isEmpty' | 'arrived' | 'passed'>[];
  /** The first root of this task's slots. */
  readonly base: number;
  /** Where the partition goes on; undefined at its beginning. The reader stands there. */
  readonly from: SourcePosition | undefined;
  readonly skipped: SkippedRecords;
  /** A record is released when a checkpoint holds what became of it, and not when it is processed. */
  readonly untilDurable: boolean;
  /** Set where a record is released when the windows that it is in have closed. */
  readonly marks: SourceMarks | undefined;
}

/** What a spout task is made from, beside what every task has. */
export interface SpoutTaskParts {
  readonly pending: PendingTuples;
  readonly holds: readonly WatermarkHold[];
  /** The first root of this task's slots. */
  readonly base: number;
  /** Where it stood when the checkpoint was taken that the job goes on from. */
  readonly from: SourcePosition | undefined;
  /** Messages are acked when a checkpoint holds what became of them. */
  readonly untilDurable: boolean;
  /** Messages are acked when the windows that they are in have closed. */
  readonly expires: boolean;
}
