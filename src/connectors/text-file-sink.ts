/** Writes each interval to a file of its own, whole or not at all. */
import { StreamError } from '../core/errors.js';
import type { ResultContext, SinkTransactions, SinkWriter } from '../runtime/sink.js';
import type { Files } from '../runtime/world.js';
import { formatMs } from './format-result.js';
import { bytesOf, type Format } from './formats/format.js';
import { textFormat } from './formats/text-formats.js';
import { LENGTH_BYTES } from './length-decoder.js';
import { StagedFiles } from './staged-files.js';

/** Intervals that may wait to be written before the sink says that it is not ready. */
const INTERVALS_WAITING_MAX = 64;

/** What a folder is opened with. */
export interface TextFileSinkSettings {
  /** The sink's name in the topology, for errors. */
  readonly name: string;
  readonly folder: string;
  /** Default: text. */
  readonly format?: Format | undefined;
}

/**
 * Opens a folder for writing. Files are written one after the other, in the order of the intervals.
 *
 * `transactional`: a file is written under a hidden name, and gets its own when the epoch in which it was accepted is committed.
 */
export function openTextFileSink(settings: TextFileSinkSettings, files: Files, transactional = false): SinkWriter {
  return transactional ? new StagedTextFileSink(settings, files) : new TextFileSink(settings, files);
}

class TextFileSink implements SinkWriter {
  readonly #folder: string;
  readonly #name: string;
  readonly #format: Format;
  readonly #files: Files;
  #waiting = 0;
  #done: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  failure: StreamError | undefined;

  constructor({ name, folder, format = textFormat }: TextFileSinkSettings, files: Files) {
    this.#folder = folder;
    this.#name = name;
    this.#format = format;
    this.#files = files;
  }

  get ready(): boolean {
    return this.#waiting < INTERVALS_WAITING_MAX || this.failure !== undefined;
  }

  accept(value: unknown, context: ResultContext): void {
    const { end, values } = value as { readonly end: number; readonly values: readonly unknown[] };
    const name = `part-${formatMs(end)}-${String(context.partition).padStart(5, '0')}`;
    const content = this.#encode(values);
    if (content === undefined) return;
    const write = this.write(name, content);
    this.#waiting++;
    // The failure is kept; whoever waits for a step hears of it.
    this.step(write)
      .catch(() => undefined)
      .finally(() => this.#written())
      .catch(() => undefined);
  }

  /** Writing began with `accept`. */
  flush(): void {}

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.ready) this.#notify();
  }

  async synced(): Promise<void> {
    await this.#done;
    if (this.failure !== undefined) throw this.failure;
  }

  close(): Promise<void> {
    return this.synced();
  }

  /** How a file is written. */
  protected write(name: string, content: string | Uint8Array): () => Promise<void> {
    return () => this.#files.writeAtomically(`${this.#folder}/${name}`, content);
  }

  /** Runs behind the steps before. After a failure none runs: a later interval must not appear without the earlier. */
  protected step(run: () => Promise<void>): Promise<void> {
    const done = this.#done.then(async () => {
      if (this.failure !== undefined) throw this.failure;
      try {
        await run();
      } catch (cause) {
        this.failure = unwritable(this.#folder, cause);
        throw this.failure;
      }
    });
    this.#done = done.catch(() => undefined);
    return done;
  }

  /** Undefined when a result has no form in the format: the job stops then. */
  #encode(values: readonly unknown[]): string | Uint8Array | undefined {
    if (this.failure !== undefined) return undefined;
    const { framing, encode } = this.#format;
    try {
      const encoded = values.map((value) => encode(value));
      if (framing === 'lines') return encoded.map((line) => `${String(line)}\n`).join('');
      return framing === 'length' ? behindLengths(encoded) : new Uint8Array(Buffer.concat(encoded.map(bytesOf)));
    } catch (cause) {
      if (!(cause instanceof StreamError)) throw cause;
      this.failure = new StreamError(cause.code, `sink '${this.#name}': ${cause.message}`, cause.hint, { cause });
      return undefined;
    }
  }

  #written(): void {
    this.#waiting--;
    if (this.ready) this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

class StagedTextFileSink extends TextFileSink {
  readonly #staged: StagedFiles;
  readonly transactions: SinkTransactions;

  constructor(settings: TextFileSinkSettings, files: Files) {
    super(settings, files);
    const staged = new StagedFiles(settings.folder, files, byInterval);
    this.#staged = staged;
    this.transactions = {
      prepare: (epoch) => {
        const accepted = staged.cut();
        return this.step(() => staged.prepare(epoch, accepted));
      },
      commit: (epoch) => this.step(() => staged.commit(epoch)),
      recover: (epoch) => {
        staged.cut();
        return this.step(() => staged.recover(epoch));
      },
    };
  }

  override async close(): Promise<void> {
    const accepted = this.#staged.cut();
    if (accepted.length > 0) await this.step(() => this.#staged.discard(accepted));
    await super.close();
  }

  protected override write(name: string, content: string | Uint8Array): () => Promise<void> {
    const accepted = this.#staged.accept(name);
    return () => this.#staged.write(accepted, content);
  }
}

/** Each record behind its length. */
function behindLengths(records: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = records.flatMap((record) => {
    const bytes = bytesOf(record);
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return [length, bytes];
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** By the end of the interval, then by partition. */
function byInterval(a: string, b: string): number {
  const [endOfA, endOfB] = [a, b].map((name) => Number(/^part-(.+)-\d+$/.exec(name)?.[1]));
  return endOfA! - endOfB! || (a < b ? -1 : 1);
}

function unwritable(folder: string, cause: unknown): StreamError {
  if (!(cause instanceof StreamError)) {
    const message = `'${folder}' cannot be written: ${String(cause)}`;
    return new StreamError('RG046', message, 'check the folder', { cause });
  }
  return cause.code === 'RG046' ? cause : new StreamError('RG046', cause.message, cause.hint, { cause });
}
