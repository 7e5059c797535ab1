/** What a join costs for each record that it reads or gives, by how many partners a record has: that must stay the same. */
import { type RunOptions, seconds, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { collectGarbage, type Measurement, startTimer, type Variant } from '../measurement.js';
import { preparedReader } from '../prepared-reader.js';
import { MICRO_BATCH, runToEnd } from '../run-job.js';

/** Records of each stream in an interval. */
const INTERVAL_RECORDS = 10_000;

/** Each key has so many records in each of both streams and intervals, and so each record that many partners. */
export function joinGrowth(partners: number, mode: RunOptions['mode']): Variant {
  return async ({ lines }): Promise<Measurement> => {
    const intervals = Math.max(1, Math.round(lines / 10 / INTERVAL_RECORDS / partners));
    let results = 0;
    const job = topology('join', { batchInterval: seconds(1) }, (t) => {
      const left = t.source('left', memory<string, number>([]));
      const right = t.source('right', memory<string, number>([]));
      left.join(right).to(
        'out',
        foreach(() => {
          results += 1;
        }),
      );
    });
    const pairs = Array.from({ length: INTERVAL_RECORDS }, (_, i) => [`key ${Math.floor(i / partners)}`, i] as const);
    const given = { total: intervals * INTERVAL_RECORDS, intervalRecords: INTERVAL_RECORDS };
    const readers = new Map(['left', 'right'].map((name) => [name, preparedReader(pairs, given)]));
    const model: RunOptions = mode === 'record' ? { mode, record: { acking: false } } : MICRO_BATCH;
    collectGarbage();
    const stop = startTimer();
    await runToEnd(job, { ...model, readers });
    return { ...stop(), count: 2 * given.total + results, checksum: `${partners}: ${results}` };
  };
}
