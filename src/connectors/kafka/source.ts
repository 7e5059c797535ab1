/** The source `kafka`: a direct stream for micro-batches, and what a spout reads from record at a time; or a receiver. It does not know which mode. */
import { nearest, StreamError } from '../../core/errors.js';
import type { RawSource, ReceiverNews } from '../../runtime/source.js';
import type { World } from '../../runtime/world.js';
import { openDirect } from './direct-stream.js';
import { type KafkaSettings, kafkaError, openKafkaPort } from './open-port.js';
import type { KafkaPort } from './port.js';
import { openReceiver } from './receiver.js';
import type { ValueSettings } from './record-values.js';
import { readStart, type StartFile, type StartingOffsets } from './start-offsets.js';

/** Options of the spec. */
export interface KafkaSourceSettings extends KafkaSettings, Pick<ValueSettings, 'format' | 'as'> {
  readonly startingOffsets: StartingOffsets;
  readonly until?: 'latest';
  readonly onDataLoss: 'stop' | 'continue';
  readonly group?: string;
  readonly receiver?: boolean;
  /** How many partitions the source has, as `kafkaPartitions` found. Default: as many as the topic. */
  readonly partitions?: number;
}

/** What the source is opened with. */
export interface KafkaSourceParts {
  /** The source's name in the topology. */
  readonly name: string;
  readonly world: Pick<World, 'clock' | 'scheduler' | 'files'>;
  /** Names the consumer group; undefined: nothing is committed to Kafka, as where input is only recorded. */
  readonly job: string | undefined;
  /** The job's folder for what connectors keep. */
  readonly folder: string | undefined;
  /** Records of each partition that an earlier process has read. */
  readonly from: readonly number[];
  /** What `position` of each partition gave there. */
  readonly positions: readonly unknown[];
  /** And at the end of what must be read again in the same order. */
  readonly later: readonly unknown[];
  /** Hears what becomes of a receiver. */
  readonly tell: (news: ReceiverNews) => void;
}

/** A topic that is there, and how it is to be read. */
export interface OpenTopic {
  readonly port: KafkaPort;
  readonly settings: KafkaSourceSettings;
  readonly parts: KafkaSourceParts;
  /** How many partitions the topic has. */
  readonly partitionCount: number;
  /** By partition, where the topic ends for this job; undefined: never. */
  readonly ends: readonly number[] | undefined;
  /** The job's consumer group. */
  readonly group: string | undefined;
  /** An error as people see it. */
  readonly errorOf: (thrown: unknown) => unknown;
}

/**
 * Asks how many partitions the source has: a receiver has one, and a job as many as the topic had when it began.
 *
 * @throws StreamError `RG080` when there is no such topic, `RG043`, `RG081`.
 */
export async function kafkaPartitions(settings: KafkaSourceSettings, begun: StartFile | undefined): Promise<number> {
  const port = await openKafkaPort(settings);
  try {
    const { length } = await leadersOf(port, settings);
    if (settings.receiver === true) return 1;
    const before = (begun && (await readStart(begun)))?.length ?? length;
    if (before > length) throw madeAgain(settings.topic, before, length);
    return before;
  } finally {
    await port.close();
  }
}

/**
 * Opens a topic and begins to read ahead.
 *
 * Offsets of the job are counts without gaps; `position` carries Kafka's, by which a restart seeks. What is committed is told to Kafka
 * within a second: by a direct stream in a group that nobody joins, for others to see only; by a receiver as a member of its group.
 *
 * @throws StreamError `RG080`, `RG043`, `RG081`, `RG050`; later failures are the partitions'.
 */
export async function openKafkaSource(settings: KafkaSourceSettings, parts: KafkaSourceParts): Promise<RawSource> {
  const port = await openKafkaPort(settings);
  try {
    return await opened(port, settings, parts);
  } catch (thrown) {
    await port.close();
    throw kafkaError(settings.brokers, thrown);
  }
}

async function opened(port: KafkaPort, settings: KafkaSourceSettings, parts: KafkaSourceParts): Promise<RawSource> {
  const { topic, until, brokers, receiver } = settings;
  const { job, name } = parts;
  const partitionCount = (await leadersOf(port, settings)).length;
  const open: OpenTopic = {
    ...{ port, settings, parts, partitionCount },
    ends: until === undefined ? undefined : await port.offsets(topic, partitionCount, until),
    group: settings.group ?? (job === undefined ? undefined : `raingauge-${job}-${name}`),
    errorOf: (thrown) => kafkaError(brokers, thrown),
  };
  // Whoever only records the input takes no share of a group's.
  return receiver === true && job !== undefined ? openReceiver(open) : openDirect(open);
}

async function leadersOf(port: KafkaPort, { topic, brokers }: KafkaSettings): Promise<readonly number[]> {
  try {
    const leaders = await port.leaders(topic);
    if (leaders !== undefined && leaders.length > 0) return leaders;
    throw noTopic(topic, brokers, await port.topics());
  } catch (thrown) {
    throw kafkaError(brokers, thrown);
  }
}

/** The error for a topic that is not there, with a near name. */
export function noTopic(topic: string, brokers: readonly string[], topics: readonly string[]): StreamError {
  const near = nearest(topic, topics);
  const make = `make it: raingauge kafka topic ${topic} --partitions 3 --brokers ${brokers[0]}`;
  return new StreamError(
    'RG080',
    `Kafka at ${brokers.join(', ')} has no topic '${topic}'`,
    near === undefined ? make : `did you mean '${near}'? Or ${make}`,
  );
}

function madeAgain(topic: string, before: number, found: number): StreamError {
  return new StreamError(
    'RG080',
    `the Kafka topic '${topic}' had ${before} partitions when the job began, and now has ${found}: it was deleted and made again`,
    'begin anew, with another checkpoint folder or fromScratch (--from-scratch)',
  );
}
