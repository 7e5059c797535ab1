/** Which window ends are due, and how one is worked off: shared by all operators that act per slide. Knows no values. */
import { assert } from '../core/assert.js';
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { firstMultipleAbove, type Timestamp } from '../core/time.js';
import type { RecordContext } from './kernel.js';

/** What an operator that acts per slide says of itself. */
export interface SlidesSetup {
  readonly store: KeyedStore;
  readonly context: RecordContext;
  /** Length of a slide (us). */
  readonly slide: number;
  /** Length of a pane (us); divides the slide. */
  readonly pane: number;
  /** How many ends in a row are still due after the last one with data: 0 when nothing is told of empty windows. */
  readonly emptyMax: number;
  /** Works off one end; each result is followed by `if (slides.spend()) yield`, so that a budget can stop between two. */
  readonly fire: (end: Timestamp) => Generator<void, void, void>;
}

/**
 * The panes with data, the ends that fired, and the next end that is due.
 *
 *      panes with data   |##|##|  |  |  |  |  |##|
 *      due ends                ^  ^  ^           ^      emptyMax = 2: the ends between are skipped in one step
 *
 * Survives in the store: the panes, and in the space `slides` the first and the last end fired and the last one that was
 * not empty. The list of panes and the cached pane are derived from these.
 */
export class Slides {
  readonly #setup: SlidesSetup;
  readonly #marks: Space<number>;
  /** Numbers of the panes with data that may still be needed, ascending. */
  readonly #panes: number[];
  #due: Timestamp;
  /** Results that the `advance` under way may still emit. */
  #left = 0;
  #firing: Generator<void, void, void> | undefined;
  /** The pane at hand: what `paneAt` gives for times from `from` to `to` (exclusive). Read without a call on the hot path. */
  current: Space | undefined;
  from = Number.POSITIVE_INFINITY;
  to = Number.NEGATIVE_INFINITY;
  /** The last end that fired, or -Infinity. */
  fired: Timestamp;

  constructor(setup: SlidesSetup) {
    this.#setup = setup;
    this.#marks = setup.store.space<number>('slides');
    this.#panes = setup.store.panes();
    this.fired = this.#mark('fired') ?? Number.NEGATIVE_INFINITY;
    this.#due = this.#nextDue();
  }

  /** The pane of a time. While times stay in one pane this costs two comparisons, no division and no look-up. */
  paneAt(time: Timestamp): Space {
    if (time >= this.from && time < this.to) return this.current!;
    return this.#enter(time);
  }

  /** As `Kernel.advance`: fires every due end up to the watermark, in order. */
  advance(watermark: Timestamp, budget: number): boolean {
    if (this.#firing === undefined && !this.#isDue(watermark)) return true;
    const { context, fire } = this.#setup;
    this.#left = budget;
    while (this.#left > 0) {
      this.#firing ??= fire(this.#due);
      context.timestamp = this.#due - 1;
      context.windowEnd = this.#due;
      if (this.#firing.next().done !== true) continue;
      this.#firing = undefined;
      this.#due = this.#nextDue();
      if (!this.#isDue(watermark)) return true;
    }
    return false;
  }

  /** Counts one result. True when the budget is used up: to resume a generator for each result would cost more than it. */
  spend(): boolean {
    this.#left -= 1;
    return this.#left <= 0;
  }

  /** As `Kernel.endOfInput`: fires up to the first multiple of the slide above the highest timestamp. */
  endOfInput(highest: Timestamp, budget: number): boolean {
    return this.advance(firstMultipleAbove(highest, this.#setup.slide), budget);
  }

  /**
   * The spaces of the panes with data that start in [from, to), oldest first. A pane whose only record had no key that may be one is empty:
   * it counts for nothing, and a snapshot has no row of it.
   */
  panesWithin(from: Timestamp, to: Timestamp): Space[] {
    const { pane, store } = this.#setup;
    const numbers = this.#panes.filter((number) => number * pane >= from && number * pane < to);
    return numbers.map((number) => store.space(number)).filter((space) => space.size > 0);
  }

  /** Number of an end, counted from the first that fired. */
  numberOf(end: Timestamp): number {
    const first = this.#mark('first') ?? end;
    return (end - first) / this.#setup.slide;
  }

  /** True while an empty window at this end is still told of. */
  owesEmpty(end: Timestamp): boolean {
    const { slide, emptyMax } = this.#setup;
    return end <= (this.#mark('full') ?? Number.NEGATIVE_INFINITY) + emptyMax * slide;
  }

  /** Records that an end fired, with data or empty. Returns how many empty ends before it were skipped. */
  markFired(end: Timestamp, isFull: boolean): number {
    if (this.#mark('first') === undefined) this.#setMark('first', end);
    this.#setMark('fired', end);
    this.fired = end;
    if (this.from < end) this.to = this.from;
    if (!isFull) return 0;
    const { slide, emptyMax } = this.#setup;
    const empty = (end - (this.#mark('full') ?? end)) / slide - 1;
    this.#setMark('full', end);
    return Math.max(0, empty - emptyMax);
  }

  /** Forgets the panes that start before a time. */
  dropBefore(time: Timestamp): void {
    const { pane, store } = this.#setup;
    let gone = 0;
    while (gone < this.#panes.length && this.#panes[gone]! * pane < time) store.drop(this.#panes[gone++]!);
    this.#panes.splice(0, gone);
  }

  #enter(time: Timestamp): Space {
    const { pane, store } = this.#setup;
    const number = Math.floor(time / pane);
    assert(Number.isFinite(number), `a record without a timestamp: ${time}`);
    this.from = number * pane;
    // Every record below what fired comes by here.
    this.to = this.from < this.fired ? this.from : this.from + pane;
    this.current = store.peek(number);
    if (this.current === undefined) {
      this.current = store.space(number);
      let place = this.#panes.length;
      while (place > 0 && this.#panes[place - 1]! > number) place -= 1;
      this.#panes.splice(place, 0, number);
      this.#due = this.#nextDue();
    }
    return this.current;
  }

  /** The lowest end that may have something to tell: infinity when there is none. */
  #nextDue(): Timestamp {
    const { slide, pane } = this.#setup;
    const lowest = this.#panes.length === 0 ? Number.POSITIVE_INFINITY : this.#panes[0]! * pane;
    const { fired } = this;
    if (fired !== Number.NEGATIVE_INFINITY && (lowest < fired + slide || this.owesEmpty(fired + slide)))
      return fired + slide;
    return lowest === Number.POSITIVE_INFINITY ? lowest : firstMultipleAbove(lowest, slide);
  }

  #isDue(watermark: Timestamp): boolean {
    return this.#due <= watermark && this.#due !== Number.POSITIVE_INFINITY;
  }

  #mark(name: 'first' | 'fired' | 'full'): number | undefined {
    return this.#marks.get(name)?.value;
  }

  #setMark(name: 'first' | 'fired' | 'full', end: Timestamp): void {
    const cell = this.#marks.writable(name);
    if (cell === undefined) this.#marks.insert(name, end, 0);
    else cell.value = end;
  }
}
