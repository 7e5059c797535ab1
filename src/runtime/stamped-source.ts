/** Gives records their stream time as they are read: ingest time or a rate, with heartbeats. Knows no connector. */
import type { StreamError } from '../core/errors.js';
import { firstMultipleAbove, floorTo } from '../core/time.js';
import { Pace } from './pace.js';
import type { Block, PartitionReader, RawPartition, RawSource, SourceReader } from './source.js';
import { asPosition, type StampPosition } from './stamp-position.js';
import type { Clock, Scheduler, Timer } from './world.js';

/** How a source's records get their times. */
export interface StampOptions {
  /** Reads stream time. */
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** A heartbeat comes at each multiple of this (us). */
  readonly step: number;
  /**
   * Records a second of the whole source. Record i is due at start + phase + i / rate and has that intended time as its
   * timestamp, however late it is read. The start is the first poll. Partition p of n gets the records p, p + n, p + 2n …
   */
  readonly rate?: number | undefined;
  /** Shifts all intended times (us). Default 0. */
  readonly phase?: number | undefined;
  /** Ends the source after so many records: partition p of n after its share of them, as with `rate`. */
  readonly records?: number | undefined;
  /**
   * The input comes when it wants (`intake: 'receiver'`): a record that is not there when it is due moves the schedule
   * instead of holding back the heartbeats, so that `rate` is a limit. Default false.
   */
  readonly live?: boolean | undefined;
  /** It can be read again, so a stop leaves what waits. Default false: a stop hands out what was received. */
  readonly replayable?: boolean | undefined;
  /** Records of each partition that an earlier process has read: offsets, `records` and the schedule of `rate` go on from there. */
  readonly from?: readonly number[] | undefined;
  /** What `position` of each partition gave in that process. A partition without one begins as a new one. */
  readonly resume?: readonly unknown[] | undefined;
}

/** Heartbeats of one poll. After a longer silence only the latest are sent: fewer watermarks change no answer. */
export const HEARTBEATS_MAX = 1_000;

/**
 * Wraps a connector so that its records carry times.
 *
 * 1. A poll reads the clock once: all its records get that time, rounded down, and never less than the one before.
 * 2. With `rate`, a record gets its intended time instead, and is not handed out before it.
 * 3. Heartbeats come at each multiple of `step` that the clock has passed, in their place between the records. None
 *    exceeds the intended time of a record that is due but not yet handed out.
 * 4. With `resume`, times go on where those of the earlier process ended. A source with the same `rate` gives each record the
 *    time that it would have had; what fell due in between comes at once.
 */
export function stamped(raw: RawSource, options: StampOptions): SourceReader {
  const begun = (options.resume ?? []).flatMap((position) => asPosition(position)?.begun ?? []);
  const start = new Start(options.clock, begun.length > 0 ? Math.min(...begun) : undefined);
  const count = raw.partitions.length;
  const partitions = raw.partitions.map(
    (partition, index) => new StampedPartition(partition, index, count, start, options),
  );
  return {
    partitions,
    counters: () => raw.counters?.() ?? {},
    close: () => {
      for (const partition of partitions) partition.disarm();
      return raw.close();
    },
  };
}

/** The first poll of any partition starts the schedule of all. */
class Start {
  readonly #clock: Clock;
  #time: number | undefined;

  constructor(clock: Clock, begun: number | undefined) {
    this.#clock = clock;
    this.#time = begun;
  }

  /** Undefined before the first poll. */
  get begun(): number | undefined {
    return this.#time;
  }

  get time(): number {
    this.#time ??= Math.floor(this.#clock.now());
    return this.#time;
  }
}

class StampedPartition implements PartitionReader {
  readonly #raw: RawPartition;
  readonly #options: StampOptions;
  readonly #start: Start;
  readonly #index: number;
  readonly #count: number;
  readonly #resume: StampPosition | undefined;
  #pace: Pace | undefined;
  #taken: number;
  #left: number;
  #lastTime: number;
  #nextHeartbeat = Number.NaN;
  #isIdle = false;
  #hasEnded = false;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;
  #timerTime = Number.NaN;

  constructor(raw: RawPartition, index: number, count: number, start: Start, options: StampOptions) {
    this.#raw = raw;
    this.#options = options;
    this.#start = start;
    this.#index = index;
    this.#count = count;
    const { records = Number.POSITIVE_INFINITY } = options;
    this.#resume = asPosition(options.resume?.[index]);
    this.#taken = options.from?.[index] ?? this.#resume?.taken ?? 0;
    this.#left = Math.max(0, Math.ceil((records - index) / count) - this.#taken);
    this.#lastTime = this.#resume?.time ?? Number.NEGATIVE_INFINITY;
  }

  get failure(): StreamError | undefined {
    return this.#raw.failure;
  }

  poll(block: Block, max: number): void {
    this.#begin();
    const now = Math.max(Math.floor(this.#options.clock.now()), this.#lastTime);
    this.#lastTime = now;
    if (this.#hasEnded) block.ended = true;
    else if (this.#pace === undefined) this.#pollAt(now, block, max);
    else this.#pollPaced(now, this.#pace, block, max);
  }

  onReady(wake: () => void): void {
    this.#begin();
    this.#wake = wake;
    const now = this.#options.clock.now();
    const due = this.#pace?.nextDue ?? Number.NEGATIVE_INFINITY;
    const isDue = due <= now;
    const heldBack = this.#pace !== undefined && isDue && this.#options.live !== true;
    const nextBeat = heldBack && this.#nextHeartbeat > due ? Number.POSITIVE_INFINITY : this.#nextHeartbeat;
    if (this.#hasEnded || this.#left === 0 || nextBeat <= now) {
      this.#fire();
      return;
    }
    this.#arm(isDue ? nextBeat : Math.min(nextBeat, due));
    if (isDue) this.#raw.onReady(this.#fire);
  }

  commit(offset: number): void {
    this.#raw.commit?.(offset);
  }

  /** Not with a rate: what had come at once would hold the stop up until it is due. */
  finishes(): boolean {
    const { replayable = false } = this.#options;
    return !replayable && this.#pace === undefined && !this.#hasEnded && this.#raw.finishes?.() === true;
  }

  position(): StampPosition {
    const raw = this.#raw.position?.();
    const common = { taken: this.#taken, begun: this.#start.begun, raw };
    if (Number.isNaN(this.#nextHeartbeat)) return this.#resume === undefined ? common : { ...this.#resume, ...common };
    const pace = this.#pace && { rate: this.#pace.rate, start: this.#pace.start };
    const time = Number.isFinite(this.#lastTime) ? this.#lastTime : undefined;
    return { ...common, time, heartbeat: this.#nextHeartbeat, pace };
  }

  disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Everything is stamped with the clock's reading, so all heartbeats up to it come first. */
  #pollAt(now: number, block: Block, max: number): void {
    this.#beat(block, now);
    const from = block.length;
    this.#take(block, max);
    reserve(block).fill(now, from, block.length);
  }

  /** Records get their intended times; heartbeats stand between them. */
  #pollPaced(now: number, pace: Pace, block: Block, max: number): void {
    if (this.#isIdle && this.#options.live === true) pace.waitUntil(now);
    const from = block.length;
    const due = Math.min(max, pace.dueAt(now));
    const state = due > 0 || this.#left === 0 ? this.#take(block, due) : 'more';
    const timestamps = reserve(block);
    for (let at = from; at < block.length; at++) {
      const time = pace.next();
      if (time >= this.#nextHeartbeat) this.#beat(block, time, at);
      timestamps[at] = time;
    }
    if (state === 'ended') return;
    if (state === 'idle' && this.#options.live === true) pace.waitUntil(now);
    this.#beat(block, Math.min(now, pace.nextDue));
  }

  #take(block: Block, max: number): 'more' | 'idle' | 'ended' {
    const before = block.length;
    const state = this.#left === 0 ? 'ended' : this.#raw.take(block.values, Math.min(max, this.#left));
    this.#left -= block.length - before;
    this.#taken += block.length - before;
    this.#isIdle = state === 'idle';
    if (state !== 'ended' && this.#left > 0) return state;
    this.#hasEnded = true;
    block.ended = true;
    this.disarm();
    return 'ended';
  }

  /** Sends the heartbeats up to `limit`, before record `at` of the block. */
  #beat(block: Block, limit: number, at = block.length): void {
    if (this.#nextHeartbeat > limit) return;
    const { step } = this.#options;
    const last = floorTo(limit, step);
    const first = Math.max(this.#nextHeartbeat, last - (HEARTBEATS_MAX - 1) * step);
    for (let watermark = first; watermark <= last; watermark += step) block.heartbeats.push({ at, watermark });
    this.#nextHeartbeat = last + step;
  }

  #begin(): void {
    if (!Number.isNaN(this.#nextHeartbeat)) return;
    const { step, rate, phase = 0 } = this.#options;
    const start = this.#start.time;
    this.#nextHeartbeat = firstMultipleAbove((this.#resume?.heartbeat ?? start + 1) - 1, step);
    if (rate !== undefined) this.#pace = this.#paced(rate, Math.floor(start + phase));
  }

  /** With another rate than before, or without knowing it, the schedule goes on from now: no time may come twice. */
  #paced(rate: number, start: number): Pace {
    const known = this.#resume?.pace;
    if (known?.rate === rate) return new Pace(known.start, rate, this.#index, this.#count, this.#taken);
    const pace = new Pace(start, rate, this.#index, this.#count, this.#taken);
    if (this.#taken > 0) pace.moveTo(Math.floor(Math.max(this.#options.clock.now(), this.#lastTime)));
    return pace;
  }

  /** One timer at most; it stays while the time that it waits for stays. */
  #arm(time: number): void {
    if (this.#timer !== undefined && this.#timerTime === time) return;
    this.disarm();
    if (time === Number.POSITIVE_INFINITY) return;
    this.#timerTime = time;
    this.#timer = this.#options.scheduler.at(time, this.#onTimer);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#fire();
  };

  readonly #fire = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}

/** The block's timestamps with room for all its values. */
function reserve(block: Block): Float64Array {
  const { timestamps, length } = block;
  if (timestamps.length >= length) return timestamps;
  const grown = new Float64Array(Math.max(length, timestamps.length * 2));
  grown.set(timestamps);
  block.timestamps = grown;
  return grown;
}
