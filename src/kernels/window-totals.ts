/** A window with an inverse: a total per key, from which panes are taken out when they leave. */
import type { Cell, KeyedStore, Space } from '../core/keyed-store.js';
import type { Timestamp } from '../core/time.js';
import { isNoValue, noValue } from './shapes.js';

/** What the totals are made from. */
export interface WindowTotalsSetup {
  readonly store: KeyedStore;
  readonly reduce: (a: unknown, b: unknown) => unknown;
  readonly inverse: (total: unknown, left: unknown) => unknown;
  /** With `keepEmptyKeys`: how long a key without records is told, and whom to tell of the ends after that. */
  readonly keep:
    | { readonly slide: number; readonly emptyMax: number; readonly skipped: (by: number) => void }
    | undefined;
}

/**
 * Totals of the window that fired last, with the hidden count of their records. A key whose count falls to 0 leaves, so
 * that nothing that the inverse could not restore exactly stays behind; with `keep` it stays, and the space `empty` has the
 * end at which it became so.
 */
export class WindowTotals {
  readonly #setup: WindowTotalsSetup;
  readonly #totals: Space;
  readonly #emptySince: Space<Timestamp>;

  constructor(setup: WindowTotalsSetup) {
    this.#setup = setup;
    this.#totals = setup.store.space('totals');
    this.#emptySince = setup.store.space<Timestamp>('empty');
  }

  /** Takes out the panes that left, then puts in those that entered. The work depends on their keys only. */
  slide(end: Timestamp, left: readonly Space[], entered: readonly Space[]): IterableIterator<Cell> {
    for (const pane of left) for (const cell of pane.cells()) this.#takeOut(cell, end);
    for (const pane of entered) for (const cell of pane.cells()) this.#putIn(cell, end);
    return this.#totals.cells();
  }

  /** Whether a kept key without records is still told at this end. */
  isTold(cell: Cell, end: Timestamp): boolean {
    const { keep } = this.#setup;
    return keep !== undefined && this.#emptyEnds(cell, end) <= keep.emptyMax;
  }

  #takeOut({ key, value, count }: Cell, end: Timestamp): void {
    const { inverse, keep } = this.#setup;
    const total = this.#totals.writable(key)!;
    if (total.count === count && keep === undefined) {
      this.#totals.delete(key);
      return;
    }
    const rest = inverse(total.value, value);
    if (isNoValue(rest)) throw noValue('inverse', rest);
    total.value = rest;
    total.count -= count;
    if (total.count === 0) this.#emptySince.insert(key, end, 0);
  }

  #putIn({ key, value, count }: Cell, end: Timestamp): void {
    const { reduce, keep } = this.#setup;
    const total = this.#totals.writable(key);
    if (total === undefined) {
      this.#totals.insert(key, value, count);
      return;
    }
    if (keep !== undefined && total.count === 0) {
      const skipped = this.#emptyEnds(total, end) - 1 - keep.emptyMax;
      if (skipped > 0) keep.skipped(skipped);
      this.#emptySince.delete(key);
    }
    const sum = reduce(total.value, value);
    if (isNoValue(sum)) throw noValue('reduce', sum);
    total.value = sum;
    total.count += count;
  }

  /** How many ends in a row, with this one, found the key without records. */
  #emptyEnds({ key }: Cell, end: Timestamp): number {
    return (end - this.#emptySince.get(key)!.value) / this.#setup.keep!.slide + 1;
  }
}
