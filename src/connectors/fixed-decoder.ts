/** Cuts chunks of bytes into records of one length. */
import { StreamError } from '../core/errors.js';
import type { Framer } from './line-decoder.js';

/** What a decoder is told. */
export interface FixedDecoderOptions {
  /** What the records come from, for errors. */
  readonly from: string;
  /** Bytes of a record. */
  readonly recordLength: number;
}

/** Source: Spark `FixedLengthBinaryInputFormat`. */
export class FixedDecoder implements Framer<Uint8Array> {
  readonly #length: number;
  #from: string;
  recordsBefore = 0;
  pendingBytes = 0;
  #pieces: Uint8Array[] = [];

  constructor({ from, recordLength }: FixedDecoderOptions) {
    this.#from = from;
    this.#length = recordLength;
  }

  begin(from: string, recordsBefore = 0): void {
    this.#from = from;
    this.recordsBefore = recordsBefore;
  }

  push(chunk: Uint8Array, records: Uint8Array[]): void {
    this.#pieces.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.pendingBytes < this.#length) return;
    const bytes = Buffer.concat(this.#pieces);
    const whole = bytes.length - (bytes.length % this.#length);
    for (let at = 0; at < whole; at += this.#length) {
      // A copy: the chunk that it is in may be large.
      records.push(new Uint8Array(bytes.subarray(at, at + this.#length)));
      this.recordsBefore++;
    }
    this.pendingBytes = bytes.length - whole;
    this.#pieces = this.pendingBytes === 0 ? [] : [bytes.subarray(whole)];
  }

  /** @throws StreamError `RG044` when a record is not whole. */
  end(): void {
    if (this.pendingBytes === 0) return;
    const message = `record ${this.recordsBefore + 1} of ${this.#from} is cut off after ${this.pendingBytes} of ${this.#length} bytes`;
    this.#pieces = [];
    this.pendingBytes = 0;
    throw new StreamError(
      'RG044',
      message,
      'check that it is whole, and that recordLength is the length of its records',
    );
  }
}
