/** `process`: the user's own keyed operator with state and stream-time timers. Knows no clock. */
import { StreamError } from '../core/errors.js';
import type { Cell, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import type { ProcessContext } from '../topology/process.js';
import type { Emit, Kernel, KernelSetup, RecordContext } from './kernel.js';
import { NO_RETRY, type Retry } from './on-time.js';
import { isPair, isPromise, notAPair, noValue, shown } from './shapes.js';
import { checkKeys, hasRoom, type KeptKeys, STATE } from './state-space.js';
import { Timers } from './timers.js';

/** The user's part. */
export interface ProcessFunctions {
  readonly onRecord: (value: unknown, context: ProcessContext<Key, unknown, unknown>) => void;
  readonly onTimer?: ((context: ProcessContext<Key, unknown, unknown>) => void) | undefined;
}

/**
 * Calls `onRecord` for each record and `onTimer` for each timer.
 *
 * 1. A key's timers at or before a record's timestamp fire before it, in order of time.
 * 2. When the watermark reaches a timer, it fires: all keys' timers in order of time, then of key.
 * 3. Results carry the time at hand: the record's, or the timer's.
 * 4. A timer at or before the time at hand, set or deleted, is the one 1 us after it. So it cannot fire at once, its results are not below
 *    the watermark, and one that always sets itself again fires as often however watermarks are thinned.
 *
 * Keeps one state and one list of timers per key. Timers that are pending at the end of the input do not fire.
 * @throws StreamError `RG032` for a record that is no pair, `RG034` for a timer at what is no timestamp, `RG066` for a state
 * beyond the limit, or the timers of one key more.
 */
export function createProcess(setup: KernelSetup<ProcessFunctions, KeptKeys>): Kernel {
  return new Process(setup);
}

class Process implements Kernel {
  readonly #functions: ProcessFunctions;
  readonly #context: RecordContext;
  readonly #timers: Timers;
  readonly #handle: Handle;
  readonly #retry: Retry;

  constructor(setup: KernelSetup<ProcessFunctions, KeptKeys>) {
    const { functions, parameters, store, context, emit, retry = NO_RETRY } = setup;
    this.#retry = retry;
    this.#functions = functions;
    this.#context = context;
    this.#timers = new Timers(store);
    this.#handle = new Handle(store.space(STATE), parameters, this.#timers, emit);
  }

  onRecord(value: unknown): void {
    if (!isPair(value)) throw notAPair(value);
    const key = value[0];
    const { timestamp } = this.#context;
    const due = this.#timers.takeDueOf(key, timestamp);
    if (due !== undefined) this.#fireBefore(key, due);
    this.#handle.turnTo(key, timestamp);
    const { onRecord } = this.#functions;
    const returned: unknown = onRecord(value[1], this.#handle);
    if (isPromise(returned)) throw noValue('onRecord', returned);
  }

  advance(watermark: Timestamp, budget: number): boolean {
    const last = this.#handle.emitted + budget;
    while (this.#handle.emitted < last) {
      const timer = this.#timers.takeDue(watermark);
      if (timer === undefined) return true;
      this.#fire(timer.key, timer.time);
    }
    return false;
  }

  endOfInput(): boolean {
    return true;
  }

  /** Fires the key's timers that are due before the record at hand, whose times stand again afterwards. */
  #fireBefore(key: Key, first: Timestamp): void {
    const { timestamp, windowEnd } = this.#context;
    for (let due: Timestamp | undefined = first; due !== undefined; due = this.#timers.takeDueOf(key, timestamp)) {
      this.#fire(key, due);
    }
    this.#context.timestamp = timestamp;
    this.#context.windowEnd = windowEnd;
  }

  #fire(key: Key, time: Timestamp): void {
    this.#context.timestamp = time;
    this.#context.windowEnd = Number.NaN;
    try {
      this.#call(key, time);
    } catch (thrown) {
      this.#again(key, time, thrown);
    }
  }

  #again(key: Key, time: Timestamp, thrown: unknown): void {
    try {
      this.#retry(key, thrown, () => this.#call(key, time), true);
    } catch (last) {
      // Where nothing is rolled back, a timer that failed is still due: else its error would pass as a record's.
      this.#timers.set(key, time);
      throw last;
    }
  }

  #call(key: Key, time: Timestamp): void {
    this.#handle.turnTo(key, time);
    const returned: unknown = this.#functions.onTimer?.(this.#handle);
    if (isPromise(returned)) throw noValue('onTimer', returned);
  }
}

/** The one context object that the user's functions get; it stands for another key and time at each call. */
class Handle implements ProcessContext<Key, unknown, unknown> {
  key: Key = undefined;
  timestamp: Timestamp = 0;
  /** Results so far, for the budget. */
  emitted = 0;
  readonly #states: Space;
  readonly #limit: KeptKeys;
  readonly #timers: Timers;
  readonly #emit: Emit;
  #cell: Cell | undefined;

  constructor(states: Space, limit: KeptKeys, timers: Timers, emit: Emit) {
    this.#states = states;
    this.#limit = limit;
    this.#timers = timers;
    this.#emit = emit;
  }

  turnTo(key: Key, timestamp: Timestamp): void {
    this.key = key;
    this.timestamp = timestamp;
    this.#cell = this.#states.get(key);
  }

  get state(): unknown {
    return this.#cell?.value;
  }

  // Fields and not methods, so that a user may take the context apart: `(value, { emit, setTimer }) => …`.
  readonly setState = (state: unknown): void => {
    if (isPromise(state)) throw noValue('the function for setState', state);
    if (this.#cell === undefined) {
      if (state === undefined) return;
      checkKeys(this.#states, this.key, this.#limit);
      this.#cell = this.#states.insert(this.key, state, 0);
    } else if (state === undefined) {
      this.#states.delete(this.key);
      this.#cell = undefined;
    } else {
      this.#states.touch(this.#cell);
      this.#cell.value = state;
    }
  };

  readonly emit = (result: unknown): void => {
    this.emitted += 1;
    this.#emit(result);
  };

  readonly setTimer = (time: Timestamp): void => {
    const ahead = this.#ahead(time);
    // The limit first: until it is reached, a timer costs no further look for its key.
    if (!hasRoom(this.#timers, this.#limit) && !this.#timers.has(this.key))
      checkKeys(this.#timers, this.key, this.#limit, 'timers');
    this.#timers.set(this.key, ahead);
  };

  readonly deleteTimer = (time: Timestamp): void => {
    this.#timers.delete(this.key, this.#ahead(time));
  };

  #ahead(time: Timestamp): Timestamp {
    if (!Number.isSafeInteger(time)) {
      throw new StreamError(
        'RG034',
        `a timer at ${shown(time)}: a timestamp is a whole number of microseconds`,
        'use context.timestamp + seconds(10), or round',
      );
    }
    return time > this.timestamp ? time : this.timestamp + 1;
  }
}
