/** A window without an inverse: all its panes are folded again at each end. */
import type { KeyedStore, Space } from '../core/keyed-store.js';
import type { Fold } from './fold.js';
import { isNoValue, noValue } from './shapes.js';

/** The space that holds a folded window while its results are emitted. Dropped when that is done. */
export const SCRATCH = 'window';

/** The cells of a window: those of its only pane, or the fold of its panes, oldest first. */
export function foldedPanes(store: KeyedStore, panes: readonly Space[], { merge, names }: Fold): Space {
  if (panes.length === 1) return panes[0]!;
  store.drop(SCRATCH);
  const folded = store.space(SCRATCH);
  for (const pane of panes) {
    for (const { key, value, count } of pane.cells()) {
      const cell = folded.writable(key);
      if (cell === undefined) {
        folded.insert(key, value, count);
        continue;
      }
      const total = merge(cell.value, value);
      if (isNoValue(total)) throw noValue(names[1], total);
      cell.value = total;
    }
  }
  return folded;
}
