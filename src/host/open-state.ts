/** Decides where the state of tasks is kept: in memory, or in lmdb. */
import { StreamError } from '../core/errors.js';
import type { StoreMaker } from '../core/keyed-store.js';
import { openLmdb } from '../runtime/lmdb.js';
import { createLmdbStore } from '../runtime/lmdb-store.js';

/** Where the state of a job is while it runs; a checkpoint is the same for each. */
const STATE_KINDS = ['memory', 'lmdb'] as const;
export type StateKind = (typeof STATE_KINDS)[number];

/**
 * How stores are made; undefined: in memory. What makes stores already stays as it is. `cachedCells`: of lmdb, that are in memory.
 *
 * @throws StreamError `RG011` for a kind that is none, `RG046`, `RG075`.
 */
export async function openState(
  kind: StateKind | StoreMaker = 'memory',
  cachedCells?: number,
): Promise<StoreMaker | undefined> {
  if (typeof kind === 'function') return kind;
  switch (kind) {
    case 'memory':
      return undefined;
    case 'lmdb': {
      const tables = await openLmdb();
      return () => createLmdbStore(tables, cachedCells);
    }
    default:
      throw new StreamError('RG011', `state: '${kind}' is no kind of state`, `use one of ${STATE_KINDS.join(', ')}`);
  }
}
