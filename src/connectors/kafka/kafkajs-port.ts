/** The default client: kafkajs 2.2.4, read by its cluster and our own codec, written by its producers. */
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import { fetchedAll } from './fetch-response.js';
import {
  type Cluster,
  type ClusterMetadata,
  createCluster,
  fetchRaw,
  READ_COMMITTED,
  retried,
} from './kafkajs-cluster.js';
import { failureOf, translated } from './kafkajs-failure.js';
import { openMember } from './kafkajs-member.js';
import { openProducer, openTransactional } from './kafkajs-producers.js';
import { passwordOf } from './password.js';
import {
  type CommittedOffset,
  type FetchedPartition,
  type FetchRequest,
  type KafkaConnection,
  KafkaFailure,
  type KafkaPort,
} from './port.js';

/** A broker that does not take the connection within this time is not there (ms). */
const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** About 6 s until a broker that is not there is given up at the beginning; what runs retries above this. */
const RETRY = { retries: 8, initialRetryTime: 100, maxRetryTime: 1_000 };
/** A member of no group commits with this generation. */
const NO_GENERATION = -1;
/** The kinds of time in a request for offsets. */
const LATEST = -1;
const EARLIEST = -2;

/** Connects. @throws KafkaFailure when no broker answers, or refuses. */
export async function openKafkaJS(connection: KafkaConnection): Promise<KafkaPort> {
  const kafka = new Kafka(configOf(connection));
  const port = new KafkaJSPort(kafka);
  await port.connect();
  return port;
}

function configOf({ brokers, tls, sasl }: KafkaConnection): KafkaConfig {
  return {
    clientId: 'raingauge',
    brokers: [...brokers],
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: logLevel.NOTHING,
    ...(tls ? { ssl: true } : {}),
    ...(sasl === undefined
      ? {}
      : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: passwordOf(sasl) } as SASLOptions }),
  };
}

/** What passes is asked again. */
function asked<T>(step: () => Promise<T>): Promise<T> {
  return translated(() => retried(RETRY, step));
}

class KafkaJSPort implements KafkaPort {
  readonly #kafka: Kafka;
  /** A fetch that waits for data holds up its connection, so it has one of its own. */
  readonly #fetching: Cluster;
  readonly #asking: Cluster;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
    this.#fetching = createCluster(kafka);
    this.#asking = createCluster(kafka);
  }

  connect(): Promise<void> {
    return translated(async () => {
      await this.#asking.connect();
      await this.#fetching.connect();
    });
  }

  topics(): Promise<readonly string[]> {
    return translated(async () => (await this.#allTopics()).map(({ topic }) => topic));
  }

  async leaders(topic: string): Promise<readonly number[] | undefined> {
    try {
      const known = (await this.#asking.metadata({ topics: [topic] }))?.topicMetadata ?? (await this.#allTopics());
      const partitions = known.find((found) => found.topic === topic)?.partitionMetadata ?? [];
      if (partitions.length === 0) return undefined;
      return partitions.toSorted((a, b) => a.partitionId - b.partitionId).map(({ leader }) => leader);
    } catch (thrown) {
      if ((thrown as { readonly type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
      throw failureOf(thrown);
    }
  }

  async offsets(topic: string, partitions: number, at: 'earliest' | 'latest' | number): Promise<readonly number[]> {
    const timestamp = at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : at;
    const found = await this.#listOffsets(topic, partitions, timestamp);
    if (!found.some((offset) => offset < 0)) return found;
    const latest = await this.#listOffsets(topic, partitions, LATEST);
    return found.map((offset, partition) => (offset < 0 ? latest[partition]! : offset));
  }

  fetch(request: FetchRequest): Promise<readonly FetchedPartition[]> {
    const { topic, leader, places, maxWaitMs, maxBytes, partitionMaxBytes } = request;
    return translated(async () => {
      const broker = await this.#brokerOf(this.#fetching, leader);
      const partitions = places.map(({ partition, offset }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes: partitionMaxBytes,
      }));
      const answer = await fetchRaw(broker, { topic, partitions, maxWaitTime: maxWaitMs, maxBytes });
      return fetchedAll(answer, places);
    });
  }

  committed(group: string, topic: string, partitions: number): Promise<ReadonlyMap<number, CommittedOffset>> {
    return asked(async () => {
      const coordinator = await this.#asking.findGroupCoordinator({ groupId: group });
      const asked = Array.from({ length: partitions }, (_, partition) => ({ partition }));
      const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions: asked }] });
      const found = responses.find((response) => response.topic === topic)?.partitions ?? [];
      return new Map(
        found
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset, metadata = '' }) => [partition, { offset: Number(offset), metadata }]),
      );
    });
  }

  commit(group: string, topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    return asked(async () => {
      const coordinator = await this.#asking.findGroupCoordinator({ groupId: group });
      const partitions = Array.from(offsets, ([partition, offset]) => ({
        partition,
        offset: String(offset),
        metadata: '',
      }));
      const member = { groupId: group, groupGenerationId: NO_GENERATION, memberId: '' };
      await coordinator.offsetCommit({ ...member, topics: [{ topic, partitions }] });
    });
  }

  /** kafkajs would give up when the new topic is not seen at once. */
  createTopic(topic: string, partitions: number): Promise<void> {
    return translated(async () => {
      const admin = this.#kafka.admin();
      await admin.connect();
      try {
        await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
      } finally {
        await admin.disconnect();
      }
      await retried(RETRY, async () => {
        const leaders = (await this.leaders(topic)) ?? [];
        const isReady = leaders.length === partitions && leaders.every((leader) => leader >= 0);
        if (!isReady) throw Object.assign(new Error(`'${topic}' has no leaders yet`), { type: 'LEADER_NOT_AVAILABLE' });
      });
    });
  }

  producer(): ReturnType<KafkaPort['producer']> {
    return openProducer(this.#kafka, (topic) => this.leaders(topic));
  }

  readonly transactional: NonNullable<KafkaPort['transactional']> = (id, timeoutMs) =>
    openTransactional(this.#kafka, id, (topic) => this.leaders(topic), timeoutMs);

  readonly member = (group: string, topic: string): ReturnType<NonNullable<KafkaPort['member']>> =>
    openMember(this.#kafka, group, topic, RETRY);

  async close(): Promise<void> {
    await Promise.allSettled([this.#fetching.disconnect(), this.#asking.disconnect()]);
  }

  async #allTopics(): Promise<ClusterMetadata['topicMetadata']> {
    const all = await this.#asking.metadata({ topics: [] });
    if (all === null) throw new KafkaFailure('transient', 'no broker answers', undefined);
    return all.topicMetadata;
  }

  #listOffsets(topic: string, partitions: number, timestamp: number): Promise<readonly number[]> {
    return asked(async () => {
      const leaders = (await this.leaders(topic)) ?? [];
      const offsets: number[] = new Array<number>(partitions).fill(0);
      for (const leader of new Set(leaders)) {
        const asked = Array.from({ length: partitions }, (_, partition) => ({ partition, timestamp }));
        const broker = await this.#brokerOf(this.#asking, leader);
        const { responses } = await broker.listOffsets({
          isolationLevel: READ_COMMITTED,
          topics: [{ topic, partitions: asked.filter(({ partition }) => leaders[partition] === leader) }],
        });
        for (const { partition, offset } of responses.flatMap((found) => found.partitions))
          offsets[partition] = Number(offset);
      }
      return offsets;
    });
  }

  /** A node that the cluster does not know yet is found with newer metadata. */
  async #brokerOf(cluster: Cluster, nodeId: number): ReturnType<Cluster['findBroker']> {
    try {
      return await cluster.findBroker({ nodeId });
    } catch {
      await cluster.refreshMetadata();
      return cluster.findBroker({ nodeId });
    }
  }
}
