/** Prints results to standard output: a line each, or a block for each closed interval as Spark does. */
import type { Writable } from 'node:stream';
import type { StreamError } from '../core/errors.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';
import { formatMs, formatResult } from './format-result.js';
import { outputOf, type SharedOutput } from './shared-output.js';

/** What is asked of standard output. */
export interface StdoutSettings {
  readonly delivery: 'record' | 'interval';
  /** Results of a block that are shown. */
  readonly max: number;
}

/** Text that waits for a flush; beyond it accepted results are written at once. */
const TEXT_LENGTH_MAX = 65_536;
const RULE = '-------------------------------------------';

/** Opens a stream for printing. Several sinks share it: each writes whole lines and whole blocks. */
export function openStdoutSink(settings: StdoutSettings, stream: Writable): SinkWriter {
  return new StdoutSink(settings, outputOf(stream));
}

class StdoutSink implements SinkWriter {
  readonly #settings: StdoutSettings;
  readonly #output: SharedOutput;
  #text = '';

  constructor(settings: StdoutSettings, output: SharedOutput) {
    this.#settings = settings;
    this.#output = output;
  }

  get ready(): boolean {
    return this.#output.ready;
  }

  get failure(): StreamError | 'stop' | undefined {
    return this.#output.failure;
  }

  accept(value: unknown, _context: ResultContext): void {
    this.#text +=
      this.#settings.delivery === 'record'
        ? `${formatResult(value)}\n`
        : block(value as { readonly end: number; readonly values: readonly unknown[] }, this.#settings.max);
    if (this.#text.length > TEXT_LENGTH_MAX) this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    this.#output.write(this.#text);
    this.#text = '';
  }

  onReady(wake: () => void): void {
    this.#output.onReady(wake);
  }

  synced(): Promise<void> {
    this.flush();
    return this.#output.written();
  }

  close(): Promise<void> {
    return this.synced();
  }
}

function block(interval: { readonly end: number; readonly values: readonly unknown[] }, max: number): string {
  const shown = interval.values.slice(0, max).map((value) => `${formatResult(value)}\n`);
  const more = interval.values.length > max ? '...\n' : '';
  return `${RULE}\nTime: ${formatMs(interval.end)} ms\n${RULE}\n${shown.join('')}${more}\n`;
}
