/** Files of the host, through Node.js. */
import { createReadStream, watch } from 'node:fs';
import { access, appendFile, constants, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StreamError } from '../core/errors.js';
import type { Files, Timer } from './world.js';

/** Bytes of one read. 256 KiB holds some thousand lines, so that one trip to the disk pays for many records. */
const CHUNK_BYTES = 262_144;
/** How often a watched file is looked at even when the system reports nothing, as on network drives. */
const WATCH_PERIOD_MS = 500;

/** The files of this machine. */
export const realFiles: Files = { read, size, writeAtomically, append, watch: watchFile };

async function* read(path: string, from = 0): AsyncIterable<Uint8Array> {
  await size(path);
  try {
    yield* createReadStream(path, { start: from, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function size(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (found.isDirectory()) {
    throw new StreamError('RG041', `'${path}' is a folder, but a file is needed`, 'name a file in it');
  }
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return found.size;
}

async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, cause);
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

function unreadable(path: string, cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause;
  const code = codeOf(cause);
  if (code === 'ENOENT') {
    return new StreamError('RG040', `there is no file '${path}'`, 'check the path and the folder you are in', {
      cause,
    });
  }
  const why = code === 'EACCES' || code === 'EPERM' ? 'you may not read it' : code;
  return new StreamError('RG040', `the file '${path}' cannot be read: ${why}`, 'check its permissions', { cause });
}

function unwritable(path: string, cause: unknown): StreamError {
  const why = codeOf(cause);
  return new StreamError(
    'RG046',
    `'${path}' cannot be written: ${why}`,
    'check the folder, its permissions and the space left',
    {
      cause,
    },
  );
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
