/** Keeps what a source handed out since its last commit, so that a job can be set back within its process. Knows no connector. */
import { assert } from '../core/assert.js';
import type { StreamError } from '../core/errors.js';
import { Block, type Heartbeat, type PartitionReader, type SourceReader } from './source.js';

/** What is kept. */
export interface RetainedOptions {
  /** Records of one partition that are kept; beyond it nothing is handed out before a commit. Default 1,000,000. */
  readonly recordsMax?: number | undefined;
}

export interface RetainedSourceOptions extends RetainedOptions {
  /** Offset of each partition's first record, of a source that goes on. Default 0. */
  readonly from?: readonly number[] | undefined;
}

export interface RetainedPartitionOptions extends RetainedOptions {
  /** Offset of the first record. Default 0. */
  readonly from?: number | undefined;
}

/** A partition that can be set back. */
export interface RewindablePartition extends PartitionReader {
  rewind(offset: number): void;
}

/** A source whose partitions can be set back. */
export interface RewindableSource extends SourceReader {
  readonly partitions: readonly RewindablePartition[];
}

/** Unless told otherwise. A record that is kept costs two words beside its value. */
const RETAINED_RECORDS_MAX = 1_000_000;
/** Heartbeats kept at one place. Of more only the latest are: fewer watermarks change no answer. */
export const RETAINED_HEARTBEATS_MAX = 1_000;
/** Records of one run: what a commit frees at once. */
const RUN_RECORDS = 1_024;

/**
 * Wraps a reader so that it can be set back to any offset from its last commit on.
 *
 * 1. What is polled is kept: values (not copies), times, heartbeats and the end.
 * 2. `rewind(offset)`: polls give the same sequence again from the record `offset` on, cut as it comes, and then go on where the
 *    wrapped reader stands. Heartbeats right before that record come again too.
 * 3. `commit(offset)` frees what lies before it, and is passed on.
 * 4. While `recordsMax` records are kept, polls give nothing; `onReady` fires when a commit has made room.
 */
export function retained(source: SourceReader, options?: RetainedSourceOptions): RewindableSource;
export function retained(partition: PartitionReader, options?: RetainedPartitionOptions): RewindablePartition;
export function retained(
  reader: SourceReader | PartitionReader,
  options: RetainedSourceOptions | RetainedPartitionOptions = {},
): RewindableSource | RewindablePartition {
  const { recordsMax = RETAINED_RECORDS_MAX, from } = options;
  if (!('partitions' in reader)) return new RetainedPartition(reader, recordsMax, typeof from === 'number' ? from : 0);
  const offsets = typeof from === 'object' ? from : [];
  return {
    partitions: reader.partitions.map(
      (partition, index) => new RetainedPartition(partition, recordsMax, offsets[index] ?? 0),
    ),
    counters: () => reader.counters?.() ?? {},
    close: () => reader.close(),
  };
}

/** Some records with the heartbeats around them. */
class Run {
  readonly block = new Block();
  /** Where the wrapped reader stood behind the last poll that lies in it. */
  position: unknown;

  constructor(firstOffset: number) {
    this.block.clear(firstOffset);
  }

  get end(): number {
    return this.block.firstOffset + this.block.length;
  }
}

class RetainedPartition implements RewindablePartition {
  readonly #inner: PartitionReader;
  readonly #recordsMax: number;
  /** Never empty: the last one is written to. */
  readonly #runs: Run[];
  #committed: number;
  /** The next record to hand out: its run, its index there, and the heartbeats of the run that are handed out. */
  #run = 0;
  #record = 0;
  #beats = 0;
  #isReplaying = false;
  #wake: (() => void) | undefined;

  constructor(inner: PartitionReader, recordsMax: number, from: number) {
    this.#inner = inner;
    this.#recordsMax = recordsMax;
    this.#committed = from;
    this.#runs = [new Run(from)];
  }

  get failure(): StreamError | undefined {
    return this.#isReplaying ? undefined : this.#inner.failure;
  }

  poll(block: Block, max: number): void {
    const values = block.length;
    const beats = block.heartbeats.length;
    if (this.#isReplaying) {
      this.#replay(block, max);
      if (this.#isReplaying || block.ended || block.length > values || block.heartbeats.length > beats) return;
    }
    const room = this.#room;
    if (room <= 0) return;
    this.#inner.poll(block, Math.min(max, room));
    this.#keep(block, values, beats);
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.#isReplaying) this.#fire();
    else if (this.#room > 0) this.#inner.onReady(this.#fire);
  }

  commit(offset: number): void {
    this.#inner.commit(offset);
    if (offset <= this.#committed) return;
    assert(offset <= this.#head.end, `a commit of ${offset}, but only ${this.#head.end} records were handed out`);
    const wasFull = this.#room <= 0;
    this.#committed = offset;
    // A run that ends at the offset may have heartbeats behind its last record: they belong to what comes.
    const gone = this.#runs.findIndex((run) => run.end >= offset);
    assert(gone <= this.#run, `a commit of ${offset}, which was set back and not handed out again`);
    this.#runs.splice(0, gone);
    this.#run -= gone;
    if (wasFull && this.#wake !== undefined) this.onReady(this.#wake);
  }

  finishes(): boolean {
    return this.#inner.finishes?.() === true;
  }

  rewind(offset: number): void {
    assert(offset >= this.#committed, `a rewind to ${offset}, below the commit at ${this.#committed}`);
    assert(offset <= this.#head.end, `a rewind to ${offset}, but only ${this.#head.end} records were handed out`);
    this.#run = this.#runs.findIndex((run) => run.end >= offset);
    const { firstOffset, heartbeats } = this.#runs[this.#run]!.block;
    this.#record = offset - firstOffset;
    const next = heartbeats.findIndex(({ at }) => at >= this.#record);
    this.#beats = next < 0 ? heartbeats.length : next;
    this.#isReplaying = true;
    if (this.#wake !== undefined) this.#fire();
  }

  /**
   * Of what is handed out again, exact only where a run ends; elsewhere it is that of the run's end. So it says how times go on,
   * and not how many records there were: that is the offset.
   */
  position(): unknown {
    if (!this.#isReplaying) return this.#inner.position?.();
    const isBegun = this.#record > 0 || this.#run === 0;
    return this.#runs[isBegun ? this.#run : this.#run - 1]!.position;
  }

  get #head(): Run {
    return this.#runs.at(-1)!;
  }

  get #room(): number {
    return this.#recordsMax - (this.#head.end - this.#committed);
  }

  /** Keeps what a poll appended behind so many values and heartbeats. */
  #keep(polled: Block, values: number, beats: number): void {
    const { heartbeats, timestamps, length } = polled;
    if (length === values && heartbeats.length === beats && !polled.ended) return;
    const position = this.#inner.position?.();
    let beat = beats;
    for (let at = values; ; at++) {
      for (; beat < heartbeats.length && heartbeats[beat]!.at <= at; beat++) this.#keepBeat(heartbeats[beat]!);
      if (at === length) break;
      if (this.#head.block.length === RUN_RECORDS) this.#runs.push(new Run(this.#head.end));
      this.#head.block.push(polled.values[at], timestamps[at]!);
      this.#head.position = position;
    }
    this.#head.position = position;
    this.#head.block.ended = polled.ended;
    this.#run = this.#runs.length - 1;
  }

  #keepBeat({ watermark }: Heartbeat): void {
    const { block } = this.#head;
    block.heartbeat(watermark);
    const { heartbeats, length } = block;
    const oldest = heartbeats.length - 1 - RETAINED_HEARTBEATS_MAX;
    if (oldest >= 0 && heartbeats[oldest]!.at === length) heartbeats.splice(oldest, 1);
  }

  #replay(block: Block, max: number): void {
    for (let left = max; ; ) {
      const from = this.#runs[this.#run]!.block;
      const until = Math.min(from.length, this.#record + left);
      left -= until - this.#record;
      this.#copy(from, until, block);
      if (this.#record < from.length) return;
      if (this.#run === this.#runs.length - 1) break;
      this.#run++;
      this.#record = 0;
      this.#beats = 0;
    }
    block.ended ||= this.#head.block.ended;
    this.#isReplaying = false;
  }

  /** Copies the run from where it stands up to its record `until`, with the heartbeats right before that one. */
  #copy(from: Block, until: number, to: Block): void {
    const { heartbeats, values, timestamps } = from;
    for (;;) {
      for (; this.#beats < heartbeats.length && heartbeats[this.#beats]!.at <= this.#record; this.#beats++) {
        to.heartbeat(heartbeats[this.#beats]!.watermark);
      }
      if (this.#record === until) return;
      to.push(values[this.#record], timestamps[this.#record]!);
      this.#record++;
    }
  }

  readonly #fire = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}
