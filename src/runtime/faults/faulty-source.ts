/** A source that gives nothing for a while, and counts what it gave. */
import type { Block, PartitionReader, SourceReader } from '../source.js';
import type { Scheduler } from '../world.js';

/** Until when a source is silent (us), by the clock of the run. -Infinity: it is not. */
export interface Silence {
  until: number;
}

/** Decorates an open source. `read` hears how many records each poll gave. */
export function faultySource(
  source: SourceReader,
  silence: Silence,
  clock: { now(): number },
  scheduler: Scheduler,
  read: (records: number) => void,
): SourceReader {
  const decorate = (reader: PartitionReader): PartitionReader => {
    const { rewind, position } = reader;
    return {
      get failure() {
        return reader.failure;
      },
      poll: (block: Block, max: number) => {
        if (clock.now() < silence.until) return;
        const before = block.values.length;
        reader.poll(block, max);
        if (block.values.length > before) read(block.values.length - before);
      },
      onReady: (wake) => {
        if (clock.now() < silence.until) scheduler.at(silence.until, wake);
        else reader.onReady(wake);
      },
      commit: (offset) => reader.commit(offset),
      ...(rewind === undefined ? {} : { rewind: (offset: number) => rewind.call(reader, offset) }),
      ...(position === undefined ? {} : { position: () => position.call(reader) }),
    };
  };
  return { ...source, partitions: source.partitions.map(decorate), close: () => source.close() };
}
