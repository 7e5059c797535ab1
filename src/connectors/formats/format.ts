/** What a format is once it is opened: pure functions between the bytes of one record and its value. Knows no source and no sink. */
import { StreamError } from '../../core/errors.js';

/** Where a record stands, for errors and for first lines that are none. */
export interface RecordContext {
  /** What it comes from: `the file 'a.csv'`. */
  readonly from: string;
  /** Its number there, from 1. */
  readonly number: number;
}

/** A format. Both functions are pure: the same input gives an equal output, in any process. */
export interface Format {
  /** How records follow each other in a stream of bytes: a line each, each behind its length, or all with so many bytes. */
  readonly framing: 'lines' | 'length' | { readonly recordLength: number };
  /** The value of one record, or undefined where there is none to it, as in a header. @throws StreamError `RG048`. */
  decode(raw: Uint8Array | string, context: RecordContext): unknown;
  /** One record, without a line end or a length. @throws StreamError `RG049` for a value that the format cannot hold. */
  encode(value: unknown): Uint8Array | string;
}

/** What says that a record is not of its format. */
export function undecodable(what: string, { from, number }: RecordContext, cause?: unknown): StreamError {
  return new StreamError(
    'RG048',
    `record ${number} of ${from} ${what}`,
    'look at its bytes in the dead letters, and fix whoever writes them or the format',
    { cause },
  );
}

/** What says that a value has no form in a format. */
export function unencodable(what: string, cause?: unknown): StreamError {
  return new StreamError('RG049', what, 'map results to what the format can hold', { cause });
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A raw record as text. @throws StreamError `RG048` where it is no UTF-8. */
export function textOf(raw: Uint8Array | string, context: RecordContext): string {
  if (typeof raw === 'string') return raw;
  try {
    return decoder.decode(raw);
  } catch (cause) {
    throw undecodable('is not valid UTF-8', context, cause);
  }
}

/** A raw record as bytes. */
export function bytesOf(raw: Uint8Array | string): Uint8Array {
  return typeof raw === 'string' ? new TextEncoder().encode(raw) : raw;
}
