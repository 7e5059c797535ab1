/** Reads the lines of files, one after the other, and goes on with what is appended when it follows. */
import { StreamError } from '../core/errors.js';
import type { RawSource } from '../runtime/source.js';
import type { Files } from '../runtime/world.js';
import { LineBuffer } from './line-buffer.js';
import type { LineDecoderOptions } from './line-decoder.js';

/** Options of the spec. */
export interface TextFileSettings extends Omit<LineDecoderOptions, 'from'> {
  /** Read one after another, as if they were one file. */
  readonly paths: readonly string[];
  /** Only with one path. */
  readonly follow: boolean;
}

/** Opens files and begins to read ahead. @throws StreamError `RG040`, `RG041`; later failures are the partition's. */
export async function openTextFileSource(settings: TextFileSettings, files: Files): Promise<RawSource> {
  for (const path of settings.paths) await files.size(path);
  const reader = new TextFileReader(settings, files);
  const reading = reader.run();
  return {
    partitions: [reader.lines],
    counters: () => reader.lines.counters(),
    close: () => {
      reader.stop();
      return reading;
    },
  };
}

class TextFileReader {
  readonly lines: LineBuffer;
  readonly #settings: TextFileSettings;
  readonly #files: Files;
  #offset = 0;
  #stop: (() => void) | undefined;

  constructor(settings: TextFileSettings, files: Files) {
    this.lines = new LineBuffer({ ...settings, from: 'a file' });
    this.#settings = settings;
    this.#files = files;
  }

  /** Never rejects: what goes wrong becomes the partition's failure. */
  async run(): Promise<void> {
    try {
      const { paths, follow } = this.#settings;
      for (const path of paths) {
        this.#offset = 0;
        this.lines.begin(`the file '${path}'`);
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

  async #readOn(path: string): Promise<void> {
    for await (const chunk of this.#files.read(path, this.#offset)) {
      this.#offset += chunk.length;
      this.lines.push(chunk);
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
        if (size < this.#offset) throw shrunk(path, size, this.#offset);
        if (size > this.#offset) await this.#readOn(path);
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
