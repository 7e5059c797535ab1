/** An open source that gives nothing while its gate is shut. It knows nothing of why. */
import type { Block, PartitionReader, SourceReader } from './source.js';

/** Whether records come through. */
export interface Gate {
  readonly isOpen: boolean;
  /** Calls back when it may be open again. The latest call of a partition counts. */
  onOpen(partition: number, wake: () => void): void;
}

/** Puts a gate in front of each partition. `read` hears how many records each poll gave. */
export function gatedSource(source: SourceReader, gate: Gate, read?: (records: number) => void): SourceReader {
  const partitions = source.partitions.map((reader, partition) => gatedPartition(reader, partition, gate, read));
  return { partitions, counters: () => source.counters?.() ?? {}, close: () => source.close() };
}

function gatedPartition(
  reader: PartitionReader,
  partition: number,
  gate: Gate,
  read: ((records: number) => void) | undefined,
): PartitionReader {
  const { rewind, position, finishes } = reader;
  return {
    get failure() {
      return reader.failure;
    },
    poll: (block: Block, max: number) => {
      if (!gate.isOpen) return;
      const before = block.values.length;
      reader.poll(block, max);
      if (block.values.length > before) read?.(block.values.length - before);
    },
    onReady: (wake) => {
      if (gate.isOpen) reader.onReady(wake);
      else gate.onOpen(partition, wake);
    },
    commit: (offset) => reader.commit(offset),
    ...(rewind === undefined ? {} : { rewind: (offset: number) => rewind.call(reader, offset) }),
    ...(position === undefined ? {} : { position: () => position.call(reader) }),
    ...(finishes === undefined ? {} : { finishes: () => finishes.call(reader) }),
  };
}
