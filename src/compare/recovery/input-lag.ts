/**
 * How far results are behind the input, at each moment of a run: the age of the oldest record that is not done. It grows in an outage, and
 * falls as what piled up is worked off. Unlike a number of records it does not depend on how much each of them makes. Pure.
 */
import type { ResultList } from '../result-list.js';
import { quantile } from '../statistics.js';
import type { LatencySeries } from './latency-series.js';

/** How many results should come, by the time when they are due (us). */
export type DueResults = ReadonlyMap<number, number>;

/** Time between two looks (us). */
const STEP = 1_000;
/** A longer run is looked at less often. */
const LOOKS_MAX = 200_000;
/** The usual lag is the one that was exceeded this seldom. Source: reference "recovery cost", the p99 of the backlog before the fault. */
const USUAL = 0.99;
/** Above it for so much of the time is still as before: a stall now and then is no work that piled up. */
const ABOVE_SHARE = 0.05;
/** A lag, or a latency, so many times the usual one is still as before: a new process is slower at first, and nothing piles up for it. */
export const AS_BEFORE_FACTOR = 1.1;
/** And so much more at least (us). */
const SLACK = 10_000;

/** The lag, look by look. */
export class InputLag {
  readonly #from: number;
  readonly #step: number;
  readonly #lags: Float64Array;

  /**
   * From a run's results, between `from` and `to`. What is delivered again was done before; what never comes is lost, and nobody waits for it.
   */
  constructor(series: LatencySeries, due: DueResults, { from, to }: { readonly from: number; readonly to: number }) {
    this.#from = from;
    this.#step = Math.max(STEP, (to - from) / LOOKS_MAX);
    this.#lags = new Float64Array(Math.max(0, Math.ceil((to - from) / this.#step)));
    const done = [...doneTimes(series, due)].sort(([a], [b]) => a - b);
    for (let look = 0, oldest = 0; look < this.#lags.length; look++) {
      const now = from + look * this.#step;
      while (oldest < done.length && done[oldest]![1] <= now) oldest++;
      this.#lags[look] = Math.max(0, now - (done[oldest]?.[0] ?? now));
    }
  }

  /**
   * The first time from `from` on at which the lag is as before the fault, and for `calm` no more often above that than then. Undefined: not
   * before the end, or nothing is known of before. Without `from`, it is looked for from where the lag was largest.
   */
  caughtUp(times: {
    readonly faultAt: number;
    readonly from: number | undefined;
    readonly calm: number;
  }): number | undefined {
    const lags = this.#lags;
    const fault = this.#lookAt(times.faultAt);
    if (fault === 0) return undefined;
    const usual = quantile(lags.slice(0, fault).sort(), USUAL);
    const limit = Math.max(usual * AS_BEFORE_FACTOR, usual + SLACK);
    const largest = lags.subarray(fault).reduce((max, lag) => Math.max(max, lag), 0);
    const first =
      times.from ?? (largest > limit ? this.#from + lags.indexOf(largest, fault) * this.#step : times.faultAt);
    const looks = Math.ceil(times.calm / this.#step);
    let above = 0;
    let earliest: number | undefined;
    for (let look = lags.length - 1; look >= this.#lookAt(first); look--) {
      if (lags[look]! > limit) above++;
      if (look + looks > lags.length) continue;
      if (look + looks < lags.length && lags[look + looks]! > limit) above--;
      if (lags[look]! <= limit && above <= looks * ABOVE_SHARE) earliest = look;
    }
    return earliest === undefined ? undefined : Math.max(first, this.#from + earliest * this.#step);
  }

  #lookAt(time: number): number {
    return Math.min(this.#lags.length, Math.max(0, Math.ceil((time - this.#from) / this.#step)));
  }
}

/** When all results due at a time were there, as far as they came. */
function doneTimes(series: LatencySeries, due: DueResults): ReadonlyMap<number, number> {
  const done = new Map<number, number>();
  const come = new Map<number, number>();
  for (let i = 0; i < series.count; i++) {
    const time = series.times[i]!;
    const dueAt = Math.round(time - series.latencies[i]!);
    const before = come.get(dueAt) ?? 0;
    if (before === (due.get(dueAt) ?? 0)) continue;
    come.set(dueAt, before + 1);
    done.set(dueAt, time);
  }
  return done;
}

/** Adds what is due of a sink's expected results: of records at their time, of windows at their end. */
export function addDue(
  due: { readonly record: Map<number, number>; readonly window: Map<number, number> },
  results: ResultList,
  lastHeartbeat: number,
): void {
  for (let i = 0; i < results.values.length; i++) {
    const windowEnd = results.windowEnds[i]!;
    const isWindow = !Number.isNaN(windowEnd);
    const time = isWindow ? windowEnd : results.timestamps[i]!;
    const counts = isWindow ? due.window : due.record;
    if (time <= lastHeartbeat) counts.set(time, (counts.get(time) ?? 0) + 1);
  }
}
