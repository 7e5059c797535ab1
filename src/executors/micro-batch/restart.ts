/** What a micro-batch job finds when it starts: a snapshot, and the batches that were logged after it. */
import type { LogRecord, Recovered, RestoredJob } from '../../runtime/durability.js';
import { readAgainFrom } from '../../runtime/stamped-source.js';

/** A logged batch. */
export type LoggedBatch = Extract<LogRecord, { kind: 'allocated' }>;

export interface Restart {
  readonly snapshot: RestoredJob | undefined;
  /** Batches after the snapshot, in order: they run again. */
  readonly logged: readonly LoggedBatch[];
  /** The last batch whose results were seen; 0 before the first. */
  readonly committed: number;
  /** Stream time of that batch (us). */
  readonly time: number | undefined;
}

export function restartOf(recovered: Recovered | undefined): Restart {
  const snapshot = recovered?.snapshot;
  const epoch = snapshot?.meta.epoch ?? 0;
  const records = (recovered?.log ?? []).filter(({ batch }) => batch > epoch);
  const logged = records.filter((record): record is LoggedBatch => record.kind === 'allocated');
  const committed = records.reduce(
    (last, { kind, batch }) => (kind === 'prepared' ? Math.max(last, batch) : last),
    epoch,
  );
  const last = logged.at(-1);
  return {
    snapshot,
    logged,
    committed,
    time: last?.time ?? snapshot?.meta.time,
  };
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
  const { snapshot, logged } = restartOf(recovered);
  const isHere = (found: { readonly source: string; readonly partition: number }): boolean =>
    found.source === source && found.partition === partition;
  const range = logged.flatMap(({ ranges }) => ranges).findLast(isHere);
  if (range !== undefined && !isReplayable) return { offset: range.to, reader: range.reader };
  const position = snapshot?.meta.sources.find(isHere);
  if (range === undefined) return position && { offset: position.offset, reader: position.reader };
  return { offset: position?.offset ?? 0, reader: readAgainFrom(position?.reader, range.reader) };
}
