/** Ranges of the log: what is written down of a batch's share of a partition, and how it is read again after a restart. */
import { StreamError } from '../../core/errors.js';
import type { AllocatedRange } from '../../runtime/durability.js';
import { Block, type PartitionReader } from '../../runtime/source.js';
import type { PartitionMark } from './batch.js';

/** The range of blocks that are in the log: it only says which. */
export function rangeOfLogged(mark: PartitionMark, blocks: readonly Block[]): AllocatedRange {
  return {
    source: mark.source,
    partition: mark.partition,
    from: blocks[0]!.firstOffset,
    to: mark.offset,
    times: [],
    heartbeats: [],
    ended: blocks.at(-1)!.ended,
    reader: undefined,
    blocks: blocks.length,
  };
}

/** What reading a range again gave: its values, and what the reader told behind them. */
export interface ReadAgain {
  readonly values: unknown[];
  /** Watermarks. */
  readonly heartbeats: readonly number[];
  readonly hasEnded: boolean;
}

/** Takes the values of a range from the log, or polls them again. @throws StreamError `RG064` when some are gone. */
export async function readAgain(
  {
    source,
    partition,
    reader,
  }: { readonly source: string; readonly partition: number; readonly reader: PartitionReader },
  range: AllocatedRange,
  soon: (run: () => void) => void,
): Promise<ReadAgain> {
  if (range.values !== undefined) return { values: [...range.values], heartbeats: [], hasEnded: false };
  const count = range.to - range.from;
  const block = new Block();
  block.clear(range.from);
  while (block.length < count) {
    const before = block.length + block.heartbeats.length;
    reader.poll(block, count - block.length);
    if (block.length >= count) break;
    if (block.ended || (reader.failure !== undefined && block.length + block.heartbeats.length === before))
      throw gone(source, partition, range, range.from + block.length, reader.failure);
    if (block.length + block.heartbeats.length === before)
      await new Promise<void>((resolve) => reader.onReady(() => soon(resolve)));
  }
  const heartbeats = block.heartbeats.filter(({ at }) => at === count).map(({ watermark }) => watermark);
  return { values: block.values, heartbeats, hasEnded: block.ended };
}

function gone(
  source: string,
  partition: number,
  { from, to }: AllocatedRange,
  end: number,
  cause: StreamError | undefined,
): StreamError {
  const why = cause === undefined ? 'the input ends there' : cause.message;
  return new StreamError(
    'RG064',
    `a batch of source '${source}' (partition ${partition}) has the records ${from} to ${to}, but only those up to ${end} can be read again: ${why}`,
    'bring the input back as it was, or start from the beginning with another checkpoint folder',
    { cause },
  );
}
