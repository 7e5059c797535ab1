/** Sources of files that come, grow and go, as plain specs. Nothing here opens a file. */
import { StreamError } from '../core/errors.js';
import { type Duration, millis } from '../core/time.js';
import { type Formatted, formatOptions } from './formats.js';
import { checkOneOf, checkWhole, checkYesOrNo, type LineOptions, lineOptions, PARTITIONS_MAX } from './source-specs.js';
import type { SourceSpec } from './specs.js';

/** Options of `folder`. */
export interface FolderOptions extends LineOptions {
  /** Names that count: `*` is any text, `?` any character. Names that begin with a point never count. Default `*`. */
  readonly pattern?: string | undefined;
  /** Reads what is there, and ends. Default false: it waits for more. */
  readonly once?: boolean | undefined;
  /** A file counts once it has not changed for so long. Default 0: files are renamed into the folder when they are whole. */
  readonly stableFor?: Duration | undefined;
  /** How often it looks for new files. Default 500 ms. */
  readonly scanEvery?: Duration | undefined;
  /** Files that it remembers to have read. Default 1,000. */
  readonly rememberedFilesMax?: number | undefined;
  /** Files are shared out to so many partitions, by a hash of their names. Stays what it was when the job began. Default 1, at most 1,024. */
  readonly partitions?: number | undefined;
}

/**
 * The lines of files that appear in a folder, each file once, in order of their modification times, then of their names.
 *
 * 1. A file must be whole when it gets its name (write it elsewhere, then rename it), or be left alone for `stableFor`. One that grows, shrinks
 *    or is replaced after that fails the job with `RG064`, since records would be lost without a word.
 * 2. What was read is remembered by device, inode, length and a hash of the first block: also across restarts, and where a file is renamed
 *    afterwards. It may be removed.
 * 3. Of more than `rememberedFilesMax` files the oldest are forgotten. From then on a file counts as read when it is not known, and
 *    not newer than those: Spark's remember window, by number in place of time.
 *
 * 4. With `partitions` several files are read at once: the order is that of each partition, and each remembers `rememberedFilesMax` files.
 *
 * Can be read again as long as the files are there.
 *
 * @throws StreamError `RG040` without a path, `RG004`, `RG011` for a wrong option.
 * Source: Spark Streaming, `textFileStream`, `FileInputDStream`.
 */
export function folder(path: string, options?: FolderOptions): SourceSpec<string>;
export function folder<T>(path: string, options: FolderOptions & Formatted<T>): SourceSpec<T>;
export function folder(path: string, options: FolderOptions & Partial<Formatted<unknown>> = {}): SourceSpec<never> {
  checkPath('folder', path, "folder('in')");
  const { pattern = '*', once = false, stableFor = 0, scanEvery = millis(500), rememberedFilesMax = 1_000 } = options;
  const { partitions = 1 } = options;
  if (typeof pattern !== 'string' || pattern === '' || pattern.includes('/')) {
    throw new StreamError(
      'RG004',
      `pattern is '${String(pattern)}', but must be a name with * and ?`,
      "use pattern: '*.csv'",
    );
  }
  checkYesOrNo('once', once);
  checkWhole('stableFor', stableFor, 0);
  checkWhole('scanEvery', scanEvery, 1);
  checkWhole('rememberedFilesMax', rememberedFilesMax, 1);
  checkWhole('partitions', partitions, 1, PARTITIONS_MAX);
  const trimmed = path.replace(/(?<=[^/]|^\/)\/+$/, '');
  return {
    role: 'source',
    kind: 'folder',
    options: {
      folder: trimmed,
      pattern,
      once,
      stableFor,
      scanEvery,
      rememberedFilesMax,
      partitions,
      ...lineOptions(options),
      ...formatOptions(options),
    },
    capabilities: { replayable: true, bounded: once, partitions, intake: 'range' },
  };
}

/** Options of `tail`. */
export interface TailOptions extends LineOptions {
  /**
   * A job that begins reads what was rotated away before, oldest first, or skips it. With `skip` a job that dies before its first checkpoint
   * begins with the file that has the name by then. Default `read`.
   */
  readonly rotated?: 'read' | 'skip' | undefined;
}

/**
 * The lines of a log that another program writes, through its rotations: `tail('app.log')`.
 *
 * 1. Rename and create (`app.log` becomes `app.log.1`): the rest of the old file is read first, then the files between, then the new one.
 * 2. Copy and truncate: the rest is read from the copy, found by its content. What is written between copy and truncation is lost, as with
 *    any reader: prefer the other way.
 * 3. A rotated file has the name of the log with something behind it, in the same folder. One that is gone, or packed, before its end was
 *    read fails the job with `RG064` (logrotate: `delaycompress`). Packed files are not read.
 *
 * Never ends. Can be read again as long as the rotated files are there.
 *
 * @throws StreamError `RG040` without a path, `RG004`, `RG011` for a wrong option.
 */
export function tail(path: string, options?: TailOptions): SourceSpec<string>;
export function tail<T>(path: string, options: TailOptions & Formatted<T>): SourceSpec<T>;
export function tail(path: string, options: TailOptions & Partial<Formatted<unknown>> = {}): SourceSpec<never> {
  checkPath('tail', path, "tail('app.log')");
  const { rotated = 'read' } = options;
  checkOneOf('rotated', rotated, ['read', 'skip']);
  return {
    role: 'source',
    kind: 'tail',
    options: { path, rotated, ...lineOptions(options), ...formatOptions(options) },
    capabilities: { replayable: true, bounded: false, partitions: 1, intake: 'range' },
  };
}

function checkPath(name: string, path: unknown, example: string): void {
  if (typeof path === 'string' && path !== '') return;
  throw new StreamError('RG040', `${name}() has no path`, `write ${example}`);
}
