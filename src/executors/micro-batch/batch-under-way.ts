/** One batch on workers: what its tasks gave so far, stage by stage. It knows neither workers nor what becomes of results. */
import type { Plan, Stage } from '../../plan/plan.js';
import type { PartitionTimes } from '../../runtime/durability.js';
import type { Batch } from './batch.js';
import type { SentOutput, SentResult } from './task-messages.js';

interface StageUnderWay {
  readonly results: SentResult[];
  left: number;
  isGiven: boolean;
  hasFailed: boolean;
  whole: (() => void) | undefined;
}

/** How far the stream time of a source partition is before and behind a batch. */
export interface TimeBehind {
  readonly source: string;
  readonly partition: number;
  readonly before: PartitionTimes;
  readonly time: PartitionTimes;
}

export class BatchUnderWay {
  readonly batch: Batch;
  readonly times: readonly TimeBehind[];
  /** By stage. */
  readonly #stages: readonly StageUnderWay[];

  constructor(plan: Plan, batch: Batch, times: readonly TimeBehind[]) {
    this.batch = batch;
    this.times = times;
    this.#stages = plan.stages.map(({ parallelism }) => ({
      results: new Array<SentResult>(parallelism),
      left: parallelism,
      isGiven: false,
      hasFailed: false,
      whole: undefined,
    }));
  }

  timeBefore(source: string, partition: number): PartitionTimes {
    return this.times.find((each) => each.source === source && each.partition === partition)!.before;
  }

  /** Its tasks have their work. */
  isGiven(stage: number): boolean {
    return this.#stages[stage]!.isGiven;
  }

  give(stage: number): void {
    this.#stages[stage]!.isGiven = true;
  }

  /** All that its tasks read is there. Never behind a task that failed. */
  isReady({ inputs }: Stage): boolean {
    return inputs.every(({ stage }) => this.#stages[stage]!.left === 0 && !this.#stages[stage]!.hasFailed);
  }

  take(stage: number, task: number, result: SentResult): void {
    const taken = this.#stages[stage]!;
    taken.results[task] = result;
    taken.left -= 1;
    if (result.kind === 'failed') taken.hasFailed = true;
    if (taken.left === 0) taken.whole?.();
  }

  /** The results of all tasks of a stage, in task order; a promise while some are missing. */
  resultsOf(stage: number): readonly SentResult[] | Promise<void> {
    const found = this.#stages[stage]!;
    if (found.left === 0) return found.results;
    return new Promise((resolve) => {
      found.whole = resolve;
    });
  }

  /** What all producing tasks wrote for the tasks of a stage. */
  inputsOf(stage: Stage): readonly SentOutput[] {
    return stage.inputs.flatMap((input, index) =>
      this.#stages[input.stage]!.results.flatMap((result) =>
        result.kind === 'done' ? [result.outputs.get(`${stage.id}:${index}`)!] : [],
      ),
    );
  }
}
