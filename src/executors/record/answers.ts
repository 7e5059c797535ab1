/** Answers of a worker's tasks to the ackers, gathered for one message. */
import type { AckLane, TreeFailure } from './acker.js';
import { plainFailure, type StageAnswers } from './messages.js';

/** The lane of one stage's tasks. */
export class Answers implements AckLane {
  readonly #stage: number;
  #acks = new Int32Array(256);
  #count = 0;
  #fails: StageAnswers['fails'][number][] = [];
  #resets: number[] = [];

  constructor(stage: number) {
    this.#stage = stage;
  }

  ack(root: number, generation: number, high: number, low: number): void {
    if (this.#count === this.#acks.length) {
      const grown = new Int32Array(this.#count * 2);
      grown.set(this.#acks);
      this.#acks = grown;
    }
    this.#acks[this.#count] = root;
    this.#acks[this.#count + 1] = generation;
    this.#acks[this.#count + 2] = high;
    this.#acks[this.#count + 3] = low;
    this.#count += 4;
  }

  fail(root: number, generation: number, failure: TreeFailure): void {
    this.#fails.push({ root, generation, failure: plainFailure(failure) });
  }

  resetTimeout(root: number, generation: number): void {
    this.#resets.push(root, generation);
  }

  /** What there is; none when there is nothing. */
  take(): readonly StageAnswers[] {
    if (this.#count === 0 && this.#fails.length === 0 && this.#resets.length === 0) return [];
    const taken = {
      stage: this.#stage,
      acks: this.#acks.slice(0, this.#count),
      fails: this.#fails,
      resets: this.#resets,
    };
    this.#count = 0;
    this.#fails = [];
    this.#resets = [];
    return [taken];
  }
}
