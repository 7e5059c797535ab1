/** Cuts chunks of bytes into records that each have their length before them: 4 bytes, big-endian. */
import { StreamError } from '../core/errors.js';
import type { Framer } from './line-decoder.js';

/** Bytes of a length. */
export const LENGTH_BYTES = 4;

/** What a decoder is told. */
export interface LengthDecoderOptions {
  /** What the records come from, for errors. */
  readonly from: string;
  readonly lineBytesMax: number;
}

/** A length is checked before anything of its size is made. */
export class LengthDecoder implements Framer<Uint8Array> {
  readonly #bytesMax: number;
  #from: string;
  recordsBefore = 0;
  #pieces: Uint8Array[] = [];
  pendingBytes = 0;
  /** Bytes that the next record needs with its length, once that is known. */
  #needed = LENGTH_BYTES;

  constructor({ from, lineBytesMax }: LengthDecoderOptions) {
    this.#from = from;
    this.#bytesMax = lineBytesMax;
  }

  begin(from: string, recordsBefore = 0): void {
    this.#from = from;
    this.recordsBefore = recordsBefore;
  }

  /** @throws StreamError `RG044` for a length above the limit. */
  push(chunk: Uint8Array, records: Uint8Array[]): void {
    this.#pieces.push(chunk);
    this.pendingBytes += chunk.length;
    if (this.pendingBytes < this.#needed) return;
    const bytes = this.#joined();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (this.#needed = LENGTH_BYTES; bytes.length - at >= LENGTH_BYTES; this.#needed = LENGTH_BYTES) {
      const length = view.getUint32(at);
      if (length > this.#bytesMax) throw this.#tooLong(length);
      this.#needed = LENGTH_BYTES + length;
      if (bytes.length - at < this.#needed) break;
      // A copy: the chunk that it is in may be large, and may be used again.
      records.push(new Uint8Array(bytes.subarray(at + LENGTH_BYTES, at + this.#needed)));
      this.recordsBefore++;
      at += this.#needed;
    }
    this.pendingBytes = bytes.length - at;
    this.#pieces = this.pendingBytes === 0 ? [] : [bytes.subarray(at)];
  }

  /** @throws StreamError `RG044` when a record is not whole. */
  end(): void {
    if (this.pendingBytes === 0) return;
    const message = `record ${this.recordsBefore + 1} of ${this.#from} is cut off after ${this.pendingBytes} of ${this.#needed} bytes`;
    this.#pieces = [];
    this.pendingBytes = 0;
    throw new StreamError('RG044', message, 'check that it is whole, and that each record has its length before it');
  }

  #joined(): Uint8Array {
    return this.#pieces.length === 1 ? this.#pieces[0]! : new Uint8Array(Buffer.concat(this.#pieces));
  }

  #tooLong(length: number): StreamError {
    return new StreamError(
      'RG044',
      `record ${this.recordsBefore + 1} of ${this.#from} says that it has ${length} bytes; the limit is ${this.#bytesMax}`,
      'raise lineBytesMax, or check that each record has its length before it (4 bytes, big-endian)',
    );
  }
}
