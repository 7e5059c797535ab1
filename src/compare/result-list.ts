/** A list of results as columns: what captures and the oracle give to the comparison. */
import { firstMultipleAbove } from '../core/time.js';
import type { OracleResult } from './oracle/answer.js';

/** Results in order; the columns may be longer than `values`. */
export interface ResultList {
  readonly values: readonly unknown[];
  readonly timestamps: ArrayLike<number>;
  /** NaN: no window. */
  readonly windowEnds: ArrayLike<number>;
  /** What a tolerance is relative to; undefined: the values themselves. */
  readonly scales?: ArrayLike<number> | undefined;
}

/** The intervals of an interval sink (us). Results behind the last interval that closes are never told. */
export interface SinkIntervals {
  readonly length: number;
  readonly lastEnd: number;
}

/** The oracle's results as columns; with `intervals` as an interval sink gets them, by the end of their interval. */
export function listOf(results: readonly OracleResult[], intervals?: SinkIntervals): ResultList {
  const interval = intervals?.length;
  const endOf = ({ timestamp, windowEnd }: OracleResult): number =>
    interval === undefined ? windowEnd : firstMultipleAbove(timestamp, interval);
  const closed = intervals === undefined ? results : results.filter((result) => endOf(result) <= intervals.lastEnd);
  const listed = intervals === undefined ? closed : closed.toSorted((a, b) => endOf(a) - endOf(b));
  return {
    values: listed.map((result) => result.value),
    timestamps: Float64Array.from(listed, (result) => (interval === undefined ? result.timestamp : endOf(result) - 1)),
    windowEnds: Float64Array.from(listed, endOf),
    scales: Float64Array.from(listed, (result) => result.scale),
  };
}
