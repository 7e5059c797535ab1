/** A source that costs nothing: hands out prepared values in intervals of stream time. It knows no job. */
import type { RunOptions } from 'raingauge';

type Readers = NonNullable<RunOptions['readers']>;
/** An open source, as the engine reads it. */
export type Reader = Readers extends ReadonlyMap<string, infer R> ? R : never;

/** Records of one interval of stream time unless told otherwise: as many as one batch takes. */
export const INTERVAL_RECORDS = 10_000;
/** Length of an interval of stream time (us). Equal to the topology's batch interval. */
export const INTERVAL = 1_000_000;

/** More than the values once. */
export interface PreparedOptions {
  /** How many records to hand out, going round the values; their number must then be a multiple of the interval's. */
  readonly total?: number;
  readonly intervalRecords?: number;
  /** Told before each block how many records were handed out so far. */
  readonly onPoll?: (handedOut: number) => void;
}

/**
 * Reads `values` in order, so many to an interval; a heartbeat closes each interval. So stream time follows the input and
 * not the clock, and a block never crosses the border of an interval.
 */
export function preparedReader(values: readonly unknown[], options: PreparedOptions = {}): Reader {
  const { total = values.length, intervalRecords = INTERVAL_RECORDS, onPoll = () => undefined } = options;
  let next = 0;
  return {
    partitions: [
      {
        failure: undefined,
        poll: (block, max) => {
          onPoll(next);
          const interval = Math.floor(next / intervalRecords);
          const count = Math.min(total, next + max, (interval + 1) * intervalRecords) - next;
          const from = next % values.length;
          block.values = values.slice(from, from + count);
          if (block.timestamps.length < count) block.timestamps = new Float64Array(count);
          block.timestamps.fill(interval * INTERVAL, 0, count);
          next += count;
          if (next % intervalRecords === 0) block.heartbeat((interval + 1) * INTERVAL);
          block.ended = next === total;
        },
        onReady: (wake) => wake(),
        commit: () => undefined,
      },
    ],
    close: async () => undefined,
  };
}
