/** Whether the heap stays as it is over millions of records with a steady set of keys. */
import { type RunOptions, seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';
import { INTERVAL_RECORDS, preparedReader } from '../prepared-reader.js';
import { MICRO_BATCH, runToEnd } from '../run-job.js';

/** Records for each line of a word count: 10 M for the usual 1 M. */
const RECORDS_PER_LINE = 10;
/** The heap is weighed so often. The first time does not count: the code is not compiled yet. */
const SAMPLES = 10;

/** Record mode with a ring and acking: everything that could leak is in use. */
export function recordHeap(input: VariantInput): Promise<Measurement> {
  return measured(input, { mode: 'record', chaining: false });
}

/** Micro-batch mode with a shuffle between two stages. */
export function microBatchHeap(input: VariantInput): Promise<Measurement> {
  return measured(input, { ...MICRO_BATCH, chaining: false });
}

async function measured({ lines }: VariantInput, options: RunOptions): Promise<Measurement> {
  const total = lines * RECORDS_PER_LINE;
  const keys = Array.from({ length: INTERVAL_RECORDS }, (_, i) => `key ${i}`);
  const job = topology('heap', { batchInterval: seconds(1) }, (t) => {
    t.source('keys', memory<string>([]))
      .map((key) => [key, 1] as const)
      .reduceByKey((a, b) => a + b)
      .runningReduce({ uid: 'counts', reduce: (a, b) => a + b })
      .to('out', none());
  });
  const samples: { readonly records: number; readonly bytes: number }[] = [];
  let nextSample = total / SAMPLES;
  const onPoll = (handedOut: number): void => {
    if (handedOut < nextSample) return;
    nextSample += total / SAMPLES;
    collectGarbage();
    samples.push({ records: handedOut, bytes: process.memoryUsage().heapUsed });
  };
  const stop = startTimer();
  await runToEnd(job, { ...options, readers: new Map([['keys', preparedReader(keys, { total, onPoll })]]) });
  const time = stop();
  const steady = samples.slice(1);
  const growth = steady.length < 2 ? 0 : steady.at(-1)!.bytes - steady[0]!.bytes;
  return {
    ...time,
    count: total,
    numbers: { heapBytes: samples.at(-1)?.bytes ?? 0, growthBytes: growth, bytesPerRecord: slope(steady) },
  };
}

/** Bytes a record, by least squares. */
function slope(samples: readonly { readonly records: number; readonly bytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const records = mean(samples.map((sample) => sample.records));
  const bytes = mean(samples.map((sample) => sample.bytes));
  const covariance = mean(samples.map((sample) => (sample.records - records) * (sample.bytes - bytes)));
  const variance = mean(samples.map((sample) => (sample.records - records) ** 2));
  return variance === 0 || Number.isNaN(variance) ? 0 : covariance / variance;
}
