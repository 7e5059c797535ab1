/** The contract between sources and executors: partitions that are polled for blocks, never a promise per record. */
import type { StreamError } from '../core/errors.js';

/** A heartbeat in a partition's sequence: before record `at` of the block, the partition's watermark reached `watermark`. */
export interface Heartbeat {
  readonly at: number;
  readonly watermark: number;
}

/** A run of one partition's sequence, as a struct of arrays. A reader appends; the executor clears and uses it again. */
export class Block {
  /** Offset of `values[0]` in the partition; the others follow without gap. */
  firstOffset = 0;
  values: unknown[] = [];
  /** Stream time of each value (us), as long as `values`. */
  timestamps: Float64Array = new Float64Array(64);
  heartbeats: Heartbeat[] = [];
  /** The partition has ended with this block. */
  ended = false;

  get length(): number {
    return this.values.length;
  }

  push(value: unknown, timestamp: number): void {
    const index = this.values.length;
    if (index === this.timestamps.length) {
      const grown = new Float64Array(index * 2);
      grown.set(this.timestamps);
      this.timestamps = grown;
    }
    this.timestamps[index] = timestamp;
    this.values.push(value);
  }

  /** Puts a heartbeat behind the values so far. */
  heartbeat(watermark: number): void {
    this.heartbeats.push({ at: this.values.length, watermark });
  }

  clear(firstOffset: number): void {
    this.firstOffset = firstOffset;
    this.values = [];
    this.heartbeats = [];
    this.ended = false;
  }
}

/** One ordered sequence of records with its own watermark. */
export interface PartitionReader {
  /** Appends up to `max` records, and the heartbeats between them, that are there now; sets `block.ended` at the end. */
  poll(block: Block, max: number): void;
  /** Calls `wake` once when a poll would give something again (or at once, if it would already). The latest call counts. */
  onReady(wake: () => void): void;
  /** Set when reading failed: the job stops with it once what was read before is handed out. */
  readonly failure: StreamError | undefined;
  /**
   * Every record below `offset` is durable: the source may forget it, and give its receipt. Of a source that cannot be read again that
   * is when its block is synced to the log, long before its batch or checkpoint is done; never sooner.
   */
  commit(offset: number): void;
  /**
   * Polls go on at `offset` again, not below the last commit: same values, same timestamps, same heartbeats. Present where a job
   * can be set back to a checkpoint within its process (`retained`).
   */
  rewind?(offset: number): void;
  /** What the reader must be told, beside the offset, to go on in another process where the last poll ended: plain JSON. */
  position?(): unknown;
  /**
   * The job stops: nothing more is read. True while polls still give what was there when this was asked first: read ahead for the job
   * (`reserved`), or received of what nobody gives again. Record mode polls until it is false; a last batch has it in any case.
   */
  finishes?(): boolean;
}

/** What a receiver tells beside its records: its connection is lost or refused and will be tried again, or is there again. */
export type ReceiverNews =
  | {
      readonly kind: 'receiverError';
      readonly message: string;
      /** The attempt that comes now, counted from the last data on, and how many there are. */
      readonly attempt: number;
      readonly attemptsMax: number;
      /** Until then (us). */
      readonly delay: number;
    }
  | { readonly kind: 'receiverStarted'; readonly message: string };

/** An open source. */
export interface SourceReader {
  readonly partitions: readonly PartitionReader[];
  /** What the connector counted beside records, such as `invalidUtf8Lines`. */
  counters?(): Readonly<Record<string, number>>;
  /** Stops reading; what is buffered can still be polled. */
  close(): Promise<void>;
}

/**
 * What a connector implements: records without times. `stamped` wraps it with ingest time, rate and heartbeats.
 * A reader that brings its own times and heartbeats (load driver, test kit) implements `PartitionReader` directly.
 */
export interface RawPartition {
  /** Appends up to `max` values. `'idle'`: nothing more now; `'ended'`: nothing more ever; `'more'`: poll again. */
  take(values: unknown[], max: number): 'more' | 'idle' | 'ended';
  onReady(wake: () => void): void;
  readonly failure: StreamError | undefined;
  commit?(offset: number): void;
  /** As that of `PartitionReader`; asked only where what was received cannot be read again. */
  finishes?(): boolean;
  /** What the connector must be told, beside the offset, to find the place of the last `take` faster or more surely: plain JSON. */
  position?(): unknown;
}

/** An open connector. */
export interface RawSource {
  readonly partitions: readonly RawPartition[];
  counters?(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}
