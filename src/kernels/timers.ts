/** Timers by key, and which is due next. Knows no user function. */
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { encodeKey, type Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';

/** One timer. */
export interface Timer {
  readonly key: Key;
  readonly time: Timestamp;
}

/**
 * Survives in the store: in the space `timers` one ascending list of times per key. Derived from it: a heap over all
 * timers, by time and then by key, so that the order depends neither on the order of arrival nor on the parallelism.
 *
 * A deleted timer stays in the heap until its time comes, or until the heap has grown to `SLACK` + twice the live timers:
 * then it is built anew. So the heap is bounded by the lists.
 */
export class Timers {
  readonly #lists: Space<readonly Timestamp[]>;
  #heap: Timer[] = [];
  #live = 0;

  constructor(store: KeyedStore) {
    this.#lists = store.space<readonly Timestamp[]>('timers');
    this.#rebuild();
  }

  /** Keys that have any. */
  get size(): number {
    return this.#lists.size;
  }

  has(key: Key): boolean {
    return this.#lists.get(key) !== undefined;
  }

  /** The key's first timer at or before a time, taken out; undefined when there is none. */
  takeDueOf(key: Key, time: Timestamp): Timestamp | undefined {
    if (this.#live === 0) return undefined;
    const first = this.#lists.get(key)?.value[0];
    if (first === undefined || first > time) return undefined;
    this.delete(key, first);
    return first;
  }

  /** The first timer of all keys at or before a time, taken out; undefined when there is none. */
  takeDue(time: Timestamp): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.time > time) return undefined;
      this.#pop();
      if (this.delete(first.key, first.time)) return first;
    }
  }

  /** Deletes all of a key. */
  clear(key: Key): void {
    const times = this.#lists.get(key)?.value;
    if (times === undefined) return;
    this.#lists.delete(key);
    this.#live -= times.length;
  }

  set(key: Key, time: Timestamp): void {
    const cell = this.#lists.writable(key);
    if (cell === undefined) {
      this.#lists.insert(key, [time], 0);
    } else {
      const place = firstAtOrAbove(cell.value, time);
      if (cell.value[place] === time) return;
      cell.value = cell.value.toSpliced(place, 0, time);
    }
    this.#live += 1;
    this.#push({ key, time });
    if (this.#heap.length > SLACK + 2 * this.#live) this.#rebuild();
  }

  /** False when there was no such timer. */
  delete(key: Key, time: Timestamp): boolean {
    const cell = this.#lists.get(key);
    if (cell === undefined) return false;
    const place = firstAtOrAbove(cell.value, time);
    if (cell.value[place] !== time) return false;
    if (cell.value.length === 1) {
      this.#lists.delete(key);
    } else {
      this.#lists.touch(cell);
      cell.value = cell.value.toSpliced(place, 1);
    }
    this.#live -= 1;
    return true;
  }

  #rebuild(): void {
    this.#heap = [];
    for (const { key, value } of this.#lists.cells()) for (const time of value) this.#heap.push({ key, time });
    // A sorted array is a heap.
    this.#heap.sort(compare);
    this.#live = this.#heap.length;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (compare(heap[parent]!, timer) <= 0) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) < 0) child += 1;
      if (compare(last, heap[child]!) <= 0) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}

const SLACK = 1_024;

function compare(a: Timer, b: Timer): number {
  return a.time - b.time || compareKeys(a.key, b.key);
}

/** A total order of keys that is the same on every machine. */
function compareKeys(a: Key, b: Key): number {
  const isPlain = typeof a === 'string' && typeof b === 'string';
  const [x, y] = isPlain ? [a, b] : [encodeKey(a), encodeKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function firstAtOrAbove(times: readonly Timestamp[], time: Timestamp): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
