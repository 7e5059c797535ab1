/** Reads the lines of files, one after the other, and goes on with what is appended when it follows. */
import { StreamError } from '../core/errors.js';
import type { RawSource } from '../runtime/source.js';
import type { Files } from '../runtime/world.js';
import { checkFile, type FilePlace, FileTrail } from './file-place.js';
import type { Decoding } from './formats/open-format.js';
import { LineBuffer, type Mark } from './line-buffer.js';
import type { LineDecoderOptions } from './line-decoder.js';
import { nearestMark, resumedLines } from './resumed-lines.js';

/** Options of the spec. */
export interface TextFileSettings extends Omit<LineDecoderOptions, 'from'> {
  /** Read one after another, as if they were one file. */
  readonly paths: readonly string[];
  /** Only with one path. */
  readonly follow: boolean;
}

/** Where a source that goes on begins. */
export interface TextFileStart {
  /** The source's name in the topology, for errors. */
  readonly name: string;
  /** Lines that were read before. */
  readonly from: number;
  /** What the partition's `position` gave: a way around reading them all again. */
  readonly position: unknown;
}

/**
 * Opens files and begins to read ahead.
 *
 * With `start` it goes on behind so many lines: from the nearest place that the position knows, or from the beginning.
 *
 * @throws StreamError `RG040`, `RG041`, `RG064` for a file that is not the one that was read; later failures are the partition's.
 */
export async function openTextFileSource(
  settings: TextFileSettings,
  files: Files,
  start?: TextFileStart,
  decoding?: Decoding,
): Promise<RawSource> {
  const mark = start === undefined ? undefined : nearest(start);
  const unread = settings.paths.slice(mark?.place.file ?? 0);
  for (const path of unread) await files.size(path);
  if (mark !== undefined && unread[0] !== undefined) await checkFile(unread[0], mark.place, files);
  const reader = new TextFileReader(settings, files, mark, decoding);
  return resumedLines(reader, reader.lines, start, mark);
}

/** The last known place at or before the start. */
function nearest({ from, position }: TextFileStart): Mark<FilePlace> | undefined {
  const marks = Array.isArray(position) ? (position as readonly Mark<FilePlace>[]) : [];
  return nearestMark(marks, from);
}

class TextFileReader {
  readonly lines: LineBuffer<FilePlace>;
  readonly #settings: TextFileSettings;
  readonly #files: Files;
  readonly #from: FilePlace | undefined;
  #trail: FileTrail;
  #stop: (() => void) | undefined;

  constructor(
    settings: TextFileSettings,
    files: Files,
    mark: Mark<FilePlace> | undefined,
    decoding: Decoding | undefined,
  ) {
    this.lines = new LineBuffer({ ...settings, from: 'a file' }, mark?.lines, decoding);
    this.#settings = settings;
    this.#files = files;
    this.#from = mark?.place;
    this.#trail = new FileTrail(0);
  }

  /** Never rejects: what goes wrong becomes the partition's failure. */
  async run(): Promise<void> {
    try {
      const { paths, follow } = this.#settings;
      for (let file = this.#from?.file ?? 0; file < paths.length; file++) {
        const path = paths[file]!;
        this.#begin(file, path);
        await this.#readOn(path);
        if (follow) await this.#follow(path);
        this.lines.pushRest();
      }
      this.lines.end();
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.lines.fail(error);
    }
  }

  stop(): void {
    this.lines.end();
    this.#stop?.();
  }

  #begin(file: number, path: string): void {
    const from = this.#from?.file === file ? this.#from : undefined;
    this.#trail = new FileTrail(file, from);
    this.lines.begin(`the file '${path}'`, this.#trail.lines);
    if (this.#trail.size === 0) this.lines.mark(this.#trail.beginning());
    else if (from !== undefined) this.lines.mark(() => ({ ...from, size: Math.max(from.size, this.#trail.size) }));
  }

  async #readOn(path: string): Promise<void> {
    for await (const chunk of this.#files.read(path, this.#trail.size)) {
      this.lines.push(chunk);
      const place = this.#trail.read(chunk, this.lines.inputRecords, this.lines.pendingBytes);
      if (place !== undefined && this.lines.isOpen) this.lines.mark(place);
      await this.lines.room();
      if (!this.lines.isOpen) return;
    }
  }

  async #follow(path: string): Promise<void> {
    let hasChanged = true;
    let wake: (() => void) | undefined;
    const changed = (): void => {
      hasChanged = true;
      wake?.();
    };
    const watch = this.#files.watch(path, changed);
    this.#stop = changed;
    try {
      while (this.lines.isOpen) {
        if (!hasChanged) await new Promise<void>((resolve) => (wake = resolve));
        hasChanged = false;
        const size = await this.#files.size(path);
        const read = this.#trail.size;
        if (size < read) throw shrunk(path, size, read);
        if (size > read) await this.#readOn(path);
      }
    } finally {
      watch.cancel();
    }
  }
}

function shrunk(path: string, size: number, read: number): StreamError {
  return new StreamError(
    'RG040',
    `the file '${path}' was cut to ${size} bytes, but ${read} bytes of it were read already; a followed file may only grow`,
    'start again, and append to the file in place of rewriting it',
  );
}
