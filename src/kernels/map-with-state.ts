/** `mapWithState`: one call per record with its key's state, and one when a key was silent too long. Knows no clock. */
import type { Cell, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import type { State } from '../topology/state-spec.js';
import { type InitialStates, UntakenStates } from './initial-states.js';
import type { Emit, Kernel, KernelSetup, RecordContext } from './kernel.js';
import { NO_RETRY, type Retry, SET_ASIDE } from './on-time.js';
import { isPair, isPromise, notAPair, noValue } from './shapes.js';
import { StateHandle } from './state-handle.js';
import { checkKeys, type KeptKeys, STATE } from './state-space.js';
import { Timers } from './timers.js';

/** The user's part. */
export interface MapWithStateFunctions {
  readonly map: (key: Key, value: unknown, state: State<unknown>, time: Timestamp) => unknown;
  readonly initialState?: InitialStates | undefined;
}

export interface MapWithStateParameters extends KeptKeys {
  /** Silence after which a key is told and forgotten (us). */
  readonly timeout: number | undefined;
  /** Someone reads the states: then results are `[0, result]`, and each change of a state is `[1, [key, [state]]]`, or `[1, [key, []]]`. */
  readonly tellsChanges: boolean;
}

/**
 * Calls `map` for each record and each timeout.
 *
 * 1. A key's timeout at or before a record's timestamp comes before it, all others with the watermark.
 * 2. A record with a state behind it makes that state as young as itself. There is one timer a key: when it fires too early, since the
 *    state is younger by then, it is set anew. So a record costs the same however many keys are held.
 * 3. Changes carry the time of the state's youngest record, so that the last one told is the last one made.
 *
 * Keeps one state per key with the time of its youngest record. Timeouts that are pending at the end of the input do not come.
 * @throws StreamError `RG032` for a record that is no pair, `RG031` for a promise, `RG066` beyond its limit. Source: Spark `MapWithStateRDD`.
 */
export function createMapWithState(setup: KernelSetup<MapWithStateFunctions, MapWithStateParameters>): Kernel {
  return new MapWithState(setup);
}

class MapWithState implements Kernel {
  readonly #functions: MapWithStateFunctions;
  readonly #parameters: MapWithStateParameters;
  readonly #context: RecordContext;
  readonly #emit: Emit;
  readonly #states: Space;
  readonly #untaken: UntakenStates;
  readonly #timers: Timers;
  readonly #handle = new StateHandle();
  readonly #retry: Retry;
  /** A state is as young as its key's last record, also where the record left it as it was. */
  readonly #isAgeing: boolean;
  #emitted = 0;

  constructor({
    functions,
    parameters,
    store,
    context,
    emit,
    retry = NO_RETRY,
  }: KernelSetup<MapWithStateFunctions, MapWithStateParameters>) {
    this.#retry = retry;
    this.#functions = functions;
    this.#parameters = parameters;
    this.#isAgeing = parameters.timeout !== undefined || parameters.tellsChanges;
    this.#context = context;
    this.#emit = emit;
    this.#states = store.space(STATE);
    this.#untaken = new UntakenStates(functions.initialState, store);
    this.#timers = new Timers(store);
  }

  onRecord(value: unknown): void {
    if (!isPair(value)) throw notAPair(value);
    const key = value[0];
    const handle = this.#handle;
    const { timestamp } = this.#context;
    let cell = this.#states.get(key);
    if (cell !== undefined && this.#parameters.timeout !== undefined) cell = this.#unlessTooOld(cell, timestamp);
    const before = cell === undefined ? this.#untaken.get(key) : cell.value;
    handle.turnTo(before, before !== undefined, false);
    const result = this.#call(key, value[1], timestamp);
    if (cell === undefined || this.#isAgeing || handle.change === 'removed') {
      this.#keep(key, cell, before, timestamp);
    } else if (handle.change === 'updated') {
      this.#states.touch(cell);
      cell.value = handle.value;
      if (timestamp > cell.count) cell.count = timestamp;
    }
    if (result !== undefined) this.#tell(result);
  }

  advance(watermark: Timestamp, budget: number): boolean {
    const last = this.#emitted + budget;
    while (this.#emitted < last) {
      const timer = this.#timers.takeDue(watermark);
      if (timer === undefined) return true;
      this.#timeOut(timer.key, timer.time);
    }
    return false;
  }

  endOfInput(): boolean {
    return true;
  }

  /** The state itself says whether it is too old: a record needs no look at the timers. */
  #unlessTooOld(cell: Cell, timestamp: Timestamp): Cell | undefined {
    const { windowEnd } = this.#context;
    const due = cell.count + this.#parameters.timeout!;
    if (due > timestamp) return cell;
    this.#timeOut(cell.key, due);
    this.#context.timestamp = timestamp;
    this.#context.windowEnd = windowEnd;
    return undefined;
  }

  /** The key's time has come, unless its state is younger by now. */
  #timeOut(key: Key, time: Timestamp): void {
    const cell = this.#states.get(key)!;
    const due = cell.count + this.#parameters.timeout!;
    if (due > time) {
      this.#timers.set(key, due);
      return;
    }
    this.#context.timestamp = time;
    this.#context.windowEnd = Number.NaN;
    const result = this.#timedOut(key, cell.value, time);
    this.#states.delete(key);
    this.#timers.clear(key);
    // What was given up is not told, but the key has timed out all the same.
    if (result !== undefined && result !== SET_ASIDE) this.#tell(result);
    if (this.#parameters.tellsChanges) this.#emit([1, [key, []]]);
  }

  #timedOut(key: Key, state: unknown, time: Timestamp): unknown {
    try {
      return this.#callTimeout(key, state, time);
    } catch (thrown) {
      return this.#again(key, state, time, thrown);
    }
  }

  #again(key: Key, state: unknown, time: Timestamp, thrown: unknown): unknown {
    try {
      return this.#retry(key, thrown, () => this.#callTimeout(key, state, time));
    } catch (last) {
      // Where nothing is rolled back, a timeout that failed is still due.
      this.#timers.set(key, time);
      throw last;
    }
  }

  #callTimeout(key: Key, state: unknown, time: Timestamp): unknown {
    this.#handle.turnTo(state, true, true);
    return this.#call(key, undefined, time);
  }

  #call(key: Key, value: unknown, time: Timestamp): unknown {
    const result = this.#functions.map(key, value, this.#handle, time);
    if (isPromise(result)) throw noValue('map', result);
    return result;
  }

  /** What became of the state in a record's call. */
  #keep(key: Key, cell: Cell | undefined, before: unknown, timestamp: Timestamp): void {
    const { change, value } = this.#handle;
    const { timeout, tellsChanges } = this.#parameters;
    const youngest = cell === undefined ? timestamp : Math.max(cell.count, timestamp);
    if (change === 'removed') {
      if (cell !== undefined) this.#states.delete(key);
      else if (before !== undefined) this.#untaken.take(key);
      if (timeout !== undefined) this.#timers.clear(key);
    } else if (cell === undefined) {
      if (change === 'kept' && before === undefined) return;
      checkKeys(this.#states, key, this.#parameters);
      if (before !== undefined) this.#untaken.take(key);
      this.#states.insert(key, value, youngest);
      if (timeout !== undefined) this.#timers.set(key, youngest + timeout);
    } else if (change === 'updated' || youngest !== cell.count) {
      this.#states.touch(cell);
      cell.value = value;
      cell.count = youngest;
    }
    if (!tellsChanges || (change === 'kept' && cell !== undefined)) return;
    this.#context.timestamp = youngest;
    this.#emit([1, [key, change === 'removed' ? [] : [value]]]);
    this.#context.timestamp = timestamp;
  }

  #tell(result: unknown): void {
    this.#emitted += 1;
    this.#emit(this.#parameters.tellsChanges ? [0, result] : result);
  }
}
