/** The part of the host's files that checkpoints and logs are made of: each step says what is durable after it. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf, unreadable, unsafe } from './file-errors.js';
import type { OpenFile } from './world.js';

export async function create(path: string): Promise<OpenFile> {
  const handle = await open(path, 'wx').catch(fail(path));
  return new RealOpenFile(path, handle);
}

export async function list(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw unreadable(folder, cause);
  }
}

export async function makeFolder(path: string): Promise<void> {
  const target = resolve(path);
  const first = await makeMissing(target).catch(fail(path));
  // Also when it was there: whoever made it may have been killed before its name was durable.
  const top = first === undefined ? dirname(target) : dirname(first);
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === top || folder === dirname(folder)) return;
  }
}

/**
 * Makes a folder and those above it that are missing; gives the first that it made. Level by level, since the recursive mode of Node never
 * ends where the system takes no folder, as in `/proc`.
 */
async function makeMissing(target: string): Promise<string | undefined> {
  try {
    await mkdir(target);
    return target;
  } catch (cause) {
    if (await isFolder(target)) return undefined;
    if (errnoOf(cause) !== 'ENOENT' || dirname(target) === target) throw cause;
  }
  const first = await makeMissing(dirname(target));
  await mkdir(target).catch(async (cause: unknown) => {
    if (!(await isFolder(target))) throw cause;
  });
  return first ?? target;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to).catch(fail(to));
}

export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(fail(path));
}

export async function truncate(path: string, bytes: number): Promise<void> {
  const handle = await open(path, 'r+').catch(fail(path));
  try {
    await handle.truncate(bytes);
    await handle.sync();
  } catch (cause) {
    throw unsafe(path, cause);
  } finally {
    await handle.close();
  }
}

export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; there the file system's own journal has to do.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r').catch(fail(path));
  try {
    await handle.sync();
  } catch (cause) {
    // Some network and FUSE file systems refuse to sync a folder: they have nothing to sync.
    if (errnoOf(cause) !== 'EINVAL' && errnoOf(cause) !== 'ENOTSUP') throw unsafe(path, cause);
  } finally {
    await handle.close();
  }
}

class RealOpenFile implements OpenFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      // The system may take a part only, as when the disk is nearly full.
      for (let at = 0; at < bytes.length; ) {
        at += (await this.#handle.write(bytes, at, bytes.length - at)).bytesWritten;
      }
    } catch (cause) {
      throw unsafe(this.#path, cause);
    }
  }

  async sync(): Promise<void> {
    await this.#handle.datasync().catch(fail(this.#path));
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(fail(this.#path));
  }
}

function fail(path: string): (cause: unknown) => never {
  return (cause) => {
    throw unsafe(path, cause);
  };
}
