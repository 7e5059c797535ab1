/** Runs the stages of one batch over its partitions, task by task, in this thread. It knows neither clock nor receivers. */
import { nameOf } from '../../plan/kinds.js';
import type { Plan, Stage } from '../../plan/plan.js';
import type { GateState, SnapshotMeta, StoreSource } from '../../runtime/durability.js';
import type { Block } from '../../runtime/source.js';
import type { SnapshotCut, Stores } from '../stores.js';
import type { Batch, Wait } from './batch.js';
import { BatchTask, type TaskInput, type TaskServices } from './batch-task.js';
import { type CallerParts, callerOf, type RowCaller } from './called-rows.js';
import type { Components } from './components.js';
import { InBandOutput, inBandOf } from './in-band.js';
import { InBandInput } from './in-band-input.js';
import type { Progress } from './progress.js';
import { SpareRows } from './rows.js';
import { RowsOutput } from './shuffle.js';
import { BlockInput, ShuffleInput } from './task-inputs.js';
import type { TaskReports } from './task-reports.js';
import { TaskFailure } from './task-result.js';

/** The state of all tasks at one moment. */
export interface StateCut {
  readonly stores: readonly StoreSource[];
  readonly innerGates: SnapshotMeta['innerGates'];
}

/** Runs batches, and holds what lives from one to the next. */
export interface BatchRunner {
  /** How many batches may have begun and not be done. */
  readonly batchesUnderWayMax: number;
  /** Gives a batch's work to tasks that are elsewhere, behind the work of the batches before it. Here nothing begins before `run`. */
  begin(batch: Batch): void;
  /**
   * The steps of a batch that has begun, so that the caller can let others have a turn between: results are taken in task order.
   * Batches are run in the order in which they began. @throws StreamError
   */
  run(batch: Batch): Generator<Wait, void, void>;
  /** What tasks hold now, between two batches, however they go on. Undefined when a task was lost meanwhile. */
  cut(cut: SnapshotCut): StateCut | Promise<StateCut | undefined>;
  /** The snapshot of that batch is saved. */
  saved(batch: number): void;
  /** The job is over. */
  close(): void;
  /** Behind the last batch: brings all state to the stores of this thread. */
  gather(): Wait;
  /** Records that tasks of lost workers processed a second time. */
  readonly recomputed: number;
}

/** What a runner works with beside the tasks. */
export interface RunnerParts extends CallerParts {
  readonly stores: Stores;
  readonly progress: Progress;
  readonly reports: TaskReports;
  /** Only in a job with spouts and bolts. */
  readonly components: Components | undefined;
  /** Gates within chains, of a snapshot. */
  readonly innerGates: SnapshotMeta['innerGates'];
}

/** The name of a source, as blocks and positions have it. */
export function sourceOf(plan: Plan, stage: Stage): string {
  return nameOf(plan.operators[stage.head]!);
}

/** Runs tasks in this thread, one after another. */
export class LocalRunner implements BatchRunner {
  readonly batchesUnderWayMax = 1;
  readonly recomputed = 0;
  readonly #parts: RunnerParts;
  /** By stage. */
  readonly #tasks: readonly (readonly BatchTask<RowsOutput>[])[];
  /** By stage: of each task where a stage begins with calls, else none. */
  readonly #callers: readonly (readonly RowCaller[])[];
  readonly #spare = new SpareRows();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#callers = parts.plan.stages.map((stage) =>
      Array.from({ length: stage.parallelism }, () => callerOf(stage, parts)).filter((caller) => caller !== undefined),
    );
    const services = servicesOf(parts, this.#spare);
    this.#tasks = parts.plan.stages.map((stage) =>
      Array.from(
        { length: stage.parallelism },
        (_, task) => new BatchTask(stage, task, services, parts.innerGates[`${stage.id}:${task}`]),
      ),
    );
  }

  begin(): void {}

  *run(batch: Batch): Generator<Wait, void, void> {
    const { plan, reports, components } = this.#parts;
    components?.begin(batch);
    const outputs: ReadonlyMap<string, RowsOutput>[][] = [];
    for (const stage of plan.stages) {
      const written: ReadonlyMap<string, RowsOutput>[] = [];
      outputs[stage.id] = written;
      const called = yield* this.#called(stage, outputs);
      for (const [index, task] of this.#tasks[stage.id]!.entries()) {
        const inputs = called[index] ?? this.#inputs(stage, index, batch, outputs);
        const given = new Map<string, number>();
        for (const input of inputs) {
          const work = input();
          const run = () => task.runBatch(work);
          const result = components?.work.run(stage, index, work.length, run) ?? run();
          yield* reports.take(batch, { stage: stage.id, task: index }, result, given);
          if (!(result instanceof TaskFailure)) written[index] = result.outputs;
          yield;
        }
      }
    }
    // With components rows are traced ones, which hold more.
    if (components === undefined) this.#reuse(outputs);
  }

  /** What was written in a batch that is over. */
  #reuse(outputs: readonly (readonly ReadonlyMap<string, RowsOutput>[])[]): void {
    for (const output of outputs.flat().flatMap((written) => [...written.values()]))
      for (const rows of output.rows) this.#spare.give(rows);
  }

  cut(cut: SnapshotCut): StateCut {
    const innerGates: Record<string, readonly GateState[]> = {};
    for (const task of this.#tasks.flat()) {
      const gates = task.gates();
      if (gates.length > 0) innerGates[`${task.stage.id}:${task.task}`] = gates;
    }
    return { stores: this.#parts.stores.snapshots(cut), innerGates };
  }

  saved(): void {}

  close(): void {
    for (const caller of this.#callers.flat()) caller.end();
  }

  gather(): undefined {}

  /** What came of the calls with which a stage begins, as the work of its tasks: these make their calls at the same time. */
  *#called(
    stage: Stage,
    outputs: readonly (readonly ReadonlyMap<string, RowsOutput>[])[],
  ): Generator<Wait, readonly (readonly (() => TaskInput)[])[], void> {
    const callers = this.#callers[stage.id]!;
    if (callers.length === 0) return NOT_CALLED;
    const called: TaskInput[] = [];
    yield Promise.all(
      callers.map(async (caller, task) => {
        called[task] = await this.#shuffled(stage, task, outputs).called(caller);
      }),
    );
    return called.map((input) => [() => input]);
  }

  /** The work of a task in one batch, as it comes: each piece sees the stream time behind the one before. */
  #inputs(
    stage: Stage,
    task: number,
    batch: Batch,
    outputs: readonly (readonly ReadonlyMap<string, RowsOutput>[])[],
  ): readonly (() => TaskInput)[] {
    if (stage.inputs.length > 0) return [() => this.#shuffled(stage, task, outputs)];
    const { plan } = this.#parts;
    const blocks = batch.blocks.get(`${sourceOf(plan, stage)}:${task}`) ?? [];
    return this.#tasks[stage.id]![task]!.pieces.of(blocks).map((piece) => () => this.#blocks(stage, task, piece));
  }

  #blocks(stage: Stage, partition: number, blocks: readonly Block[]): BlockInput {
    const { plan, progress } = this.#parts;
    const source = sourceOf(plan, stage);
    return new BlockInput(blocks, progress.timeOf(source, partition), plan.step, { source, partition });
  }

  /** What all producing tasks wrote for this task. A stage's inputs come from earlier stages, which have run. */
  #shuffled(
    stage: Stage,
    task: number,
    outputs: readonly (readonly ReadonlyMap<string, RowsOutput>[])[],
  ): ShuffleInput | InBandInput {
    const { plan, progress } = this.#parts;
    const written = stage.inputs.flatMap((input, index) =>
      outputs[input.stage]!.map((output) => output.get(`${stage.id}:${index}`)!),
    );
    const head = plan.operators[stage.head]!;
    const origin = { source: nameOf(head), partition: task };
    if (!written.every((output) => output instanceof InBandOutput)) {
      const rows = written.map((output) => output.rows[task]!);
      return new ShuffleInput(rows, progress.hear(stage, task, written), origin);
    }
    const order = inBandOf(progress.gateOf(stage.id, task), written, task, head.kind === 'window-reduce');
    return new InBandInput(
      written.map((output) => output.rows[task]!),
      order,
      origin,
    );
  }
}

/** Of a stage that does not begin with calls. */
const NOT_CALLED: readonly never[] = [];

/** With bolts, watermarks keep their place between the rows. */
function servicesOf({ plan, functions, stores, components }: RunnerParts, spare: SpareRows): TaskServices<RowsOutput> {
  const services = { plan, functions, stores };
  if (components === undefined) return { ...services, newOutput: (exit) => new RowsOutput(exit, () => spare.take()) };
  const component: TaskServices<RowsOutput>['component'] = (...task) => components.task(...task);
  return { ...services, newOutput: (exit) => new InBandOutput(exit), component };
}
