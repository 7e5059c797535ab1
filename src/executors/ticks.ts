/** Tick times of one bolt task: each multiple of its tick once, when stream time has reached it. */
import type { CoreOperator, Plan } from '../plan/plan.js';

export class Ticks {
  /** Stream time up to which ticks have been. Undefined until it begins. */
  last: number | undefined;
  readonly #every: number | undefined;
  readonly #step: number;

  /** `last`: where stream time begins, where that is known. */
  constructor(every: number | undefined, step: number, last: number | undefined) {
    this.#every = every;
    this.#step = step;
    this.last = last;
  }

  /** Stream time begins with this tuple, unless it has begun. */
  begin(timestamp: number): void {
    this.last ??= timestamp - 1;
  }

  /** Every tick up to the watermark that has not been, in order. */
  upTo(watermark: number, deliver: (tick: number) => void): void {
    const every = this.#every;
    if (every === undefined || watermark === Number.NEGATIVE_INFINITY) return;
    this.last ??= watermark - this.#step;
    for (let tick = (Math.floor(this.last / every) + 1) * every; tick <= watermark; tick += every) {
      this.last = tick;
      deliver(tick);
    }
  }
}

/** Behind `timestamps` stream time begins with the first tuple, wherever the clock is. */
export function isEventTime(plan: Plan, operator: CoreOperator): boolean {
  return (
    operator.kind === 'timestamps' ||
    operator.inputs.some((input) => isEventTime(plan, plan.operators[input.operator]!))
  );
}
