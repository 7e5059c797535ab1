/**
 * The part of kafkajs 2.2.4 that is not public: its cluster, for reading explicit ranges without a consumer group, and for offsets.
 * The version is pinned, and `test/kafka/port.test.ts` runs all of this against a real broker.
 */
import { createRequire } from 'node:module';
import type { Kafka, RetryOptions } from 'kafkajs';
import { decodeFetch, FETCH_VERSION, type FetchAnswer } from './fetch-response.js';
import { KafkaFailure } from './port.js';

/** A cluster's connections. Each cluster has its own: a fetch that waits holds up what comes behind it on a connection. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** Of all topics, when none is named. Null when no broker answers, or when a topic that was known is gone. */
  metadata(request: { readonly topics: readonly string[] }): Promise<ClusterMetadata | null>;
  refreshMetadata(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findBroker(request: { readonly nodeId: string | number }): Promise<Broker>;
  findGroupCoordinator(request: { readonly groupId: string }): Promise<Broker>;
}

export interface ClusterMetadata {
  readonly topicMetadata: readonly {
    readonly topic: string;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata?: string }[];
}

interface OffsetsToCommit {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: string }[];
}

interface Protocol {
  readonly request: { readonly apiVersion: number };
  readonly response: unknown;
}

export interface Broker {
  readonly connectionPool: { send(protocol: unknown): Promise<unknown> };
  lookupRequest(key: number, definition: unknown): (request: unknown) => Protocol;
  connect(): Promise<void>;
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<{ readonly responses: readonly TopicOffsets[] }>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<{ readonly responses: readonly TopicOffsets[] }>;
  offsetCommit(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly OffsetsToCommit[];
  }): Promise<unknown>;
  joinGroup(request: {
    readonly groupId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    /** Empty for one that is none yet. */
    readonly memberId: string;
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }): Promise<{
    readonly generationId: number;
    readonly leaderId: string;
    readonly memberId: string;
    /** Empty, but for the leader. */
    readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
  }>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

/** Only what belongs to committed transactions is read. */
export const READ_COMMITTED = 1;
const FETCH_KEY = 1;

const require = createRequire(import.meta.url);
const { requests } = require('kafkajs/src/protocol/requests/index.js') as {
  readonly requests: { readonly Fetch: unknown };
};
const createRetry = require('kafkajs/src/retry/index.js') as (
  options: RetryOptions,
) => <T>(step: (bail: (error: unknown) => void) => Promise<T>) => Promise<T>;

/** What a broker says while it comes up, or a coordinator or leader is chosen: soon again it answers. */
const PASSING = [
  'GROUP_LOAD_IN_PROGRESS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_COORDINATOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
];

/** Asks again, with growing waits, while the answer is one that passes. */
export function retried<T>(options: RetryOptions, step: () => Promise<T>): Promise<T> {
  return createRetry(options)(async (bail) => {
    try {
      return await step();
    } catch (thrown) {
      const { type = '' } = thrown as { readonly type?: string };
      if (PASSING.includes(type)) throw thrown;
      bail(thrown);
      throw thrown;
    }
  });
}

/** A cluster of its own. It never creates topics. */
export function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  const create = symbol && (kafka as unknown as Record<symbol, unknown>)[symbol];
  if (typeof create !== 'function')
    throw new KafkaFailure(
      'refused',
      'this kafkajs is not version 2.2.4: it has no cluster that can be used',
      undefined,
    );
  return create({
    metadataMaxAge: METADATA_AGE_MS,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
  }) as Cluster;
}

/** Metadata older than this is asked for again (ms). */
const METADATA_AGE_MS = 300_000;

/** What a raw fetch asks. */
export interface RawFetch {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly fetchOffset: string;
    readonly maxBytes: number;
  }[];
  readonly maxWaitTime: number;
  readonly maxBytes: number;
}

/** Sends a fetch and gives its answer with the batches as they came. @throws KafkaFailure for a broker before Kafka 2.3. */
export async function fetchRaw(
  broker: Broker,
  { topic, partitions, maxWaitTime, maxBytes }: RawFetch,
): Promise<FetchAnswer> {
  const protocol = broker.lookupRequest(
    FETCH_KEY,
    requests.Fetch,
  )({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions }],
  });
  if (protocol.request.apiVersion !== FETCH_VERSION)
    throw new KafkaFailure('refused', 'the broker is older than Kafka 2.3', undefined);
  const response = {
    decode: async (bytes: Buffer) => decodeFetch(bytes),
    parse: async (answer: FetchAnswer) => answer,
  };
  return (await broker.connectionPool.send({ request: protocol.request, response })) as FetchAnswer;
}
