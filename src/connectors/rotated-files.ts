/** Finds what became of a log that was rotated: by its place on the disk, by its content, and in order of time. */
import { StreamError } from '../core/errors.js';
import type { FileIdentity, Files } from '../runtime/world.js';
import { checkFile, type FilePlace } from './file-place.js';
import { inOrder } from './known-files.js';

/** A place in one of the files that had the log's name. */
export interface TailPlace extends FilePlace {
  readonly device: number;
  readonly inode: number;
}

/** A file of the log: the log itself, or one that was rotated away. */
export interface LogFile extends FileIdentity {
  readonly path: string;
}

type Look = Pick<Files, 'read' | 'size' | 'list' | 'identify'>;

/** What packs files gives them other bytes: they are not read. */
const PACKED = /\.(?:gz|bz2|xz|zst|zip|lz4)$/;

/** The log itself; undefined while nobody has made it anew. */
export function logAt(path: string, files: Look): Promise<LogFile | undefined> {
  return identified(path, files);
}

/** All files of a log at one moment. */
export interface LogFiles {
  /** Undefined while nobody has made it anew. */
  readonly log: LogFile | undefined;
  /** Oldest first: those whose names begin with that of the log. */
  readonly rotated: readonly LogFile[];
}

/** Looks that may differ from each other, while files are renamed, before the last one counts. */
const LOOKS_MAX = 10;

/** Looks until two looks in a row show the same: names move while they are looked at. */
export async function lookAround(path: string, files: Look): Promise<LogFiles> {
  let last = await lookOnce(path, files);
  for (let looks = 1; looks < LOOKS_MAX; looks++) {
    const next = await lookOnce(path, files);
    if (shownAs(last) === shownAs(next)) return next;
    last = next;
  }
  return last;
}

/** Rotated files at one moment, oldest first. */
export async function rotatedFiles(path: string, files: Look): Promise<readonly LogFile[]> {
  const cut = path.lastIndexOf('/');
  const folder = cut < 0 ? '.' : path.slice(0, cut) || '/';
  const base = path.slice(cut + 1);
  const found: (LogFile & { readonly name: string })[] = [];
  for (const name of await files.list(folder)) {
    if (!name.startsWith(base) || name === base || PACKED.test(name)) continue;
    const file = await identified(`${cut < 0 ? '' : path.slice(0, cut + 1)}${name}`, files);
    if (file !== undefined) found.push({ ...file, name });
  }
  return found.sort(inOrder);
}

/**
 * Where the rest lies that was not read before a rotation: in the file itself under another name, or else in a copy of it, which has the
 * same bytes as far as it was read. Undefined when there is neither.
 */
export async function restOf({ log, rotated }: LogFiles, place: TailPlace, files: Look): Promise<LogFile | undefined> {
  const all = log === undefined ? rotated : [log, ...rotated];
  const same = all.find(({ device, inode }) => device === place.device && inode === place.inode);
  if (same !== undefined && (await isAt(same.path, place, files))) return same;
  if (place.head.bytes === 0) return undefined;
  for (const file of all) if (file !== same && (await isAt(file.path, place, files))) return file;
  return undefined;
}

/** The file that came right after that one: rotated away as well, or the log. */
export function nextAfter(old: LogFile, { log, rotated }: LogFiles): LogFile | undefined {
  const at = rotated.findIndex(({ path }) => path === old.path);
  const next = at < 0 ? undefined : rotated[at + 1];
  return next ?? (log !== undefined && log.path !== old.path && log.size > 0 ? log : undefined);
}

async function lookOnce(path: string, files: Look): Promise<LogFiles> {
  return { log: await logAt(path, files), rotated: await rotatedFiles(path, files) };
}

function shownAs({ log, rotated }: LogFiles): string {
  return JSON.stringify([log, ...rotated].map((file) => file && [file.path, file.device, file.inode]));
}

/** Whether the file has, before that place, the bytes that were read. */
export async function isAt(path: string, place: FilePlace, files: Look): Promise<boolean> {
  try {
    await checkFile(path, place, files);
    return true;
  } catch (error) {
    if (error instanceof StreamError && (error.code === 'RG064' || isGone(error))) return false;
    throw error;
  }
}

async function identified(path: string, files: Look): Promise<LogFile | undefined> {
  try {
    return { path, ...(await files.identify(path)) };
  } catch (error) {
    if (error instanceof StreamError && isGone(error)) return undefined;
    throw error;
  }
}

/** Folders are no logs, and what is not there is no failure. */
function isGone(error: StreamError): boolean {
  return error.code === 'RG041' || (error.cause as { readonly code?: unknown } | undefined)?.code === 'ENOENT';
}
