/** Producers of kafkajs: plain ones, and transactional ones of which each failure ends the producer. */
import {
  type Kafka,
  type Message,
  Partitioners,
  type PartitionMetadata,
  type Producer,
  type Transaction,
} from 'kafkajs';
import { translated } from './kafkajs-failure.js';
import {
  type CommittedOffset,
  KafkaFailure,
  type KafkaMessage,
  type KafkaProducer,
  type KafkaTransaction,
  type TransactionalProducer,
} from './port.js';

/** A transaction that is open longer than this is aborted by the broker, unless the sink has another limit (ms). */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Bytes of keys and values of one request: below the broker's `message.max.bytes` of 1 MiB, whatever partition they go to. */
const REQUEST_BYTES = 512 * 1024;
/** What a record takes beside its key and value. */
const RECORD_BYTES = 64;

/** A broker answers `CONCURRENT_TRANSACTIONS` while the last one completes: asked soon again, a transaction takes 17 to 34 ms in place of 300. */
const TRANSACTION_RETRY = { initialRetryTime: 20, factor: 0.2, multiplier: 1.5, retries: 30, maxRetryTime: 1_000 };

/** The node that leads each partition of a topic. */
export type LeadersOf = (topic: string) => Promise<readonly number[] | undefined>;

export async function openProducer(kafka: Kafka, leadersOf: LeadersOf): Promise<KafkaProducer> {
  const producer = kafka.producer({ ...COMMON, maxInFlightRequests: 5 });
  await translated(() => producer.connect());
  const partitioner = Partitioners.DefaultPartitioner();
  return {
    send: (topic, messages) =>
      translated(async () => {
        const parts = byPartition(topic, messages, await leadersOf(topic), partitioner);
        await allOf(parts, async (part) => {
          for (const request of requestsOf(part)) await producer.send({ topic, acks: -1, messages: request });
        });
      }),
    close: () => producer.disconnect().catch(() => undefined),
  };
}

export async function openTransactional(
  kafka: Kafka,
  id: string,
  leadersOf: LeadersOf,
  timeoutMs = TRANSACTION_TIMEOUT_MS,
): Promise<TransactionalProducer> {
  const producer = kafka.producer({
    ...COMMON,
    transactionalId: id,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: timeoutMs,
    retry: TRANSACTION_RETRY,
  });
  await translated(() => producer.connect());
  const partitioner = Partitioners.DefaultPartitioner();
  return {
    begin: () => translated(async () => transactionOf(await producer.transaction(), leadersOf, partitioner)),
    close: () => ended(producer),
  };
}

const COMMON = { allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner };

function transactionOf(transaction: Transaction, leadersOf: LeadersOf, partitioner: Partitioner): KafkaTransaction {
  return {
    send: (topic, messages) =>
      translated(async () => {
        for (const part of byPartition(topic, messages, await leadersOf(topic), partitioner))
          for (const request of requestsOf(part)) await transaction.send({ topic, acks: -1, messages: request });
      }),
    offset: (group, topic, partition, { offset, metadata }: CommittedOffset) =>
      translated(() =>
        transaction.sendOffsets({
          consumerGroupId: group,
          // Its types lack the metadata, which its protocol has.
          topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata } as PartitionOffset] }],
        }),
      ),
    commit: () => translated(() => transaction.commit()),
    abort: () => translated(() => transaction.abort()),
  };
}

interface PartitionOffset {
  readonly partition: number;
  readonly offset: string;
}

type Partitioner = ReturnType<typeof Partitioners.DefaultPartitioner>;

/**
 * Messages by partition, for a send of each: kafkajs sends to several leaders at once, and tries again where some of them failed. A
 * partition whose leader has moved meanwhile is then left out, or written twice (`test/kafka/leaders.test.ts`).
 */
function byPartition(
  topic: string,
  messages: readonly KafkaMessage[],
  leaders: readonly number[] | undefined,
  partitioner: Partitioner,
): readonly (readonly KafkaMessage[])[] {
  if (leaders === undefined) throw new KafkaFailure('transient', `no broker knows the topic '${topic}'`, undefined);
  const partitionMetadata = leaders.map((leader, partitionId) => ({ partitionId, leader }) as PartitionMetadata);
  const parts = new Map<number, KafkaMessage[]>();
  for (const message of messages) {
    const partition =
      message.partition ??
      partitioner({ topic, partitionMetadata, message: { key: message.key, value: message.value } });
    const part = parts.get(partition);
    if (part === undefined) parts.set(partition, [{ ...message, partition }]);
    else part.push({ ...message, partition });
  }
  return [...parts.values()];
}

/** All at once; all are over when it rejects. */
async function allOf<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const failed = (await Promise.allSettled(items.map(step))).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** A producer in trouble may refuse even its end; its sockets go with it. */
function ended(producer: Producer): Promise<void> {
  return producer.disconnect().catch(() => undefined);
}

/** Messages in kafkajs's shape, cut to requests. */
function* requestsOf(messages: readonly KafkaMessage[]): Generator<Message[]> {
  let part: Message[] = [];
  let bytes = 0;
  for (const { key, value, partition, timestamp, headers } of messages) {
    part.push({
      key,
      value,
      ...(partition === undefined ? {} : { partition }),
      ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
      ...(headers === undefined ? {} : { headers }),
    });
    bytes += (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES;
    if (bytes < REQUEST_BYTES) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}
