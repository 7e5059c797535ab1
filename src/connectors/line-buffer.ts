/** The one partition of a source of text: lines wait here, bounded, between the input and whoever polls. */
import { StreamError } from '../core/errors.js';
import type { RawPartition } from '../runtime/source.js';
import { LineDecoder, type LineDecoderOptions } from './line-decoder.js';

/** Lines that may wait; beyond it the input is not read. One chunk of the input may go over it. */
export const LINES_BUFFERED_MAX = 16_384;

/** Takes chunks in and hands lines out. */
export class LineBuffer implements RawPartition {
  readonly #decoder: LineDecoder;
  /** Runs of lines, as decoded; of the first, `#taken` lines are gone. */
  #runs: string[][] = [];
  #taken = 0;
  #waiting = 0;
  #state: 'open' | 'ended' | StreamError = 'open';
  #wake: (() => void) | undefined;
  #hasRoom: (() => void) | undefined;

  constructor(options: LineDecoderOptions) {
    this.#decoder = new LineDecoder(options);
  }

  /** What the source tells beside its lines. */
  counters(): Readonly<Record<string, number>> {
    return { invalidUtf8Lines: this.#decoder.invalidLines };
  }

  /** Known only once the lines before it are handed out. */
  get failure(): StreamError | undefined {
    return this.#state instanceof StreamError && this.#waiting === 0 ? this.#state : undefined;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    let left = Math.min(max, this.#waiting);
    this.#waiting -= left;
    while (left > 0) {
      const run = this.#runs[0]!;
      const end = Math.min(run.length, this.#taken + left);
      for (let at = this.#taken; at < end; at++) values.push(run[at]);
      left -= end - this.#taken;
      this.#taken = end;
      if (end === run.length) {
        this.#runs.shift();
        this.#taken = 0;
      }
    }
    if (this.#waiting <= LINES_BUFFERED_MAX / 2) this.#release();
    if (this.#waiting > 0) return 'more';
    return this.#state === 'ended' ? 'ended' : 'idle';
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.#waiting > 0 || this.#state !== 'open') this.#notify();
  }

  /** What is pushed now comes from another input, such as the next file. Push the rest of the one before first. */
  begin(from: string): void {
    this.#decoder.begin(from);
  }

  /** Takes a chunk in. A chunk that is no text fails the source. */
  push(chunk: Uint8Array): void {
    this.#add((lines) => this.#decoder.push(chunk, lines));
  }

  /** The line that has not ended counts as one: the input has broken off, or ended. */
  pushRest(): void {
    this.#add((lines) => this.#decoder.end(lines));
  }

  end(): void {
    this.pushRest();
    if (this.#state === 'open') this.#state = 'ended';
    this.#release();
    this.#notify();
  }

  fail(error: StreamError): void {
    if (this.#state === 'open') this.#state = error;
    this.#release();
    this.#notify();
  }

  /** Resolves when there is room for more, at once if there is some already. */
  room(): Promise<void> | undefined {
    if (this.#waiting < LINES_BUFFERED_MAX || !this.isOpen) return undefined;
    return new Promise((resolve) => {
      this.#hasRoom = resolve;
    });
  }

  #add(decode: (lines: string[]) => void): void {
    if (!this.isOpen) return;
    const lines: string[] = [];
    let failure: StreamError | undefined;
    try {
      decode(lines);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      failure = error;
    }
    if (lines.length > 0) {
      this.#runs.push(lines);
      this.#waiting += lines.length;
    }
    if (failure !== undefined) this.fail(failure);
    else if (lines.length > 0) this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #release(): void {
    this.#hasRoom?.();
    this.#hasRoom = undefined;
  }
}
