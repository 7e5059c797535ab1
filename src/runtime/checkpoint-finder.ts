/** Finds the checkpoint to go on from among those in a folder. It changes nothing, and knows neither job nor log. */
import { StreamError } from '../core/errors.js';
import { type Checkpoint, checkpointPath } from './checkpoint-files.js';
import type { Manifest } from './checkpoint-manifest.js';
import { CheckpointReader } from './checkpoint-reader.js';
import type { KeptCheckpoint } from './checkpoint-retention.js';
import type { Files } from './world.js';

export interface FoundCheckpoints {
  /** The newest whole one. */
  readonly checkpoint: Checkpoint | undefined;
  /** That one and older ones, in order. */
  readonly kept: readonly KeptCheckpoint[];
  /** Newer ones that were damaged, and older ones whose manifest is; newest first. */
  readonly damaged: readonly { readonly epoch: number; readonly path: string; readonly error: StreamError }[];
  /** What crashes left of checkpoints that were being made or removed. */
  readonly leftovers: readonly string[];
}

/** @throws StreamError `RG054` when there are checkpoints and none is whole, `RG055` when one is newer than this raingauge. */
export async function findCheckpoints(files: Files, folder: string): Promise<FoundCheckpoints> {
  const names = await files.list(folder);
  const epochs = names.flatMap((name) => /^chk-(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
  const leftovers = names.filter((name) => /^chk-\d+\.(?:tmp|removed)$/.test(name)).map((name) => `${folder}/${name}`);
  const damaged: { epoch: number; path: string; error: StreamError }[] = [];
  const kept: KeptCheckpoint[] = [];
  const reader = new CheckpointReader(files, folder);
  let checkpoint: Checkpoint | undefined;
  for (const epoch of epochs.sort((a, b) => b - a)) {
    const path = checkpointPath(folder, epoch);
    try {
      if (checkpoint === undefined) checkpoint = await reader.read(epoch);
      kept.unshift(keptOf(await reader.manifest(epoch)));
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== 'RG054') throw error;
      damaged.push({ epoch, path, error });
    }
  }
  if (checkpoint === undefined && damaged.length > 0) throw noneWhole(folder, damaged[0]!.error, damaged.length);
  const complete = completeOf(kept);
  // A crash cut off the removal of what these added to.
  const parts = kept.filter((each) => !complete.includes(each)).map(({ epoch }) => checkpointPath(folder, epoch));
  return { checkpoint, kept: complete, damaged, leftovers: [...leftovers, ...parts] };
}

/** Those that have all that they add to. */
function completeOf(found: readonly KeptCheckpoint[]): readonly KeptCheckpoint[] {
  const complete: KeptCheckpoint[] = [];
  for (const each of found) {
    if (each.addsTo === undefined || complete.some(({ epoch }) => epoch === each.addsTo)) complete.push(each);
  }
  return complete;
}

/** What retention must know of a checkpoint. */
export function keptOf({ meta, log, addsTo, stores }: Manifest): KeptCheckpoint {
  const rows = stores.reduce((sum, store) => sum + store.rows, 0);
  return { epoch: meta.epoch, logFrom: log.from, addsTo: addsTo?.epoch, rows };
}

function noneWhole(folder: string, newest: StreamError, count: number): StreamError {
  const which = count === 1 ? 'the only checkpoint' : `each of the ${count} checkpoints`;
  return new StreamError('RG054', `${which} in '${folder}' is damaged; the newest: ${newest.message}`, newest.hint, {
    cause: newest,
  });
}
