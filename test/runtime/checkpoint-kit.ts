/** A small job's snapshots, log records and folder, for the tests of durability. */
import type { SnapshotRow } from '../../src/core/keyed-store.js';
import {
  type CheckpointFolder,
  type CheckpointFolderOptions,
  openCheckpointFolder,
} from '../../src/runtime/checkpoint-folder.js';
import type {
  AllocatedRange,
  JobSnapshot,
  LogRecord,
  RestoredJob,
  SnapshotMeta,
  StoreSource,
} from '../../src/runtime/durability.js';
import { createMemoryStore } from '../../src/runtime/memory-store.js';
import type { Files } from '../../src/runtime/world.js';
import { atOnce } from './crashes.js';

export const operators = [
  { uid: 'counts', kind: 'running-reduce', schemaVersion: 1, tasks: 2 },
  { uid: 'windows', kind: 'window-reduce', schemaVersion: 1, tasks: 1 },
];

/** What the state of one task is after an epoch: cells that each epoch changes, one that comes and goes, some that stay, and panes. */
function rowsOf(uid: string, task: number, epoch: number): readonly SnapshotRow[] {
  const changing = uid === 'counts' ? 3 + (epoch % 2) : epoch % 3;
  const rows = Array.from({ length: changing }, (_, i) => ({
    kind: 'cell' as const,
    space: uid === 'counts' ? 'totals' : i,
    key: [`${uid}-${task}`, i],
    value: { sum: epoch * 100 + i, last: uid === 'counts' ? Number.NaN : [1n, -0] },
    count: epoch,
  }));
  return uid === 'counts' ? [...rows, ...stays] : rows;
}

/** So many that increments, which lack them, are small. */
const stays: readonly SnapshotRow[] = Array.from({ length: 12 }, (_, i) => ({
  kind: 'cell',
  space: 'stays',
  key: i,
  value: 'x'.repeat(60),
  count: 0,
}));

export function metaOf(epoch: number): SnapshotMeta {
  const times = { watermark: Number.NEGATIVE_INFINITY, nextStep: 2, highest: epoch * 10, sent: 1 };
  const gate = {
    watermarks: [1, Number.POSITIVE_INFINITY],
    ended: [false, true],
    minimum: 1,
    finalWatermark: -0,
    highest: 3,
  };
  return {
    epoch,
    mode: 'micro-batch',
    time: epoch * 1e6,
    sources: [
      { source: 'lines', partition: 0, offset: epoch * 7, hasEnded: false, times, reader: { byte: `$${epoch}` } },
    ],
    gates: { '1:0': gate },
    innerGates: { '1:1': [gate, gate] },
    counters: { lateRecords: epoch },
  };
}

function sourceOf(uid: string, task: number, epoch: number, since: number | undefined, pieces = 8): StoreSource {
  const { kind, schemaVersion, tasks } = operators.find((operator) => operator.uid === uid)!;
  const now = rowsOf(uid, task, epoch);
  const rows =
    since === undefined
      ? [...now]
      : [...goneSince(uid, task, since, now), ...now.filter((row) => !stays.includes(row))];
  return { uid, kind, schemaVersion, task, tasks, since, next: () => rows.splice(0, pieces), close: () => undefined };
}

/** Panes, or the cell, that are not there any more. */
function goneSince(uid: string, task: number, since: number, now: readonly SnapshotRow[]): readonly SnapshotRow[] {
  const before = rowsOf(uid, task, since);
  if (uid === 'windows') return before.slice(now.length).map(({ space }) => ({ kind: 'dropped', space }));
  return before.length <= now.length ? [] : [{ kind: 'deleted', space: 'totals', key: [`${uid}-${task}`, 3] }];
}

/** The snapshot of an epoch; with `since`, what changed since the one of that epoch. */
export function snapshotOf(epoch: number, since?: number): JobSnapshot {
  return {
    meta: metaOf(epoch),
    stores: [
      sourceOf('counts', 0, epoch, since),
      sourceOf('counts', 1, epoch, since),
      sourceOf('windows', 0, epoch, since),
    ],
  };
}

/** Saves the snapshot of an epoch, as an increment where that may be. */
export function save(folder: CheckpointFolder, epoch: number): Promise<void> {
  return folder.save(snapshotOf(epoch, folder.addsTo));
}

function rangeOf(batch: number): AllocatedRange {
  return {
    source: 'lines',
    partition: 0,
    from: batch * 7,
    to: batch * 7 + 2,
    times: [2, batch],
    heartbeats: [1, Number.POSITIVE_INFINITY],
    ended: false,
    reader: null,
    values: ['a', { b: batch }],
  };
}

export function received(batch: number): Extract<LogRecord, { kind: 'received' }> {
  return { kind: 'received', batch, range: rangeOf(batch) };
}

export function allocated(batch: number): LogRecord {
  return { kind: 'allocated', batch, time: batch * 1e6, ranges: [rangeOf(batch)] };
}

export function prepared(batch: number): LogRecord {
  return { kind: 'prepared', batch };
}

export function openFolder(files: Files, more: Partial<CheckpointFolderOptions> = {}): Promise<CheckpointFolder> {
  return openCheckpointFolder({
    files,
    scheduler: atOnce,
    folder: 'state',
    job: 'words',
    mode: 'micro-batch',
    plan: 'p1',
    operators,
    interval: { batches: 10, time: 1e7 },
    ...more,
  });
}

/** All state of a restored job, as `expectedState` gives it: what a store has that was given all its rows. */
export function stateOf(restored: RestoredJob | undefined): unknown {
  if (restored === undefined) return undefined;
  const rows = operators.flatMap(({ uid, tasks }) =>
    Array.from({ length: tasks }, (_, task) => {
      const found = restored.rows(uid, task);
      if (found === undefined) return ['none'];
      const store = createMemoryStore();
      store.restore(found);
      return [...store.snapshot().next(1_000)];
    }),
  );
  return { meta: restored.meta, rows };
}

export function expectedState(epoch: number): unknown {
  if (epoch === 0) return undefined;
  const rows = operators.flatMap(({ uid, tasks }) =>
    Array.from({ length: tasks }, (_, task) => rowsOf(uid, task, epoch)),
  );
  return { meta: metaOf(epoch), rows };
}
