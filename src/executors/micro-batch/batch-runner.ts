/** Runs the stages of one batch over its partitions, task by task. It knows neither clock nor receivers. */

import type { Plan, Stage } from '../../plan/plan.js';
import type { Block } from '../../runtime/source.js';
import { WatermarkGate } from '../link.js';
import { BatchTask, type TaskServices } from './batch-task.js';
import type { ShuffleOutput } from './shuffle.js';
import { BlockInput, newPartitionTime, type PartitionTime, ShuffleInput } from './task-inputs.js';

/** A batch as the job generator makes it. */
export interface Batch {
  /** Stream time of its tick (us). */
  readonly time: number;
  /** The blocks of each source partition, by `source:partition`. */
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
  readonly numRecords: number;
  readonly submissionTime: number;
}

/** One stage's tasks, and for each the minimum of its inputs' watermarks. */
interface StageTasks {
  readonly stage: Stage;
  readonly tasks: readonly BatchTask[];
  readonly gates: readonly WatermarkGate[];
}

/** Holds what lives from batch to batch: tasks with their state, and how far stream time got. */
export class BatchRunner {
  readonly #plan: Plan;
  readonly #stages: readonly StageTasks[];
  readonly #times = new Map<string, PartitionTime>();

  constructor(services: TaskServices) {
    this.#plan = services.plan;
    this.#stages = services.plan.stages.map((stage) => {
      const inputs = stage.inputs.reduce((sum, input) => sum + services.plan.stages[input.stage]!.parallelism, 0);
      const tasks = Array.from({ length: stage.parallelism }, (_, task) => new BatchTask(stage, task, services));
      return { stage, tasks, gates: tasks.map(() => new WatermarkGate(inputs)) };
    });
  }

  /** All tasks of all stages have seen the end of their input. */
  get hasEnded(): boolean {
    return this.#stages.every(({ stage, gates }) => stage.inputs.length === 0 || gates.every((gate) => gate.ended));
  }

  /** The tasks of a batch in order, one a step, so that the caller can let others have a turn between. @throws StreamError */
  *run(batch: Batch): Generator<void, void, void> {
    const outputs = new Map<string, ReadonlyMap<string, ShuffleOutput>[]>();
    for (const { stage, tasks, gates } of this.#stages) {
      const written: ReadonlyMap<string, ShuffleOutput>[] = [];
      outputs.set(String(stage.id), written);
      for (const [index, task] of tasks.entries()) {
        written.push(
          task.runBatch(
            stage.inputs.length === 0
              ? this.#blocks(stage, index, batch)
              : this.#shuffled(stage, index, gates[index]!, outputs),
          ),
        );
        yield;
      }
    }
  }

  #blocks(stage: Stage, partition: number, batch: Batch): BlockInput {
    const head = this.#plan.operators[stage.head]!;
    const source = head.kind === 'source' ? head.name : head.uid;
    const name = `${source}:${partition}`;
    let time = this.#times.get(name);
    if (time === undefined) {
      time = newPartitionTime();
      this.#times.set(name, time);
    }
    return new BlockInput(batch.blocks.get(name) ?? [], time, this.#plan.step, { source, partition });
  }

  /** What all producing tasks wrote for this task. A stage's inputs come from earlier stages, which have run. */
  #shuffled(
    stage: Stage,
    task: number,
    gate: WatermarkGate,
    outputs: ReadonlyMap<string, readonly ReadonlyMap<string, ShuffleOutput>[]>,
  ): ShuffleInput {
    const hadEnded = gate.ended;
    const before = gate.minimum;
    let producer = 0;
    const rows = stage.inputs.flatMap((input, index) =>
      outputs.get(String(input.stage))!.map((written) => {
        const output = written.get(`${stage.id}:${index}`)!;
        gate.advance(producer, output.watermark);
        if (output.end !== undefined) gate.end(producer, output.end.finalWatermark, output.end.highest);
        producer++;
        return output.rows[task]!;
      }),
    );
    const head = this.#plan.operators[stage.head]!;
    return new ShuffleInput(rows, gate, gate.minimum > before, gate.ended && !hadEnded, {
      source: head.uid,
      partition: task,
    });
  }
}
