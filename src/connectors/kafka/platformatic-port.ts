/**
 * The other client, `@platformatic/kafka` 1.35.0: an optional peer, quicker at producing. It has no `transactional`: its transactional
 * producers are not safe (reopening an id fails with `PRODUCER_FENCED`). Aborted records are left out by our own filter, since its own
 * lets some through.
 */
import type { Admin, BaseOptions, Consumer, Producer, RecordsBatch } from '@platformatic/kafka';
import { StreamError } from '../../core/errors.js';
import { stateOf } from './fetch-response.js';
import { READ_COMMITTED } from './kafkajs-cluster.js';
import { passwordOf } from './password.js';
import { failureOf, hasCode, isUnknownTopic, refusing, responseIn } from './platformatic-failure.js';
import { packedBatch } from './platformatic-records.js';
import type {
  CommittedOffset,
  FetchedPartition,
  FetchRequest,
  KafkaConnection,
  KafkaMessage,
  KafkaPort,
} from './port.js';
import { committedRuns } from './record-batches.js';

/** The version that the contract tests ran against. */
const VERSION = '1.35.0';
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RETRIES = 8;
const RETRY_DELAY_MS = 500;

type Client = typeof import('@platformatic/kafka');
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

/** Connects. @throws StreamError `RG050` when the package is not installed; KafkaFailure when no broker answers. */
export async function openPlatformatic(connection: KafkaConnection): Promise<KafkaPort> {
  const client = await load();
  const port = new PlatformaticPort(client, optionsOf(connection));
  await port.topics();
  return port;
}

async function load(): Promise<Client> {
  try {
    return await import('@platformatic/kafka');
  } catch (cause) {
    const hint = `install it: npm install @platformatic/kafka@${VERSION}, or leave client out to use kafkajs`;
    throw new StreamError('RG050', "client 'platformatic' needs the package @platformatic/kafka", hint, { cause });
  }
}

function optionsOf({ brokers, tls, sasl }: KafkaConnection): BaseOptions {
  return {
    clientId: 'raingauge',
    bootstrapBrokers: [...brokers],
    timeout: REQUEST_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retries: RETRIES,
    retryDelay: RETRY_DELAY_MS,
    ...(tls ? { tls: {} } : {}),
    ...(sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: sasl.mechanism.toUpperCase() as 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
            username: sasl.username,
            password: passwordOf(sasl),
          },
        }),
  };
}

class PlatformaticPort implements KafkaPort {
  readonly #client: Client;
  readonly #options: BaseOptions;
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #ids = new Map<string, string>();

  constructor(client: Client, options: BaseOptions) {
    this.#client = client;
    this.#options = options;
    // It joins no group: a group id is only asked for.
    this.#consumer = new client.Consumer({ ...options, groupId: 'raingauge' });
    this.#admin = new client.Admin(options);
  }

  topics(): Promise<readonly string[]> {
    return translated(() => this.#admin.listTopics());
  }

  async leaders(topic: string): Promise<readonly number[] | undefined> {
    try {
      const found = (await this.#admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic);
      if (found === undefined) return undefined;
      this.#ids.set(topic, found.id);
      return found.partitions.map(({ leader }) => leader);
    } catch (thrown) {
      if (hasCode(thrown, 'UNKNOWN_TOPIC_OR_PARTITION') || isUnknownTopic(thrown)) return undefined;
      throw failureOf(thrown);
    }
  }

  async offsets(topic: string, partitions: number, at: 'earliest' | 'latest' | number): Promise<readonly number[]> {
    const found = await this.#list(topic, partitions, at === 'earliest' ? -2n : at === 'latest' ? -1n : BigInt(at));
    if (!found.some((offset) => offset < 0)) return found;
    const latest = await this.#list(topic, partitions, -1n);
    return found.map((offset, partition) => (offset < 0 ? latest[partition]! : offset));
  }

  async fetch(request: FetchRequest): Promise<readonly FetchedPartition[]> {
    const { topic, leader, places, maxWaitMs, maxBytes, partitionMaxBytes } = request;
    if (!this.#ids.has(topic)) await this.leaders(topic);
    const topicId = this.#ids.get(topic);
    if (topicId === undefined) throw refusing(`the topic '${topic}' is gone`);
    const partitions = places.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes,
    }));
    const asked = { node: leader, maxWaitTime: maxWaitMs, maxBytes, minBytes: 1, isolationLevel: READ_COMMITTED };
    const response = await this.#consumer
      .fetch({ ...asked, topics: [{ topicId, partitions }] })
      .catch((thrown: unknown) => answerIn(thrown));
    return response.responses.flatMap((answer) =>
      answer.partitions.map((part) =>
        fetchedOf(part, places.find(({ partition }) => partition === part.partitionIndex)!.offset),
      ),
    );
  }

  committed(group: string, topic: string, partitions: number): Promise<ReadonlyMap<number, CommittedOffset>> {
    return translated(async () => {
      const topics = [{ name: topic, partitionIndexes: Array.from({ length: partitions }, (_, index) => index) }];
      const groups = await this.#admin.listConsumerGroupOffsets({ groups: [{ groupId: group, topics }] });
      const found = groups.flatMap((each) => each.topics).find(({ name }) => name === topic)?.partitions ?? [];
      return new Map(
        found
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex, committedOffset, metadata }) => [
            partitionIndex,
            { offset: Number(committedOffset), metadata: metadata ?? '' },
          ]),
      );
    });
  }

  commit(group: string, topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    const partitionOffsets = Array.from(offsets, ([partition, offset]) => ({ partition, offset: BigInt(offset) }));
    const topics = [{ name: topic, partitionOffsets }];
    return translated(() => this.#admin.alterConsumerGroupOffsets({ groupId: group, topics }));
  }

  createTopic(topic: string, partitions: number): Promise<void> {
    return translated(async () => {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas: -1 });
    });
  }

  async producer(): ReturnType<KafkaPort['producer']> {
    const { Producer, ProduceAcks, compatibilityPartitioner } = this.#client;
    let turn = 0;
    // As the Java client by the key; without one, in turn.
    const partitioner = (message: unknown, key: Buffer | undefined): number =>
      key === undefined ? turn++ : (compatibilityPartitioner as Partition)(message, key);
    const producer: Producer = new Producer({ ...this.#options, partitioner });
    return {
      send: (topic, messages) =>
        translated(async () => {
          const sent = messages.map((message) => messageOf(topic, message));
          await producer.send({ messages: sent as never, acks: ProduceAcks.ALL });
        }),
      close: () => producer.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#consumer.close(true), this.#admin.close()]);
  }

  #list(topic: string, partitions: number, timestamp: bigint): Promise<readonly number[]> {
    return translated(async () => {
      const indexes = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
      const [found] = await this.#admin.listOffsets({
        topics: [{ name: topic, partitions: indexes }],
        isolationLevel: READ_COMMITTED,
      });
      const offsets = new Map(found?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
      return indexes.map(({ partitionIndex }) => offsets.get(partitionIndex) ?? 0);
    });
  }
}

async function translated<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    throw failureOf(thrown);
  }
}

/** An answer with a code for one partition is thrown, and holds the others too. */
function answerIn(thrown: unknown): FetchResponse {
  const response = responseIn(thrown) as FetchResponse | undefined;
  if (response === undefined || !Array.isArray(response.responses)) throw failureOf(thrown);
  return response;
}

type Partition = (message: unknown, key: Buffer) => number;
type Part = FetchResponse['responses'][number]['partitions'][number];

function fetchedOf(
  { partitionIndex, errorCode, lastStableOffset, abortedTransactions, records }: Part,
  from: number,
): FetchedPartition {
  const common = { partition: partitionIndex, stableOffset: Number(lastStableOffset) };
  if (errorCode !== 0) return { ...common, state: stateOf(errorCode), runs: [], nextOffset: from };
  const batches = (records ?? []).map((batch: RecordsBatch) => packedBatch(batch, from));
  const aborted = abortedTransactions.map(({ producerId, firstOffset }) => ({
    producerId,
    firstOffset: Number(firstOffset),
  }));
  const nextOffset = Math.max(from, (batches.at(-1)?.lastOffset ?? -1) + 1);
  return { ...common, state: 'ok', runs: committedRuns(batches, aborted).filter(({ count }) => count > 0), nextOffset };
}

function messageOf(
  topic: string,
  { key, value, partition, timestamp, headers }: KafkaMessage,
): Record<string, unknown> {
  const bytes = (text: string | Buffer | null): Buffer | undefined => (text === null ? undefined : Buffer.from(text));
  return {
    topic,
    key: bytes(key),
    value: bytes(value),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
    ...(headers === undefined
      ? {}
      : { headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])) }),
  };
}
