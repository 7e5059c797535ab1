/** What one slide of a window costs, by the window's length: with an inverse it must not matter, without it must. */
import { seconds, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { collectGarbage, type Measurement, startTimer, type Variant } from '../measurement.js';
import { INTERVAL, INTERVAL_RECORDS, preparedReader } from '../prepared-reader.js';
import { MICRO_BATCH, runToEnd } from '../run-job.js';

/** Slides that are timed, once the window is full. */
const SLIDES = 20;

/**
 * A window of `length` slides over 10 k keys, each of which has one record in each slide. The time of a slide holds the
 * fold of its 10 k records and the 10 k results too; neither depends on the length.
 */
export function windowSlide(length: number, inverse: 'inverse' | 'no inverse'): Variant {
  return async (): Promise<Measurement> => {
    let stop: ReturnType<typeof startTimer> | undefined;
    let time = { ms: 0, onCoreMs: 0 };
    let sum = 0;
    const first = length * INTERVAL;
    const last = first + SLIDES * INTERVAL;
    const job = topology('window', { batchInterval: seconds(1) }, (t) => {
      t.source('pairs', memory<string, number>([]))
        .reduceByKeyAndWindow({
          window: seconds(length),
          slide: seconds(1),
          reduce: (a, b) => a + b,
          ...(inverse === 'inverse' ? { inverse: (a: number, b: number) => a - b } : {}),
        })
        .to(
          'out',
          foreach(([, total], { windowEnd }) => {
            sum += total;
            if (windowEnd === first) stop ??= startTimer();
            if (windowEnd === last && time.ms === 0) time = stop!();
          }),
        );
    });
    const pairs = Array.from({ length: INTERVAL_RECORDS }, (_, i) => [`key ${i}`, 1] as const);
    const reader = preparedReader(pairs, { total: (length + SLIDES + 1) * INTERVAL_RECORDS });
    collectGarbage();
    await runToEnd(job, { ...MICRO_BATCH, readers: new Map([['pairs', reader]]) });
    return { ...time, count: SLIDES, checksum: `${length}: ${sum}` };
  };
}
