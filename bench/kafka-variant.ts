/** One variant of `npm run bench:kafka` in a process of its own: reads a topic from its beginning to its end, and prints what it measured. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { type RunOptions, seconds, topology } from 'raingauge';
import { foreach } from 'raingauge/sinks';
import { kafka } from 'raingauge/sources';
import { openKafkaPort } from '../src/connectors/kafka/open-port.js';
import { valuesOf } from '../src/connectors/kafka/record-values.js';
import { checksumOf, type Measurement, startTimer } from './measurement.js';
import { runToEnd } from './run-job.js';

const [name = '', brokers = '', topic = '', records = ''] = process.argv.slice(2);
const total = Number(records);
const group = `bench-${process.pid}-${Date.now()}`;

/** A batch has what comes in a tenth of a second, so that both modes give each word as often: record mode gives results by that interval. */
const BATCHES: RunOptions = {
  mode: 'micro-batch',
  microBatch: { trigger: 'available', batchRecordsMax: 20_000, blockRecordsMax: 10_000 },
};

/** The clock starts at the first record: joining a group, or opening a job, is not what is compared. */
let stop: (() => Pick<Measurement, 'ms' | 'onCoreMs'>) | undefined;
const counts = new Map<string, number>();

const VARIANTS: Readonly<Record<string, () => Promise<void>>> = {
  'by hand, eachBatch': () => eachBatch(countWords),
  'direct stream': () => runJob({}, BATCHES),
  'spout with acking': () => runJob({}, { mode: 'record' }),
  'direct stream, checkpoint': () => checkpointed({}),
  'receiver and log': () => checkpointed({ receiver: true }),
  'only read, eachBatch': () => eachBatch(() => undefined),
  'only read, our codec': fetchOnly,
};

const variant = VARIANTS[name];
if (variant === undefined) throw new Error(`no variant '${name}'; there are ${Object.keys(VARIANTS).join(' | ')}`);
await variant();
const { ms, onCoreMs } = stop!();
const measurement: Measurement = { ms, onCoreMs, count: total, checksum: checksumOf(counts) };
process.stdout.write(`${JSON.stringify({ ...measurement, rssMb: process.resourceUsage().maxRSS / 1_024 })}\n`);
process.exit(0);

/** The base: kafkajs's own consumer, and a loop as anybody would write it. */
async function eachBatch(use: (line: string) => void): Promise<void> {
  const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: group, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let left = total;
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          stop ??= startTimer();
          for (const { value } of batch.messages) use(value!.toString());
          left -= batch.messages.length;
          if (left <= 0) resolve();
        },
      })
      .catch(reject);
  });
}

function countWords(line: string): void {
  for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
}

async function runJob(more: { readonly receiver?: boolean }, options: RunOptions): Promise<void> {
  // A group of its own: a receiver begins where the group was left.
  const source = kafka(topic, { brokers, group, until: 'latest', ...more });
  const job = topology('bench', { batchInterval: seconds(0.1) }, (t) => {
    t.source('lines', source)
      .flatMap((line) => {
        stop ??= startTimer();
        return line.split(' ');
      })
      .map((word) => [word, 1] as const)
      .reduceByKey((a, b) => a + b)
      .to(
        'counts',
        foreach(([word, count]: readonly [string, number]) => void counts.set(word, (counts.get(word) ?? 0) + count)),
      );
  });
  await runToEnd(job, options);
}

async function checkpointed(more: { readonly receiver?: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'raingauge-bench-kafka-'));
  try {
    await runJob(more, { ...BATCHES, checkpoint: { folder } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchOnly(): Promise<void> {
  const port = await openKafkaPort({ brokers: [brokers], client: 'kafkajs', tls: false, sasl: undefined });
  const leaders = (await port.leaders(topic))!;
  const places = leaders.map((_, partition) => ({ partition, offset: 0 }));
  const limits = { maxWaitMs: 100, maxBytes: 8 * 1_024 * 1_024, partitionMaxBytes: 1_024 * 1_024 };
  for (let left = total; left > 0; ) {
    const answers = await port.fetch({ topic, leader: leaders[0]!, places, ...limits });
    stop ??= startTimer();
    for (const { partition, runs, nextOffset } of answers) {
      places[partition] = { partition, offset: nextOffset };
      for (const run of runs)
        left -= valuesOf(run, partition, Number.POSITIVE_INFINITY, { topic, format: 'text', as: 'value' }).values
          .length;
    }
  }
}
