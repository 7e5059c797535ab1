/** The source `kafka` as a receiver: one partition, read as a member of a consumer group. */
import { assert } from '../../core/assert.js';
import type { RawSource } from '../../runtime/source.js';
import { GroupReader } from './group-reader.js';
import { decodingOf, type OpenTopic } from './open-topic.js';
import { KafkaPartition, type KafkaPosition } from './partition.js';

/** Opens it; it joins the group while others do other things. */
export async function openReceiver(open: OpenTopic): Promise<RawSource> {
  const { port, settings, parts, ends, group, errorOf } = open;
  const { from, positions, world, tell } = parts;
  assert(port.member !== undefined, 'the spec refuses a receiver whose client cannot join a group');
  const member = await port.member(group!, settings.topic);
  const partition = new KafkaPartition({
    index: 0,
    taken: from[0] ?? 0,
    position: positions[0] as KafkaPosition | undefined,
    isHeldOpen: true,
    onCommit: (of, offset) => reader.durable(of, offset),
  });
  const reader = new GroupReader({
    ...settings,
    ...{ port, member, group: group!, partition, world, ends, errorOf },
    decoding: decodingOf(open, 0),
    tell: (message) => tell({ kind: 'receiverStarted', message }),
  });
  const reading = reader.run();
  return {
    partitions: [partition],
    counters: () => ({
      lostRecords: reader.lostRecords,
      ...reader.counts,
      failedOffsetCommits: reader.commits.failures,
    }),
    close: async () => {
      reader.stop();
      await reading;
      await reader.commits.flush();
      await member.leave();
      await port.close();
    },
  };
}
