/** A source that costs nothing: hands out prepared values in intervals of stream time. It knows no job. */
import type { RunOptions } from 'raingauge';

type Readers = NonNullable<RunOptions['readers']>;
/** An open source, as the engine reads it. */
export type Reader = Readers extends ReadonlyMap<string, infer R> ? R : never;

/** Records of one interval of stream time: what the micro-batch model runs as one batch. */
export const INTERVAL_RECORDS = 10_000;
/** Length of an interval of stream time (us). Equal to the topology's batch interval. */
export const INTERVAL = 1_000_000;

/**
 * Reads `values` in order, 10 k to an interval; a heartbeat closes each interval. So stream time follows the input and
 * not the clock, and a block never crosses the border of an interval.
 */
export function preparedReader(values: readonly unknown[]): Reader {
  let next = 0;
  return {
    partitions: [
      {
        failure: undefined,
        poll: (block, max) => {
          const interval = Math.floor(next / INTERVAL_RECORDS);
          const end = Math.min(values.length, next + max, (interval + 1) * INTERVAL_RECORDS);
          const count = end - next;
          block.values = values.slice(next, end);
          if (block.timestamps.length < count) block.timestamps = new Float64Array(count);
          block.timestamps.fill(interval * INTERVAL, 0, count);
          next = end;
          if (end % INTERVAL_RECORDS === 0) block.heartbeat((interval + 1) * INTERVAL);
          block.ended = end === values.length;
        },
        onReady: (wake) => wake(),
        commit: () => undefined,
      },
    ],
    close: async () => undefined,
  };
}
