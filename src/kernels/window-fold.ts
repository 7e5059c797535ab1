/** A window without an inverse: all its panes are folded again at each end. */
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { encodeKey, type Key } from '../core/keys.js';
import type { Fold } from './fold.js';
import { type Retry, SET_ASIDE } from './on-time.js';
import { isNoValue, noValue } from './shapes.js';

/** The space that holds a folded window while its results are emitted. Dropped when that is done. */
export const SCRATCH = 'window';

/** The cells of a window: those of its only pane, or the fold of its panes, oldest first, without keys that were set aside. */
export function foldedPanes(store: KeyedStore, panes: readonly Space[], { merge, names }: Fold, retry: Retry): Space {
  if (panes.length === 1) return panes[0]!;
  store.drop(SCRATCH);
  const folded = store.space(SCRATCH);
  let aside: Set<string> | undefined;
  for (const pane of panes) {
    for (const { key, value, count } of pane.cells()) {
      if (aside?.has(encodeKey(key)) === true) continue;
      const cell = folded.writable(key);
      if (cell === undefined) {
        folded.insert(key, value, count);
        continue;
      }
      const total = reduced(merge, key, cell.value, value, retry, names[1]);
      if (total !== SET_ASIDE) {
        cell.value = total;
        continue;
      }
      folded.delete(key);
      aside ??= new Set();
      aside.add(encodeKey(key));
    }
  }
  return folded;
}

/** One step of a fold; `SET_ASIDE` when it was given up. */
export function reduced(
  reduce: (a: unknown, b: unknown) => unknown,
  key: Key,
  total: unknown,
  value: unknown,
  retry: Retry,
  role = 'reduce',
): unknown {
  try {
    return checked(role, reduce(total, value));
  } catch (thrown) {
    return again(reduce, key, total, value, retry, role, thrown);
  }
}

/** Apart from the step itself: a closure there would cost each step a context on the heap. */
function again(
  reduce: (a: unknown, b: unknown) => unknown,
  key: Key,
  total: unknown,
  value: unknown,
  retry: Retry,
  role: string,
  thrown: unknown,
): unknown {
  return retry(key, thrown, () => checked(role, reduce(total, value)));
}

function checked(role: string, value: unknown): unknown {
  if (isNoValue(value)) throw noValue(role, value);
  return value;
}
