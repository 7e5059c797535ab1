/** A writable stream that several sinks share: its back-pressure, and what happens when its reader goes away. */
import type { Writable } from 'node:stream';
import { StreamError } from '../core/errors.js';

/** Bytes that may wait in the stream before sinks say that they are not ready. */
const WAITING_BYTES_MAX = 1_048_576;

const outputs = new WeakMap<Writable, SharedOutput>();

/** The one output of a stream. Its error listener stays, since an error can come after the last sink is closed. */
export function outputOf(stream: Writable): SharedOutput {
  const known = outputs.get(stream);
  if (known !== undefined) return known;
  const output = new SharedOutput(stream);
  outputs.set(stream, output);
  return output;
}

/** See `outputOf`. */
export class SharedOutput {
  readonly #stream: Writable;
  #waiting: (() => void)[] = [];
  failure: StreamError | 'stop' | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => this.#wake());
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
  }

  get ready(): boolean {
    return this.failure !== undefined || this.#stream.writableLength <= WAITING_BYTES_MAX;
  }

  /** Calls `wake` when the stream is ready again or has failed, at once if it is. */
  onReady(wake: () => void): void {
    if (this.ready) wake();
    else this.#waiting.push(wake);
  }

  write(text: string): void {
    if (this.failure === undefined) this.#stream.write(text);
  }

  /** Resolves when all that was written has left, or never will. @throws StreamError `RG046`. */
  async written(): Promise<void> {
    if (this.failure === undefined && !this.#stream.destroyed) {
      await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    }
    if (this.failure instanceof StreamError) throw this.failure;
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.failure ??=
      error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED'
        ? 'stop'
        : new StreamError('RG046', `the output cannot be written: ${error.message}`, 'check where it leads to', {
            cause: error,
          });
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
