/** The word count of the goals: words of each interval, which the sink adds up. */
import { type RunOptions, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { makeLines } from '../lines.js';
import { checksumOf, collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';
import { preparedReader } from '../prepared-reader.js';
import { runToEnd } from '../run-job.js';

/** Lines of an interval of the micro-batch job: about what comes in a second, the default batch interval. */
const LINES_PER_INTERVAL = 500_000;

/**
 * The job of the goals, one for both models: one chain, and a keyed state that lives from batch to batch. `reduceByKey`
 * counts each interval's words, 50 batches of the micro-batch model to an interval; the sink adds up what intervals gave.
 */
export async function intervalCount({ lines, seed }: VariantInput, options: RunOptions): Promise<Measurement> {
  const counts = new Map<string, { n: number }>();
  const job = topology('word-count', (t) => {
    t.source('lines', memory<string>([]))
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1] as const)
      .reduceByKey((a, b) => a + b)
      .to(
        'out',
        foreach(([word, n]) => {
          const box = counts.get(word);
          if (box === undefined) counts.set(word, { n });
          else box.n += n;
        }),
      );
  });
  const reader = preparedReader(makeLines(lines, seed), { intervalRecords: LINES_PER_INTERVAL });
  collectGarbage();
  const stop = startTimer();
  await runToEnd(job, { ...options, readers: new Map([['lines', reader]]) });
  const time = stop();
  return { ...time, count: lines, checksum: checksumOf([...counts].map(([word, { n }]) => [word, n] as const)) };
}
