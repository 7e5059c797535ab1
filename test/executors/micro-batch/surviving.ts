/** What survives a driver in tests: a log, snapshots and sinks. Each operation takes virtual time, so that a crash may come before, between and after. */
import type { SnapshotRow } from '../../../src/core/keyed-store.js';
import type { Durability, JobSnapshot, LogRecord, RestoredJob, SnapshotMeta } from '../../../src/runtime/durability.js';
import type { ResultContext, SinkTransactions, SinkWriter } from '../../../src/runtime/sink.js';
import type { World } from '../../../src/runtime/world.js';
import { type CapturedResult, CapturedSink } from '../../../src/testing/captured-sink.js';

/** Does something durable at some time from now, and says so at some later time. `step` names it. */
export type Disk = (step: string, act: () => void) => Promise<void>;

/** A disk whose operations take random times; `hear` is told before and after each acts. A driver that is gone writes nothing. */
export function createDisk(world: World, hear: (step: string) => void, isGone: () => boolean): Disk {
  const random = world.prng.fork('disk');
  return (step, act) =>
    new Promise((resolve) => {
      const { clock, scheduler } = world;
      scheduler.at(clock.now() + random.below(300), () => {
        hear(`before ${step}`);
        if (isGone()) return;
        act();
        hear(`after ${step}`);
        scheduler.at(clock.now() + random.below(300), resolve);
      });
    });
}

/** How the steps of a log are told. */
const STEPS = { received: 'receive', allocated: 'allocate', prepared: 'log prepared' } as const;

interface Saved {
  readonly meta: SnapshotMeta;
  readonly rows: ReadonlyMap<string, readonly SnapshotRow[]>;
}

/** A log and a snapshot. */
export class SurvivingJob {
  log: LogRecord[] = [];
  /** Everything that was ever logged. */
  readonly written: LogRecord[] = [];
  saved: Saved | undefined;

  open(disk: Disk, interval: Durability['interval']): Durability {
    const log = structuredClone(this.log);
    let queue = Promise.resolve();
    const surviving = this;
    return {
      recovered: { snapshot: this.latest(), log },
      // Each adds to the one before.
      get addsTo() {
        return surviving.saved?.meta.epoch;
      },
      interval,
      log: (record) => {
        const copy = structuredClone(record);
        const written = queue.then(() =>
          disk(STEPS[record.kind], () => {
            this.log.push(copy);
            this.written.push(copy);
          }),
        );
        queue = written;
        return written;
      },
      save: (snapshot) => this.#save(snapshot, disk),
      latest: () => this.latest(),
    };
  }

  latest(): RestoredJob | undefined {
    const { saved } = this;
    return saved && { meta: saved.meta, rows: (uid, task) => saved.rows.get(`${uid} ${task}`) };
  }

  async #save({ meta, stores }: JobSnapshot, disk: Disk): Promise<void> {
    const rows = new Map<string, SnapshotRow[]>();
    for (const store of stores) {
      const { since } = store;
      if (since !== undefined && since !== this.saved?.meta.epoch) throw new Error(`adds to ${since}`);
      const old = since === undefined ? [] : this.saved?.rows.get(`${store.uid} ${store.task}`);
      const all: SnapshotRow[] = [...(old ?? [])];
      rows.set(`${store.uid} ${store.task}`, all);
      for (let piece = await store.next(); piece.length > 0; piece = await store.next()) {
        all.push(...structuredClone(piece));
        await disk('read a piece', () => {});
      }
      store.close();
    }
    const copy = structuredClone(meta);
    await disk('snapshot', () => {
      this.saved = { meta: copy, rows };
      this.log = this.log.filter(({ batch }) => batch > meta.epoch);
    });
  }
}

/** A sink whose content survives. */
export class SurvivingSink {
  readonly delivery: 'record' | 'interval';
  visible: CapturedResult[] = [];
  readonly #prepared = new Map<number, CapturedResult[]>();

  constructor(delivery: 'record' | 'interval') {
    this.delivery = delivery;
  }

  /** Results are visible at once, or by epoch with `isTransactional`. */
  open(disk: Disk, isTransactional: boolean, isGone: () => boolean): SinkWriter {
    let taken = new CapturedSink(this.delivery);
    const show = (epoch: number): void => {
      this.visible.push(...(this.#prepared.get(epoch) ?? []));
      this.#prepared.delete(epoch);
    };
    const transactions: SinkTransactions = {
      prepare: (epoch) => {
        const { results } = taken;
        taken = new CapturedSink(this.delivery);
        return disk('prepare', () => void this.#prepared.set(epoch, results));
      },
      commit: (epoch) => disk('commit', () => show(epoch)),
      recover: (epoch) =>
        disk('recover', () => {
          for (const prepared of [...this.#prepared.keys()].sort((a, b) => a - b))
            if (prepared <= epoch) show(prepared);
            else this.#prepared.delete(prepared);
        }),
    };
    return {
      ready: true,
      failure: undefined,
      accept: (value: unknown, context: ResultContext) => {
        if (isGone()) return;
        taken.accept(value, context);
        if (!isTransactional) this.visible.push(...taken.results.splice(0));
      },
      flush: () => {},
      onReady: (wake) => wake(),
      close: async () => {},
      ...(isTransactional ? { transactions } : {}),
    };
  }
}
