/** The contract of `mapWithState`: a function of each record and its key's state, with a timeout. */
import type { Key } from '../core/keys.js';
import type { Duration, Timestamp } from '../core/time.js';
import type { Table } from './join-stream.js';
import type { KeptKeys, Placed } from './types.js';

/** A key's state, as the function at hand may use it. The object stands for another key at each call. Source: Spark `State`. */
export interface State<S> {
  /** Whether the key has a state. */
  exists(): boolean;
  /** @throws StreamError `RG038` when there is none. */
  get(): S;
  /** The state, or undefined. */
  getOption(): S | undefined;
  /** Puts a new state in place of the old, which counts as immutable. @throws StreamError `RG038` behind `remove`, or while timing out. */
  update(state: S): void;
  /** Forgets the key. @throws StreamError `RG038` behind `remove`, or while timing out. */
  remove(): void;
  /** True in the one call that a key gets when it was silent for the timeout: then there is no value, and the state goes afterwards. */
  isTimingOut(): boolean;
}

/**
 * What `mapWithState` does. Source: Spark `StateSpec`.
 *
 * 1. `map` runs once per record, in order of arrival; what it returns is emitted with the record's timestamp, and undefined is not.
 * 2. With `timeout`, a key whose last record is that long ago in stream time gets one call without a value, with the time at which it fell
 *    due; then its state is gone. It comes before the key's first record at or beyond that time, and at the latest with the watermark.
 *
 * Keeps one state per key, and with `timeout` one timer. The cost is that of the records, not of the keys that are held.
 *
 * ```ts
 * import { seconds, topology } from 'raingauge';
 * import { memory } from 'raingauge/sources';
 * import { stdout } from 'raingauge/sinks';
 *
 * export default topology('visits', (t) => {
 *   t.source('clicks', memory([['ann', 1], ['bob', 1], ['ann', 1]] as const))
 *     .mapWithState<number, string>({
 *       uid: 'visits',
 *       timeout: seconds(30),
 *       map(user, click, state) {
 *         if (state.isTimingOut()) return `${user} left after ${state.get()} clicks`;
 *         state.update((state.getOption() ?? 0) + (click ?? 0));
 *         return undefined;
 *       },
 *     })
 *     .to('visits', stdout());
 * });
 * ```
 */
export interface StateSpec<K extends Key, V, S, R> extends Placed, KeptKeys {
  map(key: K, value: V | undefined, state: State<S>, time: Timestamp): R | undefined;
  /** States to begin with; one is taken at the key's first record. */
  readonly initialState?: Table<K, S>;
  readonly timeout?: Duration;
}

/** What `update` of `updateStateByKey` may know of its call. One object for all calls. */
export interface UpdateContext<K extends Key = Key> {
  readonly key: K;
  /** End of the interval (us). */
  readonly end: Timestamp;
}
