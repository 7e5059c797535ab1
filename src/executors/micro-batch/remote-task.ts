/** One task on a worker, as the driver keeps it: what it was given since its last snapshot, so that it can be made again. */
import type { GateState, PartitionTimes, RestoredJob } from '../../runtime/durability.js';
import type { SentResult, TaskId, TaskWork, ToHost } from './task-messages.js';

/** Rows of one message of a restore. */
const ROWS_A_MESSAGE = 10_000;

/** Work of one batch. */
interface Kept {
  readonly batch: number;
  readonly work: TaskWork;
  readonly records: number;
  /** Its result has come. */
  isDone: boolean;
  /** Of a source partition: how far its stream time got with it. */
  timeBehind: PartitionTimes | undefined;
}

/** What a task needs of its driver. */
export interface RemoteTaskParts extends TaskId {
  readonly worker: number;
  /** Uids of the stateful operators of its stage. */
  readonly stateful: readonly string[];
  /** Of a source partition: how far its stream time got before the first batch. */
  readonly time: PartitionTimes | undefined;
  readonly send: (message: ToHost) => void;
  /** Told the result of each batch once, in the order of the batches. */
  readonly done: (batch: number, result: SentResult) => void;
}

/** What was done again for a task whose worker was lost. */
export interface Recomputed {
  readonly batches: number;
  readonly records: number;
}

/**
 * Lineage: state is the last snapshot and the inputs since. A task without state needs nothing of the past but how far stream time got.
 * Source: Spark, `RDD.computeOrReadCheckpoint`; here a partition's inputs are kept, and not computed again.
 */
export class RemoteTask {
  readonly parts: RemoteTaskParts;
  /** In order. Of a task without state only what is not done. */
  #kept: Kept[] = [];
  /** Stream time before the first that is kept. */
  #time: PartitionTimes | undefined;
  /** Its worker holds the task's stream time, which is then not sent. */
  #isTimeKnown = false;
  #failure: SentResult | undefined;

  constructor(parts: RemoteTaskParts) {
    this.parts = parts;
    this.#time = parts.time;
  }

  get isStateful(): boolean {
    return this.parts.stateful.length > 0;
  }

  /** Does a batch's work behind that of the batches before it, however often its worker is lost. */
  run(batch: number, work: TaskWork): void {
    const kept: Kept = { batch, work, records: recordsOf(work), isDone: false, timeBehind: undefined };
    this.#kept.push(kept);
    if (this.#failure === undefined) this.#send(kept);
    else this.#take(kept, this.#failure);
  }

  hear(batch: number, result: SentResult): void {
    // A batch that is done again fails only with functions that are not deterministic; the job fails with it.
    if (result.kind === 'failed') this.#failure ??= result;
    for (const kept of [...this.#kept])
      if (!kept.isDone && (kept.batch === batch || this.#failure !== undefined))
        this.#take(kept, this.#failure ?? result);
  }

  /** A snapshot holds what came up to that batch. */
  forget(batch: number): void {
    this.#time = this.#kept.findLast((kept) => kept.batch <= batch)?.timeBehind ?? this.#time;
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
    this.#isTimeKnown = false;
    let batches = 0;
    let records = 0;
    for (const kept of this.#kept) {
      this.#send(kept);
      if (!kept.isDone) continue;
      batches++;
      records += kept.records;
    }
    return { batches, records };
  }

  #take(kept: Kept, result: SentResult): void {
    kept.isDone = true;
    if (result.kind === 'done') kept.timeBehind = result.time;
    if (!this.isStateful) this.forget(kept.batch);
    this.parts.done(kept.batch, result);
  }

  /** What is done already gives no result again. */
  #send({ batch, work, isDone: silent }: Kept): void {
    const time = this.#isTimeKnown ? undefined : this.#time;
    this.#isTimeKnown = true;
    this.parts.send({ ...this.#id, kind: 'run', batch, work, time, silent });
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
