/** The user's `process` on traced values: a state is made of all records that went into it, a result of the state and the record at hand. */
import type { Key } from '../../core/keys.js';
import type { Timestamp } from '../../core/time.js';
import type { ProcessContext, ProcessOptions } from '../../topology/process.js';
import type { State } from '../../topology/state-spec.js';
import { added, NO_RECORDS, type Provenance, type Traced, traced, tracedRecord } from './traced.js';

type Context = ProcessContext<Key, unknown, unknown>;
type OnRecord = ProcessOptions<Key, unknown, unknown, unknown>['onRecord'];
type MapWithState = (key: Key, value: unknown, state: State<unknown>, time: Timestamp) => unknown;
type OnTimer = (context: Context) => void;

/** `onRecord`: whatever it emits or keeps is made of the state before it and of the record. */
export function tracedOnRecord(onRecord: OnRecord): OnRecord {
  const handle = new TracedContext();
  return (value, context) => {
    const before = (context.state as Traced | undefined) ?? NO_RECORDS;
    handle.turnTo(context, added(before, value as Traced));
    return onRecord((value as Traced).value, handle);
  };
}

/** `onTimer`: it has the state alone. */
export function tracedOnTimer(onTimer: OnTimer): OnTimer {
  const handle = new TracedContext();
  return (context) => {
    handle.turnTo(context, (context.state as Traced | undefined) ?? NO_RECORDS);
    return onTimer(handle);
  };
}

/** `mapWithState`: a result is made of the state before it and of the record, and so is the state. */
export function tracedMapWithState(map: MapWithState): MapWithState {
  return (key, value, state, time) => {
    const before = (state.getOption() as Traced | undefined) ?? NO_RECORDS;
    const from = value === undefined ? before : added(before, value as Traced);
    const plain: State<unknown> = {
      exists: () => state.exists(),
      get: () => (state.get() as Traced).value,
      getOption: () => (state.getOption() as Traced | undefined)?.value,
      update: (after) => state.update(after === undefined || after instanceof Promise ? after : traced(after, from)),
      remove: () => state.remove(),
      isTimingOut: () => state.isTimingOut(),
    };
    const result = map(key, (value as Traced | undefined)?.value, plain, time);
    return result === undefined || result instanceof Promise ? result : tracedRecord(result, from);
  };
}

/** What the user's functions get: the kernel's context with plain values. One for all calls, as the kernel's own. */
class TracedContext implements Context {
  #context!: Context;
  #from: Provenance = NO_RECORDS;

  turnTo(context: Context, from: Provenance): void {
    this.#context = context;
    this.#from = from;
  }

  get key(): Key {
    return this.#context.key;
  }

  get timestamp(): Timestamp {
    return this.#context.timestamp;
  }

  get state(): unknown {
    return (this.#context.state as Traced | undefined)?.value;
  }

  // Fields, so that a user may take the context apart. What may not be kept goes on as it is: the kernel has the error for it.
  readonly setState = (state: unknown): void => {
    const isNoState = state === undefined || state instanceof Promise;
    this.#context.setState(isNoState ? state : traced(state, this.#from));
  };

  readonly emit = (result: unknown): void => this.#context.emit(tracedRecord(result, this.#from));

  readonly setTimer = (time: Timestamp): void => this.#context.setTimer(time);

  readonly deleteTimer = (time: Timestamp): void => this.#context.deleteTimer(time);
}
