/** Which tuples are in which window, and when they leave: by time or by count. Knows neither tuples nor clocks: elements have a time. */

/** An element of a window, with what the window knows of it. */
export interface Entry<T> {
  readonly value: T;
  /** Stream time, or event time (us). */
  readonly time: number;
  /** It was in an activation before. */
  isSeen: boolean;
}

/** A window that is due: `entries` in order. After it `leaving` are in no later window. */
export interface DueWindow<T> {
  readonly start: number;
  readonly end: number;
  readonly entries: readonly Entry<T>[];
}

/** What both kinds of windows do. `fire` is called for each window that is due, and `leave` for each entry that is out for good. */
export interface Windows<T> {
  readonly size: number;
  /** It has an element that was in no window yet. */
  readonly hasNew: boolean;
  /** Takes an element. False when it is late: no window will have it. */
  add(value: T, time: number): boolean;
  /** Stream time, or event time, has come so far. */
  advance(watermark: number): void;
  /** Everything that is there is a window, as at the end of an input. */
  flush(): void;
  /** What it knows beside its elements. */
  progress(): readonly number[];
  /** New ones go on with elements of others, in order of arrival, and what those knew. */
  restore(entries: readonly Entry<T>[], progress: readonly number[]): void;
}

/** What windows call back. */
export interface WindowListener<T> {
  fire(window: DueWindow<T>): void;
  leave(entry: Entry<T>): void;
}

/** What windows of any kind hold: their entries, and what was set. */
export abstract class HeldWindows<T> {
  protected readonly length: number;
  protected readonly slide: number;
  protected readonly listener: WindowListener<T>;
  /** In order of time and, of one time, of arrival; `CountWindows` goes by arrival alone. */
  protected readonly entries: Entry<T>[] = [];

  constructor(length: number, slide: number, listener: WindowListener<T>) {
    this.length = length;
    this.slide = slide;
    this.listener = listener;
  }

  get size(): number {
    return this.entries.length;
  }

  get hasNew(): boolean {
    return this.entries.some(({ isSeen }) => !isSeen);
  }

  /** The first multiple of the slide above a time. */
  protected endAfter(time: number): number {
    return (Math.floor(time / this.slide) + 1) * this.slide;
  }
}

/**
 * Windows `[end - length, end)` for each multiple `end` of the slide, once the watermark gets there. Empty ones never fire, and a gap costs
 * nothing. Late is what is below the watermark: equal is in time.
 *
 * Source: Storm `WatermarkTimeTriggerPolicy` and `WatermarkTimeEvictionPolicy`, which have `(end - length, end]`.
 */
export class TimeWindows<T> extends HeldWindows<T> implements Windows<T> {
  #watermark = Number.NEGATIVE_INFINITY;
  #lastEnd = Number.NEGATIVE_INFINITY;

  add(value: T, time: number): boolean {
    if (time < this.#watermark) return false;
    insertByTime(this.entries, { value, time, isSeen: false });
    return true;
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    while (this.entries.length > 0) {
      const end = Math.max(this.#lastEnd + this.slide, this.endAfter(this.entries[0]!.time));
      if (end > this.#watermark) return;
      this.#close(end);
    }
  }

  flush(): void {
    const highest = this.entries.at(-1)?.time;
    if (highest === undefined) return;
    this.advance(this.endAfter(highest));
    this.#leaveBelow(Number.POSITIVE_INFINITY);
  }

  progress(): readonly number[] {
    return [this.#watermark, this.#lastEnd];
  }

  restore(entries: readonly Entry<T>[], [watermark, lastEnd]: readonly number[]): void {
    for (const entry of entries) insertByTime(this.entries, entry);
    this.#watermark = watermark!;
    this.#lastEnd = lastEnd!;
  }

  #close(end: number): void {
    const start = end - this.length;
    this.#lastEnd = end;
    const entries = this.entries.filter(({ time }) => time >= start && time < end);
    if (entries.length > 0) this.listener.fire({ start, end, entries });
    this.#leaveBelow(start + this.slide);
  }

  #leaveBelow(time: number): void {
    leaveBelow(this.entries, time, this.listener);
  }
}

/**
 * A window of the last `length` elements after each `slide` elements. Until there are `length` it has what there is.
 *
 * Source: Storm `CountTriggerPolicy` and `CountEvictionPolicy`.
 */
export class CountWindows<T> extends HeldWindows<T> implements Windows<T> {
  #sinceLast = 0;

  add(value: T, time: number): boolean {
    this.entries.push({ value, time, isSeen: false });
    // Where windows have gaps between them, what is in a gap leaves at once.
    if (this.entries.length > this.length) this.#leave(1);
    if (++this.#sinceLast === this.slide) this.#fire(this.length - this.slide);
    return true;
  }

  advance(): void {}

  flush(): void {
    if (this.#sinceLast > 0) this.#fire(0);
    this.#leave(this.entries.length);
    this.#sinceLast = 0;
  }

  progress(): readonly number[] {
    return [this.#sinceLast];
  }

  restore(entries: readonly Entry<T>[], [sinceLast]: readonly number[]): void {
    this.entries.push(...entries);
    this.#sinceLast = sinceLast!;
  }

  /** Afterwards so many of the last entries stay. */
  #fire(stay: number): void {
    this.#sinceLast = 0;
    const entries = [...this.entries];
    this.listener.fire({ start: entries[0]!.time, end: entries.at(-1)!.time, entries });
    this.#leave(entries.length - Math.max(0, stay));
  }

  #leave(count: number): void {
    leaveFirst(this.entries, count, this.listener);
  }
}

/** In order of time; of one time in order of arrival. */
export function insertByTime<T>(entries: Entry<T>[], entry: Entry<T>): void {
  let at = entries.length;
  while (at > 0 && entries[at - 1]!.time > entry.time) at--;
  entries.splice(at, 0, entry);
}

/** The first of the entries are out for good; none when `count` is not above 0. */
export function leaveFirst<T>(entries: Entry<T>[], count: number, listener: WindowListener<T>): void {
  for (const entry of entries.splice(0, Math.max(0, count))) listener.leave(entry);
}

/** Entries, in order of time, that are older are out for good. */
export function leaveBelow<T>(entries: Entry<T>[], time: number, listener: WindowListener<T>): void {
  let count = 0;
  while (count < entries.length && entries[count]!.time < time) count++;
  leaveFirst(entries, count, listener);
}
