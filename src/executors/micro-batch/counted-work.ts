/** What the tasks of a job with components do, in Storm's numbers. Bolts count their own tuples, spouts their messages. */
import { nameOf } from '../../plan/kinds.js';
import type { Plan, Stage } from '../../plan/plan.js';
import type { Clock } from '../../runtime/world.js';
import { ComponentCounters } from '../component-counters.js';
import { RowsOutput, type ShuffleOutput } from './shuffle.js';
import { TaskFailure, type TaskResult } from './task-result.js';

/** What came of a piece of work. */
type Ran<O extends ShuffleOutput> = TaskResult<O> | TaskFailure;

/** Runs a piece of work of a task with so many records, and counts it. */
export class CountedWork {
  /** By stage. */
  readonly counters: readonly ComponentCounters[];
  readonly #plan: Plan;
  readonly #clock: Clock;

  constructor(plan: Plan, clock: Clock) {
    const { operators, stages } = plan;
    this.counters = stages.map(({ head, parallelism }) => new ComponentCounters(nameOf(operators[head]!), parallelism));
    this.#plan = plan;
    this.#clock = clock;
  }

  run<O extends ShuffleOutput>(stage: Stage, task: number, length: number, run: () => Ran<O>): Ran<O> {
    const counters = this.counters[stage.id]!;
    const began = this.#clock.now();
    const result = run();
    counters.busy += this.#clock.now() - began;
    if (result instanceof TaskFailure) return result;
    for (const output of result.outputs.values())
      if (output instanceof RowsOutput) counters.transferred += output.rows.reduce((sum, rows) => sum + rows.length, 0);
    const { kind } = this.#plan.operators[stage.head]!;
    if (kind !== 'bolt') counters.executed[task]! += length;
    if (kind === 'source' || kind === 'spout') counters.emitted += length;
    return result;
  }
}
