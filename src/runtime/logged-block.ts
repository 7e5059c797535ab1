/** Blocks as the log holds them: their values, with times as runs of equal ones. */
import type { AllocatedRange } from './durability.js';
import { Block } from './source.js';

/** Where a partition stands behind some blocks. */
export interface BlockEnd {
  readonly source: string;
  readonly partition: number;
  /** Offset of the next record. */
  readonly offset: number;
  /** From `PartitionReader.position`. */
  readonly reader: unknown;
}

/** The range of some blocks of a partition, up to its end. `withValues`: the source cannot be read again. */
export function rangeOf(end: BlockEnd, blocks: readonly Block[], withValues: boolean): AllocatedRange {
  const times: number[] = [];
  const heartbeats: number[] = [];
  let count = 0;
  for (const block of blocks) {
    for (const { at, watermark } of block.heartbeats) heartbeats.push(count + at, watermark);
    for (let i = 0; i < block.values.length; i++) {
      const time = block.timestamps[i]!;
      if (times.length > 0 && times[times.length - 1] === time) times[times.length - 2]! += 1;
      else times.push(1, time);
    }
    count += block.values.length;
  }
  return {
    source: end.source,
    partition: end.partition,
    from: end.offset - count,
    to: end.offset,
    times,
    heartbeats,
    ended: blocks.at(-1)?.ended === true,
    reader: end.reader,
    ...(withValues ? { values: ([] as unknown[]).concat(...blocks.map(({ values }) => values)) } : {}),
  };
}

/** The range as a block. Without values its records are left out, and only the time that they brought stays. */
export function blockOf(range: AllocatedRange, values: unknown[] | undefined): Block {
  const { times, heartbeats } = range;
  const block = new Block();
  block.clear(values === undefined ? range.to : range.from);
  block.ended = range.ended;
  for (let i = 0; i < heartbeats.length; i += 2)
    block.heartbeats.push({ at: values === undefined ? 0 : heartbeats[i]!, watermark: heartbeats[i + 1]! });
  if (values === undefined) {
    if (times.length > 0) block.heartbeat(times[times.length - 1]!);
    return block;
  }
  block.values = values;
  block.timestamps = new Float64Array(values.length);
  let filled = 0;
  for (let i = 0; i < times.length; i += 2) {
    block.timestamps.fill(times[i + 1]!, filled, filled + times[i]!);
    filled += times[i]!;
  }
  return block;
}
