/** The write-ahead log of receivers: a block of a source that cannot be read again is written down as it is received. */
import type { Durability } from '../../runtime/durability.js';
import { rangeOf } from '../../runtime/logged-block.js';
import type { Block } from '../../runtime/source.js';
import type { PartitionMark } from './batch.js';

/** Who is told once a block is safe. */
export interface LoggedPartition {
  /** Every record below `offset` is in the log. */
  logged(offset: number, records: number): void;
}

/**
 * 1. Blocks of all partitions that are received in one turn, and those that come while a sync is under way, share the next sync.
 * 2. A batch names its blocks only: its record stands behind theirs, so it is durable no sooner than they are.
 * 3. A source hears of a block when it is synced, and not before.
 *
 * Source: Spark Streaming, `WriteAheadLogBasedBlockHandler` and `ReceivedBlockTracker`.
 */
export class BlockLog {
  readonly #durability: Durability;
  readonly #failed: (error: unknown) => void;
  /** The batch that will have what is received now. */
  batch: number;

  constructor(durability: Durability, batch: number, failed: (error: unknown) => void) {
    this.#durability = durability;
    this.batch = batch;
    this.#failed = failed;
  }

  /** `mark`: where the partition goes on behind the block. */
  add(mark: PartitionMark, block: Block, partition: LoggedPartition): void {
    const written = this.#durability.log({ kind: 'received', batch: this.batch, range: rangeOf(mark, [block], true) });
    written.then(() => partition.logged(mark.offset, block.length), this.#failed);
  }
}
