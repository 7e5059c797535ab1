/** What an update of state costs in memory and in lmdb, with keys that fit into lmdb's cells in memory, and with far more. */
import { prng } from '../../src/core/prng.js';
import { openLmdb } from '../../src/runtime/lmdb.js';
import { createLmdbStore } from '../../src/runtime/lmdb-store.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';
import { collectGarbage, startTimer, type Variant } from '../measurement.js';

/** Fewer than are kept in memory. */
const FEW_KEYS = 10_000;
/** Keys for each update: the half of them comes twice or more. */
const MANY_KEYS_SHARE = 0.5;
/** Updates of one attempt, as a micro-batch makes them. */
const UPDATES_AN_ATTEMPT = 10_000;

/** Counts by key, one update a line. */
export function stateUpdates(kind: 'memory' | 'lmdb', keys: 'few' | 'many'): Variant {
  return async ({ lines, seed }) => {
    const random = prng(seed);
    const count = keys === 'few' ? FEW_KEYS : Math.max(FEW_KEYS, Math.floor(lines * MANY_KEYS_SHARE));
    const names = Array.from({ length: lines }, () => `customer ${random.below(count)}`);
    const store = kind === 'memory' ? createMemoryStore() : createLmdbStore(await openLmdb());
    const space = store.space<number>('state');
    collectGarbage();
    const stop = startTimer();
    for (let at = 0; at < lines; at += UPDATES_AN_ATTEMPT) {
      store.begin();
      for (const name of names.slice(at, at + UPDATES_AN_ATTEMPT)) {
        const cell = space.writable(name);
        if (cell === undefined) space.insert(name, 1, 0);
        else cell.value += 1;
      }
      store.commit();
    }
    const time = stop();
    let updates = 0;
    for (const { value } of space.cells()) updates += value;
    return { ...time, count: lines, checksum: `${updates} updates` };
  };
}
