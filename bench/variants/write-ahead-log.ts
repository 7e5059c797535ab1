/** What it costs the word count to log the values of a source that cannot be read again, in both modes. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import type { RunOptions, SourceSpec } from 'raingauge';
import { memory } from 'raingauge/sources';
import { createRealWorld } from '../../src/runtime/real-world.js';
import type { World } from '../../src/runtime/world.js';
import { intervalCount } from '../jobs/interval-count.js';
import type { Measurement, VariantInput } from '../measurement.js';
import { MICRO_BATCH } from '../run-job.js';
import { withFolder } from '../temporary-folder.js';

/** Only the log is measured: no snapshot is due before the end, where one is always taken. */
const LOG_ONLY = { batches: Number.MAX_SAFE_INTEGER, time: Number.MAX_SAFE_INTEGER };

/** Lines as they come from a socket: read once. */
function receivedLines(): SourceSpec<string> {
  const spec = memory<string>([]);
  return { ...spec, capabilities: { ...spec.capabilities, replayable: false } };
}

/** The same job without a checkpoint folder. */
export function withoutLog(input: VariantInput): Promise<Measurement> {
  return measured(input, {});
}

/** As a user gets it: a batch is written and synced by the thread pool while it is processed; its results wait for the sync. */
export function overlappedLog(input: VariantInput): Promise<Measurement> {
  return withFolder((folder) => measured(input, { checkpoint: { folder, ...LOG_ONLY } }));
}

/** Nothing is processed before it is durable: each write and sync of the same log holds this thread. */
export function syncedLog(input: VariantInput): Promise<Measurement> {
  return withFolder((folder) => measured(input, { checkpoint: { folder, ...LOG_ONLY }, world: blockingWorld() }));
}

/** With the snapshots that a user gets too: one behind every tenth batch, or each second. */
export function logAndSnapshots(input: VariantInput): Promise<Measurement> {
  return withFolder((folder) => measured(input, { checkpoint: { folder } }));
}

/** Record at a time with a checkpoint folder, from a source that can be read again: nothing is journalled. */
export function withoutJournal(input: VariantInput): Promise<Measurement> {
  return withFolder((folder) => intervalCount(input, { mode: 'record', checkpoint: { folder, ...LOG_ONLY } }));
}

/** The same from one that cannot: each block is written and synced before it is handed out, while the one before is processed. */
export function withJournal(input: VariantInput): Promise<Measurement> {
  return withFolder((folder) =>
    intervalCount(input, { mode: 'record', checkpoint: { folder, ...LOG_ONLY }, sources: { lines: receivedLines() } }),
  );
}

function measured(input: VariantInput, options: Partial<RunOptions>): Promise<Measurement> {
  return intervalCount(input, { ...MICRO_BATCH, ...options, sources: { lines: receivedLines() } });
}

/** The real World, but new files are written and synced at once, by this thread. */
function blockingWorld(): World {
  const world = createRealWorld();
  return { ...world, files: { ...world.files, create: async (path) => blockingFile(path) } };
}

function blockingFile(path: string): Awaited<ReturnType<World['files']['create']>> {
  const file = openSync(path, 'wx');
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
    },
    sync: async () => fdatasyncSync(file),
    close: async () => closeSync(file),
  };
}
