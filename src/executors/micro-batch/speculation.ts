/** Speculation: gives the work of a slow task to another worker too. It knows neither batches' order nor results. */
import type { Listener } from '../../runtime/events.js';
import type { Timer, World } from '../../runtime/world.js';
import type { MicroBatchOptions } from '../executor.js';
import type { RemoteTask } from './remote-task.js';
import { type SpeculationLimits, Stragglers } from './stragglers.js';
import type { TaskId } from './task-messages.js';

/** Spark's settings of these names. */
export type SpeculationOptions = SpeculationLimits & Pick<MicroBatchOptions, 'speculation' | 'speculationInterval'>;

/** What speculation works with. */
export interface SpeculationParts {
  readonly world: Pick<World, 'clock' | 'scheduler'>;
  readonly options: SpeculationOptions;
  readonly workers: number;
  /** Workers that are lost at the moment. */
  readonly lost: ReadonlySet<number>;
  /** By stage. */
  readonly tasks: readonly (readonly RemoteTask[])[];
  readonly listener: Listener | undefined;
  readonly failed: (error: unknown) => void;
}

/**
 * Looks each `speculationInterval` while work is under way. A twin runs behind what its worker has to do already. A task with
 * state or a component has none: it is on one worker.
 */
export class Speculation {
  readonly #parts: SpeculationParts;
  readonly #stragglers: Stragglers;
  #timer: Timer | undefined;

  constructor(parts: SpeculationParts) {
    this.#parts = parts;
    this.#stragglers = new Stragglers(parts.options);
  }

  given(batch: number, id: TaskId, worker: number): void {
    this.#stragglers.given(batch, id, worker, this.#now());
  }

  done(batch: number, id: TaskId, worker: number): void {
    this.#stragglers.done(batch, id, worker, this.#now());
  }

  forget(batch: number): void {
    this.#stragglers.forget(batch);
  }

  /** Work is under way. */
  watch(): void {
    if (this.#timer !== undefined) return;
    const { world, options, failed } = this.#parts;
    this.#timer = world.scheduler.at(this.#now() + options.speculationInterval, () => {
      this.#timer = undefined;
      try {
        this.#look();
      } catch (thrown) {
        failed(thrown);
        return;
      }
      if (this.#stragglers.isBusy) this.watch();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const { tasks, listener } = this.#parts;
    for (const { batch, id } of this.#stragglers.slow(this.#now(), (stage) => tasks[stage]!.length)) {
      const task = tasks[id.stage]![id.task]!;
      const worker = task.isPinned ? undefined : this.#freest(task.workersOf(batch));
      if (worker === undefined) continue;
      this.#stragglers.given(batch, id, worker, this.#now());
      listener?.({ kind: 'taskSpeculated', stage: id.stage, partition: id.task, worker });
      task.twin(batch, worker);
    }
  }

  /** The worker with the least to do that has not this work; none when it is not under way any more. */
  #freest(having: readonly number[]): number | undefined {
    if (having.length === 0) return undefined;
    const { workers, lost } = this.#parts;
    const others = Array.from({ length: workers }, (_, worker) => worker).filter(
      (worker) => !lost.has(worker) && !having.includes(worker),
    );
    return others.toSorted((a, b) => this.#stragglers.loadOf(a) - this.#stragglers.loadOf(b))[0];
  }

  #now(): number {
    return this.#parts.world.clock.now();
  }
}
