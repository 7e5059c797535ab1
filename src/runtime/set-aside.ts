/** What sources and sinks set aside by themselves: a record that does not decode, a result that the other side refused for good. */
import type { StreamError } from '../core/errors.js';

/** A record that counts as done without having been processed. */
export interface SetAside {
  readonly partition: number;
  /** Sources: records handed out before it. Sinks: results taken before it. */
  readonly offset: number;
  readonly value: unknown;
  /** What was wrong, with the record's place in its input. */
  readonly error: StreamError;
}

/** Is told of each. Must not throw. */
export type TellSetAside = (letter: SetAside) => void;

/** The beginning of a record that is no value, in a form that a log line and a JSON document can hold. */
export interface RawPreview {
  /** Length of the whole record. */
  readonly bytes: number;
  /** Its first bytes. */
  readonly base64: string;
}

/** Bytes of a record that are shown; the record itself may be of any size. */
export const RAW_PREVIEW_BYTES_MAX = 1_024;

/** The beginning of a raw record. */
export function previewOf(raw: Uint8Array | string): RawPreview {
  const bytes = typeof raw === 'string' ? Buffer.from(raw) : raw;
  return { bytes: bytes.length, base64: Buffer.from(bytes.subarray(0, RAW_PREVIEW_BYTES_MAX)).toString('base64') };
}
