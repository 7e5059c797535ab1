/** Durability within a process: restarts of workers and of a job, but not of the driver. It must not know any file. */
import { assert } from '../core/assert.js';
import type { SnapshotRow } from '../core/keyed-store.js';
import { type Durability, isAfter, type JobSnapshot, type LogRecord, type RestoredJob } from './durability.js';
import { type RestoredStore, restoredJob } from './restored-job.js';
import type { Scheduler } from './world.js';

export interface MemoryDurabilityOptions {
  readonly scheduler: Scheduler;
  readonly interval: Durability['interval'];
}

/**
 * Keeps the rows of the last snapshot, and the log since then. `recovered` is what a restart at that moment finds.
 *
 * Holds one more reference to each value of the state, and as many rows as the state has cells.
 */
export function createMemoryDurability({ scheduler, interval }: MemoryDurabilityOptions): Durability {
  let latest: RestoredJob | undefined;
  let records: LogRecord[] = [];
  let saving: Promise<void> = Promise.resolve();

  async function save(snapshot: JobSnapshot): Promise<void> {
    assert(snapshot.meta.epoch > (latest?.meta.epoch ?? 0), `epoch ${snapshot.meta.epoch} was saved before`);
    const stores = await pulled(snapshot, scheduler);
    latest = restoredJob(
      snapshot.meta,
      stores.map(({ uid }) => uid),
      stores,
    );
    records = records.filter((record) => isAfter(record, snapshot.meta));
  }

  return {
    interval,
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

async function pulled({ stores }: JobSnapshot, scheduler: Scheduler): Promise<readonly RestoredStore[]> {
  try {
    const found: RestoredStore[] = [];
    for (const source of stores) {
      const pieces: (readonly SnapshotRow[])[] = [];
      for (let rows = await source.next(); rows.length > 0; rows = await source.next()) {
        pieces.push(rows);
        await new Promise<void>((resolve) => scheduler.soon(resolve));
      }
      found.push({ uid: source.uid, task: source.task, pieces: () => pieces });
    }
    return found;
  } finally {
    for (const source of stores) source.close();
  }
}
