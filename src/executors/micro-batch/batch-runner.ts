/** Runs the stages of one batch over its partitions, task by task. It knows neither clock nor receivers. */

import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import { Block } from '../../runtime/source.js';
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

/** Operators that give results at the end of an interval. */
const PER_INTERVAL: ReadonlySet<string> = new Set(['window-reduce', 'update-state', 'collect-interval']);

/** The most records of one attempt of a task that gives results for each record. */
const ATTEMPT_RECORDS_MAX = 2_000;

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

  /** The tasks of a batch in order, one a step, so that the caller can let others have a turn between. @throws StreamError */
  *run(batch: Batch): Generator<void, void, void> {
    const outputs = new Map<string, ReadonlyMap<string, ShuffleOutput>[]>();
    for (const { stage, tasks, gates } of this.#stages) {
      const written: ReadonlyMap<string, ShuffleOutput>[] = [];
      outputs.set(String(stage.id), written);
      for (const [index, task] of tasks.entries()) {
        if (stage.inputs.length > 0) {
          written.push(task.runBatch(this.#shuffled(stage, index, gates[index]!, outputs)));
          yield;
          continue;
        }
        for (const blocks of this.#pieces(stage, index, batch)) {
          written[index] = task.runBatch(this.#blocks(stage, index, blocks));
          yield;
        }
      }
    }
  }

  /**
   * A partition's share of a batch, cut to what one attempt takes: all of it, so that a cell is journaled once a batch, and
   * for the combine in front of a shuffle. Only where each record gives results, attempts are short, so that what they stage
   * dies young: a batch of 10,000 lines in one attempt would cost a third more (bench `micro-batch-running`).
   */
  #pieces(stage: Stage, partition: number, batch: Batch): readonly (readonly Block[])[] {
    const blocks = batch.blocks.get(`${this.#nameOf(stage)}:${partition}`) ?? [];
    const isShuffled = this.#stages.some((other) => other.stage.inputs.some((input) => input.stage === stage.id));
    if (isShuffled || blocks.length === 0 || !this.#hasResultsPerRecord(stage)) return [blocks];
    return blocks.flatMap((block) => cut(block, ATTEMPT_RECORDS_MAX)).map((block) => [block]);
  }

  #hasResultsPerRecord(stage: Stage): boolean {
    const { operators } = this.#plan;
    const isPerRecord = ({ kind, inputs }: CoreOperator): boolean =>
      !PER_INTERVAL.has(kind) &&
      (inputs.length === 0 || inputs.some(({ operator }) => isPerRecord(operators[operator]!)));
    return stage.operators.some((id) => operators[id]!.kind === 'sink' && isPerRecord(operators[id]!));
  }

  #blocks(stage: Stage, partition: number, blocks: readonly Block[]): BlockInput {
    const source = this.#nameOf(stage);
    const name = `${source}:${partition}`;
    let time = this.#times.get(name);
    if (time === undefined) {
      time = newPartitionTime();
      this.#times.set(name, time);
    }
    return new BlockInput(blocks, time, this.#plan.step, { source, partition });
  }

  #nameOf(stage: Stage): string {
    const head = this.#plan.operators[stage.head]!;
    return head.kind === 'source' ? head.name : head.uid;
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

/** A block as blocks of at most `max` records; heartbeats keep their places, the end stays with the last. */
function cut(block: Block, max: number): readonly Block[] {
  const count = block.values.length;
  if (count <= max) return [block];
  const pieces: Block[] = [];
  for (let from = 0; from < count; from += max) {
    const to = Math.min(from + max, count);
    const piece = new Block();
    piece.firstOffset = block.firstOffset + from;
    piece.values = block.values.slice(from, to);
    piece.timestamps = block.timestamps.subarray(from, to);
    const isLast = to === count;
    const within = block.heartbeats.filter(({ at }) => at >= from && (at < to || isLast));
    piece.heartbeats = within.map(({ at, watermark }) => ({ at: at - from, watermark }));
    piece.ended = isLast && block.ended;
    pieces.push(piece);
  }
  return pieces;
}
