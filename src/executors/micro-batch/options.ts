/** The micro-batch model's settings: Spark's defaults, and limits where Spark has none. */
import { StreamError } from '../../core/errors.js';
import type { MicroBatchOptions } from '../executor.js';

const MICRO_BATCH_DEFAULTS: MicroBatchOptions = {
  blockInterval: 200_000,
  blockRecordsMax: 10_000,
  receivedRecordsMax: 200_000,
  cutSlack: 50_000,
  trigger: 'interval',
  batchRecordsMax: 10_000,
  concurrentJobs: 1,
  speculation: false,
  speculationInterval: 100_000,
  speculationQuantile: 0.75,
  speculationMultiplier: 1.5,
  maxSpoutPending: 4_096,
};

/** More batches under way at once would only hold more of the input in memory. */
const CONCURRENT_JOBS_MAX = 64;

/**
 * The settings of a job that runs on so many workers, 0: in this thread.
 *
 * @throws StreamError `RG011` for a number out of its range, `RG019` for what needs more workers.
 */
export function microBatchOptions(given: Partial<MicroBatchOptions>, workers: number): MicroBatchOptions {
  const options = { ...MICRO_BATCH_DEFAULTS, ...given };
  const { concurrentJobs, speculation, speculationInterval, speculationQuantile, speculationMultiplier } = options;
  if (!Number.isInteger(concurrentJobs) || concurrentJobs < 1 || concurrentJobs > CONCURRENT_JOBS_MAX)
    throw new StreamError(
      'RG011',
      `concurrentJobs is ${concurrentJobs}, and must be a whole number from 1 to ${CONCURRENT_JOBS_MAX}`,
      'use 1, or as many as there are workers',
    );
  if (!(speculationInterval > 0 && speculationMultiplier >= 1 && speculationQuantile > 0 && speculationQuantile <= 1))
    throw new StreamError(
      'RG011',
      `speculation has interval ${speculationInterval} us, quantile ${speculationQuantile}, multiplier ${speculationMultiplier}: ` +
        'the interval must be above 0, the quantile above 0 and at most 1, the multiplier 1 or more',
      'leave them out for 100 ms, 0.75 and 1.5',
    );
  if (concurrentJobs > 1 && workers === 0)
    throw new StreamError(
      'RG019',
      `concurrentJobs is ${concurrentJobs}, and all tasks run in one thread: it runs one batch at a time`,
      'add workers (--workers 2), or leave concurrentJobs at 1',
    );
  if (speculation && workers < 2)
    throw new StreamError(
      'RG019',
      `speculation runs a slow task on another worker as well, and ${workers === 0 ? 'there is none' : 'there is only one'}`,
      'add workers (--workers 2), or leave speculation out',
    );
  return options;
}
