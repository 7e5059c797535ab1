/** Strikes when its time has come: watches how far a run is and tells whoever can do harm. It does none itself. */
import type { Clock, Scheduler, Timer } from '../world.js';
import type { Fault, FaultPlan, FaultTime } from './fault-plan.js';

/** A fault that strikes at a time. */
export type TimedFault = Extract<Fault, { readonly at: FaultTime }>;

/** Tells each timed fault once, at its time. */
export class FaultTimes {
  readonly #strike: (fault: TimedFault) => void;
  #waiting: TimedFault[];
  #timers: Timer[] = [];
  #seen = 0;

  constructor(plan: FaultPlan, strike: (fault: TimedFault) => void) {
    this.#waiting = plan.filter((fault): fault is TimedFault => 'at' in fault);
    this.#strike = strike;
  }

  /** The run began: arms what waits for time. */
  begin(clock: Clock, scheduler: Scheduler): void {
    const timed = this.#take(({ at }) => at.unit === 'time');
    const start = clock.now();
    for (const fault of timed) this.#timers.push(scheduler.at(start + fault.at.value, () => this.#strike(fault)));
  }

  /** So many records have been read in all, of `total`. */
  ingested(count: number, total: number): void {
    this.#seen = Math.max(this.#seen, count);
    const isDue = ({ at }: TimedFault): boolean =>
      at.unit === 'records' ? this.#seen >= at.value : this.#seen >= at.value * total;
    for (const fault of this.#take((each) => each.at.unit !== 'time' && isDue(each))) this.#strike(fault);
  }

  end(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#waiting = [];
  }

  #take(isTaken: (fault: TimedFault) => boolean): readonly TimedFault[] {
    if (this.#waiting.length === 0) return this.#waiting;
    const taken = this.#waiting.filter(isTaken);
    if (taken.length > 0) this.#waiting = this.#waiting.filter((fault) => !taken.includes(fault));
    return taken;
  }
}
