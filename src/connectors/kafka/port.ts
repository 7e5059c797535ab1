/** What raingauge asks of a Kafka client, whichever it is: the contract that `test/kafka/port.test.ts` checks on a real broker. */
import type { RecordRun } from './record-batches.js';

/** How a cluster is reached. */
export interface KafkaConnection {
  /** `HOST:PORT` of one or more brokers to begin with. */
  readonly brokers: readonly string[];
  readonly tls: boolean;
  /** The password is read from this environment variable when the connection is made: it never stands in a spec. */
  readonly sasl: KafkaSasl | undefined;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly passwordVariable: string;
}

/** Where a partition is read. */
export interface FetchPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface FetchRequest {
  readonly topic: string;
  /** The node that leads all of these partitions. */
  readonly leader: number;
  readonly places: readonly FetchPlace[];
  /** The broker answers after so long when there is nothing (ms). */
  readonly maxWaitMs: number;
  /** Of the whole answer, and of one partition. A single batch may exceed both. */
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
}

/** What a fetch gave of one partition: only records of committed transactions, and none below the offset that was asked. */
export interface FetchedPartition {
  readonly partition: number;
  /** `out-of-range`: the offset is gone, or not there yet. `moved`: another node leads it now. `gone`: it is no more. */
  readonly state: 'ok' | 'out-of-range' | 'moved' | 'gone';
  readonly runs: readonly RecordRun[];
  /** Where to fetch next: behind markers, aborted and compacted records too. */
  readonly nextOffset: number;
  /** The last stable offset: what can be read now ends below it. */
  readonly stableOffset: number;
}

/** A message to produce. Keys and values are text or bytes. */
export interface KafkaMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** Absent: by the key (murmur2, as the Java client), or any. */
  readonly partition?: number;
  /** Milliseconds since the epoch. Absent: now. */
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An offset of a consumer group. */
export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

/** Sends messages, each batch acknowledged by all replicas in sync. */
export interface KafkaProducer {
  /** Resolves when all are acknowledged. May give a message twice when the answer is lost. @throws KafkaFailure */
  send(topic: string, messages: readonly KafkaMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** One transactional id. After any failure it must be closed, and a new one made: nobody knows how its transaction ended. */
export interface TransactionalProducer {
  /** The first call ends what an earlier producer of this id left open, and shuts it out. @throws KafkaFailure */
  begin(): Promise<KafkaTransaction>;
  close(): Promise<void>;
}

export interface KafkaTransaction {
  send(topic: string, messages: readonly KafkaMessage[]): Promise<void>;
  /** Commits an offset of a group with the transaction. */
  offset(group: string, topic: string, partition: number, committed: CommittedOffset): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * Where a member of a group stands. `rebalancing`: the group forms anew, and it must join again. `lost`: the group went on without it;
 * what it read may be read again by others.
 */
export type MemberState = 'stable' | 'rebalancing' | 'lost';

/** What a member got when it joined. */
export interface Membership {
  /** The partitions of the topic that are its own until the group forms anew. */
  readonly partitions: readonly number[];
  /** It shares out partitions for the whole group: joining again does so anew. */
  readonly leads: boolean;
}

/** A member of a consumer group that reads one topic, by the protocol `range` of the Java client. */
export interface GroupMember {
  /** Joins, or joins again; resolves when all members have. @throws KafkaFailure `refused` for a group of another protocol. */
  join(): Promise<Membership>;
  /** Must be called every few seconds: a silent member is put out. @throws KafkaFailure */
  heartbeat(): Promise<MemberState>;
  /** Commits offsets by partition, unless the group went on without it. @throws KafkaFailure */
  commit(offsets: ReadonlyMap<number, number>): Promise<MemberState>;
  /** Its partitions go to the others at once. Never rejects. */
  leave(): Promise<void>;
}

/** An open client of one cluster. Every call is limited in time. */
export interface KafkaPort {
  /** The topics that this user may see. */
  topics(): Promise<readonly string[]>;
  /** The node that leads each partition, by partition; undefined when there is no such topic. */
  leaders(topic: string): Promise<readonly number[] | undefined>;
  /**
   * An offset of each of the partitions from 0 on: the first that is there; the one behind the last that is stable; or of the first
   * record with that time (ms since the epoch) or a later one, else the latest.
   */
  offsets(topic: string, partitions: number, at: 'earliest' | 'latest' | number): Promise<readonly number[]>;
  /** @throws KafkaFailure */
  fetch(request: FetchRequest): Promise<readonly FetchedPartition[]>;
  /** The group's offsets of these partitions; those without one are left out. */
  committed(group: string, topic: string, partitions: number): Promise<ReadonlyMap<number, CommittedOffset>>;
  /** Commits offsets by partition, as a consumer that reads without joining the group. @throws KafkaFailure */
  commit(group: string, topic: string, offsets: ReadonlyMap<number, number>): Promise<void>;
  createTopic(topic: string, partitions: number): Promise<void>;
  producer(): Promise<KafkaProducer>;
  /** The broker ends a transaction that is open for longer than `timeoutMs`. Absent where the client's transactions cannot be trusted. */
  readonly transactional?: (id: string, timeoutMs?: number) => Promise<TransactionalProducer>;
  /** Absent where the client cannot be a member on these terms. */
  readonly member?: (group: string, topic: string) => Promise<GroupMember>;
  close(): Promise<void>;
}

/**
 * How a call to Kafka failed. `transient`: it may work again. `fenced`: a newer producer of the same transactional id has taken over.
 * `refused`: it will not work, and the message says why.
 */
export class KafkaFailure extends Error {
  override readonly name = 'KafkaFailure';
  readonly kind: 'transient' | 'fenced' | 'refused';
  /** What to do, where it is not what is to be done for all of its kind. */
  readonly hint: string | undefined;

  constructor(kind: KafkaFailure['kind'], message: string, cause: unknown, hint?: string) {
    super(message, { cause });
    this.kind = kind;
    this.hint = hint;
  }
}

/** Bytes of the log that are not what Kafka writes: asking again gives them again. */
export function damaged(what: string, cause?: unknown): KafkaFailure {
  const hint =
    'read it with kafka-dump-log and repair the log; or begin behind it, with --from-scratch (startingOffsets only counts for a job without a checkpoint) and startingOffsets: { offsets: [...] }';
  return new KafkaFailure('refused', what, cause, hint);
}

/** An answer that no broker gives, whatever its log holds. */
export function brokenAnswer(what: string): KafkaFailure {
  const hint =
    'something between the broker and the job changes bytes: look at proxies on the way, and at what listens at this address; then start the job again';
  return new KafkaFailure('refused', what, undefined, hint);
}
