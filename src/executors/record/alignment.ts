/** Barriers at a task with several inputs: it has met one when it came on every input, and passes it on. */
import type { TaskParts } from './task.js';

/** Nothing has to be held back: sources give nothing between a barrier and the last task's meeting it. */
export class Alignment {
  readonly #parts: Pick<TaskParts, 'exitEdges' | 'job'>;
  readonly #inputs: number;
  #epoch = 0;
  #met = 0;

  constructor(parts: Pick<TaskParts, 'exitEdges' | 'job'>, inputs: number) {
    this.#parts = parts;
    this.#inputs = inputs;
  }

  /** The barrier came on one more input. One that was given up may be left behind on some of them. */
  reached(epoch: number): void {
    if (epoch < this.#epoch) return;
    if (epoch > this.#epoch) this.#met = 0;
    this.#epoch = epoch;
    if (++this.#met < this.#inputs) return;
    for (const edge of this.#parts.exitEdges) edge.barrier(epoch);
    this.#parts.job.barrierReached(epoch);
  }
}
