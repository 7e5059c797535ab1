/** Spark's `PIDRateEstimator`: from how long batches took, how many records a second a source may give. Knows no clock. */

import type { RateEstimatorOptions } from '../executor.js';

/** Spark's own. */
const RATE_ESTIMATOR_DEFAULTS: RateEstimatorOptions = {
  proportional: 1,
  integral: 0.2,
  derived: 0,
  minRate: 100,
};

/** What a batch that is done tells of one source. */
export interface ProcessedBatch {
  /** When its processing ended (us). */
  readonly time: number;
  /** Records of the source in it. */
  readonly records: number;
  readonly processingDelay: number;
  readonly schedulingDelay: number;
}

/**
 * One for each source.
 *
 *      error     = latest rate - records processed a second
 *      history   = scheduling delay x records processed a second / batch interval
 *      new rate  = latest rate - P error - I history - D (change of error a second)
 *
 * The first batch only sets the rate to what was processed; it gives none. A batch without records, or without processing time, says
 * nothing.
 *
 * Source: Spark Streaming, `PIDRateEstimator.compute`.
 */
export class PidRateEstimator {
  readonly #options: RateEstimatorOptions;
  /** The batch interval (us). */
  readonly #interval: number;
  #isFirst = true;
  #time = -1;
  #rate = -1;
  #error = -1;

  constructor(interval: number, options: RateEstimatorOptions = RATE_ESTIMATOR_DEFAULTS) {
    this.#interval = interval;
    this.#options = options;
  }

  /** The new rate (records a second), or undefined where the batch tells none. */
  compute({ time, records, processingDelay, schedulingDelay }: ProcessedBatch): number | undefined {
    if (time <= this.#time || records <= 0 || processingDelay <= 0) return undefined;
    const { proportional, integral, derived, minRate } = this.#options;
    const elapsed = (time - this.#time) / 1_000_000;
    const processed = (records / processingDelay) * 1_000_000;
    const error = this.#rate - processed;
    const history = (schedulingDelay * processed) / this.#interval;
    const change = (error - this.#error) / elapsed;
    const rate = Math.max(this.#rate - proportional * error - integral * history - derived * change, minRate);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    this.#time = time;
    this.#rate = isFirst ? processed : rate;
    this.#error = isFirst ? 0 : error;
    return isFirst ? undefined : rate;
  }
}
