/** The contract of `process`: the user's own keyed operator with state and stream-time timers. */
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import type { KeptKeys } from './types.js';

/** What a process function may do for the key at hand. */
export interface ProcessContext<K extends Key, S, R> {
  readonly key: K;
  /** Stream time of the record, or of the timer that fired (us). */
  readonly timestamp: Timestamp;
  /** The key's state; undefined when it has none. Treat it as immutable: `setState` a new value. */
  readonly state: S | undefined;
  setState(state: S | undefined): void;
  emit(result: R): void;
  /** Asks for `onTimer` at this stream time. Setting the same time twice is one timer. At most `maxKeys` keys have timers (`RG066`). */
  setTimer(time: Timestamp): void;
  deleteTimer(time: Timestamp): void;
}

/**
 * A keyed operator with state and timers.
 *
 * 1. A key's due timers fire before its first record at or beyond them, and at the latest when the watermark gets there.
 * 2. `onRecord` runs once per record; its results carry the record's timestamp.
 * 3. Results of `onTimer` carry the timer's time. Timers still pending at the end of a bounded input do not fire.
 *
 * Keeps one state and one sorted list of timers per key, until `setState(undefined)`, for at most `maxKeys` keys each.
 */
export interface ProcessOptions<K extends Key, V, S, R> extends KeptKeys {
  readonly uid: string;
  onRecord(value: V, context: ProcessContext<K, S, R>): void;
  onTimer?(context: ProcessContext<K, S, R>): void;
}
