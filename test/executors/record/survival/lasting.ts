/** What lasts when a driver is gone: snapshots, committed results. Each write is a step of the crash plan. */
import type { SnapshotRow } from '../../../../src/core/keyed-store.js';
import type { Durability, JobSnapshot, RestoredJob } from '../../../../src/runtime/durability.js';
import { restoredJob } from '../../../../src/runtime/restored-job.js';
import type { ResultContext, SinkWriter } from '../../../../src/runtime/sink.js';
import type { CapturedResult } from '../../../../src/testing/captured-sink.js';
import { CapturedSink } from '../../../../src/testing/captured-sink.js';
import type { Crash } from './crash.js';

/** Snapshots that outlive their driver. */
export class LastingSnapshots {
  latest: RestoredJob | undefined;
  #stores: readonly { readonly uid: string; readonly task: number; pieces(): SnapshotRow[][] }[] = [];
  /** Epochs that were saved, in order. */
  readonly saved: number[] = [];

  /** As one life of the driver sees it. `pause`: how long writing takes. */
  open(crash: Crash, time: number, pause: () => Promise<void>): Durability {
    const lasting = this;
    return {
      recovered: { snapshot: this.latest, log: [] },
      // Each adds to the one before.
      get addsTo() {
        return lasting.latest?.meta.epoch;
      },
      interval: { batches: 1, time },
      log: async () => undefined,
      latest: () => this.latest,
      save: (snapshot) => this.#save(snapshot, crash, pause),
    };
  }

  async #save({ meta, stores }: JobSnapshot, crash: Crash, pause: () => Promise<void>): Promise<void> {
    const found: { uid: string; task: number; pieces: () => SnapshotRow[][] }[] = [];
    for (const store of stores) {
      const { uid, task, since } = store;
      if (since !== undefined && since !== this.latest?.meta.epoch) throw new Error(`adds to ${since}`);
      const old = since === undefined ? undefined : this.#stores.find((each) => each.uid === uid && each.task === task);
      const pieces: SnapshotRow[][] = [...(old?.pieces() ?? [])];
      for (let rows = await store.next(); rows.length > 0; rows = await store.next()) {
        pieces.push(structuredClone(rows) as SnapshotRow[]);
        await crash.step('piece', () => undefined);
      }
      found.push({ uid, task, pieces: () => pieces });
    }
    await pause();
    await crash.step('save', () => {
      const uids = stores.map(({ uid }) => uid);
      this.#stores = found;
      this.latest = restoredJob(structuredClone(meta), uids, found);
      this.saved.push(meta.epoch);
    });
  }
}

/** Results that outlive their driver: what was committed, and what was prepared. */
export class LastingResults {
  readonly delivery: 'record' | 'interval';
  readonly isTransactional: boolean;
  visible: CapturedResult[] = [];
  readonly #prepared = new Map<number, readonly CapturedResult[]>();

  constructor(delivery: 'record' | 'interval', isTransactional: boolean) {
    this.delivery = delivery;
    this.isTransactional = isTransactional;
  }

  open(crash: Crash): SinkWriter {
    const visible = (results: readonly CapturedResult[]): void => void this.visible.push(...results);
    let taken = new CapturedSink(this.delivery);
    if (!this.isTransactional) {
      return {
        accept: (value: unknown, context: ResultContext) => {
          const one = new CapturedSink(this.delivery);
          one.accept(value, context);
          visible(one.results);
        },
        flush: () => undefined,
        ready: true,
        onReady: (wake) => wake(),
        failure: undefined,
        close: async () => undefined,
      };
    }
    const commit = (epoch: number): void => {
      visible(this.#prepared.get(epoch) ?? []);
      this.#prepared.delete(epoch);
    };
    return {
      accept: (value: unknown, context: ResultContext) => taken.accept(value, context),
      flush: () => undefined,
      ready: true,
      onReady: (wake) => wake(),
      failure: undefined,
      close: async () => undefined,
      transactions: {
        prepare: (epoch) => {
          const { results } = taken;
          taken = new CapturedSink(this.delivery);
          return crash.step('prepare', () => void this.#prepared.set(epoch, results));
        },
        commit: (epoch) => crash.step('commit', () => commit(epoch)),
        recover: (epoch) =>
          crash.step('recover', () => {
            taken = new CapturedSink(this.delivery);
            for (const prepared of [...this.#prepared.keys()].toSorted((a, b) => a - b)) {
              if (prepared <= epoch) commit(prepared);
              else this.#prepared.delete(prepared);
            }
          }),
      },
    };
  }
}
