/** A window with an inverse: a total per key, from which panes are taken out when they leave. */
import type { Cell, KeyedStore, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import { type Retry, SET_ASIDE } from './on-time.js';
import { hasRoom, type KeptKeys, noRoom } from './state-space.js';
import { reduced } from './window-fold.js';

/** What the totals are made from. */
export interface WindowTotalsSetup {
  readonly store: KeyedStore;
  readonly reduce: (a: unknown, b: unknown) => unknown;
  readonly inverse: (total: unknown, left: unknown) => unknown;
  /** With `keepEmptyKeys`: how long a key without records is told, whom to tell of the ends after that, and how many keys may stay. */
  readonly keep:
    | (KeptKeys & { readonly slide: number; readonly emptyMax: number; readonly skipped: (by: number) => void })
    | undefined;
  readonly retry: Retry;
}

/**
 * Totals of the window that fired last, with the hidden count of their records. A key whose count falls to 0 leaves, so
 * that nothing that the inverse could not restore exactly stays behind; with `keep` it stays, and the space `empty` has the
 * end at which it became so.
 *
 * A key whose function was given up has no total any more, and is in the space `aside`: at the next end it is folded from all its panes. So is one
 * with a record below what fired: only where a task came back with older state, and gives results again that others have.
 */
export class WindowTotals {
  readonly #setup: WindowTotalsSetup;
  readonly #totals: Space;
  readonly #emptySince: Space<Timestamp>;
  readonly #aside: Space<Timestamp>;

  constructor(setup: WindowTotalsSetup) {
    this.#setup = setup;
    this.#totals = setup.store.space('totals');
    this.#emptySince = setup.store.space<Timestamp>('empty');
    this.#aside = setup.store.space<Timestamp>('aside');
  }

  /** Takes out the panes that left, then puts in those that entered; `panes` are all of the window. The work depends on their keys only. */
  slide(
    end: Timestamp,
    left: readonly Space[],
    entered: readonly Space[],
    panes: readonly Space[],
  ): IterableIterator<Cell> {
    const before = this.#aside.size === 0 ? NO_KEYS : [...this.#aside.cells()].map(({ key }) => key);
    for (const pane of left) for (const cell of pane.cells()) if (!this.#isAside(cell.key)) this.#takeOut(cell, end);
    for (const pane of entered) for (const cell of pane.cells()) if (!this.#isAside(cell.key)) this.#putIn(cell, end);
    for (const key of before) this.#foldAnew(key, panes, end);
    return this.#totals.cells();
  }

  /** Whether a kept key without records is still told at this end. */
  isTold(cell: Cell, end: Timestamp): boolean {
    const { keep } = this.#setup;
    return keep !== undefined && this.#emptyEnds(cell, end) <= keep.emptyMax;
  }

  /** The key has a record that its total lacks, in a pane that entered before. */
  setBehind(key: Key, end: Timestamp): void {
    if (!this.#isAside(key)) this.#setAside(key, end);
  }

  #takeOut({ key, value, count }: Cell, end: Timestamp): void {
    const { inverse, keep } = this.#setup;
    const total = this.#totals.writable(key)!;
    if (total.count === count && keep === undefined) {
      this.#totals.delete(key);
      return;
    }
    const rest = reduced(inverse, key, total.value, value, this.#setup.retry, 'inverse');
    if (rest === SET_ASIDE) return this.#setAside(key, end);
    total.value = rest;
    total.count -= count;
    if (total.count === 0) this.#emptySince.insert(key, end, 0);
  }

  #putIn({ key, value, count }: Cell, end: Timestamp): void {
    const { reduce, keep } = this.#setup;
    const total = this.#totals.writable(key);
    if (total === undefined) return this.#insert(key, value, count, end);
    if (keep !== undefined && total.count === 0) {
      const skipped = this.#emptyEnds(total, end) - 1 - keep.emptyMax;
      if (skipped > 0) keep.skipped(skipped);
      this.#emptySince.delete(key);
    }
    const sum = reduced(reduce, key, total.value, value, this.#setup.retry);
    if (sum === SET_ASIDE) return this.#setAside(key, end);
    total.value = sum;
    total.count += count;
  }

  #isAside(key: Key): boolean {
    return this.#aside.size > 0 && this.#aside.get(key) !== undefined;
  }

  #setAside(key: Key, end: Timestamp): void {
    this.#totals.delete(key);
    this.#emptySince.delete(key);
    this.#aside.insert(key, end, 0);
  }

  #foldAnew(key: Key, panes: readonly Space[], end: Timestamp): void {
    const { reduce, retry } = this.#setup;
    this.#aside.delete(key);
    let total: unknown;
    let count = 0;
    for (const pane of panes) {
      const cell = pane.get(key);
      if (cell === undefined) continue;
      total = count === 0 ? cell.value : reduced(reduce, key, total, cell.value, retry);
      if (total === SET_ASIDE) return this.#setAside(key, end);
      count += cell.count;
    }
    if (count > 0) this.#insert(key, total, count, end);
  }

  /** A key that has no total. Where keys stay there must be room for it. */
  #insert(key: Key, value: unknown, count: number, end: Timestamp): void {
    const { keep, retry } = this.#setup;
    if (keep !== undefined && !hasRoom(this.#totals, keep)) {
      const refused = (): never => noRoom(this.#totals, key, 'totals');
      reduced(refused, key, undefined, value, retry);
      return this.#setAside(key, end);
    }
    this.#totals.insert(key, value, count);
  }

  /** How many ends in a row, with this one, found the key without records. */
  #emptyEnds({ key }: Cell, end: Timestamp): number {
    return (end - this.#emptySince.get(key)!.value) / this.#setup.keep!.slide + 1;
  }
}

const NO_KEYS: readonly Key[] = [];
