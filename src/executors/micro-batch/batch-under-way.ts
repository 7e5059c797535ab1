/** One batch on workers: what its tasks gave so far, stage by stage. It knows neither workers nor what becomes of results. */
import type { Plan, Stage } from '../../plan/plan.js';
import type { Batch } from './batch.js';
import type { SentOutput, SentResult } from './task-messages.js';

interface StageUnderWay {
  readonly results: SentResult[];
  left: number;
  hasFailed: boolean;
  readonly whole: (() => void)[];
}

export class BatchUnderWay {
  readonly batch: Batch;
  readonly #plan: Plan;
  /** By stage. */
  readonly #stages: readonly StageUnderWay[];

  constructor(plan: Plan, batch: Batch) {
    this.#plan = plan;
    this.batch = batch;
    this.#stages = plan.stages.map(({ parallelism }) => ({
      results: new Array<SentResult>(parallelism),
      left: parallelism,
      hasFailed: false,
      whole: [],
    }));
  }

  /** Takes the result of a task. Returns the stages whose inputs are complete with it; none behind a task that failed. */
  take(stage: number, task: number, result: SentResult): readonly Stage[] {
    const taken = this.#stages[stage]!;
    taken.results[task] = result;
    taken.left -= 1;
    if (result.kind === 'failed') taken.hasFailed = true;
    if (taken.left > 0) return [];
    for (const resolve of taken.whole.splice(0)) resolve();
    return this.#plan.stages.filter(
      ({ inputs }) =>
        inputs.some((input) => input.stage === stage) && inputs.every((input) => this.#isComplete(input.stage)),
    );
  }

  /** The results of all tasks of a stage, in task order; a promise while some are missing. */
  resultsOf(stage: number): readonly SentResult[] | Promise<void> {
    const { results, left, whole } = this.#stages[stage]!;
    return left === 0 ? results : new Promise((resolve) => void whole.push(resolve));
  }

  /** What all producing tasks wrote for the tasks of a stage. */
  inputsOf(stage: Stage): readonly SentOutput[] {
    return stage.inputs.flatMap((input, index) =>
      this.#stages[input.stage]!.results.flatMap((result) =>
        result.kind === 'done' ? [result.outputs.get(`${stage.id}:${index}`)!] : [],
      ),
    );
  }

  #isComplete(stage: number): boolean {
    const { left, hasFailed } = this.#stages[stage]!;
    return left === 0 && !hasFailed;
  }
}
