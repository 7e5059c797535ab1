/** Runs the tasks of each stage on workers, all at the same time, and makes those of a lost worker again. */
import { assert } from '../../core/assert.js';
import type { Stage } from '../../plan/plan.js';
import type { Durability, RestoredJob } from '../../runtime/durability.js';
import type { Listener } from '../../runtime/events.js';
import { type TaskWorkers, workerOf } from '../workers.js';
import type { Batch, Wait } from './batch.js';
import { type BatchRunner, type RunnerParts, type StateCut, sourceOf } from './batch-runner.js';
import { BatchUnderWay } from './batch-under-way.js';
import { RemoteCut } from './remote-cut.js';
import { RemoteTask } from './remote-task.js';
import { type FromHost, reportOf, type SentResult, sentBlocks, type TaskWork } from './task-messages.js';

/** One is worked on, and the next waits at the workers, so that they do not wait for the driver. */
const BATCHES_UNDER_WAY_MAX = 2;

/** What a runner works with when tasks are elsewhere. */
export interface RemoteRunnerParts extends RunnerParts {
  readonly workers: TaskWorkers;
  readonly keeper: Pick<Durability, 'latest'>;
  /** The snapshot that the job goes on from. */
  readonly restored: RestoredJob | undefined;
  readonly listener: Listener | undefined;
  readonly failed: (error: unknown) => void;
}

/**
 * 1. Each task is on one worker for good. Its work of a batch goes there in one message, as soon as all that it reads is there, and what
 *    it gave comes back in one. A worker takes its messages in order, so a task's batches are in order.
 * 2. Of a batch that is run, results are taken in task order, when all tasks of the stage are done.
 * 3. When a worker is back after it was lost, its tasks get the last snapshot and the inputs since; other tasks go on.
 */
export class RemoteRunner implements BatchRunner {
  readonly batchesUnderWayMax = BATCHES_UNDER_WAY_MAX;
  recomputed = 0;
  readonly #parts: RemoteRunnerParts;
  /** By stage. */
  readonly #tasks: readonly (readonly RemoteTask[])[];
  /** In order; the first is the one that is run. */
  readonly #underWay: BatchUnderWay[] = [];
  readonly #lost = new Set<number>();
  #base: RestoredJob | undefined;
  #cut: RemoteCut | undefined;
  #cuts = 0;
  #allBack: (() => void)[] = [];
  #gathered: StateCut['innerGates'] | undefined;

  constructor(parts: RemoteRunnerParts) {
    const { plan, workers, restored } = parts;
    this.#parts = parts;
    this.#base = restored;
    this.#tasks = plan.stages.map((stage) =>
      Array.from({ length: stage.parallelism }, (_, task) => {
        const worker = workerOf(stage.id, task, workers.count);
        const stateful = stage.operators.map((id) => plan.operators[id]!).filter(parts.stores.isStateful);
        const uids = stateful.map(({ uid }) => uid);
        const send = (message: unknown): void => workers.send(worker, message);
        const time = stage.inputs.length === 0 ? { ...parts.progress.timeOf(sourceOf(plan, stage), task) } : undefined;
        const done = (batch: number, result: SentResult): void => this.#take(stage.id, task, batch, result);
        return new RemoteTask({ stage: stage.id, task, worker, stateful: uids, time, send, done });
      }),
    );
    workers.listen({
      message: (_worker, message) => this.#hear(message as FromHost),
      lost: (worker, reason) => this.#lose(worker, reason),
      ready: (worker) => this.#back(worker),
      failed: (error) => parts.failed(error),
    });
    for (const task of this.#tasks.flat()) task.restore(restored);
  }

  begin(batch: Batch): void {
    const underWay = new BatchUnderWay(this.#parts.plan, batch);
    this.#underWay.push(underWay);
    for (const stage of this.#parts.plan.stages) if (stage.inputs.length === 0) this.#give(underWay, stage);
  }

  *run(batch: Batch): Generator<Wait, void, void> {
    const { plan, reports, progress } = this.#parts;
    const [underWay] = this.#underWay;
    assert(underWay?.batch === batch, 'batches are run in the order in which they began');
    for (const stage of plan.stages) {
      let results = underWay.resultsOf(stage.id);
      if (results instanceof Promise) {
        yield results;
        results = underWay.resultsOf(stage.id) as readonly SentResult[];
      }
      for (const [task, result] of results.entries()) {
        yield* reports.take(batch, { stage: stage.id, task }, reportOf(result));
        if (result.kind === 'done' && result.time !== undefined)
          Object.assign(progress.timeOf(sourceOf(plan, stage), task), result.time);
      }
    }
    this.#underWay.shift();
  }

  cut(): StateCut | Promise<StateCut | undefined> {
    if (this.#gathered !== undefined) return { stores: this.#parts.stores.snapshots(), innerGates: this.#gathered };
    if (this.#lost.size > 0) return Promise.resolve(undefined);
    const stateful = this.#tasks.flat().filter((task) => task.isStateful);
    const { workers } = this.#parts;
    const cut = new RemoteCut(
      ++this.#cuts,
      stateful.map(({ parts: { stage, task } }) => ({ stage, task })),
      ({ stage, task }, message) => workers.send(workerOf(stage, task, workers.count), message),
    );
    this.#cut = cut;
    return cut.done;
  }

  /** What came before it is not needed any more. */
  saved(batch: number): void {
    this.#base = this.#parts.keeper.latest();
    for (const task of this.#tasks.flat()) task.forget(batch);
  }

  gather(): Promise<void> {
    return this.#gather();
  }

  async #gather(): Promise<void> {
    const { plan, stores } = this.#parts;
    let cut: StateCut | undefined;
    while (cut === undefined) {
      cut = await this.cut();
      if (cut === undefined && this.#lost.size > 0)
        await new Promise<void>((resolve) => void this.#allBack.push(resolve));
    }
    for (const source of cut.stores) {
      const operator = plan.operators.find((each) => each.uid === source.uid && stores.isStateful(each))!;
      const store = stores.of(operator, source.task);
      for (let rows = await source.next(); rows.length > 0; rows = await source.next()) store.restore(rows);
    }
    this.#gathered = cut.innerGates;
  }

  /** Their work of a batch to all tasks of a stage. */
  #give(underWay: BatchUnderWay, stage: Stage): void {
    const { batch } = underWay;
    for (const [index, task] of this.#tasks[stage.id]!.entries())
      task.run(batch.number, this.#work(stage, index, underWay));
  }

  #work(stage: Stage, task: number, underWay: BatchUnderWay): TaskWork {
    const { plan, progress } = this.#parts;
    if (stage.inputs.length === 0) {
      const blocks = underWay.batch.blocks.get(`${sourceOf(plan, stage)}:${task}`) ?? [];
      return { kind: 'blocks', blocks: sentBlocks(blocks) };
    }
    const written = underWay.inputsOf(stage);
    return { kind: 'rows', rows: written.map(({ rows }) => rows[task]!), news: progress.hear(stage, task, written) };
  }

  /** What reads the result of a task may go on with it, also while an earlier batch is run. */
  #take(stage: number, task: number, batch: number, result: SentResult): void {
    const underWay = this.#underWay.find((each) => each.batch.number === batch);
    if (underWay === undefined) return;
    for (const reading of underWay.take(stage, task, result)) this.#give(underWay, reading);
  }

  #hear(message: FromHost): void {
    const { stage, task } = message;
    if (message.kind !== 'result') return this.#cut?.hear({ stage, task }, message.cut, message.piece);
    try {
      this.#tasks[stage]![task]!.hear(message.batch, message.result);
    } catch (thrown) {
      this.#parts.failed(thrown);
    }
  }

  #lose(worker: number, reason: string): void {
    this.#lost.add(worker);
    this.#parts.listener?.({ kind: 'workerLost', worker, reason });
    this.#cut?.giveUp();
    this.#cut = undefined;
  }

  #back(worker: number): void {
    this.#lost.delete(worker);
    for (const task of this.#tasks.flat()) {
      const { stage, task: partition, worker: own } = task.parts;
      if (own !== worker) continue;
      const { batches, records } = task.again(this.#base);
      this.recomputed += records;
      if (batches > 0) this.#parts.listener?.({ kind: 'taskRecomputed', stage, partition, batches, records });
    }
    if (this.#lost.size > 0) return;
    for (const resolve of this.#allBack.splice(0)) resolve();
  }
}
