/** Tells how far a comparison is: phases with an expected length each, so that the bar moves evenly. */
import type { ComparePhase, CompareProgress } from './options.js';

/** A phase with the time that it should take (any unit, relative to the others). */
export interface ExpectedPhase {
  readonly phase: ComparePhase;
  readonly weight: number;
}

/** Reports progress; phases are begun in the given order, some may come several times. */
export class Progress {
  readonly #report: ((progress: CompareProgress) => void) | undefined;
  readonly #total: number;
  #done = 0;
  #current: ExpectedPhase | undefined;
  #began = 0;

  constructor(expected: readonly ExpectedPhase[], report: ((progress: CompareProgress) => void) | undefined) {
    this.#report = report;
    this.#total = expected.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** Begins a phase; the one before counts as done. */
  begin(next: ExpectedPhase): void {
    this.#done += this.#current?.weight ?? 0;
    this.#current = next;
    this.#began = performance.now();
    this.#tell(0, 0);
  }

  /** `share` of the phase at hand is done, `records` of it read so far. */
  at(share: number, records: number): void {
    const seconds = (performance.now() - this.#began) / 1_000;
    this.#tell(Math.min(1, share), seconds > 0 ? records / seconds : 0);
  }

  #tell(share: number, recordsPerSecond: number): void {
    const { phase, weight } = this.#current!;
    this.#report?.({ phase, fraction: Math.min(1, (this.#done + share * weight) / this.#total), recordsPerSecond });
  }
}
