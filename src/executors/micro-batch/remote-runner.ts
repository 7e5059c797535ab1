/** Runs the tasks of each stage on workers, all at the same time, and makes those of a lost worker again. */
import type { Stage } from '../../plan/plan.js';
import type { Durability, RestoredJob } from '../../runtime/durability.js';
import type { Listener } from '../../runtime/events.js';
import type { SnapshotCut } from '../stores.js';
import { type TaskWorkers, workerOf } from '../workers.js';
import type { Batch, Wait } from './batch.js';
import { type BatchRunner, type RunnerParts, type StateCut, sourceOf } from './batch-runner.js';
import { RemoteCut } from './remote-cut.js';
import { RemoteTask } from './remote-task.js';
import {
  type FromHost,
  reportOf,
  type SentOutput,
  type SentResult,
  sentBlocks,
  type TaskWork,
} from './task-messages.js';

/** What a runner works with when tasks are elsewhere. */
export interface RemoteRunnerParts extends RunnerParts {
  readonly workers: TaskWorkers;
  readonly keeper: Pick<Durability, 'latest'>;
  /** The snapshot that the job goes on from. */
  readonly restored: RestoredJob | undefined;
  readonly listener: Listener | undefined;
  readonly failed: (error: unknown) => void;
}

/** All state, to which no later snapshot adds. */
const ALL: SnapshotCut = { epoch: 0, since: undefined };

type Outputs = readonly (readonly ReadonlyMap<string, SentOutput>[])[];

/**
 * 1. Each task is on one worker for good. Its work of a batch goes there in one message, and what it gave comes back in one.
 * 2. Results are taken in task order, when all tasks of the stage are done.
 * 3. When a worker is back after it was lost, its tasks get the last snapshot and the inputs since; other tasks go on.
 */
export class RemoteRunner implements BatchRunner {
  recomputed = 0;
  readonly #parts: RemoteRunnerParts;
  /** By stage. */
  readonly #tasks: readonly (readonly RemoteTask[])[];
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
        return new RemoteTask({ stage: stage.id, task, worker, stateful: uids, send });
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

  *run(batch: Batch): Generator<Wait, void, void> {
    const { plan, reports, progress } = this.#parts;
    const outputs: ReadonlyMap<string, SentOutput>[][] = [];
    for (const stage of plan.stages) {
      let results: readonly SentResult[] = [];
      const running = this.#tasks[stage.id]!.map((task, index) =>
        task.run(batch.number, this.#work(stage, index, batch, outputs)),
      );
      yield Promise.all(running).then((done) => {
        results = done;
      });
      const written: ReadonlyMap<string, SentOutput>[] = [];
      outputs[stage.id] = written;
      for (const [task, result] of results.entries()) {
        yield* reports.take(batch, { stage: stage.id, task }, reportOf(result));
        if (result.kind === 'failed') continue;
        written[task] = result.outputs;
        if (result.time !== undefined) Object.assign(progress.timeOf(sourceOf(plan, stage), task), result.time);
      }
    }
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
  }

  #work(stage: Stage, task: number, batch: Batch, outputs: Outputs): TaskWork {
    const { plan, progress } = this.#parts;
    if (stage.inputs.length === 0) {
      const source = sourceOf(plan, stage);
      const blocks = sentBlocks(batch.blocks.get(`${source}:${task}`) ?? []);
      return { kind: 'blocks', blocks, time: { ...progress.timeOf(source, task) } };
    }
    const written = stage.inputs.flatMap((input, index) =>
      outputs[input.stage]!.map((output) => output.get(`${stage.id}:${index}`)!),
    );
    return { kind: 'rows', rows: written.map(({ rows }) => rows[task]!), news: progress.hear(stage, task, written) };
  }

  #hear(message: FromHost): void {
    const { stage, task } = message;
    if (message.kind === 'result') this.#tasks[stage]![task]!.hear(message.batch, message.result);
    else this.#cut?.hear({ stage, task }, message.cut, message.piece);
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
