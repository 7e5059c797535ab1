/** From chunks of bytes to values: cut into records, each decoded, and those that are none named. */
import { StreamError } from '../core/errors.js';
import { previewOf, type RawPreview } from '../runtime/set-aside.js';
import { FixedDecoder } from './fixed-decoder.js';
import type { Decoding } from './formats/open-format.js';
import { LengthDecoder } from './length-decoder.js';
import { type Framer, LineDecoder, type LineDecoderOptions } from './line-decoder.js';

/** A record that did not decode. */
export interface Undecoded {
  /** Values of the same call before it. */
  readonly at: number;
  readonly value: RawPreview;
  readonly error: StreamError;
}

/** Without a decoding, records are lines of text. */
export class RecordDecoder {
  readonly #decoding: Decoding | undefined;
  readonly #framer: Framer<Uint8Array | string>;
  readonly #lines: LineDecoder | undefined;
  readonly #undecodedMax: number;
  #from: string;
  undecodable = 0;

  /** `undecodedMax`: after so many the next error is thrown: whoever refuses a whole input needs no more of them. */
  constructor(options: LineDecoderOptions, decoding?: Decoding, undecodedMax = Number.POSITIVE_INFINITY) {
    this.#undecodedMax = undecodedMax;
    this.#decoding = decoding;
    this.#from = options.from;
    const framing = decoding?.format.framing ?? 'lines';
    if (framing === 'lines') this.#framer = this.#lines = new LineDecoder(options);
    else if (framing === 'length') this.#framer = new LengthDecoder(options);
    else this.#framer = new FixedDecoder({ from: options.from, ...framing });
  }

  get invalidLines(): number {
    return this.#lines?.invalidLines ?? 0;
  }

  get recordsBefore(): number {
    return this.#framer.recordsBefore;
  }

  get pendingBytes(): number {
    return this.#framer.pendingBytes;
  }

  begin(from: string, recordsBefore = 0): void {
    this.#from = from;
    this.#framer.begin(from, recordsBefore);
  }

  /** Adds the values of the records that end in this chunk; those before a bad one are there when it throws. @throws StreamError */
  push(chunk: Uint8Array, values: unknown[], undecoded: Undecoded[]): void {
    this.#decode(values, undecoded, (records) => this.#framer.push(chunk, records));
  }

  /** Adds the last record, when it is there without its end. @throws StreamError */
  end(values: unknown[], undecoded: Undecoded[]): void {
    this.#decode(values, undecoded, (records) => this.#framer.end(records));
  }

  #decode(values: unknown[], undecoded: Undecoded[], cut: (records: (Uint8Array | string)[]) => void): void {
    if (this.#decoding === undefined) return cut(values as string[]);
    const first = this.#framer.recordsBefore + 1;
    const records: (Uint8Array | string)[] = [];
    try {
      cut(records);
    } finally {
      this.#decodeEach(records, first, values, undecoded);
    }
  }

  #decodeEach(
    records: readonly (Uint8Array | string)[],
    first: number,
    values: unknown[],
    undecoded: Undecoded[],
  ): void {
    const { format, onUndecodable } = this.#decoding!;
    for (const [index, record] of records.entries()) {
      try {
        const value = format.decode(record, { from: this.#from, number: first + index });
        if (value !== undefined) values.push(value);
      } catch (error) {
        if (!(error instanceof StreamError) || onUndecodable === 'fail') throw error;
        this.undecodable++;
        undecoded.push({ at: values.length, value: previewOf(record), error });
        if (this.undecodable >= this.#undecodedMax) throw error;
      }
    }
  }
}
