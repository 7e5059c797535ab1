/** The source `kafka`: a direct stream for micro-batches, and what a spout reads from record at a time. It does not know which. */
import { nearest, StreamError } from '../../core/errors.js';
import type { RawSource } from '../../runtime/source.js';
import type { World } from '../../runtime/world.js';
import { FetchLoop } from './fetch-loop.js';
import { OffsetCommits } from './offset-commits.js';
import { type KafkaSettings, kafkaError, openKafkaPort } from './open-port.js';
import { KafkaPartition } from './partition.js';
import type { KafkaPort } from './port.js';
import type { ValueSettings } from './record-values.js';
import { type StartingOffsets, startOffsets } from './start-offsets.js';

/** Options of the spec. */
export interface KafkaSourceSettings extends KafkaSettings, Pick<ValueSettings, 'format' | 'as'> {
  readonly startingOffsets: StartingOffsets;
  readonly until?: 'latest';
  readonly onDataLoss: 'stop' | 'continue';
  readonly group?: string;
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
}

/** Asks how many partitions the topic has. @throws StreamError `RG080` when there is none, `RG043`, `RG081`. */
export async function kafkaPartitions(settings: KafkaSettings): Promise<number> {
  const port = await openKafkaPort(settings);
  try {
    return (await leadersOf(port, settings)).length;
  } finally {
    await port.close();
  }
}

/**
 * Opens a topic and begins to read ahead.
 *
 * Offsets of the job are counts without gaps; `position` carries Kafka's, by which a restart seeks. What is committed is told to Kafka
 * within a second, in a group that nobody joins, and is for others to see only.
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
  const { topic, startingOffsets, until, onDataLoss, brokers } = settings;
  const { name, world, job, folder, from, positions } = parts;
  const partitionCount = (await leadersOf(port, settings)).length;
  const file = folder === undefined ? undefined : { path: `${folder}/source-${name}.json`, files: world.files };
  const start = await startOffsets({ port, topic, partitions: partitionCount, startingOffsets, positions, file });
  const ends = until === undefined ? [] : await port.offsets(topic, partitionCount, until);
  const errorOf = (thrown: unknown): unknown => kafkaError(brokers, thrown);
  const group = settings.group ?? (job === undefined ? undefined : `raingauge-${job}-${name}`);
  const commits =
    group === undefined
      ? undefined
      : new OffsetCommits({
          ...{ port, group, topic, world, errorOf },
          failed: (error) => {
            for (const partition of partitions) partition.fail(error);
          },
        });
  const partitions = start.map(
    (offset, partition) =>
      new KafkaPartition({
        ...settings,
        partition,
        start: offset,
        taken: from[partition] ?? 0,
        until: ends[partition] ?? Number.POSITIVE_INFINITY,
        onCommit: (of, next) => commits?.set(of, next),
      }),
  );
  const loop = new FetchLoop({ port, topic, partitions, world, onDataLoss, errorOf });
  const reading = loop.run();
  return {
    partitions,
    counters: () => ({
      lostRecords: loop.lostRecords,
      tombstones: partitions.reduce((sum, { tombstones }) => sum + tombstones, 0),
      failedOffsetCommits: commits?.failures ?? 0,
    }),
    close: async () => {
      loop.stop();
      await Promise.all([commits?.close(), reading]);
      await port.close();
    },
  };
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
