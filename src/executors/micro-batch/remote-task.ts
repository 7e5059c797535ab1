/** One task on a worker, as the driver keeps it: what it was given since its last snapshot, so that it can be made again. */
import type { GateState, RestoredJob } from '../../runtime/durability.js';
import type { SentResult, TaskId, TaskWork, ToHost } from './task-messages.js';

/** Rows of one message of a restore. */
const ROWS_A_MESSAGE = 10_000;

/** Work of one batch, and whether its result has come. */
interface Kept {
  readonly batch: number;
  readonly work: TaskWork;
  readonly records: number;
}

/** What a task needs of its driver. */
export interface RemoteTaskParts extends TaskId {
  readonly worker: number;
  /** Uids of the stateful operators of its stage. */
  readonly stateful: readonly string[];
  readonly send: (message: ToHost) => void;
}

/** What was done again for a task whose worker was lost. */
export interface Recomputed {
  readonly batches: number;
  readonly records: number;
}

/**
 * Lineage: state is the last snapshot and the inputs since. A task without state needs nothing of the past.
 * Source: Spark, `RDD.computeOrReadCheckpoint`; here a partition's inputs are kept, and not computed again.
 */
export class RemoteTask {
  readonly parts: RemoteTaskParts;
  #kept: Kept[] = [];
  #failure: SentResult | undefined;
  #waiting: { readonly batch: number; readonly resolve: (result: SentResult) => void } | undefined;

  constructor(parts: RemoteTaskParts) {
    this.parts = parts;
  }

  get isStateful(): boolean {
    return this.parts.stateful.length > 0;
  }

  /** Does a batch's work, however often its worker is lost. */
  run(batch: number, work: TaskWork): Promise<SentResult> {
    if (!this.isStateful) this.#kept = [];
    this.#kept.push({ batch, work, records: recordsOf(work) });
    const failure = this.#failure;
    if (failure !== undefined) return Promise.resolve(failure);
    return new Promise((resolve) => {
      this.#waiting = { batch, resolve };
      this.parts.send({ ...this.#id, kind: 'run', batch, work, silent: false });
    });
  }

  hear(batch: number, result: SentResult): void {
    // A batch that is done again fails only with functions that are not deterministic; the job fails with it.
    if (result.kind === 'failed') this.#failure ??= result;
    const waiting = this.#waiting;
    if (waiting === undefined || (waiting.batch !== batch && this.#failure === undefined)) return;
    this.#waiting = undefined;
    waiting.resolve(this.#failure ?? result);
  }

  /** A snapshot holds what came up to that batch. */
  forget(batch: number): void {
    this.#kept = this.#kept.filter((kept) => kept.batch > batch);
  }

  /** State of a snapshot to a worker that has none. */
  restore(base: RestoredJob | undefined): void {
    if (base === undefined || !this.isStateful) return;
    const { stage, task, stateful, send } = this.parts;
    const gates: readonly GateState[] | undefined = base.meta.innerGates[`${stage}:${task}`];
    if (gates !== undefined) send({ ...this.#id, kind: 'gates', gates });
    for (const uid of stateful) {
      let rows = [];
      for (const row of base.rows(uid, task) ?? []) {
        if (rows.push(row) < ROWS_A_MESSAGE) continue;
        send({ ...this.#id, kind: 'restore', uid, rows });
        rows = [];
      }
      if (rows.length > 0) send({ ...this.#id, kind: 'restore', uid, rows });
    }
  }

  /** Makes the task again on its worker, which is back and empty. */
  again(base: RestoredJob | undefined): Recomputed {
    this.restore(base);
    let batches = 0;
    let records = 0;
    for (const kept of this.#kept) {
      const silent = kept.batch !== this.#waiting?.batch;
      if (silent && !this.isStateful) continue;
      this.parts.send({ ...this.#id, kind: 'run', batch: kept.batch, work: kept.work, silent });
      if (!silent) continue;
      batches++;
      records += kept.records;
    }
    return { batches, records };
  }

  get #id(): TaskId {
    const { stage, task } = this.parts;
    return { stage, task };
  }
}

function recordsOf(work: TaskWork): number {
  if (work.kind === 'rows') return work.rows.reduce((sum, { length }) => sum + length, 0);
  return work.blocks.reduce((sum, { length }) => sum + length, 0);
}
