/** A snapshot as a restart asks for it, over rows that are kept in pieces. It must not know how they are kept. */
import type { SnapshotRow } from '../core/keyed-store.js';
import type { RestoredJob, SnapshotMeta } from './durability.js';

/** The state of one operator on one task. */
export interface RestoredStore {
  readonly uid: string;
  readonly task: number;
  pieces(): Iterable<Iterable<SnapshotRow>>;
}

/** `uids` are the operators that were there, also those without any state. */
export function restoredJob(
  meta: SnapshotMeta,
  uids: readonly string[],
  stores: readonly RestoredStore[],
): RestoredJob {
  const known = new Set(uids);
  const found = new Map(stores.map((store) => [`${store.task}:${store.uid}`, store]));
  return {
    meta,
    rows(uid, task) {
      if (!known.has(uid)) return undefined;
      const store = found.get(`${task}:${uid}`);
      return {
        *[Symbol.iterator]() {
          for (const piece of store?.pieces() ?? []) yield* piece;
        },
      };
    },
  };
}
