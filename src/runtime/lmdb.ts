/** Opens lmdb, an optional package, in a folder of its own that goes with it. Knows neither stores nor keys. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamError } from '../core/errors.js';
import { unwritable } from './file-errors.js';
import { LmdbTables } from './lmdb-tables.js';

/** State beyond the heap, for the time of one run. */
export interface OpenLmdb {
  readonly tables: LmdbTables;
  /** Afterwards nothing of it is left. */
  close(): Promise<void>;
}

/**
 * The file grows by itself: no size is asked of the user, since lmdb ends the process at a negative one. Nothing is ever synced: what
 * must survive is in checkpoints.
 *
 * @throws StreamError `RG075` when the package is not installed, `RG046` when there is no room for the folder.
 */
export async function openLmdb(parent: string = tmpdir()): Promise<OpenLmdb> {
  const { open } = await import('lmdb').catch((cause: unknown) => {
    throw missing(cause);
  });
  const path = await mkdtemp(join(parent, 'raingauge-state-')).catch((cause: unknown) => {
    throw unwritable(join(parent, 'raingauge-state-…'), cause);
  });
  const root = open<Buffer, Buffer>({
    path,
    keyEncoding: 'binary',
    encoding: 'binary',
    maxDbs: 3,
    cache: false,
    noSync: true,
    noMetaSync: true,
    overlappingSync: false,
  });
  return {
    tables: new LmdbTables(root),
    close: async () => {
      await root.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

function missing(cause: unknown): StreamError {
  const message = "state: 'lmdb' (--state lmdb) needs the package lmdb, which is not there";
  return new StreamError('RG075', message, 'npm install lmdb', { cause });
}
