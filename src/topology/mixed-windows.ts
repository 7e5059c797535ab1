/** Windows whose length and slide differ in kind: the last elements each so often, or the last while after so many elements. */
import { type Entry, HeldWindows, insertByTime, leaveBelow, leaveFirst, type Windows } from './tuple-windows.js';

/**
 * At each multiple `end` of the slide in stream time a window of the last `length` elements before it, also when none came since the last
 * one. Until there are `length` it has what there is; without elements there is no window.
 *
 * Source: Storm `TimeTriggerPolicy` with `CountEvictionPolicy`.
 */
export class LastElementsWindows<T> extends HeldWindows<T> implements Windows<T> {
  #watermark = Number.NEGATIVE_INFINITY;
  /** The end that comes next. */
  #next: number | undefined;

  add(value: T, time: number): boolean {
    insertByTime(this.entries, { value, time, isSeen: false });
    const end = this.endAfter(Math.max(time, this.#watermark));
    if (this.#next === undefined || end < this.#next) this.#next = end;
    // No window ends before that.
    if (this.#watermark !== Number.NEGATIVE_INFINITY) this.#leaveAllBut(this.length, this.endAfter(this.#watermark));
    return true;
  }

  advance(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
    while (this.#next !== undefined && this.#next <= this.#watermark) this.#fire();
  }

  /** One window of all that is there, and nothing stays. */
  flush(): void {
    const last = this.entries.at(-1);
    if (last === undefined) return;
    this.#next = Math.max(this.#next!, this.endAfter(last.time));
    if (this.entries.some(({ isSeen }) => !isSeen)) this.#fire();
    leaveFirst(this.entries, this.entries.length, this.listener);
    this.#next = undefined;
  }

  progress(): readonly number[] {
    return [this.#watermark, this.#next ?? Number.NaN];
  }

  restore(entries: readonly Entry<T>[], [watermark, next]: readonly number[]): void {
    for (const entry of entries) insertByTime(this.entries, entry);
    this.#watermark = watermark!;
    this.#next = Number.isNaN(next) ? undefined : next;
  }

  #fire(): void {
    const end = this.#next!;
    this.#next = end + this.slide;
    this.#leaveAllBut(this.length, end);
    const entries = this.entries.filter(({ time }) => time < end);
    if (entries.length > 0) this.listener.fire({ start: entries[0]!.time, end, entries });
    this.#leaveAllBut(this.length, this.#next);
  }

  /** Of those before `end` the last `length` stay: no window from `end` on has the others. */
  #leaveAllBut(length: number, end: number): void {
    let before = this.entries.length;
    while (before > 0 && this.entries[before - 1]!.time >= end) before--;
    leaveFirst(this.entries, before - length, this.listener);
  }
}

/**
 * After each `slide` elements a window `[end - length, end)` that ends right behind the highest time so far.
 *
 * Source: Storm `CountTriggerPolicy` with `TimeEvictionPolicy`.
 */
export class LastWhileWindows<T> extends HeldWindows<T> implements Windows<T> {
  #sinceLast = 0;

  add(value: T, time: number): boolean {
    insertByTime(this.entries, { value, time, isSeen: false });
    if (++this.#sinceLast === this.slide) this.#fire();
    return true;
  }

  /** What comes later is at least that young. */
  advance(watermark: number): void {
    leaveBelow(this.entries, watermark + 1 - this.length, this.listener);
  }

  flush(): void {
    if (this.#sinceLast > 0 && this.entries.length > 0) this.#fire();
    leaveFirst(this.entries, this.entries.length, this.listener);
    this.#sinceLast = 0;
  }

  progress(): readonly number[] {
    return [this.#sinceLast];
  }

  restore(entries: readonly Entry<T>[], [sinceLast]: readonly number[]): void {
    for (const entry of entries) insertByTime(this.entries, entry);
    this.#sinceLast = sinceLast!;
  }

  #fire(): void {
    this.#sinceLast = 0;
    const end = this.entries.at(-1)!.time + 1;
    const start = end - this.length;
    leaveBelow(this.entries, start, this.listener);
    this.listener.fire({ start, end, entries: [...this.entries] });
  }
}
