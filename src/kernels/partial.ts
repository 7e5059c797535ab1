/** Map-side combine: folds a task's pairs by key and pane before they are shuffled. Knows no window's end. */
import type { KeyedStore, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Fold } from './fold.js';
import type { RecordContext } from './kernel.js';
import { isNoValue, isPair, notAPair, noValue } from './shapes.js';

/** What a combiner makes of all pairs of one key and pane: the window kernel folds it as that many records at once. */
export class Partial {
  readonly key: Key;
  readonly value: unknown;
  /** How many records are in it. */
  readonly count: number;

  constructor(key: Key, value: unknown, count: number) {
    this.key = key;
    this.value = value;
    this.count = count;
  }
}

/** What a combiner is made from. Its store lives for one task and batch. */
export interface CombinerSetup {
  /** Length of a pane (us). */
  readonly pane: number;
  readonly fold: Fold;
  readonly store: KeyedStore;
  readonly context: RecordContext;
}

/**
 * Folds `[key, value]` pairs; `drain` gives a `Partial` for each key and pane, oldest pane first, keys in order of their
 * first record, with the pane's start as timestamp.
 *
 * @throws StreamError `RG032` for a record that is no pair or a total of `undefined`. Source: Spark, `combineByKey`.
 */
export class Combiner {
  readonly #setup: CombinerSetup;
  #current: Space | undefined;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;

  constructor(setup: CombinerSetup) {
    this.#setup = setup;
  }

  onRecord(value: unknown): void {
    if (!isPair(value)) throw notAPair(value);
    const { context, fold } = this.#setup;
    const space =
      context.timestamp >= this.#from && context.timestamp < this.#to ? this.#current! : this.#enter(context.timestamp);
    const key = value[0];
    const cell = space.writable(key);
    if (cell === undefined) {
      space.insert(key, fold.create === undefined ? value[1] : fold.create(value[1]), 1);
      return;
    }
    const total = fold.add(cell.value, value[1]);
    if (isNoValue(total)) throw noValue(fold.names[0], total);
    cell.value = total;
    cell.count += 1;
  }

  /** Emits everything, with its times in the context, and forgets it. */
  drain(emit: (partial: Partial) => void): void {
    const { store, pane, context } = this.#setup;
    for (const number of store.panes()) {
      context.timestamp = number * pane;
      context.windowEnd = Number.NaN;
      for (const { key, value, count } of store.space(number).cells()) emit(new Partial(key, value, count));
      store.drop(number);
    }
    this.#to = Number.NEGATIVE_INFINITY;
  }

  #enter(timestamp: number): Space {
    const { store, pane } = this.#setup;
    const number = Math.floor(timestamp / pane);
    this.#from = number * pane;
    this.#to = this.#from + pane;
    this.#current = store.space(number);
    return this.#current;
  }
}
