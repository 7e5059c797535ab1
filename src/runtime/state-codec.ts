/**
 * Rows of state and records of the log as bytes. It knows no files, and never decodes what its checksum does not cover.
 *
 *      chunk  magic u32 | version u8 | 0 u24 | store u32 | rows u32 | length u32 | crc32 u32 | columns
 *
 * The columns of a chunk are arrays by V8's structured clone, which is four times faster than a row at a time.
 */
import { DefaultDeserializer, DefaultSerializer } from 'node:v8';
import { crc32 } from 'node:zlib';
import { StreamError } from '../core/errors.js';
import { readableJson } from '../core/json.js';
import type { SnapshotRow } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { LogRecord } from './durability.js';
import { notPlain } from './plain-data.js';

const CHUNK_MAGIC = 0x4b43_4752;
/** The version of chunks that is written, and the newest that is read. */
export const STATE_VERSION = 1;
/** That of log records. Version 1 has no received blocks: values stand in the ranges of their batch. */
export const LOG_RECORD_VERSION = 2;
const CHUNK_HEADER_BYTES = 24;
/** Rows of one chunk: some milliseconds of work, so that records get their turn in between. */
export const CHUNK_ROWS_MAX = 10_000;

/** Runs of rows of one kind in one space: what the columns hold, in order. */
interface Columns {
  /** Kind (0 cell, 1 deleted, 2 dropped), space and number of rows in turn. */
  readonly runs: (string | number)[];
  /** Of cells and deleted ones. */
  readonly keys: Key[];
  /** Of cells. */
  readonly values: unknown[];
  /** Of cells; one number when all are equal. */
  readonly counts: number | Float64Array;
}

const KINDS = ['cell', 'deleted', 'dropped'] as const;

/**
 * Encodes at most `CHUNK_ROWS_MAX` rows. `store` comes back beside them.
 *
 * @throws StreamError `RG056` for a value that would not come back equal; `uid` is named in it.
 */
export function encodeChunk(rows: readonly SnapshotRow[], store: number, uid: string): Uint8Array {
  const columns = columnsOf(rows, uid);
  const bytes = serialized(columns, CHUNK_HEADER_BYTES, () => `the state of '${uid}'`);
  bytes.writeUInt32LE(CHUNK_MAGIC, 0);
  bytes.writeUInt32LE(STATE_VERSION, 4);
  bytes.writeUInt32LE(store, 8);
  bytes.writeUInt32LE(rows.length, 12);
  bytes.writeUInt32LE(bytes.length - CHUNK_HEADER_BYTES, 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(CHUNK_HEADER_BYTES), crc32(bytes.subarray(0, 20))), 20);
  return bytes;
}

/** A chunk whose checksum is right. */
export interface Chunk {
  readonly store: number;
  readonly rows: number;
  /** The whole chunk, for `decodeChunk`. */
  readonly bytes: Uint8Array;
}

/** The chunk that begins at `at`; a sentence's end about what is wrong with it; or its version, when that is newer. */
export function chunkAt(file: Uint8Array, at: number): Chunk | string | { readonly version: number } {
  const bytes = Buffer.from(file.buffer, file.byteOffset + at, file.byteLength - at);
  if (bytes.length < CHUNK_HEADER_BYTES || bytes.readUInt32LE(0) !== CHUNK_MAGIC) return 'no chunk begins there';
  const end = CHUNK_HEADER_BYTES + bytes.readUInt32LE(16);
  if (end > bytes.length) return 'a chunk goes beyond the end';
  const sum = crc32(bytes.subarray(CHUNK_HEADER_BYTES, end), crc32(bytes.subarray(0, 20)));
  if (sum !== bytes.readUInt32LE(20)) return 'the checksum of a chunk is wrong';
  const version = bytes.readUInt32LE(4);
  if (version !== STATE_VERSION) return { version };
  return { store: bytes.readUInt32LE(8), rows: bytes.readUInt32LE(12), bytes: bytes.subarray(0, end) };
}

/** The rows of a chunk that `chunkAt` or `encodeChunk` gave. */
export function* decodeChunk(bytes: Uint8Array): Generator<SnapshotRow> {
  const { runs, keys, values, counts } = deserialized(bytes, CHUNK_HEADER_BYTES) as Columns;
  let cell = 0;
  let key = 0;
  for (let run = 0; run < runs.length; run += 3) {
    const kind = KINDS[runs[run] as number]!;
    const space = runs[run + 1]!;
    for (let left = runs[run + 2] as number; left > 0; left--) {
      if (kind === 'cell') {
        const count = typeof counts === 'number' ? counts : counts[cell]!;
        yield { kind, space, key: keys[key++]!, value: values[cell++], count };
      } else yield kind === 'deleted' ? { kind, space, key: keys[key++]! } : { kind, space };
    }
  }
}

/** A cell by itself, with its place in the order of insertion. */
export interface CodedCell {
  readonly key: Key;
  readonly order: number;
  readonly value: unknown;
  readonly count: number;
}

/** @throws StreamError `RG056` for a value that would not come back equal. */
export function encodeCell({ key, order, value, count }: CodedCell): Buffer {
  const found = typeof value === 'number' || typeof value === 'string' ? undefined : notPlain(value);
  if (found !== undefined) throw cannotHold(`the state at the key ${readableJson(key)}`, found);
  return serialized([key, order, value, count], 0, () => `the state at the key ${readableJson(key)}`);
}

export function decodeCell(bytes: Uint8Array): CodedCell {
  const [key, order, value, count] = deserialized(bytes, 0) as [Key, number, unknown, number];
  return { key, order, value, count };
}

/** @throws StreamError `RG056` for a value of a source that would not come back equal. */
export function encodeLogRecord(record: LogRecord): Uint8Array {
  if (record.kind === 'received') checkValues(record.range.source, record.range.from, record.range.values);
  const bytes = serialized(record, 4, () => `a record of batch ${record.batch}`);
  bytes.writeUInt32LE(LOG_RECORD_VERSION, 0);
  return bytes;
}

/** Reads bytes whose checksum was right; undefined for those of a newer version. */
export function decodeLogRecord(bytes: Uint8Array): LogRecord | undefined {
  const version = Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(0);
  if (version < 1 || version > LOG_RECORD_VERSION) return undefined;
  return deserialized(bytes, 4) as LogRecord;
}

function checkValues(source: string, from: number, values: readonly unknown[] | undefined): void {
  for (const [i, value] of values?.entries() ?? []) {
    const found = notPlain(value);
    if (found !== undefined) throw cannotHold(`record ${from + i} of the source '${source}'`, found);
  }
}

function columnsOf(rows: readonly SnapshotRow[], uid: string): Columns {
  const runs: (string | number)[] = [];
  const keys: Key[] = [];
  const values: unknown[] = [];
  const counts: number[] = [];
  let last: SnapshotRow | undefined;
  for (const row of rows) {
    if (last === undefined || row.kind !== last.kind || row.space !== last.space) {
      runs.push(KINDS.indexOf(row.kind), row.space, 0);
      last = row;
    }
    (runs[runs.length - 1] as number) += 1;
    if (row.kind === 'dropped') continue;
    keys.push(row.key);
    if (row.kind === 'deleted') continue;
    const { value } = row;
    if (typeof value !== 'number' && typeof value !== 'string') {
      const found = notPlain(value);
      if (found !== undefined) throw cannotHold(`the state of '${uid}' at the key ${readableJson(row.key)}`, found);
    }
    values.push(value);
    counts.push(row.count);
  }
  const one = counts[0] ?? 0;
  return {
    runs,
    keys,
    values,
    counts: counts.every((count) => Object.is(count, one)) ? one : new Float64Array(counts),
  };
}

function serialized(value: unknown, headerBytes: number, what: () => string): Buffer {
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(Buffer.alloc(headerBytes));
  serializer.writeHeader();
  try {
    serializer.writeValue(value);
  } catch (cause) {
    throw cannotHold(what(), `what cannot be copied (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  return serializer.releaseBuffer();
}

function deserialized(bytes: Uint8Array, headerBytes: number): unknown {
  const deserializer = new CopyingDeserializer(bytes);
  deserializer.readRawBytes(headerBytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** V8's would give typed arrays that look into the chunk, and keep it, or send it whole when they are sent. */
class CopyingDeserializer extends DefaultDeserializer {
  _readHostObject(): unknown {
    const base = DefaultDeserializer.prototype as unknown as { _readHostObject(): ArrayBufferView };
    const view = base._readHostObject.call(this);
    if (view instanceof Buffer) return Buffer.from(view);
    if (!(view instanceof DataView)) return (view as Uint8Array).slice();
    return new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  }
}

function cannotHold(where: string, what: string): StreamError {
  return new StreamError(
    'RG056',
    `${where} is or holds ${what}, which a checkpoint cannot hold`,
    'keep plain data in state: objects, arrays, maps, sets, dates, numbers, strings',
  );
}
