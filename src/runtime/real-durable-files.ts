/** The part of the host's files that checkpoints and logs are made of: each step says what is durable after it. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf, notAFolder, unreadable, unsafe } from './file-errors.js';
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
  const first = await makeWithParents(target, path).catch(fail(path));
  // Also when it was there: whoever made it may have been killed before its name was durable.
  const top = first === undefined ? dirname(target) : dirname(first);
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === top || folder === dirname(folder)) return;
  }
}

/** The first folder that had to be made. Node's own recursive `mkdir` never ends where the system makes no folder, as in /proc. */
async function makeWithParents(path: string, given = path): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (cause) {
    switch (errnoOf(cause)) {
      case 'EEXIST':
        if (!(await stat(path)).isDirectory()) throw notAFolder(given);
        return undefined;
      case 'ENOENT': {
        if (dirname(path) === path) throw cause;
        const first = await makeWithParents(dirname(path));
        // It is there, and yet nothing can be made in it.
        if (first === undefined) throw cause;
        await makeWithParents(path);
        return first;
      }
      default:
        throw cause;
    }
  }
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
