/** Tick times of one bolt task: each multiple of its tick once, when stream time has reached it. */
import type { CoreOperator, Plan } from '../plan/plan.js';

/** Where ticks are, to go back to. */
export interface TicksPlace {
  /** Stream time up to which ticks have been. Undefined until it begins. */
  readonly last: number | undefined;
  /** No watermark has come yet: an earlier tuple may still move the beginning. */
  readonly isBeginning: boolean;
}

export class Ticks {
  #last: number | undefined;
  #isBeginning: boolean;
  readonly #every: number | undefined;
  readonly #step: number;

  /** `reached`: the watermark that the job goes on from, if it does. */
  constructor(every: number | undefined, step: number, reached: number) {
    this.#every = every;
    this.#step = step;
    this.#isBeginning = reached === Number.NEGATIVE_INFINITY;
    this.#last = this.#isBeginning ? undefined : reached;
  }

  get place(): TicksPlace {
    return { last: this.#last, isBeginning: this.#isBeginning };
  }

  set place({ last, isBeginning }: TicksPlace) {
    this.#last = last;
    this.#isBeginning = isBeginning;
  }

  /** Stream time begins there at the latest: by the clock, or by what comes first, which may be older where a source has times of its own. */
  beginAt(time: number): void {
    if (this.#isBeginning && (this.#last === undefined || time < this.#last)) this.#last = time;
  }

  /** Every tick up to the watermark that has not been, in order. */
  upTo(watermark: number, deliver: (tick: number) => void): void {
    const every = this.#every;
    if (every === undefined || watermark === Number.NEGATIVE_INFINITY) return;
    this.#last ??= watermark - this.#step;
    this.beginAt(watermark);
    this.#isBeginning = false;
    for (let tick = (Math.floor(this.#last / every) + 1) * every; tick <= watermark; tick += every) {
      this.#last = tick;
      deliver(tick);
    }
  }

  /** All inputs have ended: further ticks, as long as the bolt waits for them. Returns how far ticks are: windows give results up to there. */
  goOn(isWaiting: () => boolean, deliver: (tick: number) => void): number {
    const every = this.#every;
    if (every === undefined || this.#last === undefined) return Number.NEGATIVE_INFINITY;
    while (isWaiting()) {
      this.#last = (Math.floor(this.#last / every) + 1) * every;
      deliver(this.#last);
    }
    return Math.floor(this.#last / every) * every;
  }
}

/** Behind `timestamps` stream time begins with the first tuple, wherever the clock is. */
export function isEventTime(plan: Plan, operator: CoreOperator): boolean {
  return (
    operator.kind === 'timestamps' ||
    operator.inputs.some((input) => isEventTime(plan, plan.operators[input.operator]!))
  );
}
