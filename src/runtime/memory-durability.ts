/** Durability within a process: restarts of workers and of a job, but not of the driver. It must not know any file. */
import { assert } from '../core/assert.js';
import type { SnapshotRow } from '../core/keyed-store.js';
import { type Durability, isAfter, type JobSnapshot, type LogRecord, type RestoredJob } from './durability.js';
import { type Chain, chainWith, checkAddsTo, INCREMENTS_MAX, nextAddsTo } from './increments.js';
import { type RestoredStore, restoredJob } from './restored-job.js';
import type { Scheduler } from './world.js';

export interface MemoryDurabilityOptions {
  readonly scheduler: Scheduler;
  readonly interval: Durability['interval'];
  /** The most increments to a whole snapshot. Default 10. */
  readonly increments?: number | undefined;
}

/**
 * Keeps the rows of the last snapshot, with those that it adds to, and the log since then. `recovered` is what a restart at that moment
 * finds.
 *
 * Holds one more reference to each value of the state, and at most twice as many rows as the state had cells at the last whole snapshot,
 * and one increment.
 */
export function createMemoryDurability(options: MemoryDurabilityOptions): Durability {
  const { scheduler, interval, increments = INCREMENTS_MAX } = options;
  let latest: RestoredJob | undefined;
  let stores: readonly KeptStore[] = [];
  let chain: Chain | undefined;
  let records: LogRecord[] = [];
  let saving: Promise<void> = Promise.resolve();

  async function save(snapshot: JobSnapshot): Promise<void> {
    assert(snapshot.meta.epoch > (latest?.meta.epoch ?? 0), `epoch ${snapshot.meta.epoch} was saved before`);
    checkAddsTo(snapshot, latest?.meta.epoch);
    const pulledStores = await pulled(snapshot, scheduler, stores);
    const isIncrement = snapshot.stores.some(({ since }) => since !== undefined);
    const size = pulledStores.reduce((sum, { rows }) => sum + rows, 0);
    stores = pulledStores;
    chain = chainWith(chain, { epoch: snapshot.meta.epoch, size, isIncrement });
    latest = restoredJob(
      snapshot.meta,
      stores.map(({ uid }) => uid),
      stores,
    );
    records = records.filter((record) => isAfter(record, snapshot.meta));
  }

  return {
    interval,
    get addsTo() {
      return nextAddsTo(chain, increments);
    },
    get recovered() {
      return { snapshot: latest, log: records };
    },
    log: async (record) => {
      records.push(record);
    },
    save(snapshot) {
      const saved = saving.then(() => save(snapshot));
      saving = saved.catch(() => undefined);
      return saved;
    },
    latest: () => latest,
  };
}

interface KeptStore extends RestoredStore {
  readonly kept: readonly (readonly SnapshotRow[])[];
  /** Of the last snapshot alone. */
  readonly rows: number;
}

async function pulled(
  { stores }: JobSnapshot,
  scheduler: Scheduler,
  before: readonly KeptStore[],
): Promise<readonly KeptStore[]> {
  try {
    const found: KeptStore[] = [];
    for (const { uid, task, since, next } of stores) {
      const old = since === undefined ? undefined : before.find((store) => store.uid === uid && store.task === task);
      const kept = [...(old?.kept ?? [])];
      let count = 0;
      for (let rows = await next(); rows.length > 0; rows = await next()) {
        kept.push(rows);
        count += rows.length;
        await new Promise<void>((resolve) => scheduler.soon(resolve));
      }
      found.push({ uid, task, kept, rows: count, pieces: () => kept });
    }
    return found;
  } finally {
    for (const source of stores) source.close();
  }
}
