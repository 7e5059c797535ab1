/** `updateStateByKey`: one call per key and interval. Knows neither windows nor where a state goes. */
import type { Cell, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import type { UpdateContext } from '../topology/state-spec.js';
import { type InitialStates, UntakenStates } from './initial-states.js';
import type { Kernel, KernelSetup } from './kernel.js';
import { NO_RETRY, SET_ASIDE } from './on-time.js';
import { isPair, isPromise, notAPair, noValue } from './shapes.js';
import { Slides } from './slides.js';
import { checkKeys, hasRoom, type KeptKeys, STATE } from './state-space.js';

/** The user's part. */
export interface UpdateStateFunctions {
  readonly update: (values: readonly unknown[], state: unknown, context: UpdateContext) => unknown;
  readonly initialState?: InitialStates | undefined;
}

/** What comes in are states, each in a list of one, or of none when it is gone: the last one of an interval stays. */
export function latestState(values: readonly unknown[], state: unknown): unknown {
  return values.length === 0 ? state : (values.at(-1) as readonly unknown[])[0];
}

export interface UpdateStateParameters extends KeptKeys {
  /** Length of an interval (us). */
  readonly slide: number;
  readonly maxEmptyIntervals: number;
}

/**
 * Calls `update(values, state, { key, end })` at each interval's end for every key that has values in it or state.
 *
 * 1. A value is appended to its key's list in the interval of its timestamp, in order of arrival.
 * 2. At the end keys with values come first, then keys with state alone. `undefined` removes the key.
 * 3. `[key, state]` is emitted for each key that has state afterwards, with timestamp `end - 1` and `windowEnd = end`.
 * 4. A key without values is called for at most `maxEmptyIntervals` intervals in a row; then it is silent until it has
 *    values again, and the skipped intervals are counted at that time.
 *
 * 5. A key's initial state is its state before its first interval with values: until then it is silent. Where the limit leaves no room
 *    for it, it waits for the key's next values.
 *
 * Keeps one state per key, with the number of its last interval with values, and the values of open intervals.
 * @throws StreamError `RG032` for a record that is no pair, `RG031` for a promise, `RG066` for a state beyond the limit.
 */
export function createUpdateState(setup: KernelSetup<UpdateStateFunctions, UpdateStateParameters>): Kernel {
  return new UpdateState(setup);
}

class UpdateState implements Kernel {
  readonly #setup: KernelSetup<UpdateStateFunctions, UpdateStateParameters>;
  readonly #states: Space;
  readonly #slides: Slides;
  readonly #untaken: UntakenStates;
  readonly #call: { key: Key; end: Timestamp } = { key: undefined, end: Number.NaN };

  constructor(setup: KernelSetup<UpdateStateFunctions, UpdateStateParameters>) {
    const { store, context, parameters } = setup;
    const { slide, maxEmptyIntervals } = parameters;
    this.#setup = setup;
    this.#states = store.space(STATE);
    this.#untaken = new UntakenStates(setup.functions.initialState, store);
    const fire = (end: Timestamp): Generator<void, void, void> => this.#fire(end);
    this.#slides = new Slides({ store, context, slide, pane: slide, emptyMax: maxEmptyIntervals, fire });
  }

  onRecord(value: unknown): void {
    if (!isPair(value)) throw notAPair(value);
    this.#slides.paneAt(this.#setup.context.timestamp).append(value[0], value[1]);
  }

  advance(watermark: Timestamp, budget: number): boolean {
    return this.#slides.advance(watermark, budget);
  }

  endOfInput(highest: Timestamp, budget: number): boolean {
    return this.#slides.endOfInput(highest, budget);
  }

  *#fire(end: Timestamp): Generator<void, void, void> {
    const { slide, maxEmptyIntervals } = this.#setup.parameters;
    const panes = this.#slides.panesWithin(end - slide, end);
    this.#slides.markFired(end, panes.length > 0);
    const interval = this.#slides.numberOf(end);
    this.#call.end = end;
    for (const pane of panes) {
      for (const list of pane.cells()) if (this.#withValues(list, interval) && this.#slides.spend()) yield;
    }
    for (const cell of this.#states.cells()) {
      const empty = interval - cell.count;
      if (empty > 0 && empty <= maxEmptyIntervals && this.#withoutValues(cell) && this.#slides.spend()) yield;
    }
    this.#slides.dropBefore(end);
  }

  /** True when it emitted. */
  #withValues({ key, value, count }: Cell, interval: number): boolean {
    const { maxEmptyIntervals } = this.#setup.parameters;
    const cell = this.#states.writable(key);
    const initial = cell === undefined ? this.#untaken.get(key) : undefined;
    const state = this.#updated(key, (value as unknown[]).slice(0, count), cell === undefined ? initial : cell.value);
    if (state === SET_ASIDE) {
      if (cell !== undefined) cell.count = interval;
      else if (initial !== undefined && hasRoom(this.#states, this.#setup.parameters)) {
        this.#untaken.take(key);
        this.#states.insert(key, initial, interval);
      }
      return false;
    }
    if (initial !== undefined) this.#untaken.take(key);
    const skipped = cell === undefined ? 0 : interval - cell.count - 1 - maxEmptyIntervals;
    if (skipped > 0) this.#setup.count('skippedEmptyIntervals', skipped);
    if (state === undefined) {
      this.#states.delete(key);
      return false;
    }
    if (cell === undefined) {
      this.#states.insert(key, state, interval);
    } else {
      cell.value = state;
      cell.count = interval;
    }
    this.#setup.emit([key, state]);
    return true;
  }

  /** True when it emitted. */
  #withoutValues(cell: Cell): boolean {
    const state = this.#updated(cell.key, [], cell.value);
    if (state === SET_ASIDE) return false;
    if (state === undefined) {
      this.#states.delete(cell.key);
      return false;
    }
    if (state !== cell.value) {
      this.#states.touch(cell);
      cell.value = state;
    }
    this.#setup.emit([cell.key, state]);
    return true;
  }

  /** `SET_ASIDE` when the function was given up: the state is what it was, and the values are gone. */
  #updated(key: Key, values: readonly unknown[], state: unknown): unknown {
    try {
      return this.#run(key, values, state);
    } catch (thrown) {
      return this.#again(key, thrown, values, state);
    }
  }

  #again(key: Key, thrown: unknown, values: readonly unknown[], state: unknown): unknown {
    const { retry = NO_RETRY } = this.#setup;
    return retry(key, thrown, () => this.#run(key, values, state));
  }

  #run(key: Key, values: readonly unknown[], state: unknown): unknown {
    const { functions, parameters } = this.#setup;
    const { update } = functions;
    this.#call.key = key;
    const after = update(values, state, this.#call);
    if (isPromise(after)) throw noValue('update', after);
    // The limit first: until it is reached, nobody looks for the key again.
    if (after !== undefined && !hasRoom(this.#states, parameters) && this.#states.get(key) === undefined)
      checkKeys(this.#states, key, parameters);
    return after;
  }
}
