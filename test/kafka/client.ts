/** What tests do with a topic beside the job: an independent client, the console tools of Java. */
import { createInterface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import { expect } from 'vitest';
import { createCluster, READ_COMMITTED } from '../../src/connectors/kafka/kafkajs-cluster.js';
import { openKafkaPort } from '../../src/connectors/kafka/open-port.js';
import { type TestBroker, VERSION, WAIT_MS } from './broker.js';

const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
/** Kafka 4 moved it. */
export const PRODUCER = VERSION.startsWith('3.')
  ? 'kafka.tools.ConsoleProducer'
  : 'org.apache.kafka.tools.ConsoleProducer';
export const TOPICS = 'org.apache.kafka.tools.TopicCommand';

/** What Kafka 4 calls by what it is for, Kafka 3 calls a property. */
const [READER, FORMATTER] = VERSION.startsWith('3.')
  ? ['--property', '--property']
  : ['--reader-property', '--formatter-property'];
/** In front of a setting of the console producer. */
export const PRODUCER_PROPERTY = VERSION.startsWith('3.') ? '--producer-property' : '--command-property';
/** Lines are `KEY|VALUE`. */
export const KEYED: readonly string[] = [READER!, 'parse.key=true', READER!, 'key.separator=|'];
const SHOW_KEYS: readonly string[] = [FORMATTER!, 'print.key=true', FORMATTER!, 'key.separator=|'];

export async function makeTopic(
  broker: TestBroker,
  topic: string,
  partitions: number,
  config: readonly string[] = [],
): Promise<void> {
  const configs = config.flatMap((one) => ['--config', one]);
  await broker.tool(TOPICS, ['--create', '--topic', topic, '--partitions', String(partitions), ...configs]);
  // The tool is told of it before the broker tells others, which takes a while where much else is done.
  const port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
  try {
    await expect.poll(async () => (await port.leaders(topic))?.length, { timeout: WAIT_MS }).toBe(partitions);
  } finally {
    await port.close();
  }
}

/** Deletes topics: a broker that was started again with six hundred partitions ran out of its memory (256 MiB). */
export async function dropTopics(broker: TestBroker, topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [...topics] });
  await admin.disconnect();
}

/** Writes lines; `KEY|VALUE` where keys are wanted. */
export async function produce(
  broker: TestBroker,
  topic: string,
  lines: readonly string[],
  keyed = false,
): Promise<void> {
  const keys = KEYED;
  await broker.tool(PRODUCER, ['--topic', topic, ...(keyed ? keys : [])], lines.map((line) => `${line}\n`).join(''));
}

/**
 * Reads a topic from its beginning with `read_committed`, to its end: `KEY|VALUE` a line. The end is marked in each partition by a
 * message of its own, so that no timeout decides what was there.
 */
export async function consume(broker: TestBroker, topic: string): Promise<readonly string[]> {
  const end = await markEnd(broker, topic);
  const keys = SHOW_KEYS;
  const args = ['--topic', topic, '--isolation-level', 'read_committed', '--from-beginning', ...keys];
  const child = await broker.spawn(CONSUMER, args);
  const lines: string[] = [];
  let ends = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    if (!line.includes(MARK)) lines.push(line);
    else if (line.endsWith(end.mark)) ends += 1;
    if (ends === end.partitions) break;
  }
  child.kill('SIGKILL');
  if (ends < end.partitions) throw new Error(`the consumer of ${topic} ended before the topic did`);
  return lines;
}

const MARK = '#end of topic ';
let marks = 0;

async function markEnd(
  broker: TestBroker,
  topic: string,
): Promise<{ readonly mark: string; readonly partitions: number }> {
  const port = await openKafkaPort({ brokers: [broker.bootstrap], client: 'kafkajs', tls: false, sasl: undefined });
  const partitions = (await port.leaders(topic))!.length;
  const mark = `${MARK}${++marks}`;
  const producer = await port.producer();
  await producer.send(
    topic,
    Array.from({ length: partitions }, (_, partition) => ({ key: null, value: mark, partition })),
  );
  await producer.close();
  await port.close();
  return { mark, partitions };
}

/** Sees from outside whether transactions are open that have written to topics of two partitions. */
export interface TransactionWatch {
  isOpen(...topics: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}

const READ_UNCOMMITTED = 0;
const LATEST = -1;

/** What is open lies between the last stable offset and the end. */
export async function watchTransactions(broker: TestBroker): Promise<TransactionWatch> {
  const cluster = createCluster(new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }));
  await cluster.connect();
  return {
    isOpen: async (...topics) => {
      for (const topic of topics) await cluster.addTargetTopic(topic);
      const leader = await cluster.findBroker({ nodeId: 1 });
      const partitions = [0, 1].map((partition) => ({ partition, timestamp: LATEST }));
      const asked = topics.map((topic) => ({ topic, partitions }));
      const answers = await Promise.all(
        [READ_COMMITTED, READ_UNCOMMITTED].map((isolationLevel) =>
          leader.listOffsets({ isolationLevel, topics: asked }),
        ),
      );
      const [stable, all] = answers.map(({ responses }) => JSON.stringify(responses));
      return stable !== all;
    },
    close: () => cluster.disconnect(),
  };
}
