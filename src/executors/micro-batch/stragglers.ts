/** Speculation: finds tasks that take much longer than the others of their stage. It runs none, and knows no messages. */
import type { TaskId } from './task-messages.js';

/** When a task is slow. Spark's settings of these names. */
export interface SpeculationLimits {
  /** Share of a stage's tasks that must be done before one counts as slow (`spark.speculation.quantile`). */
  readonly speculationQuantile: number;
  /** How many times the median of those a slow one takes (`spark.speculation.multiplier`). */
  readonly speculationMultiplier: number;
}

/** Below this no task counts as slow (us). Source: Spark, `spark.speculation.minTaskRuntime`. */
const RUNTIME_MIN = 100_000;

interface Running {
  readonly batch: number;
  readonly id: TaskId;
  readonly worker: number;
  readonly givenAt: number;
}

/** A task of one batch. */
export type RunningTask = Pick<Running, 'batch' | 'id'>;

/**
 * 1. A task begins when its worker has given the result before it: what waits behind a slow one counts as slow itself.
 * 2. When so many of a stage's tasks are done in a batch, those that have run for longer than `multiplier` times the median are slow.
 *
 * Holds an entry for each task of the batches under way. Source: Spark, `TaskSetManager.checkSpeculatableTasks`.
 */
export class Stragglers {
  readonly #limits: SpeculationLimits;
  readonly #running = new Set<Running>();
  /** Durations by batch and stage (us). */
  readonly #durations = new Map<number, Map<number, number[]>>();
  /** When each worker gave its last result. */
  readonly #freeAt = new Map<number, number>();

  constructor(limits: SpeculationLimits) {
    this.#limits = limits;
  }

  given(batch: number, id: TaskId, worker: number, now: number): void {
    this.#running.add({ batch, id, worker, givenAt: now });
  }

  /** A worker gave a result, also one that comes too late. */
  done(batch: number, { stage, task }: TaskId, worker: number, now: number): void {
    for (const running of this.#running) {
      if (running.batch !== batch || running.id.stage !== stage || running.id.task !== task) continue;
      if (running.worker === worker) this.#durationsOf(batch, stage).push(now - this.#beganAt(running));
      this.#running.delete(running);
    }
    this.#freeAt.set(worker, now);
  }

  /** That batch is done with. */
  forget(batch: number): void {
    this.#durations.delete(batch);
    for (const running of this.#running) if (running.batch <= batch) this.#running.delete(running);
  }

  /** Tasks that one worker has, and that are slow; `tasksOf`: how many tasks a stage has. */
  slow(now: number, tasksOf: (stage: number) => number): readonly RunningTask[] {
    const { speculationQuantile, speculationMultiplier } = this.#limits;
    const alone = [...this.#running].filter(
      (one) => ![...this.#running].some((other) => other !== one && isSame(one, other)),
    );
    return alone.filter((running) => {
      const { batch, id } = running;
      const durations = this.#durations.get(batch)?.get(id.stage) ?? [];
      if (durations.length < Math.max(1, Math.floor(speculationQuantile * tasksOf(id.stage)))) return false;
      const limit = Math.max(RUNTIME_MIN, speculationMultiplier * medianOf(durations));
      return now - this.#beganAt(running) > limit;
    });
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** How much a worker has to do. */
  loadOf(worker: number): number {
    return [...this.#running].filter((running) => running.worker === worker).length;
  }

  #beganAt({ worker, givenAt }: Running): number {
    return Math.max(givenAt, this.#freeAt.get(worker) ?? givenAt);
  }

  #durationsOf(batch: number, stage: number): number[] {
    let stages = this.#durations.get(batch);
    if (stages === undefined) {
      stages = new Map();
      this.#durations.set(batch, stages);
    }
    let durations = stages.get(stage);
    if (durations === undefined) {
      durations = [];
      stages.set(stage, durations);
    }
    return durations;
  }
}

function isSame(one: Running, other: Running): boolean {
  return one.batch === other.batch && one.id.stage === other.id.stage && one.id.task === other.id.task;
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
