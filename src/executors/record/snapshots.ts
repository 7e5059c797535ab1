/** From a barrier that was met to a checkpoint: what is taken, and in which order sinks, checkpoint and sources hear of it. */

import type { SnapshotRow } from '../../core/keyed-store.js';
import type { Key } from '../../core/keys.js';
import type { Plan } from '../../plan/plan.js';
import type { Durability, RestoredJob, SnapshotMeta, StoreSource } from '../../runtime/durability.js';
import type { Services } from '../executor.js';
import { createStores, type Stores } from '../stores.js';
import type { MetBarrier } from './barriers.js';
import type { Run } from './run.js';
import { SourceTask } from './source-task.js';

/** What snapshots are made of. */
export interface SnapshotParts {
  readonly plan: Plan;
  /** Undefined where only the state on workers is fetched, at the end of a job. */
  durability(): Durability | undefined;
  readonly services: Pick<Services, 'sinks' | 'createStore'>;
  /** Stream time. */
  now(): number;
  counters(): SnapshotMeta['counters'];
}

/** What other hosts add to a snapshot. */
export interface SnapshotElsewhere {
  readonly gates: SnapshotMeta['gates'];
  readonly innerGates: SnapshotMeta['innerGates'];
  readonly stores: readonly StoreSource[];
}

const NOTHING_ELSEWHERE: SnapshotElsewhere = { gates: {}, innerGates: {}, stores: [] };

/** A snapshot was given up since a worker was lost whose state it needs. */
export class SnapshotLost extends Error {}

/** The snapshots of a job. */
export class Snapshots {
  readonly #parts: SnapshotParts;
  /** State of tasks on workers, fetched at the end. */
  #fetched: Stores | undefined;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /**
   * Everything is as it was at the call, also what is written later.
   *
   * 1. With exactly-once, sinks prepare what they took before the barrier; otherwise it is out when the snapshot is saved.
   * 2. The snapshot is saved: the commit point.
   * 3. Sinks commit, and sources may forget what came before the barrier.
   *
   * False when it was given up. @throws StreamError of a sink or of the checkpoint
   */
  async save(barrier: MetBarrier, run: Run, isLast: boolean): Promise<boolean> {
    const { services } = this.#parts;
    const durability = this.#parts.durability();
    const sinks = [...services.sinks.values()];
    const { epoch, positions } = barrier;
    const transactions = sinks.flatMap((sink) => sink.transactions ?? []);
    const plain = sinks.filter((sink) => sink.transactions === undefined);
    const cut = this.#cut(barrier, run);
    try {
      const preparing = [
        ...transactions.map((transaction) => transaction.prepare(epoch)),
        ...plain.map((sink) => sink.synced?.()),
      ];
      const elsewhere = await afterAll(preparing, Promise.all(cut.elsewhere.map(fetched)));
      const stores = [...cut.here, ...elsewhere.map(({ source }) => source)];
      await durability?.save({ meta: cut.meta, stores });
      if (isLast) this.#keep(elsewhere, durability?.latest());
    } catch (thrown) {
      if (thrown instanceof SnapshotLost) return false;
      throw thrown;
    } finally {
      for (const store of [...cut.here, ...cut.elsewhere]) store.close();
    }
    await Promise.all(transactions.map((transaction) => transaction.commit(epoch)));
    if (durability === undefined) return true;
    run.wiring.spouts.forEach((spout, index) => {
      if (spout instanceof SourceTask) spout.durable(positions[index]!.offset);
      else spout.durable();
    });
    return true;
  }

  /** The state of an operator: here, and on workers as it was at the last barrier. */
  state(uid: string, here: Stores): Iterable<readonly [Key, unknown]> {
    return this.#fetched === undefined ? here.state(uid) : [...here.state(uid), ...this.#fetched.state(uid)];
  }

  #cut({ epoch, positions }: MetBarrier, { wiring, links }: Run): Cut {
    const { now, counters } = this.#parts;
    const { gates, innerGates, stores } = links?.elsewhere() ?? NOTHING_ELSEWHERE;
    const meta: SnapshotMeta = {
      epoch,
      mode: 'record',
      time: now(),
      sources: positions,
      gates: { ...wiring.gates(), ...gates },
      innerGates: { ...wiring.innerGates(), ...innerGates },
      counters: counters(),
    };
    return { meta, here: wiring.snapshots({ epoch, since: this.#parts.durability()?.addsTo }), elsewhere: stores };
  }

  /** For who asks for the state after the end: what was saved, since rows may only add to it; without durability all rows are there. */
  #keep(stores: readonly Fetched[], saved: RestoredJob | undefined): void {
    const { plan, services } = this.#parts;
    this.#fetched = createStores(plan, undefined, services.createStore);
    for (const { source, pieces } of stores) {
      const operator = plan.operators.find(({ uid }) => uid === source.uid)!;
      const store = this.#fetched.of(operator, source.task);
      store.restore(saved?.rows(source.uid, source.task) ?? pieces.flat());
    }
  }
}

/** What `last` gives, once all of them are done: sinks that are still preparing must not be asked to recover. */
async function afterAll<T>(all: readonly (Promise<void> | undefined)[], last: Promise<T>): Promise<T> {
  const outcomes = await Promise.allSettled([...all, last]);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return last;
}

interface Cut {
  readonly meta: SnapshotMeta;
  readonly here: readonly StoreSource[];
  readonly elsewhere: readonly StoreSource[];
}

/** A store of another host, with its rows. */
interface Fetched {
  readonly source: StoreSource;
  readonly pieces: readonly (readonly SnapshotRow[])[];
}

/** All rows of a store: a worker that is lost meanwhile must not leave half a checkpoint behind. @throws SnapshotLost */
async function fetched(source: StoreSource): Promise<Fetched> {
  const pieces: (readonly SnapshotRow[])[] = [];
  for (let rows = await source.next(); rows.length > 0; rows = await source.next()) pieces.push(rows);
  let next = 0;
  return { source: { ...source, next: () => pieces[next++] ?? [], close: () => {} }, pieces };
}
