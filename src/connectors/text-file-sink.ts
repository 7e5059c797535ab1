/** Writes each interval to a file of its own, whole or not at all. */
import { StreamError } from '../core/errors.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';
import type { Files } from '../runtime/world.js';
import { formatMs, formatResult } from './format-result.js';

/** Intervals that may wait to be written before the sink says that it is not ready. */
const INTERVALS_WAITING_MAX = 64;

/** Opens a folder for writing. Files are written one after the other, in the order of the intervals. */
export function openTextFileSink(folder: string, files: Files): SinkWriter {
  return new TextFileSink(folder, files);
}

class TextFileSink implements SinkWriter {
  readonly #folder: string;
  readonly #files: Files;
  #waiting = 0;
  #written: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  failure: StreamError | undefined;

  constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  get ready(): boolean {
    return this.#waiting < INTERVALS_WAITING_MAX || this.failure !== undefined;
  }

  accept(value: unknown, context: ResultContext): void {
    const { end, values } = value as { readonly end: number; readonly values: readonly unknown[] };
    const path = `${this.#folder}/part-${formatMs(end)}-${String(context.partition).padStart(5, '0')}`;
    const content = values.map((result) => `${formatResult(result)}\n`).join('');
    this.#waiting++;
    this.#written = this.#written.then(() => this.#write(path, content));
  }

  /** Writing began with `accept`. */
  flush(): void {}

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.ready) this.#notify();
  }

  async close(): Promise<void> {
    await this.#written;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Never rejects. After a failure nothing more is written: a later interval must not appear without the earlier. */
  async #write(path: string, content: string): Promise<void> {
    try {
      if (this.failure === undefined) await this.#files.writeAtomically(path, content);
    } catch (cause) {
      this.failure =
        cause instanceof StreamError
          ? cause
          : new StreamError('RG046', `'${path}' cannot be written: ${String(cause)}`, 'check the folder', { cause });
    }
    this.#waiting--;
    if (this.ready) this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
