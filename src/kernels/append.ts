/** Lists in a cell that grow without a copy, and that an attempt can still roll back. */

import type { Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';

/**
 * Appends to the list of a key. Only the first `count` elements of the cell's array count: an attempt that is rolled back
 * restores the count, and what it appended behind that is overwritten.
 */
export function append(lists: Space, key: Key, value: unknown): void {
  const cell = lists.writable(key);
  if (cell === undefined) {
    lists.insert(key, [value], 1);
    return;
  }
  const list = cell.value as unknown[];
  if (list.length > cell.count) list.length = cell.count;
  list.push(value);
  cell.count += 1;
}
