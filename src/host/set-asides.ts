/** Gathers what sources and sinks set aside by themselves, and puts it among the dead letters of the run's result. */
import { DEAD_LETTERS_KEPT, type DeadLetter, type JobResult } from '../executors/executor.js';
import type { Listener } from '../runtime/events.js';
import type { TellSetAside } from '../runtime/set-aside.js';

/** The letters of one run. They are told once by each process: one that reads a record again tells of it again. */
export class SetAsides {
  readonly #listener: Listener | undefined;
  readonly #kept: DeadLetter[] = [];
  #count = 0;

  constructor(listener: Listener | undefined) {
    this.#listener = listener;
  }

  /** What the end of that name tells. */
  of(name: string): TellSetAside {
    return (letter) => {
      this.#count++;
      if (this.#kept.length < DEAD_LETTERS_KEPT) this.#kept.push({ source: name, ...letter });
      this.#listener?.({ kind: 'deadLetter', component: name, offset: letter.offset, code: letter.error.code });
    };
  }

  /** The result with them: they count beside those of the executor. */
  in(result: JobResult): JobResult {
    if (this.#count === 0) return result;
    return {
      ...result,
      deadLetters: [...result.deadLetters, ...this.#kept].slice(0, DEAD_LETTERS_KEPT),
      deadLetterCount: result.deadLetterCount + this.#count,
    };
  }
}
