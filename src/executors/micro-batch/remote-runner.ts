/** Runs the tasks of each stage on workers, all at the same time, and makes those of a lost worker again. */
import { assert } from '../../core/assert.js';
import type { Stage } from '../../plan/plan.js';
import type { Durability, PartitionTimes, RestoredJob } from '../../runtime/durability.js';
import type { Listener } from '../../runtime/events.js';
import type { MicroBatchOptions } from '../executor.js';
import type { SnapshotCut } from '../stores.js';
import { type TaskWorkers, workerOf } from '../workers.js';
import type { Batch, Wait } from './batch.js';
import { type BatchRunner, type RunnerParts, type StateCut, sourceOf } from './batch-runner.js';
import { BatchUnderWay, type TimeBehind } from './batch-under-way.js';
import { timeBehind } from './progress.js';
import { RemoteComponents } from './remote-components.js';
import { RemoteCut } from './remote-cut.js';
import { RemoteTask } from './remote-task.js';
import { errorOf } from './sent-errors.js';
import { Speculation, type SpeculationOptions } from './speculation.js';
import { type FromHost, reportOf, type SentResult, sentBlocks, type TaskWork } from './task-messages.js';

/** Batches beside those whose jobs run: they wait at the workers, so that these do not wait for the driver. */
const BATCHES_AHEAD = 1;

/** What a runner works with when tasks are elsewhere. */
export interface RemoteRunnerParts extends RunnerParts {
  readonly workers: TaskWorkers;
  readonly keeper: Pick<Durability, 'latest'>;
  /** The snapshot that the job goes on from. */
  readonly restored: RestoredJob | undefined;
  readonly listener: Listener | undefined;
  readonly failed: (error: unknown) => void;
  readonly options: Pick<MicroBatchOptions, 'concurrentJobs' | keyof SpeculationOptions>;
}

/** All state, to which no later snapshot adds. */
const ALL: SnapshotCut = { epoch: 0, since: undefined };

/**
 * 1. A task with state or a component is on one worker for good; any other is on another in each of `concurrentJobs` batches. Its work of a batch goes
 *    there in one message, as soon as all that it reads is there and its work of the batch before is given; a worker takes its messages
 *    in order. What it gave comes back in one message.
 * 2. Of a batch that is run, results are taken in task order, when all tasks of the stage are done.
 * 3. When a worker is back after it was lost, its tasks get the last snapshot and the inputs since; other tasks go on.
 * 4. With `speculation` a slow task without state gets a twin on another worker, and the first result counts.
 */
export class RemoteRunner implements BatchRunner {
  readonly batchesUnderWayMax: number;
  recomputed = 0;
  readonly #parts: RemoteRunnerParts;
  /** By stage. */
  readonly #tasks: readonly (readonly RemoteTask[])[];
  /** In order; the first is the one that is run. */
  readonly #underWay: BatchUnderWay[] = [];
  /** Stream time of source partitions behind the batch that began last, by stage and task. */
  readonly #timesAhead = new Map<string, PartitionTimes>();
  readonly #speculation: Speculation | undefined;
  readonly #components: RemoteComponents | undefined;
  readonly #lost = new Set<number>();
  #base: RestoredJob | undefined;
  #cut: RemoteCut | undefined;
  #cuts = 0;
  #allBack: (() => void)[] = [];
  #gathered: StateCut['innerGates'] | undefined;

  constructor(parts: RemoteRunnerParts) {
    const { plan, workers, restored, options } = parts;
    this.#parts = parts;
    this.batchesUnderWayMax = options.concurrentJobs + BATCHES_AHEAD;
    this.#base = restored;
    this.#components = parts.components && new RemoteComponents({ ...parts, components: parts.components });
    this.#tasks = plan.stages.map((stage) =>
      Array.from({ length: stage.parallelism }, (_, task) => {
        const stateful = stage.operators.map((id) => plan.operators[id]!).filter(parts.stores.isStateful);
        const uids = stateful.map(({ uid }) => uid);
        const send = (worker: number, message: unknown): void => workers.send(worker, message);
        const done = (batch: number, result: SentResult): void => this.#take(stage.id, task, batch, result);
        return new RemoteTask({
          stage: stage.id,
          task,
          stateful: uids,
          component: this.#components?.startOf(stage, task),
          send,
          done,
        });
      }),
    );
    workers.listen({
      message: (worker, message) => this.#hear(worker, message as FromHost),
      lost: (worker, reason) => this.#lose(worker, reason),
      ready: (worker) => this.#back(worker),
      failed: (error) => parts.failed(error),
    });
    for (const task of this.#tasks.flat()) task.begin(this.#workerOf(task), restored);
    if (!options.speculation || workers.count === 1) return;
    const { world, listener, failed } = parts;
    this.#speculation = new Speculation({
      world,
      options,
      workers: workers.count,
      lost: this.#lost,
      tasks: this.#tasks,
      listener,
      failed,
    });
  }

  begin(batch: Batch): void {
    this.#components?.begin(batch);
    this.#underWay.push(new BatchUnderWay(this.#parts.plan, batch, this.#timesBehind(batch)));
    this.#giveReady();
    this.#speculation?.watch();
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
        this.#components?.taken(stage.id, result);
        yield* reports.take(batch, { stage: stage.id, task }, reportOf(result));
      }
    }
    for (const { source, partition, time } of underWay.times) Object.assign(progress.timeOf(source, partition), time);
    this.#underWay.shift();
    this.#speculation?.forget(batch.number);
  }

  cut(asked: SnapshotCut): StateCut | Promise<StateCut | undefined> {
    if (this.#gathered !== undefined)
      return { stores: this.#parts.stores.snapshots(asked), innerGates: this.#gathered };
    if (this.#lost.size > 0) return Promise.resolve(undefined);
    const stateful = this.#tasks.flat().filter((task) => task.isStateful);
    const { workers } = this.#parts;
    const cut = new RemoteCut(
      { ...asked, number: ++this.#cuts },
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

  close(): void {
    this.#speculation?.close();
  }

  gather(): Promise<void> {
    return this.#gather();
  }

  async #gather(): Promise<void> {
    const { plan, stores } = this.#parts;
    let cut: StateCut | undefined;
    while (cut === undefined) {
      cut = await this.cut(ALL);
      if (cut === undefined && this.#lost.size > 0)
        await new Promise<void>((resolve) => void this.#allBack.push(resolve));
    }
    for (const source of cut.stores) {
      const operator = plan.operators.find((each) => each.uid === source.uid && stores.isStateful(each))!;
      const store = stores.of(operator, source.task);
      for (let rows = await source.next(); rows.length > 0; rows = await source.next()) store.restore(rows);
    }
    this.#gathered = cut.innerGates;
    const open = this.#tasks.flat().filter((task) => task.isComponent && !this.#lost.has(this.#workerOf(task)));
    await this.#components?.close(open.map(({ parts: { stage, task } }) => ({ stage, task })));
  }

  /** Also for the work of later batches: the driver does not wait for tasks to say how far they got. */
  #timesBehind(batch: Batch): readonly TimeBehind[] {
    const { plan, progress } = this.#parts;
    return plan.stages
      .filter(({ inputs }) => inputs.length === 0)
      .flatMap((stage) =>
        this.#tasks[stage.id]!.map((_, partition) => {
          const source = sourceOf(plan, stage);
          const name = `${source}:${partition}`;
          const before = this.#timesAhead.get(name) ?? { ...progress.timeOf(source, partition) };
          const time = timeBehind(batch.blocks.get(name) ?? [], before, plan.step);
          this.#timesAhead.set(name, time);
          return { source, partition, before, time };
        }),
      );
  }

  /** Gives their work to the tasks of all stages whose inputs are complete, in the order of batches. */
  #giveReady(): void {
    for (const stage of this.#parts.plan.stages) {
      for (const underWay of this.#underWay) {
        if (underWay.isGiven(stage.id)) continue;
        if (!underWay.isReady(stage)) break;
        underWay.give(stage.id);
        for (const [index, task] of this.#tasks[stage.id]!.entries()) {
          const { number } = underWay.batch;
          const worker = this.#workerOf(task, number);
          const work = this.#work(stage, index, underWay);
          this.#speculation?.given(number, { stage: stage.id, task: index }, worker);
          task.run(number, work, worker);
        }
      }
    }
  }

  /** The worker of a task that stays there; of any other, in that batch. */
  #workerOf({ isPinned, parts: { stage, task } }: RemoteTask, batch = 0): number {
    const { workers, options } = this.#parts;
    const home = workerOf(stage, task, workers.count);
    return isPinned ? home : (home + (batch % options.concurrentJobs)) % workers.count;
  }

  #work(stage: Stage, task: number, underWay: BatchUnderWay): TaskWork {
    const { plan, progress } = this.#parts;
    if (stage.inputs.length === 0) {
      const source = sourceOf(plan, stage);
      const blocks = sentBlocks(underWay.batch.blocks.get(`${source}:${task}`) ?? []);
      return { kind: 'blocks', blocks, time: underWay.timeBefore(source, task) };
    }
    const written = underWay.inputsOf(stage);
    return (
      this.#components?.work(stage, task, written) ?? {
        kind: 'rows',
        rows: written.map(({ rows }) => rows[task]!),
        news: progress.hear(stage, task, written),
      }
    );
  }

  /** What reads the result of a task may go on with it, also while an earlier batch is run. */
  #take(stage: number, task: number, batch: number, result: SentResult): void {
    const underWay = this.#underWay.find((each) => each.batch.number === batch);
    if (underWay === undefined) return;
    underWay.take(stage, task, result);
    this.#giveReady();
  }

  #hear(worker: number, message: FromHost): void {
    const { stage, task } = message;
    switch (message.kind) {
      case 'piece':
        return this.#cut?.hear({ stage, task }, message.cut, message.piece);
      case 'failed':
        return this.#parts.failed(errorOf(message.error));
      case 'closed':
        return this.#components?.hear(message);
      case 'result':
        return this.#result(worker, message);
    }
  }

  #result(worker: number, { stage, task, batch, result }: Extract<FromHost, { readonly kind: 'result' }>): void {
    try {
      this.#speculation?.done(batch, { stage, task }, worker);
      this.#tasks[stage]![task]!.hear(batch, result);
    } catch (thrown) {
      this.#parts.failed(thrown);
    }
  }

  #lose(worker: number, reason: string): void {
    this.#lost.add(worker);
    this.#parts.listener?.({ kind: 'workerLost', worker, reason });
    this.#cut?.giveUp();
    this.#cut = undefined;
    this.#components?.lost(worker);
  }

  #back(worker: number): void {
    this.#lost.delete(worker);
    // Bolts would be prepared for nothing.
    if (this.#gathered !== undefined) return;
    for (const task of this.#tasks.flat()) {
      const { stage, task: partition } = task.parts;
      if (task.isPinned && this.#workerOf(task) !== worker) continue;
      const { batches, records } = task.again(worker, this.#base);
      this.recomputed += records;
      if (batches > 0) this.#parts.listener?.({ kind: 'taskRecomputed', stage, partition, batches, records });
    }
    if (this.#lost.size > 0) return;
    for (const resolve of this.#allBack.splice(0)) resolve();
  }
}
