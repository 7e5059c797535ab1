/** Opens lmdb, an optional package, in a folder that nobody else sees. Knows neither stores nor keys. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamError } from '../core/errors.js';
import { unwritable } from './file-errors.js';
import { LmdbTables } from './lmdb-tables.js';

/** Closes what nobody can ask any more: the state of a job is there for as long as its result is. */
const closing = new FinalizationRegistry<{ close(): Promise<void> }>((root) => {
  root.close().catch(() => undefined);
});

/**
 * Opens an empty environment.
 *
 * 1. Its files lose their names at once, so that they are gone with the process, however that ends. (Windows keeps them.)
 * 2. The file grows by itself. No size is asked of the user: lmdb ends the process at a negative one.
 * 3. Nothing is ever synced: what must survive is in checkpoints.
 *
 * @throws StreamError `RG075` when the package is not installed, `RG046` when there is no room for the folder.
 */
export async function openLmdb(parent: string = tmpdir()): Promise<LmdbTables> {
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
  const tables = new LmdbTables(root);
  closing.register(tables, root);
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
  return tables;
}

function missing(cause: unknown): StreamError {
  const message = "state: 'lmdb' (--state lmdb) needs the package lmdb, which is not there";
  return new StreamError('RG075', message, 'npm install lmdb', { cause });
}
