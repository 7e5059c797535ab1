/** Word count on the engine, through the public API with a user's ordinary closures. */
import { type KeyedStream, type RunOptions, seconds, type Topology, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { intervalCount } from '../jobs/interval-count.js';
import { makeLines } from '../lines.js';
import { checksumOf, collectGarbage, type Measurement, startTimer, type VariantInput } from '../measurement.js';
import { preparedReader } from '../prepared-reader.js';
import { MICRO_BATCH, runToEnd } from '../run-job.js';

/** The micro-batch model. */
export function microBatch(input: VariantInput): Promise<Measurement> {
  return intervalCount(input, MICRO_BATCH);
}

/** Record mode, one chain, nothing tracked. */
export function recordWithoutAcking(input: VariantInput): Promise<Measurement> {
  return intervalCount(input, { mode: 'record', record: { acking: false } });
}

/** Record mode as it is without any option: one chain, acking. */
export function recordWithAcking(input: VariantInput): Promise<Measurement> {
  return intervalCount(input, { mode: 'record' });
}

/** Every batch an interval of its own: `reduceByKey` combines the batch, `runningReduce` keeps the state over all batches. */
export function microBatchCombine(input: VariantInput): Promise<Measurement> {
  const job = wordCount((words) =>
    words.reduceByKey((a, b) => a + b).runningReduce({ uid: 'counts', reduce: (a, b) => a + b }),
  );
  return measured(input, job, MICRO_BATCH);
}

/** The micro-batch mode with Spark's `updateStateByKey`: calls the user's function for every key that has state, each batch. */
export function microBatchUpdateState(input: VariantInput): Promise<Measurement> {
  const update = (values: readonly number[], state: number | undefined): number =>
    values.reduce((a, b) => a + b, state ?? 0);
  return measured(
    input,
    wordCount((words) => words.reduceByKey((a, b) => a + b).updateStateByKey({ uid: 'counts', update })),
    MICRO_BATCH,
  );
}

/** The micro-batch model with `runningReduce`: state and result for every word. */
export function microBatchRunning(input: VariantInput): Promise<Measurement> {
  return measured(input, runningCount(), MICRO_BATCH);
}

/** Record mode, one chain, nothing tracked, a result for every word. */
export function recordRunning(input: VariantInput): Promise<Measurement> {
  return measured(input, runningCount(), { mode: 'record', record: { acking: false } });
}

/** Record mode with a ring before the keyed operator, as between tasks of any parallelism; nothing tracked. */
export function recordRingsWithoutAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, runningCount(), { mode: 'record', chaining: false, record: { acking: false } });
}

/** Record mode with a ring before the keyed operator: ten edges of every tree get an id and an ack. */
export function recordRingsWithAcking(input: VariantInput): Promise<Measurement> {
  return measured(input, runningCount(), { mode: 'record', chaining: false });
}

/** `runningReduce` has the total of a word at once, and says it for every word. */
function runningCount(): Topology {
  return wordCount((words) => words.runningReduce({ uid: 'counts', reduce: (a, b) => a + b }));
}

function wordCount(count: (words: KeyedStream<string, number>) => KeyedStream<string, number>): Topology {
  return topology('word-count', { batchInterval: seconds(1) }, (t) => {
    const words = t
      .source('lines', memory<string>([]))
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1] as const);
    count(words).to('out', none());
  });
}

async function measured({ lines, seed }: VariantInput, job: Topology, options: RunOptions): Promise<Measurement> {
  const readers = new Map([['lines', preparedReader(makeLines(lines, seed))]]);
  collectGarbage();
  const stop = startTimer();
  const result = await runToEnd(job, { ...options, readers });
  const time = stop();
  return { ...time, count: lines, checksum: checksumOf(result.state('counts') as Iterable<readonly [string, number]>) };
}
