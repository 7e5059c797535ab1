/** Files of the host, through Node.js. It knows nothing of what is in them. */
import { createReadStream, watch } from 'node:fs';
import { access, appendFile, constants, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StreamError } from '../core/errors.js';
import { anotherFile, notAFile, tooLarge, unreadable, unwritable } from './file-errors.js';
import { lockFile } from './file-lock.js';
import * as durable from './real-durable-files.js';
import type { FileIdentity, FilePlaceOnDisk, Files, Timer } from './world.js';

/** Bytes of one read. 256 KiB holds some thousand lines, so that one trip to the disk pays for many records. */
const CHUNK_BYTES = 262_144;
/** How often a watched file is looked at even when the system reports nothing, as on network drives. */
const WATCH_PERIOD_MS = 500;

/** The files of this machine. */
export const realFiles: Files = {
  read,
  size,
  identify,
  readWhole,
  writeAtomically,
  append,
  watch: watchFile,
  create: durable.create,
  list: durable.list,
  makeFolder: durable.makeFolder,
  rename: durable.renameDurably,
  remove: durable.remove,
  truncate: durable.truncate,
  syncFolder: durable.syncFolder,
  lock: lockFile,
};

async function* read(path: string, from = 0, of?: FilePlaceOnDisk): AsyncIterable<Uint8Array> {
  if (of !== undefined) return yield* readThat(path, from, of);
  await size(path);
  try {
    yield* createReadStream(path, { start: from, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The file is asked which it is after it was opened: from then on its name does not matter. */
async function* readThat(path: string, from: number, of: FilePlaceOnDisk): AsyncIterable<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { dev, ino } = await file.stat({ bigint: true });
    if (Number(dev) !== of.device || Number(ino) !== of.inode) throw anotherFile(path);
    yield* file.createReadStream({
      start: from,
      highWaterMark: CHUNK_BYTES,
      autoClose: false,
    }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
}

async function size(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (found.isDirectory()) throw notAFile(path);
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return found.size;
}

async function identify(path: string): Promise<FileIdentity> {
  const found = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (found.isDirectory()) throw notAFile(path);
  const { size, mtimeNs, dev, ino } = found;
  return { size: Number(size), modified: Number(mtimeNs / 1_000n), device: Number(dev), inode: Number(ino) };
}

async function readWhole(path: string, max: number): Promise<Uint8Array> {
  const bytes = await size(path);
  if (bytes > max) throw tooLarge(path, bytes, max);
  return readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await durable.makeFolder(dirname(path));
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await durable.syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, cause instanceof StreamError ? (cause.cause ?? cause) : cause);
  }
}

async function append(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await appendFile(path, content);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function watchFile(path: string, changed: () => void): Timer {
  const poll = setInterval(changed, WATCH_PERIOD_MS);
  try {
    const watcher = watch(path, changed).on('error', () => watcher.close());
    const cancel = (): void => {
      clearInterval(poll);
      watcher.close();
    };
    return { cancel };
  } catch {
    // The system has no watch left, or the file is gone for the moment: the period above is enough.
    return { cancel: () => clearInterval(poll) };
  }
}
