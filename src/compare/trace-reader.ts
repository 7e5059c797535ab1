/** A source that plays a trace: everything at once for the highest rate, or as far as the load driver has released it. */
import type { Block, Heartbeat, PartitionReader, SourceReader } from '../runtime/source.js';
import type { PartitionTrace, SourceTrace, TimedTrace } from './trace.js';

/** Opens every source of a trace with all of it there, `repeat` times in a row on one continuing schedule. */
export function openDrain(trace: TimedTrace, repeat: number): ReadonlyMap<string, SourceReader> {
  return openTrace(trace.sources, (partition) => {
    const reader = new TracePartition(partition, repeat, trace.end - trace.start);
    reader.releaseAll();
    return reader;
  });
}

/** Opens sources with a reader for each partition. */
export function openTrace(
  sources: readonly SourceTrace[],
  open: (partition: PartitionTrace) => TracePartition,
): ReadonlyMap<string, SourceReader> {
  return new Map(
    sources.map(({ name, partitions }) => [name, { partitions: partitions.map(open), close: async () => {} }]),
  );
}

/** Hands out a partition's sequence up to where it is released. Values are the recorded ones, not copies. */
export class TracePartition implements PartitionReader {
  readonly failure = undefined;
  readonly #trace: PartitionTrace;
  readonly #repeat: number;
  readonly #period: number;
  #copy = 0;
  #record = 0;
  #heartbeat = 0;
  #releasedRecords = 0;
  #releasedHeartbeats = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(trace: PartitionTrace, repeat = 1, period = 0) {
    this.#trace = trace;
    this.#repeat = repeat;
    this.#period = period;
  }

  /** Records handed out so far. */
  get taken(): number {
    return this.#copy * this.#trace.values.length + this.#record;
  }

  /** Lets that many further records and heartbeats out, without waking the reader. */
  release(records: number, heartbeats: number): void {
    this.#releasedRecords += records;
    this.#releasedHeartbeats += heartbeats;
  }

  releaseAll(): void {
    this.#releasedRecords = this.#trace.values.length;
    this.#releasedHeartbeats = this.#trace.heartbeats.length;
  }

  /** Ends the sequence behind what is released. */
  stop(): void {
    this.#isStopped = true;
    this.wake();
  }

  /** Wakes who waits, if there is something. */
  wake(): void {
    if (this.#wake === undefined || !this.#hasMore()) return;
    const wake = this.#wake;
    this.#wake = undefined;
    wake();
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    this.wake();
  }

  poll(block: Block, max: number): void {
    let room = max;
    for (;;) {
      room -= this.#pollCopy(block, room);
      if (this.#record < this.#trace.values.length || this.#heartbeat < this.#trace.heartbeats.length) break;
      if (this.#copy + 1 >= this.#repeat) break;
      this.#copy++;
      this.#record = 0;
      this.#heartbeat = 0;
    }
    block.ended = this.#isOver();
  }

  commit(): void {}

  /** Appends what is there of the copy at hand; returns the number of records. */
  #pollCopy(block: Block, max: number): number {
    const { values, timestamps } = this.#trace;
    const shift = this.#copy * this.#period;
    const end = Math.min(this.#releasedRecords, this.#record + max);
    const from = this.#record;
    for (;;) {
      const until = Math.min(end, this.#beat(block, shift)?.at ?? end);
      for (; this.#record < until; this.#record++) block.push(values[this.#record], timestamps[this.#record]! + shift);
      if (until === end) break;
    }
    this.#beat(block, shift);
    return end - from;
  }

  /** Appends the heartbeats that are due at this place; returns the next one that is released. */
  #beat(block: Block, shift: number): Heartbeat | undefined {
    const { heartbeats } = this.#trace;
    for (; this.#heartbeat < this.#releasedHeartbeats; this.#heartbeat++) {
      const next = heartbeats[this.#heartbeat]!;
      if (next.at > this.#record) return next;
      block.heartbeat(next.watermark + shift);
    }
    return undefined;
  }

  #hasMore(): boolean {
    return this.#record < this.#releasedRecords || this.#heartbeat < this.#releasedHeartbeats || this.#isOver();
  }

  /** A copy that is followed by another is never at its end: `poll` goes on to the next at once. */
  #isOver(): boolean {
    const { values, heartbeats } = this.#trace;
    if (this.#isStopped) return this.#record >= this.#releasedRecords && this.#heartbeat >= this.#releasedHeartbeats;
    return this.#record >= values.length && this.#heartbeat >= heartbeats.length;
  }
}
