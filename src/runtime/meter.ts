/** Rates of events: over all of a run, and over its last minutes, where what is longer ago counts less. */

/** Rates of one meter, in events a second. */
export interface MeterSummary {
  readonly count: number;
  readonly meanRate: number;
  readonly oneMinuteRate: number;
  readonly fiveMinuteRate: number;
  readonly fifteenMinuteRate: number;
}

/** How often rates are worked out (us). */
const STEP = 5_000_000;
const SECOND = 1_000_000;
/** After so many steps without an event the longest rate is nothing beside its beginning, and is not worked out further. */
const STEPS_MAX = 10_000;

/**
 * Exponentially weighted moving averages with a step of five seconds, as the load averages of Unix. The first step is taken as it is.
 *
 * Source: Dropwizard Metrics, `Meter`, which Storm's metrics are.
 */
export class RateMeter {
  count = 0;
  readonly #now: () => number;
  readonly #began: number;
  #stepEnd: number;
  #inStep = 0;
  readonly #rates = [1, 5, 15].map((minutes) => ({ weight: 1 - Math.exp(-5 / 60 / minutes), rate: Number.NaN }));

  constructor(now: () => number) {
    this.#now = now;
    this.#began = now();
    this.#stepEnd = this.#began + STEP;
  }

  mark(events: number): void {
    this.#step();
    this.count += events;
    this.#inStep += events;
  }

  summary(): MeterSummary {
    this.#step();
    const elapsed = (this.#now() - this.#began) / SECOND;
    const meanRate = elapsed > 0 ? this.count / elapsed : 0;
    const [oneMinuteRate, fiveMinuteRate, fifteenMinuteRate] = this.#rates.map(({ rate }) =>
      Number.isNaN(rate) ? meanRate : rate,
    ) as [number, number, number];
    return { count: this.count, meanRate, oneMinuteRate, fiveMinuteRate, fifteenMinuteRate };
  }

  #step(): void {
    const now = this.#now();
    for (let steps = 0; this.#stepEnd <= now && steps < STEPS_MAX; steps++) {
      const current = this.#inStep / (STEP / SECOND);
      for (const each of this.#rates)
        each.rate = Number.isNaN(each.rate) ? current : each.rate + each.weight * (current - each.rate);
      this.#inStep = 0;
      this.#stepEnd += STEP;
    }
    if (this.#stepEnd <= now) this.#stepEnd = now + STEP;
  }
}
