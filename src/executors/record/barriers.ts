/** When barriers begin, when every task has met one, and when they are given up. It knows neither stores nor sinks. */
import type { SourcePosition } from '../../runtime/durability.js';
import type { RecordOptions } from '../executor.js';
import type { RunControl } from './run-control.js';
import type { Wiring } from './wiring-parts.js';

/** A wiring that barriers go through. */
export interface BarrierRun {
  readonly control: RunControl;
  readonly wiring: Wiring;
  /** Drains the edges, and sends what goes to other hosts. */
  drain(): void;
  /** Every task on other hosts has met this barrier. */
  isMetElsewhere(epoch: number): boolean;
}

/** A barrier that every task has met. Nothing has moved since. */
export interface MetBarrier {
  readonly epoch: number;
  readonly positions: readonly SourcePosition[];
}

/** What becomes of barriers. */
export interface BarrierParts {
  readonly options: Pick<RecordOptions, 'barrierTimeout'>;
  /** The time between the beginnings of two barriers (us); none are due by themselves when undefined. */
  readonly period: number | undefined;
  /** False where waiting tuples are let go by stream time only: sources give on while a barrier waits for its moment. */
  readonly pauses: boolean;
  /** Number of the last barrier so far. */
  readonly epoch: number;
  now(): number;
  /** Takes the snapshot, and resolves when it is saved: the next barrier waits for that. Rejects never. */
  take(barrier: MetBarrier): Promise<void>;
  skipped(epoch: number): void;
}

/**
 * 1. A barrier is due every `period`, if anything has happened, or when it is needed. Sources give nothing new from then on.
 * 2. When no tree is pending, no watermark waits, and the snapshot before is saved, each source puts it into every exit.
 * 3. When every task has met it on all inputs, the snapshot is taken, and sources go on.
 * 4. One that cannot begin, or is not met, within `barrierTimeout` is given up.
 */
export class Barriers {
  readonly #parts: BarrierParts;
  #run: BarrierRun | undefined;
  #epoch: number;
  /** `waiting`: due, but not begun. `passing`: in the rings. */
  #state: 'none' | 'waiting' | 'passing' = 'none';
  /** Counts barriers, so that a timeout knows whether its own is still there. */
  #number = 0;
  #positions: readonly SourcePosition[] = [];
  #met = 0;
  #saving: Promise<void> | undefined;
  #isDirty = false;
  /** Due as soon as the snapshot before is saved. */
  #isNext = false;

  constructor(parts: BarrierParts) {
    this.#parts = parts;
    this.#epoch = parts.epoch;
  }

  /** Sources give nothing new. */
  get isPausing(): boolean {
    return this.#state === 'passing' || (this.#state === 'waiting' && this.#parts.pauses);
  }

  /** Resolves when no snapshot is being saved. */
  get saved(): Promise<void> {
    return this.#saving ?? Promise.resolve();
  }

  /** From now on barriers go through this wiring. */
  begin(run: BarrierRun): void {
    this.#run = run;
    this.#state = 'none';
    this.#isNext = false;
    if (this.#parts.period !== undefined) this.#dueIn(this.#parts.period);
  }

  /** What was on its way is given up; what is being saved is not. */
  end(): void {
    this.#run = undefined;
    this.#state = 'none';
    this.#isNext = false;
  }

  /** Something happened: the next barrier has something to keep. */
  worked(): void {
    this.#isDirty = true;
  }

  /** A barrier is wanted now. */
  request(): void {
    const run = this.#run;
    if (run === undefined || this.#state !== 'none') return;
    if (this.#saving !== undefined) {
      this.#isNext = true;
      return;
    }
    this.#state = 'waiting';
    const number = ++this.#number;
    const { options, now } = this.#parts;
    run.control.at(now() + options.barrierTimeout, () => {
      if (this.#number === number && this.#state !== 'none') this.#giveUp(run);
    });
    run.control.wake();
  }

  /** At the end of a turn: begins the barrier that waits, if its moment has come, and takes the snapshot once it is met. */
  step(): void {
    const run = this.#run;
    if (run === undefined || this.#state === 'none') return;
    if (this.#state === 'waiting') {
      const { spouts } = run.wiring;
      if (!spouts.every((spout) => spout.isAtRest)) return;
      this.#state = 'passing';
      this.#met = 0;
      this.#epoch++;
      this.#positions = spouts.map((spout) => spout.position());
      for (const spout of spouts) spout.barrier(this.#epoch);
      run.drain();
    }
    this.#takeIfMet(run);
  }

  /** A worker is lost whose tasks come back alone: what was on its way does not arrive. */
  abandon(): void {
    if (this.#state === 'passing' && this.#run !== undefined) this.#giveUp(this.#run);
  }

  /** A task of this host has met the barrier. */
  reached(epoch: number): void {
    if (this.#state === 'passing' && epoch === this.#epoch) this.#met++;
  }

  #takeIfMet(run: BarrierRun): void {
    const isHere = this.#met === run.wiring.consumers.length;
    if (run.control.isOver || this.#state !== 'passing' || !isHere || !run.isMetElsewhere(this.#epoch)) return;
    this.#state = 'none';
    this.#isDirty = false;
    const saving = this.#parts.take({ epoch: this.#epoch, positions: this.#positions });
    this.#saving = saving.then(() => {
      this.#saving = undefined;
      if (!this.#isNext || this.#run !== run) return;
      this.#isNext = false;
      this.request();
    });
    run.control.wake();
  }

  #giveUp(run: BarrierRun): void {
    const epoch = this.#state === 'passing' ? this.#epoch : this.#epoch + 1;
    this.#state = 'none';
    this.#parts.skipped(epoch);
    run.control.wake();
  }

  #dueIn(wait: number): void {
    const run = this.#run!;
    const { now, period } = this.#parts;
    run.control.at(now() + wait, () => {
      if (this.#isDirty) this.request();
      this.#dueIn(period!);
    });
  }
}
