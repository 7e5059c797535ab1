/** The window kernel: reduces each key's values over sliding windows, and counts windows. Knows no watermark's origin. */
import type { Cell, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import type { Fold, FoldParameters } from './fold.js';
import type { Emit, Kernel, KernelSetup } from './kernel.js';
import { NO_RETRY, type Retry } from './on-time.js';
import { Partial } from './partial.js';
import { isNoValue, isPair, notAPair, noValue } from './shapes.js';
import { Slides } from './slides.js';
import { foldedPanes, SCRATCH } from './window-fold.js';
import { WindowTotals } from './window-totals.js';

/** The user's part; a built-in inverse stands in where the parameters say so. */
export interface WindowReduceFunctions {
  readonly fold: Fold;
  readonly inverse?: ((total: unknown, left: unknown) => unknown) | undefined;
}

/** Lengths in us. */
export interface WindowReduceParameters extends FoldParameters {
  readonly window: number;
  readonly slide: number;
  /** The greatest common divisor of window and slide. */
  readonly pane: number;
  readonly inverse: 'none' | 'user' | 'difference';
  readonly keepEmptyKeys: boolean;
  readonly maxKeys?: number | undefined;
  readonly emitEmpty: boolean;
  readonly maxEmptyIntervals: number;
}

/**
 * Reduces each key's values over `[end - window, end)` for each multiple `end` of the slide.
 *
 * 1. A value is folded into its key's cell in the pane of its timestamp; the cell counts its records.
 * 2. When the watermark reaches an end, all panes of the window are folded, or, with an inverse, what left is taken out
 *    of the totals and what entered is put in.
 * 3. `[key, total]` is emitted for each key with records in the window, with timestamp `end - 1` and `windowEnd = end`.
 *    With `emitEmpty`, a window without any gives `[null, 0]`.
 *
 * Keeps one cell per key and pane, and with an inverse one total per key. Emits at window ends only.
 * @throws StreamError `RG032` for a record that is no pair, or a function that returned `undefined`.
 */
export function createWindowReduce(setup: KernelSetup<WindowReduceFunctions, WindowReduceParameters>): Kernel {
  return new WindowReduce(setup);
}

class WindowReduce implements Kernel {
  readonly #setup: KernelSetup<WindowReduceFunctions, WindowReduceParameters>;
  readonly #context: { readonly timestamp: Timestamp };
  /** A closure and not a method: what it needs are constants to it (bench `micro-batch`: 5 %). */
  readonly onRecord: (value: unknown) => void;
  readonly #emit: Emit;
  readonly #retry: Retry;
  readonly #fold: Fold;
  readonly #slides: Slides;
  readonly #totals: WindowTotals | undefined;

  constructor(setup: KernelSetup<WindowReduceFunctions, WindowReduceParameters>) {
    const { parameters, functions, store, context, emit, count } = setup;
    const { slide, pane, inverse, keepEmptyKeys, emitEmpty, maxEmptyIntervals, maxKeys } = parameters;
    this.#setup = setup;
    this.#retry = setup.retry ?? NO_RETRY;
    this.#context = context;
    this.#emit = emit;
    this.#fold = functions.fold;
    const emptyMax = emitEmpty || (keepEmptyKeys && inverse !== 'none') ? maxEmptyIntervals : 0;
    this.#slides = new Slides({ store, context, slide, pane, emptyMax, fire: (end) => this.#fire(end) });
    this.onRecord = this.#folding();
    if (inverse === 'none') return;
    const takeOut = inverse === 'difference' ? difference : functions.inverse!;
    const keep = keepEmptyKeys
      ? { slide, emptyMax, maxKeys, skipped: (by: number) => count('skippedEmptyIntervals', by) }
      : undefined;
    this.#totals = new WindowTotals({ store, reduce: this.#fold.merge, inverse: takeOut, keep, retry: this.#retry });
  }

  /** Folds a pair into its key's cell in the pane of its time. */
  #folding(): (value: unknown) => void {
    const { context } = this.#setup;
    const slides = this.#slides;
    const {
      create,
      add,
      names: [name],
    } = this.#fold;
    return (value) => {
      if (!isPair(value)) {
        this.#onPartial(value);
        return;
      }
      const time = context.timestamp;
      const key = value[0];
      const pane = time >= slides.from && time < slides.to ? slides.current! : this.#paneOf(key, time);
      const cell = pane.writable(key);
      if (cell === undefined) {
        pane.insert(key, create === undefined ? value[1] : create(value[1]), 1);
        return;
      }
      const total = add(cell.value, value[1]);
      if (isNoValue(total)) throw noValue(name, total);
      cell.value = total;
      cell.count += 1;
    };
  }

  /** Behind what fired no record comes, but where a task came back with older state and gives results again. */
  #paneOf(key: Key, time: Timestamp): Space {
    const { fired } = this.#slides;
    if (this.#totals === undefined || time >= fired) return this.#slides.paneAt(time);
    const { window, slide } = this.#setup.parameters;
    // No window that is still to fire has it: it goes with the next one.
    if (time < fired + slide - window) return this.#setup.store.space(SCRATCH);
    this.#totals.setBehind(key, fired);
    return this.#slides.paneAt(time);
  }

  /** Many records at once, from a map-side combine. */
  #onPartial(partial: unknown): void {
    if (!(partial instanceof Partial)) throw notAPair(partial);
    const pane = this.#paneOf(partial.key, this.#context.timestamp);
    const cell = pane.writable(partial.key);
    if (cell === undefined) {
      pane.insert(partial.key, partial.value, partial.count);
      return;
    }
    const { merge, names } = this.#fold;
    const total = merge(cell.value, partial.value);
    if (isNoValue(total)) throw noValue(names[1], total);
    cell.value = total;
    cell.count += partial.count;
  }

  advance(watermark: Timestamp, budget: number): boolean {
    return this.#slides.advance(watermark, budget);
  }

  endOfInput(highest: Timestamp, budget: number): boolean {
    return this.#slides.endOfInput(highest, budget);
  }

  *#fire(end: Timestamp): Generator<void, void, void> {
    const { window, slide, emitEmpty } = this.#setup.parameters;
    const panes = this.#slides.panesWithin(end - window, end);
    const cells = this.#slideTo(end, panes);
    const isFull = panes.length > 0 || this.#slides.panesWithin(end - slide, end).length > 0;
    const skipped = this.#slides.markFired(end, isFull);
    if (emitEmpty && skipped > 0) this.#setup.count('skippedEmptyIntervals', skipped);
    let isEmpty = true;
    for (const cell of cells) {
      if (cell.count === 0 && !this.#totals!.isTold(cell, end)) continue;
      isEmpty = false;
      this.#emit([cell.key, cell.value]);
      if (this.#slides.spend()) yield;
    }
    if (isEmpty && emitEmpty && this.#slides.owesEmpty(end)) {
      this.#emit([null, 0]);
      if (this.#slides.spend()) yield;
    }
    this.#forget(end);
  }

  /** The cells of the window that ends there. */
  #slideTo(end: Timestamp, panes: readonly Space[]): IterableIterator<Cell> {
    if (this.#totals === undefined) return foldedPanes(this.#setup.store, panes, this.#fold, this.#retry).cells();
    const before = this.#slides.fired;
    const start = end - this.#setup.parameters.window;
    const left = this.#slides.panesWithin(Number.NEGATIVE_INFINITY, Math.min(before, start));
    const entered = this.#slides.panesWithin(Math.max(before, start), end);
    return this.#totals.slide(end, left, entered, panes);
  }

  /** With an inverse a pane is needed until it leaves; otherwise until the last window that holds it has fired. */
  #forget(end: Timestamp): void {
    const { window, slide } = this.#setup.parameters;
    const start = end - window;
    this.#slides.dropBefore(this.#totals === undefined ? Math.min(end, start + slide) : start);
    this.#setup.store.drop(SCRATCH);
  }
}

function difference(total: unknown, left: unknown): unknown {
  return (total as number) - (left as number);
}
