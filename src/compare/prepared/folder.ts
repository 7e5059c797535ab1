/** A folder for the checkpoints of one run, that is gone after it. It knows not what is written there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Files } from '../../runtime/world.js';

/**
 * Runs with a new folder, and removes it. It lies where the system keeps what is temporary; where that is in memory, a sync costs nothing,
 * and `TMPDIR` names another. The system chooses the name, since one that can be guessed may be somebody else's.
 */
export async function withFolder<T>(files: Files, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'raingauge-'));
  try {
    return await run(join(folder, 'progress'));
  } finally {
    // The World may keep its files elsewhere.
    await files.remove(join(folder, 'progress'));
    await rm(folder, { recursive: true, force: true });
  }
}
