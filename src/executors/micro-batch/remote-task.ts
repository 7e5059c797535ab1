/** One task on workers, as the driver keeps it: what it was given since its last snapshot, so that it can be made again. */
import type { GateState, RestoredJob } from '../../runtime/durability.js';
import { BoltPlaces } from './bolt-places.js';
import type { Opening, SentResult, TaskId, TaskWork, ToHost } from './task-messages.js';

/** Rows of one message of a restore. */
const ROWS_A_MESSAGE = 10_000;

/** Work of one batch. */
interface Kept {
  readonly batch: number;
  readonly work: TaskWork;
  readonly records: number;
  /** Who has it: more than one while a twin runs. */
  readonly workers: number[];
  /** Its result has come. */
  isDone: boolean;
}

/** What a task needs of its driver. */
export interface RemoteTaskParts extends TaskId {
  /** Uids of the stateful operators of its stage. */
  readonly stateful: readonly string[];
  readonly component: Opening | undefined;
  readonly send: (worker: number, message: ToHost) => void;
  /** Told the result of each batch once. Without state it may come before that of an earlier batch. */
  readonly done: (batch: number, result: SentResult) => void;
}

/** What was done again for a task whose worker was lost. */
export interface Recomputed {
  readonly batches: number;
  readonly records: number;
}

/**
 * Lineage: state is the last snapshot and the inputs since. A task without state needs nothing of the past, so any worker may have it.
 * Source: Spark, `RDD.computeOrReadCheckpoint`; here a partition's inputs are kept, and not computed again.
 */
export class RemoteTask {
  readonly parts: RemoteTaskParts;
  /** In order. Of a task without state only what is not done. */
  #kept: Kept[] = [];
  #failure: SentResult | undefined;
  readonly #places: BoltPlaces | undefined;

  constructor(parts: RemoteTaskParts) {
    this.parts = parts;
    this.#places = parts.component && new BoltPlaces(parts.component.place);
  }

  get isComponent(): boolean {
    return this.#places !== undefined;
  }

  /** It is on one worker for good. */
  get isPinned(): boolean {
    return this.isStateful || this.#places !== undefined;
  }

  get isStateful(): boolean {
    return this.parts.stateful.length > 0;
  }

  /** Does a batch's work behind that of the batches before it, however often its worker is lost. */
  run(batch: number, work: TaskWork, worker: number): void {
    const kept: Kept = { batch, work, records: recordsOf(work), workers: [worker], isDone: false };
    this.#kept.push(kept);
    if (this.#failure === undefined) this.#send(kept, worker);
    else this.#take(kept, this.#failure);
  }

  /** The first result counts, whoever gives it: nothing is seen of another. */
  hear(batch: number, result: SentResult): void {
    if (!this.#kept.some((kept) => kept.batch === batch)) return;
    // A batch that is done again fails only with functions that are not deterministic; the job fails with it.
    if (result.kind === 'failed') this.#failure ??= result;
    else if (result.component?.place !== undefined) this.#places?.behind(batch, result.component.place);
    for (const kept of [...this.#kept])
      if (!kept.isDone && (kept.batch === batch || this.#failure !== undefined))
        this.#take(kept, this.#failure ?? result);
  }

  /** Who has the work of that batch, which is not done. */
  workersOf(batch: number): readonly number[] {
    return this.#kept.find((kept) => kept.batch === batch && !kept.isDone)?.workers ?? [];
  }

  /** Gives work that is under way, of a task without state, to another worker too. */
  twin(batch: number, worker: number): void {
    const kept = this.#kept.find((each) => each.batch === batch)!;
    kept.workers.push(worker);
    this.#send(kept, worker);
  }

  /** A snapshot holds what came up to that batch. */
  forget(batch: number): void {
    this.#kept = this.#kept.filter((kept) => kept.batch > batch);
    this.#places?.forget(batch);
  }

  /** To a worker that has nothing of it: state of a snapshot, and then its bolt begins. */
  begin(worker: number, base: RestoredJob | undefined): void {
    this.#restore(worker, base);
    if (this.#places === undefined) return;
    const place = this.isStateful ? this.#places.first : this.#places.last;
    this.parts.send(worker, { ...this.parts.component!, ...this.#id, kind: 'open', place });
  }

  #restore(worker: number, base: RestoredJob | undefined): void {
    if (base === undefined || !this.isStateful) return;
    const { stage, task, stateful } = this.parts;
    const send = (message: ToHost): void => this.parts.send(worker, message);
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

  /** Makes the task again on a worker that has it, and is back and empty. */
  again(worker: number, base: RestoredJob | undefined): Recomputed {
    this.begin(worker, base);
    let batches = 0;
    let records = 0;
    for (const kept of this.#kept) {
      if (!kept.workers.includes(worker)) continue;
      this.#send(kept, worker);
      if (!kept.isDone) continue;
      batches++;
      records += kept.records;
    }
    return { batches, records };
  }

  #take(kept: Kept, result: SentResult): void {
    kept.isDone = true;
    if (!this.isStateful) this.#kept = this.#kept.filter((other) => other !== kept);
    this.parts.done(kept.batch, result);
  }

  /** What is done already gives no result again. */
  #send({ batch, work, isDone: silent }: Kept, worker: number): void {
    this.parts.send(worker, { ...this.#id, kind: 'run', batch, work, silent });
  }

  get #id(): TaskId {
    const { stage, task } = this.parts;
    return { stage, task };
  }
}

function recordsOf(work: TaskWork): number {
  const pieces = work.kind === 'blocks' ? work.blocks : work.rows;
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
