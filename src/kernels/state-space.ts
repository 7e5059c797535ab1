/** Where kernels keep what a user calls a key's state. Knows no kernel. */
import { StreamError } from '../core/errors.js';
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { encodeKey, type Key } from '../core/keys.js';

/** The space of `runningReduce`, `updateStateByKey` and `process` that holds one cell a key: its state. */
export const STATE = 'state';

/** A limit on the keys that have state in one task, and on those that have timers. */
export interface KeptKeys {
  /** Default: none. The plan always has one. */
  readonly maxKeys?: number | undefined;
}

/** Whether one more key may have what these have. */
export function hasRoom({ size }: Pick<Space, 'size'>, { maxKeys }: KeptKeys): boolean {
  return maxKeys === undefined || size < maxKeys;
}

/** Asked before a key gets state, or timers, that has none. @throws StreamError `RG066` when there are as many already as there may be. */
export function checkKeys(
  kept: Pick<Space, 'size'>,
  key: Key,
  limit: KeptKeys,
  what: 'state' | 'timers' = 'state',
): void {
  if (!hasRoom(kept, limit)) noRoom(kept, key, what);
}

/** What to do where there is no room. */
const REMEDIES = {
  state: 'remove states that are not needed any more, let mapWithState time them out',
  timers: 'set timers that stream time reaches sooner, delete those that are not needed',
  totals: 'leave keepEmptyKeys out, so that keys leave with their records',
} as const;

/** @throws StreamError `RG066`. */
export function noRoom(kept: Pick<Space, 'size'>, key: Key, what: keyof typeof REMEDIES): never {
  throw new StreamError(
    'RG066',
    `${kept.size} keys have ${what} in this task, and ${encodeKey(key)} would be one more than its limit maxKeys`,
    `${REMEDIES[what]}, or raise maxKeys if memory allows`,
  );
}

/** The state of each key of an operator on one task, in order of insertion. Empty for an operator without such state. */
export function* stateOf(store: KeyedStore): IterableIterator<readonly [Key, unknown]> {
  const space = store.peek(STATE);
  if (space !== undefined) for (const cell of space.cells()) yield [cell.key, cell.value];
}
