/** Where kernels keep what a user calls a key's state. Knows no kernel. */
import { StreamError } from '../core/errors.js';
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { encodeKey, type Key } from '../core/keys.js';

/** The space of `runningReduce`, `updateStateByKey` and `process` that holds one cell a key: its state. */
export const STATE = 'state';

/** A limit on the keys that have state in one task. */
export interface KeptKeys {
  /** Default: none. The plan always has one. */
  readonly maxKeys?: number | undefined;
}

/** Asked before a key gets state that has none. @throws StreamError `RG066` when there are as many already as there may be. */
export function checkKeys({ size }: Pick<Space, 'size'>, key: Key, { maxKeys }: KeptKeys): void {
  if (maxKeys === undefined || size < maxKeys) return;
  throw new StreamError(
    'RG066',
    `${size} keys have state in this task, and ${encodeKey(key)} would be one more than its limit maxKeys`,
    'remove states that are not needed any more, let mapWithState time them out, or raise maxKeys if memory allows',
  );
}

/** The state of each key of an operator on one task, in order of insertion. Empty for an operator without such state. */
export function* stateOf(store: KeyedStore): IterableIterator<readonly [Key, unknown]> {
  const space = store.peek(STATE);
  if (space !== undefined) for (const cell of space.cells()) yield [cell.key, cell.value];
}
