/** Producers of kafkajs: plain ones, and transactional ones of which each failure ends the producer. */
import { type Kafka, type Message, Partitioners, type Producer, type Transaction } from 'kafkajs';
import { translated } from './kafkajs-failure.js';
import type { CommittedOffset, KafkaMessage, KafkaProducer, KafkaTransaction, TransactionalProducer } from './port.js';

/** A transaction that is open longer than this is aborted by the broker, unless the sink has another limit (ms). */
const TRANSACTION_TIMEOUT_MS = 60_000;
/** Bytes of keys and values of one request: below the broker's `message.max.bytes` of 1 MiB, whatever partition they go to. */
const REQUEST_BYTES = 512 * 1024;
/** What a record takes beside its key and value. */
const RECORD_BYTES = 64;

/** A broker answers `CONCURRENT_TRANSACTIONS` while the last one completes: asked soon again, a transaction takes 17 to 34 ms in place of 300. */
const TRANSACTION_RETRY = { initialRetryTime: 20, factor: 0.2, multiplier: 1.5, retries: 30, maxRetryTime: 1_000 };

export async function openProducer(kafka: Kafka): Promise<KafkaProducer> {
  const producer = kafka.producer({ ...COMMON, maxInFlightRequests: 5 });
  await translated(() => producer.connect());
  return {
    send: (topic, messages) =>
      translated(async () => {
        for (const part of requestsOf(messages)) await producer.send({ topic, acks: -1, messages: part });
      }),
    close: () => producer.disconnect().catch(() => undefined),
  };
}

export async function openTransactional(
  kafka: Kafka,
  id: string,
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
  return {
    begin: () => translated(async () => transactionOf(await producer.transaction())),
    close: () => ended(producer),
  };
}

const COMMON = { allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner };

function transactionOf(transaction: Transaction): KafkaTransaction {
  return {
    send: (topic, messages) =>
      translated(async () => {
        for (const part of requestsOf(messages)) await transaction.send({ topic, acks: -1, messages: part });
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
