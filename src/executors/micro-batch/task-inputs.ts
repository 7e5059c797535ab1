/** The work of a task in one batch: blocks of a source partition, or what a shuffle holds for it. */
import { floorTo } from '../../core/time.js';
import { recordOf } from '../../kernels/map-async.js';
import type { Block, Heartbeat } from '../../runtime/source.js';
import type { Chain } from '../chain.js';
import { NO_RECORD, type TaskInput } from './batch-task.js';
import type { RowCaller } from './called-rows.js';
import type { GateNews, PartitionTime } from './progress.js';
import type { ReadableRows } from './rows.js';
import { SpoutMessage } from './spout-message.js';
import type { TaskContext } from './task-context.js';
import type { RecordPlace } from './task-result.js';

type Push = (value: unknown) => void;
type Advance = (watermark: number) => void;

/** The blocks of one source partition in one batch. Heartbeats run at their place between the records. */
export class BlockInput implements TaskInput {
  readonly length: number;
  readonly #blocks: readonly Block[];
  /** By index of the record that they stand before. */
  readonly #heartbeats: Heartbeat[] = [];
  readonly #time: PartitionTime;
  readonly #before: PartitionTime;
  readonly #step: number;
  readonly #origin: { readonly source: string; readonly partition: number };

  constructor(
    blocks: readonly Block[],
    time: PartitionTime,
    step: number,
    origin: { readonly source: string; readonly partition: number },
  ) {
    this.#blocks = blocks;
    this.#time = time;
    this.#before = { ...time };
    this.#step = step;
    this.#origin = origin;
    let length = 0;
    for (const block of blocks) {
      for (const { at, watermark } of block.heartbeats) this.#heartbeats.push({ at: length + at, watermark });
      length += block.values.length;
    }
    this.length = length;
  }

  run(chain: Chain, context: TaskContext, from: number, to: number, at: (index: number) => void): void {
    const { push, advance } = chain.head;
    context.origin = undefined;
    let start = from;
    for (const heartbeat of this.#heartbeats) {
      if (heartbeat.at < from || heartbeat.at > to) continue;
      this.#span(push, advance, context, start, heartbeat.at, at);
      start = heartbeat.at;
      if (heartbeat.watermark <= this.#time.watermark) continue;
      at(NO_RECORD);
      this.#rise(advance, heartbeat.watermark);
    }
    this.#span(push, advance, context, start, to, at);
  }

  finish(chain: Chain): void {
    const link = chain.head;
    for (const { watermark } of this.#heartbeats)
      if (watermark > this.#time.watermark) this.#rise(link.advance, watermark);
    if (this.#blocks.at(-1)?.ended === true) link.end(this.#time.watermark, this.#time.highest);
  }

  rewind(): void {
    Object.assign(this.#time, this.#before);
  }

  keep(chain: Chain, index: number): void {
    this.#reach(chain.head.advance, this.#timestampOf(index));
    Object.assign(this.#before, this.#time);
  }

  describe(index: number): RecordPlace {
    let base = 0;
    for (const block of this.#blocks) {
      if (index < base + block.values.length) {
        const value = block.values[index - base];
        if (value instanceof SpoutMessage) return { ...this.#origin, offset: value.id ?? -1, value: value.values };
        return { ...this.#origin, offset: block.firstOffset + index - base, value };
      }
      base += block.values.length;
    }
    return { ...this.#origin, offset: -1, value: undefined };
  }

  /** The records `from` to `to` of the input, over the borders of blocks. */
  #span(
    push: Push,
    advance: Advance,
    context: TaskContext,
    from: number,
    to: number,
    at: (index: number) => void,
  ): void {
    let base = 0;
    for (const block of this.#blocks) {
      const end = base + block.values.length;
      if (end > from && base < to)
        this.#records(push, advance, context, block, Math.max(0, from - base), Math.min(end, to) - base, base, at);
      base = end;
    }
  }

  /** The hot loop: one call of the chain for each record. */
  #records(
    push: Push,
    advance: Advance,
    context: TaskContext,
    block: Block,
    from: number,
    to: number,
    base: number,
    at: (index: number) => void,
  ): void {
    const { values, timestamps } = block;
    const time = this.#time;
    // Stream time knows of all up to here already.
    let known = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const timestamp = timestamps[i]!;
      const isNew = timestamp > known;
      if (isNew && timestamp >= time.nextStep) {
        at(NO_RECORD);
        this.#rise(advance, timestamp);
      }
      at(base + i);
      if (isNew) {
        known = timestamp;
        if (timestamp > time.highest) time.highest = timestamp;
        if (timestamp > time.watermark) time.watermark = timestamp;
      }
      context.timestamp = timestamp;
      context.windowEnd = Number.NaN;
      push(values[i]);
    }
  }

  #timestampOf(index: number): number {
    let base = 0;
    for (const { values, timestamps } of this.#blocks) {
      if (index < base + values.length) return timestamps[index - base]!;
      base += values.length;
    }
    return Number.NEGATIVE_INFINITY;
  }

  /** The time of a record that is not run. */
  #reach(advance: Advance, timestamp: number): void {
    const time = this.#time;
    if (timestamp >= time.nextStep) this.#rise(advance, timestamp);
    time.highest = Math.max(time.highest, timestamp);
    time.watermark = Math.max(time.watermark, timestamp);
  }

  #rise(advance: Advance, watermark: number): void {
    const time = this.#time;
    const floor = floorTo(watermark, this.#step);
    time.watermark = Math.max(time.watermark, watermark);
    time.nextStep = floor + this.#step;
    if (floor <= time.sent) return;
    time.sent = floor;
    advance(floor);
  }
}

/** What a shuffle holds for one task: rows of every producing task in order, then the minimum of their watermarks. */
export class ShuffleInput implements TaskInput {
  readonly length: number;
  readonly #rows: readonly ReadableRows[];
  readonly #news: GateNews;
  readonly #origin: { readonly source: string; readonly partition: number };

  constructor(
    rows: readonly ReadableRows[],
    news: GateNews,
    origin: { readonly source: string; readonly partition: number },
  ) {
    this.#rows = rows;
    this.#news = news;
    this.#origin = origin;
    this.length = rows.reduce((sum, row) => sum + row.length, 0);
  }

  run(chain: Chain, context: TaskContext, from: number, to: number, at: (index: number) => void): void {
    const { push } = chain.head;
    let base = 0;
    for (const rows of this.#rows) {
      const { timestamps, windowEnds, length } = rows;
      for (let i = Math.max(0, from - base); i < Math.min(length, to - base); i++) {
        at(base + i);
        context.timestamp = timestamps[i]!;
        context.windowEnd = windowEnds[i]!;
        push(rows.at(i));
      }
      base += length;
    }
  }

  finish(chain: Chain): void {
    const { kind } = this.#news;
    if (kind === 'ended') chain.head.end(this.#news.finalWatermark, this.#news.highest);
    else if (kind === 'rose') chain.head.advance(this.#news.minimum);
  }

  rewind(): void {}

  keep(): void {}

  /** The same with what came of the records' calls in their places. */
  async called(caller: RowCaller): Promise<ShuffleInput> {
    return new ShuffleInput([await caller.call(this.#rows)], this.#news, this.#origin);
  }

  describe(index: number): RecordPlace {
    let base = 0;
    for (const rows of this.#rows) {
      if (index < base + rows.length) return { ...this.#origin, offset: index, value: recordOf(rows.at(index - base)) };
      base += rows.length;
    }
    return { ...this.#origin, offset: -1, value: undefined };
  }
}
