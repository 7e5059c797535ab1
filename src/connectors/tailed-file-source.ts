/** Reads a log that another program writes and rotates: the rest of what was rotated away first, then what came after it. */
import { StreamError } from '../core/errors.js';
import type { RawPartition, RawSource } from '../runtime/source.js';
import type { Files } from '../runtime/world.js';
import { changed, type FilePlace, FileTrail } from './file-place.js';
import type { Decoding } from './formats/open-format.js';
import { LineBuffer, type Mark } from './line-buffer.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { nearestMark, resumedLines } from './resumed-lines.js';
import {
  isAt,
  type LogFile,
  type LogFiles,
  logAt,
  lookAround,
  nextAfter,
  restOf,
  rotatedFiles,
  type TailPlace,
} from './rotated-files.js';

/** Options of the spec. */
export interface TailSettings extends Omit<LineDecoderOptions, 'from'> {
  readonly path: string;
  /** Whether a job that begins reads what was rotated away before. */
  readonly rotated: 'read' | 'skip';
}

/** Where a source that goes on begins. */
export interface TailStart {
  /** The source's name in the topology, for errors. */
  readonly name: string;
  /** Records that were read before. */
  readonly from: number;
  /** What `position` gave there, and at the end of what must be read again. */
  readonly position: unknown;
  readonly later: unknown;
}

/** What `position` gives. */
interface TailPosition {
  /** The beginning of the first file that was ever read. */
  readonly origin: TailPlace;
  readonly marks: readonly Mark<TailPlace>[];
}

/**
 * Opens a log and begins to read.
 *
 * @throws StreamError `RG040`, `RG041` for what is no file, `RG064` when what was read before is not there any more.
 */
export async function openTailSource(
  settings: TailSettings,
  files: Files,
  start?: TailStart,
  decoding?: Decoding,
): Promise<RawSource> {
  const mark = start === undefined ? undefined : nearest(start);
  const look = await lookAround(settings.path, files);
  const oldest = settings.rotated === 'read' ? look.rotated[0] : undefined;
  if (mark === undefined && oldest === undefined) await files.size(settings.path);
  const first = mark === undefined ? (oldest ?? look.log) : await restOf(look, mark.place, files);
  if (first === undefined) throw gone(settings.path);
  const reader = new TailReader(settings, files, first, start && originOf(start), mark, decoding);
  return resumedLines(reader, reader.partition, start, mark);
}

/** The last known place at or before the start, or where it all began. */
function nearest(start: TailStart): Mark<TailPlace> | undefined {
  const { from, position, later } = start;
  const marks = [position, later].flatMap((one) => asPosition(one)?.marks ?? []);
  const origin = originOf(start);
  const first = origin === undefined ? [] : [{ lines: 0, place: origin }];
  return nearestMark([...first, ...marks], from);
}

function originOf({ position, later }: TailStart): TailPlace | undefined {
  return asPosition(position)?.origin ?? asPosition(later)?.origin;
}

function asPosition(position: unknown): TailPosition | undefined {
  const isOne = typeof position === 'object' && position !== null && 'origin' in position;
  return isOne ? (position as TailPosition) : undefined;
}

class TailReader {
  readonly lines: LineBuffer<TailPlace>;
  readonly partition: RawPartition;
  readonly #path: string;
  readonly #files: Files;
  /** What is read now, by its name at the moment. */
  #current: LogFile;
  #trail: FileTrail;
  /** Behind the last whole record, to know the file again. */
  #place: () => TailPlace;
  #number = 0;
  /** The end of the file before: nobody may write there any more. */
  #left: TailPlace | undefined;
  #hasChanged = true;
  #wake: (() => void) | undefined;

  constructor(
    { path, ...settings }: TailSettings,
    files: Files,
    first: LogFile,
    known: TailPlace | undefined,
    mark: Mark<TailPlace> | undefined,
    decoding: Decoding | undefined,
  ) {
    this.#path = path;
    this.#files = files;
    this.#current = first;
    this.#number = mark?.place.file ?? 0;
    this.#trail = new FileTrail(this.#number, mark?.place);
    // Of a beginning more is known with each byte that is read.
    const isBeginning = mark === undefined || mark.place.bytes === 0;
    this.#place = isBeginning ? this.#at(this.#trail.beginning()) : () => mark.place;
    const lines = new LineBuffer<TailPlace>({ ...settings, from: `the file '${path}'` }, mark?.lines, decoding);
    this.lines = lines;
    lines.begin(`the file '${first.path}'`, this.#trail.lines);
    lines.mark(this.#place);
    const isFirst = isBeginning && this.#number === 0;
    const origin = known === undefined || isFirst ? this.#place : () => known;
    this.partition = {
      take: (values, max) => lines.take(values, max),
      onReady: (wake) => lines.onReady(wake),
      get failure() {
        return lines.failure;
      },
      position: (): TailPosition => ({ origin: origin(), marks: lines.position() ?? [] }),
    };
  }

  /** Never rejects: what goes wrong becomes the partition's failure. */
  async run(): Promise<void> {
    const watch = this.#files.watch(this.#path, this.#changed);
    try {
      while (this.lines.isOpen) {
        if (!this.#hasChanged) await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#hasChanged = false;
        while (this.lines.isOpen && (await this.#step()));
      }
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.lines.fail(error);
    } finally {
      watch.cancel();
    }
  }

  stop(): void {
    this.lines.end();
    this.#changed();
  }

  readonly #changed = (): void => {
    this.#hasChanged = true;
    this.#wake?.();
  };

  /** Reads what is there, or goes to the next file. True when there may be more at once. */
  async #step(): Promise<boolean> {
    await this.#checkLeft();
    const log = await logAt(this.#path, this.#files);
    if (log !== undefined && this.#isCurrent(log)) {
      const isSeen = log.size === this.#trail.size && log.modified === this.#current.modified;
      if (isSeen) return false;
      if (await this.#goesOn(log)) {
        this.#current = log;
        return log.size > this.#trail.size && !(await this.#readOn(log));
      }
    }
    const look = await lookAround(this.#path, this.#files);
    return look.log !== undefined && this.#isCurrent(look.log)
      ? this.#afterTruncation(look.log, look)
      : this.#afterRename(look);
  }

  /** The file has another name now; who writes may still be at it until the log is there anew. */
  async #afterRename(look: LogFiles): Promise<boolean> {
    const old = await restOf(look, this.#place(), this.#files);
    if (old === undefined) throw gone(this.#path);
    if (!(await this.#readOn(old))) return true;
    const next = nextAfter(old, look);
    if (next === undefined) return false;
    this.#goTo(next);
    return true;
  }

  /** The same file with less in it, or with something else: its content was copied first. */
  async #afterTruncation(log: LogFile, look: LogFiles): Promise<boolean> {
    if (await this.#goesOn(log)) return true;
    const copy = await restOf({ ...look, log: undefined }, this.#place(), this.#files);
    if (copy === undefined) throw cutWithoutCopy(log, this.#trail.size);
    if (!(await this.#readOn(copy))) return true;
    this.#goTo(nextAfter(copy, look) ?? log);
    return true;
  }

  /** It still has what was read of it. */
  async #goesOn({ path, size }: LogFile): Promise<boolean> {
    return size >= this.#trail.size && (await isAt(path, this.#place(), this.#files));
  }

  /** A writer that went on in the old file when the new one had begun has written lines that nobody reads. @throws StreamError `RG064`. */
  async #checkLeft(): Promise<void> {
    const left = this.#left;
    if (left === undefined) return;
    for (const file of await rotatedFiles(this.#path, this.#files)) {
      if (file.inode !== left.inode || file.size <= left.size || !(await isAt(file.path, left, this.#files))) continue;
      throw changed(file.path, `grew from ${left.size} to ${file.size} bytes after '${this.#path}' had begun anew`);
    }
  }

  #goTo(file: LogFile): void {
    this.lines.pushRest();
    this.#left = { ...this.#place(), size: this.#trail.size };
    this.#current = file;
    this.#trail = new FileTrail(++this.#number);
    this.#place = this.#at(this.#trail.beginning());
    this.lines.begin(`the file '${file.path}'`);
    this.lines.mark(this.#place);
  }

  /** False when the name leads to another file by now: look again. */
  async #readOn(file: LogFile): Promise<boolean> {
    try {
      await this.#readAll(file);
      return true;
    } catch (error) {
      if (error instanceof StreamError && MOVED.includes(codeOf(error))) return false;
      throw error;
    }
  }

  async #readAll(file: LogFile): Promise<void> {
    for await (const chunk of this.#files.read(file.path, this.#trail.size, file)) {
      this.lines.push(chunk);
      const place = this.#trail.read(chunk, this.lines.inputRecords, this.lines.pendingBytes);
      if (place !== undefined) {
        this.#place = this.#at(place);
        if (this.lines.isOpen) this.lines.mark(this.#place);
      }
      await this.lines.room();
      if (!this.lines.isOpen) return;
    }
  }

  #isCurrent({ device, inode }: LogFile): boolean {
    return inode === this.#current.inode && device === this.#current.device;
  }

  /** A place of the file at hand. */
  #at(place: () => FilePlace): () => TailPlace {
    const { device, inode } = this.#current;
    return () => ({ ...place(), device, inode });
  }
}

/** What a system says of a name that leads elsewhere, or nowhere. */
const MOVED: readonly unknown[] = ['ENOENT', 'ESTALE'];

function codeOf({ cause }: StreamError): unknown {
  return (cause as { readonly code?: unknown } | undefined)?.code;
}

function gone(path: string): StreamError {
  return changed(
    path,
    'was rotated away, and what it was is neither in a file beside it nor in a copy: keep one (delaycompress)',
  );
}

function cutWithoutCopy({ path, size }: LogFile, read: number): StreamError {
  return changed(
    path,
    `was cut or rewritten (${size} bytes, of which ${read} were read), and there is no copy of it beside it`,
  );
}
