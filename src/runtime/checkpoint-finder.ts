/** Finds the checkpoint to go on from among those in a folder. It changes nothing, and knows neither job nor log. */
import { StreamError } from '../core/errors.js';
import { type Checkpoint, checkpointPath, readCheckpoint } from './checkpoint-files.js';
import { readManifest } from './checkpoint-manifest.js';
import type { Files } from './world.js';

/** A checkpoint on the disk, and the first record of the log that it needs. */
export interface KeptCheckpoint {
  readonly epoch: number;
  readonly logFrom: number;
}

export interface FoundCheckpoints {
  /** The newest whole one. */
  readonly checkpoint: Checkpoint | undefined;
  /** That one and older ones, in order. */
  readonly kept: readonly KeptCheckpoint[];
  /** Newer ones that were damaged, and older ones whose manifest is; newest first. */
  readonly damaged: readonly { readonly path: string; readonly error: StreamError }[];
  /** What crashes left of checkpoints that were being made or removed. */
  readonly leftovers: readonly string[];
}

/** @throws StreamError `RG054` when there are checkpoints and none is whole, `RG055` when one is newer than this raingauge. */
export async function findCheckpoints(files: Files, folder: string): Promise<FoundCheckpoints> {
  const names = await files.list(folder);
  const epochs = names.flatMap((name) => /^chk-(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
  const leftovers = names.filter((name) => /^chk-\d+\.(?:tmp|removed)$/.test(name)).map((name) => `${folder}/${name}`);
  const damaged: { path: string; error: StreamError }[] = [];
  const kept: KeptCheckpoint[] = [];
  let checkpoint: Checkpoint | undefined;
  for (const epoch of epochs.sort((a, b) => b - a)) {
    const path = checkpointPath(folder, epoch);
    try {
      if (checkpoint === undefined) checkpoint = await readCheckpoint(files, path, epoch);
      const manifest = kept.length === 0 ? checkpoint.manifest : await readManifest(files, path, epoch);
      kept.unshift({ epoch, logFrom: manifest.log.from });
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'RG054') throw error;
      damaged.push({ path, error });
    }
  }
  if (checkpoint === undefined && damaged.length > 0) throw noneWhole(folder, damaged[0]!.error, damaged.length);
  return { checkpoint, kept, damaged, leftovers };
}

function noneWhole(folder: string, newest: StreamError, count: number): StreamError {
  const which = count === 1 ? 'the only checkpoint' : `each of the ${count} checkpoints`;
  return new StreamError('RG054', `${which} in '${folder}' is damaged; the newest: ${newest.message}`, newest.hint, {
    cause: newest,
  });
}
