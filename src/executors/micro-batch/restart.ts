/** What a micro-batch job finds when it starts: a snapshot, the batches that were logged after it, and blocks that no batch has yet. */
import { StreamError } from '../../core/errors.js';
import type { AllocatedRange, LogRecord, Recovered, RestoredJob } from '../../runtime/durability.js';
import { readAgainFrom } from '../../runtime/stamp-position.js';

/** A logged batch. A range that is made of received blocks stands as those blocks. */
export type LoggedBatch = Extract<LogRecord, { kind: 'allocated' }>;

/** A block as it was received. */
type Received = Extract<LogRecord, { kind: 'received' }>;

export interface Restart {
  readonly snapshot: RestoredJob | undefined;
  /** Batches after the snapshot, in order: they run again. */
  readonly logged: readonly LoggedBatch[];
  /** Blocks that were received and that none of these batches has, in order: the first new batch gets them. */
  readonly unallocated: readonly AllocatedRange[];
  /** The last batch whose results were seen; 0 before the first. */
  readonly committed: number;
  /** Stream time of that batch (us). */
  readonly time: number | undefined;
}

/** @throws StreamError `RG054` for a batch that has a block which is not in the log. Source: Spark, `ReceivedBlockTracker`. */
export function restartOf(recovered: Recovered | undefined): Restart {
  const snapshot = recovered?.snapshot;
  const epoch = snapshot?.meta.epoch ?? 0;
  const records = (recovered?.log ?? []).filter(({ batch }) => batch > epoch);
  const received = records.filter((record): record is Received => record.kind === 'received');
  const logged = records
    .filter((record): record is LoggedBatch => record.kind === 'allocated')
    .map((record) => withBlocks(record, received));
  const committed = records.reduce(
    (last, { kind, batch }) => (kind === 'prepared' ? Math.max(last, batch) : last),
    epoch,
  );
  const last = logged.at(-1);
  const allocated = last?.batch ?? epoch;
  return {
    snapshot,
    logged,
    unallocated: received.filter(({ batch }) => batch > allocated).map(({ range }) => range),
    committed,
    time: last?.time ?? snapshot?.meta.time,
  };
}

/** A block belongs to the batch that was the next one when it was received, and to no other. */
function withBlocks(record: LoggedBatch, received: readonly Received[]): LoggedBatch {
  if (record.ranges.every(({ blocks }) => blocks === undefined)) return record;
  const own = received.filter(({ batch }) => batch === record.batch).map(({ range }) => range);
  const ranges = record.ranges.flatMap((range) => {
    if (range.blocks === undefined) return [range];
    const blocks = own.filter(isOf(range));
    if (blocks.length === range.blocks && blocks[0]?.from === range.from && blocks.at(-1)?.to === range.to)
      return blocks;
    throw new StreamError(
      'RG054',
      `the log has ${blocks.length} received blocks of source '${range.source}' (partition ${range.partition}) for batch ${record.batch}, and that batch has ${range.blocks}`,
      'restore the folder from a copy; or begin anew with fromScratch (--from-scratch), which sets what is there aside',
    );
  });
  return { ...record, ranges };
}

/**
 * Where a reader must be opened so that a restart finds what it asks for: behind the snapshot, or, unless `isReplayable`, behind the
 * log: there it has the values themselves, or, at most once, nobody asks for them again. Undefined: at the beginning.
 */
export function openAt(
  recovered: Recovered,
  {
    source,
    partition,
    isReplayable,
  }: { readonly source: string; readonly partition: number; readonly isReplayable: boolean },
): { readonly offset: number; readonly reader: unknown } | undefined {
  const { snapshot, logged, unallocated } = restartOf(recovered);
  const isHere = isOf({ source, partition });
  const range = [...logged.flatMap(({ ranges }) => ranges), ...unallocated].findLast(isHere);
  if (range !== undefined && !isReplayable) return { offset: range.to, reader: range.reader };
  const position = snapshot?.meta.sources.find(isHere);
  if (range === undefined) return position && { offset: position.offset, reader: position.reader };
  return { offset: position?.offset ?? 0, reader: readAgainFrom(position?.reader, range.reader) };
}

interface Place {
  readonly source: string;
  readonly partition: number;
}

function isOf({ source, partition }: Place): (found: Place) => boolean {
  return (found) => found.source === source && found.partition === partition;
}
