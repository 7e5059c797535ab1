/** The source `kafka` without a receiver: partitions that are read by explicit offsets. */
import type { StreamError } from '../../core/errors.js';
import type { RawSource } from '../../runtime/source.js';
import { FetchLoop } from './fetch-loop.js';
import { Lane } from './lane.js';
import { OffsetCommits } from './offset-commits.js';
import { KafkaPartition, type KafkaPosition, placesIn } from './partition.js';
import type { OpenTopic } from './source.js';
import { startFileOf, startOffsets } from './start-offsets.js';

/**
 * Opens it: one partition of the source for each that the topic had when the job began. Partition p of the topic is read by partition
 * p modulo their number, so that those which are added while it runs, or while it does not run, are read by those that are there.
 *
 * @throws as `openKafkaSource`.
 */
export async function openDirect(open: OpenTopic): Promise<RawSource> {
  const { port, settings, parts, partitionCount, ends, errorOf } = open;
  const { topic, startingOffsets, onDataLoss, partitions: count = partitionCount } = settings;
  const { name, world, folder, from } = parts;
  const positions = parts.positions as readonly (KafkaPosition | undefined)[];
  const later = parts.later as readonly (KafkaPosition | undefined)[];
  const known = new Map(positions.flatMap((position, index) => [...placesIn(position, index)]));
  const file = folder === undefined ? undefined : startFileOf(folder, name, world.files);
  const starts = await startOffsets({ port, topic, partitions: partitionCount, startingOffsets, known, file });
  const commits = commitsOf(open, (error) => {
    for (const partition of partitions) partition.fail(error);
  });
  const partitions = Array.from(
    { length: count },
    (_, index) =>
      new KafkaPartition({
        ...{ index, isReplayable: true, position: positions[index], later: later[index] },
        taken: from[index] ?? 0,
        onCommit: (of, next) => commits?.set(of, next),
      }),
  );
  const lanes: Lane[] = [];
  const add = (partition: number, start: number, until: number): void => {
    const lane = new Lane({ ...settings, partition, start, until });
    lanes.push(lane);
    partitions[partition % count]!.add(lane);
  };
  starts.forEach((start, partition) => {
    add(partition, start, ends === undefined ? Number.POSITIVE_INFINITY : ends[partition]!);
  });
  const grown = (found: number): void => {
    // What ends where the topic ended has no part of what is new.
    if (ends !== undefined) return;
    for (let partition = lanes.length; partition < found; partition++) add(partition, 0, Number.POSITIVE_INFINITY);
  };
  const loop = new FetchLoop({ port, topic, lanes, partitionCount, grown, world, onDataLoss, errorOf });
  const reading = loop.run();
  return {
    partitions,
    counters: () => ({
      lostRecords: loop.lostRecords,
      addedPartitions: lanes.length - starts.length,
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
