/**
 * The bytes of a log: how a segment begins, and how a record is framed. It knows no files and no meaning of a payload.
 *
 *      segment  magic u32 | version u16 | job length u16 | segment u32 | first sequence u64 | job | crc32 u32
 *      record   magic u32 | type u8 | flags u8 | 0 u16 | sequence u64 | back u32 | length u32 | crc32 u32 | payload
 *
 * Little-endian. A crc32 covers all before it, and the payload. `back` counts the records of the same sync before this one.
 */
import { crc32 } from 'node:zlib';

const SEGMENT_MAGIC = 0x5347_4752;
const RECORD_MAGIC = 0x4352_4752;
/** The version that is written, and the newest that is read. */
export const LOG_VERSION = 1;
const SEGMENT_FIXED_BYTES = 20;
const RECORD_HEADER_BYTES = 28;
/** The only type and flags of this version. */
const TYPE_DATA = 1;
/** The longest payload. */
export const PAYLOAD_BYTES_MAX = 0x1000_0000;

/** How a segment begins. */
export interface SegmentHeader {
  readonly job: string;
  readonly segment: number;
  /** Sequence of its first record. */
  readonly first: number;
}

/** A header as it was found; `bytes` is where the records begin. */
export type FoundHeader =
  | { readonly state: 'whole'; readonly header: SegmentHeader; readonly bytes: number }
  | { readonly state: 'newer'; readonly version: number }
  | { readonly state: 'bad' };

export type FoundRecord =
  | {
      readonly state: 'whole';
      readonly sequence: number;
      /** What came before this record was durable when the record was written. */
      readonly durableBefore: number;
      readonly payload: Uint8Array;
      readonly end: number;
    }
  | { readonly state: 'newer' }
  | { readonly state: 'bad'; readonly why: string };

export function encodeSegmentHeader({ job, segment, first }: SegmentHeader): Uint8Array {
  const name = Buffer.from(job, 'utf8');
  const bytes = Buffer.alloc(SEGMENT_FIXED_BYTES + name.length + 4);
  bytes.writeUInt32LE(SEGMENT_MAGIC, 0);
  bytes.writeUInt16LE(LOG_VERSION, 4);
  bytes.writeUInt16LE(name.length, 6);
  bytes.writeUInt32LE(segment, 8);
  bytes.writeBigUInt64LE(BigInt(first), 12);
  name.copy(bytes, SEGMENT_FIXED_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

export function parseSegmentHeader(segment: Uint8Array): FoundHeader {
  const bytes = bufferOf(segment);
  if (bytes.length < SEGMENT_FIXED_BYTES + 4 || bytes.readUInt32LE(0) !== SEGMENT_MAGIC) return { state: 'bad' };
  const end = SEGMENT_FIXED_BYTES + bytes.readUInt16LE(6);
  if (bytes.length < end + 4 || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return { state: 'bad' };
  const version = bytes.readUInt16LE(4);
  if (version !== LOG_VERSION) return { state: 'newer', version };
  const job = bytes.toString('utf8', SEGMENT_FIXED_BYTES, end);
  const header = { job, segment: bytes.readUInt32LE(8), first: Number(bytes.readBigUInt64LE(12)) };
  return { state: 'whole', header, bytes: end + 4 };
}

/** What stands before a payload. `back`: records of the same sync that stand before this one. */
export function encodeRecordHeader(sequence: number, back: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  bytes.writeUInt32LE(RECORD_MAGIC, 0);
  bytes.writeUInt32LE(TYPE_DATA, 4);
  bytes.writeBigUInt64LE(BigInt(sequence), 8);
  bytes.writeUInt32LE(back, 16);
  bytes.writeUInt32LE(payload.length, 20);
  bytes.writeUInt32LE(crc32(payload, crc32(bytes.subarray(0, 24))), 24);
  return bytes;
}

/** The record that begins at `at`. Its payload is a view, so that no length is trusted with memory. */
export function parseRecord(segment: Uint8Array, at: number): FoundRecord {
  const bytes = bufferOf(segment);
  if (bytes.length - at < RECORD_HEADER_BYTES) return { state: 'bad', why: 'it ends within a record’s header' };
  if (bytes.readUInt32LE(at) !== RECORD_MAGIC) return { state: 'bad', why: 'no record begins there' };
  const length = bytes.readUInt32LE(at + 20);
  const start = at + RECORD_HEADER_BYTES;
  if (length > PAYLOAD_BYTES_MAX || length > bytes.length - start) {
    return { state: 'bad', why: `a record of ${length} bytes goes beyond the end` };
  }
  const payload = segment.subarray(start, start + length);
  if (crc32(payload, crc32(bytes.subarray(at, at + 24))) !== bytes.readUInt32LE(at + 24)) {
    return { state: 'bad', why: 'the checksum of a record is wrong' };
  }
  if (bytes.readUInt32LE(at + 4) !== TYPE_DATA) return { state: 'newer' };
  const sequence = Number(bytes.readBigUInt64LE(at + 8));
  return {
    state: 'whole',
    sequence,
    durableBefore: sequence - bytes.readUInt32LE(at + 16),
    payload,
    end: start + length,
  };
}

/** True when a whole record somewhere after `from` tells that `sequence` was durable once. */
export function provesDurable(segment: Uint8Array, from: number, sequence: number): boolean {
  const bytes = bufferOf(segment);
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(RECORD_MAGIC);
  for (let at = bytes.indexOf(magic, from); at !== -1; at = bytes.indexOf(magic, at + 1)) {
    const found = parseRecord(segment, at);
    if (found.state === 'newer' || (found.state === 'whole' && found.durableBefore > sequence)) return true;
  }
  return false;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
