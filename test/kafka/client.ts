/** What tests do with a topic beside the job: an independent client, the console tools of Java. */
import type { TestBroker } from './broker.js';

const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
const PRODUCER = 'org.apache.kafka.tools.ConsoleProducer';
const TOPICS = 'org.apache.kafka.tools.TopicCommand';

export async function makeTopic(
  broker: TestBroker,
  topic: string,
  partitions: number,
  config: readonly string[] = [],
): Promise<void> {
  const configs = config.flatMap((one) => ['--config', one]);
  await broker.tool(TOPICS, ['--create', '--topic', topic, '--partitions', String(partitions), ...configs]);
}

/** Writes lines; `KEY|VALUE` where keys are wanted. */
export async function produce(
  broker: TestBroker,
  topic: string,
  lines: readonly string[],
  keyed = false,
): Promise<void> {
  const keys = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=|'];
  await broker.tool(PRODUCER, ['--topic', topic, ...(keyed ? keys : [])], lines.map((line) => `${line}\n`).join(''));
}

/** Reads a topic from its beginning with `read_committed`, to its end: `KEY|VALUE` a line. */
export async function consume(broker: TestBroker, topic: string): Promise<readonly string[]> {
  const keys = ['--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=|'];
  const isolation = ['--isolation-level', 'read_committed'];
  const end = ['--from-beginning', '--timeout-ms', '6000'];
  const text = await broker.tool(CONSUMER, ['--topic', topic, ...isolation, ...end, ...keys]);
  return text.split('\n').filter((line) => line !== '');
}
