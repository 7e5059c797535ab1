/** The keyed stores, which all keep to one contract: in memory, and in lmdb with little and with much in memory. */
import type { KeyedStore } from '../../src/core/keyed-store.js';
import { openLmdb } from '../../src/runtime/lmdb.js';
import { createLmdbStore } from '../../src/runtime/lmdb-store.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';

const tables = await openLmdb();

/** For `describe.each`. `share`: of the runs of a law that the store should take, since lmdb is slower. */
export const STORES: readonly { readonly name: string; readonly create: () => KeyedStore; readonly share: number }[] = [
  { name: 'in memory', create: createMemoryStore, share: 1 },
  { name: 'in lmdb, of which three cells are in memory', create: () => createLmdbStore(tables, 3), share: 0.1 },
  { name: 'in lmdb', create: () => createLmdbStore(tables), share: 0.1 },
];
