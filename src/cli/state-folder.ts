/** What a checkpoint folder holds, read without its lock while a driver may be writing it. Knows no job's code. */
import { statSync } from 'node:fs';
import { StreamError } from '../core/errors.js';
import type { Key } from '../core/keys.js';
import { type Checkpoint, checkpointPath, restoredFrom } from '../runtime/checkpoint-files.js';
import { type JobFile, type Manifest, readJobFile, readManifest } from '../runtime/checkpoint-manifest.js';
import { CheckpointReader } from '../runtime/checkpoint-reader.js';
import { createMemoryStore } from '../runtime/memory-store.js';
import { realFiles } from '../runtime/real-files.js';

/** One cell of an operator's state. */
export interface StateCell {
  readonly uid: string;
  readonly task: number;
  readonly space: string | number;
  readonly key: Key;
  readonly value: unknown;
  readonly count: number;
}

/** A checkpoint that is there, or what is wrong with it. */
export type ListedCheckpoint =
  | { readonly epoch: number; readonly manifest: Manifest }
  | { readonly epoch: number; readonly error: StreamError };

/** Whose folder it is. @throws StreamError `RG040` when it is none, `RG054`, `RG055`. */
export async function jobOf(folder: string): Promise<JobFile> {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new StreamError('RG040', `there is no folder '${folder}'`, 'name the folder that --checkpoint was given');
  }
  const names = found.isDirectory() ? await realFiles.list(folder) : [];
  if (!names.includes('job.json')) {
    const inside = names.some((name) => /^chk-\d+$/.test(name)) ? 'name the folder above it' : undefined;
    throw new StreamError(
      'RG040',
      `'${folder}' is no checkpoint folder: it has no job.json`,
      inside ?? 'name the folder that --checkpoint was given',
    );
  }
  return readJobFile(realFiles, `${folder}/job.json`);
}

/** All checkpoints, oldest first. One that a driver removes meanwhile is left out. @throws StreamError `RG040`, `RG055`. */
export async function listCheckpoints(folder: string): Promise<readonly ListedCheckpoint[]> {
  const listed: ListedCheckpoint[] = [];
  for (const epoch of await epochsOf(folder)) {
    try {
      const { manifest } = await readManifest(realFiles, pathOf(folder, epoch), epoch);
      listed.push({ epoch, manifest });
    } catch (error) {
      if (!isDamage(error)) throw error;
      if ((await epochsOf(folder)).includes(epoch)) listed.push({ epoch, error });
    }
  }
  return listed;
}

/** The checkpoint of that epoch, or the newest. @throws StreamError `RG040` when there is none, `RG054`, `RG055`. */
export async function openCheckpoint(folder: string, wanted: number | undefined): Promise<Checkpoint> {
  // A driver may remove the checkpoint that is being read, but it has written newer ones then.
  for (let tries = 1; ; tries++) {
    const epochs = await epochsOf(folder);
    const epoch = wanted ?? epochs.at(-1);
    if (epoch === undefined || !epochs.includes(epoch)) throw noCheckpoint(folder, epoch, epochs);
    try {
      return await new CheckpointReader(realFiles, `${folder}/checkpoints`).read(epoch);
    } catch (error) {
      if (tries === READS_MAX || !isDamage(error) || (await epochsOf(folder)).includes(epoch)) throw error;
    }
  }
}

const READS_MAX = 3;
/** Rows of a store that are read in one piece. */
const ROWS_AT_ONCE = 10_000;

/** The cells of a checkpoint, with what it adds to; with `uid`, those of one operator. */
export function* cellsOf(checkpoint: Checkpoint, uid?: string): Generator<StateCell> {
  const restored = restoredFrom(checkpoint);
  for (const store of checkpoint.manifest.stores) {
    if (uid !== undefined && store.uid !== uid) continue;
    const cells = createMemoryStore();
    cells.restore(restored.rows(store.uid, store.task) ?? []);
    const snapshot = cells.snapshot();
    for (let rows = snapshot.next(ROWS_AT_ONCE); rows.length > 0; rows = snapshot.next(ROWS_AT_ONCE)) {
      for (const row of rows) {
        if (row.kind !== 'cell') continue;
        const { space, key, value, count } = row;
        yield { uid: store.uid, task: store.task, space, key, value, count };
      }
    }
  }
}

async function epochsOf(folder: string): Promise<readonly number[]> {
  const names = await realFiles.list(`${folder}/checkpoints`);
  return names
    .flatMap((name) => /^chk-(\d{1,15})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function pathOf(folder: string, epoch: number): string {
  return checkpointPath(`${folder}/checkpoints`, epoch);
}

function isDamage(error: unknown): error is StreamError {
  return error instanceof StreamError && error.code === 'RG054';
}

function noCheckpoint(folder: string, epoch: number | undefined, epochs: readonly number[]): StreamError {
  if (epoch === undefined) {
    return new StreamError(
      'RG040',
      `there is no checkpoint in '${folder}' yet`,
      'the job writes the first one after --checkpoint-interval',
    );
  }
  const there = epochs.length === 0 ? 'there is none yet' : `there are ${epochs.join(', ')}`;
  return new StreamError(
    'RG040',
    `there is no checkpoint of epoch ${epoch} in '${folder}'`,
    `${there}: raingauge state ls`,
  );
}
