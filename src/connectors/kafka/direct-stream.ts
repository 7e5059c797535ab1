/** The source `kafka` without a receiver: a partition for each of the topic's, read by explicit offsets. */
import { StreamError } from '../../core/errors.js';
import type { RawSource } from '../../runtime/source.js';
import { FetchLoop } from './fetch-loop.js';
import { Lane } from './lane.js';
import { OffsetCommits } from './offset-commits.js';
import { KafkaPartition, type KafkaPosition } from './partition.js';
import type { OpenTopic } from './source.js';
import { startOffsets } from './start-offsets.js';

/** Opens it. @throws as `openKafkaSource`. */
export async function openDirect(open: OpenTopic): Promise<RawSource> {
  const { port, settings, parts, partitionCount, ends, errorOf } = open;
  const { topic, startingOffsets, onDataLoss } = settings;
  const { name, world, folder, from, positions } = parts;
  const file = folder === undefined ? undefined : { path: `${folder}/source-${name}.json`, files: world.files };
  const starts = await startOffsets({ port, topic, partitions: partitionCount, startingOffsets, positions, file });
  const commits = commitsOf(open, (error) => {
    for (const partition of partitions) partition.fail(error);
  });
  const lanes = starts.map((start, partition) => {
    const until = ends?.[partition] ?? Number.POSITIVE_INFINITY;
    return new Lane({ ...settings, partition, start, until });
  });
  const partitions = lanes.map((lane, index) => {
    const partition = new KafkaPartition({
      index,
      taken: from[index] ?? 0,
      position: positions[index] as KafkaPosition | undefined,
      onCommit: (of, next) => commits?.set(of, next),
    });
    partition.add(lane);
    return partition;
  });
  const grown = (found: number): never => {
    throw partitionsAdded(topic, partitionCount, found);
  };
  const loop = new FetchLoop({ port, topic, lanes, partitionCount, grown, world, onDataLoss, errorOf });
  const reading = loop.run();
  return {
    partitions,
    counters: () => ({
      lostRecords: loop.lostRecords,
      tombstones: lanes.reduce((sum, { tombstones }) => sum + tombstones, 0),
      failedOffsetCommits: commits?.failures ?? 0,
    }),
    close: async () => {
      loop.stop();
      await Promise.all([commits?.flush(), reading]);
      await port.close();
    },
  };
}

function commitsOf(open: OpenTopic, failed: (error: StreamError) => void): OffsetCommits | undefined {
  const { port, settings, parts, group, errorOf } = open;
  if (group === undefined) return undefined;
  const send = (offsets: ReadonlyMap<number, number>): Promise<void> => port.commit(group, settings.topic, offsets);
  return new OffsetCommits({ group, send, world: parts.world, errorOf, failed });
}

function partitionsAdded(topic: string, before: number, found: number): StreamError {
  return new StreamError(
    'RG080',
    `the Kafka topic '${topic}' now has ${found} partitions; the job was started with ${before}`,
    'start it again: with the same --checkpoint it goes on, and reads the new partitions from their beginning',
  );
}
