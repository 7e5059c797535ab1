/** Where kernels keep what a user calls a key's state. Knows no kernel. */
import type { KeyedStore } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';

/** The space of `runningReduce`, `updateStateByKey` and `process` that holds one cell a key: its state. */
export const STATE = 'state';

/** The state of each key of an operator on one task, in order of insertion. Empty for an operator without such state. */
export function* stateOf(store: KeyedStore): IterableIterator<readonly [Key, unknown]> {
  const space = store.peek(STATE);
  if (space !== undefined) for (const cell of space.cells()) yield [cell.key, cell.value];
}
