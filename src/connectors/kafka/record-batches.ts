/** Kafka's record batches (magic 2), decoded to spans over the bytes that came: no object for a record. Knows no client. */
import { unpacked } from './compression.js';
import { damaged, KafkaFailure } from './port.js';

/** Numbers of a record in `spans`: key at, key length, value at, value length, headers at. A length of -1 is null. */
export const SPAN = 5;

/** Records of one batch, in order. */
export interface RecordRun {
  readonly bytes: Buffer;
  readonly count: number;
  /** Kafka's offset of each record: they may have gaps. */
  readonly offsets: Float64Array;
  /** Milliseconds since the epoch of each record. */
  readonly timestamps: Float64Array;
  readonly spans: Int32Array;
}

/** One batch of a partition's log. */
export interface RecordBatch {
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly kind: 'data' | 'transactional' | 'commit' | 'abort';
  readonly run: RecordRun | undefined;
}

/** A transaction that was aborted, of which the answer holds records. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** Bytes of a batch in front of its first record. */
const HEADER_BYTES = 61;
/** The header's bytes that its length does not count. */
const UNCOUNTED_BYTES = 12;
/** Of the shortest record: its length, attributes, time, offset, the lengths of key and value, and how many headers it has. */
const RECORD_BYTES_MIN = 7;
/** Of the key of a marker: version and kind. */
const MARKER_BYTES = 4;

/**
 * Reads the batches of an answer, leaving out records below `from` and a batch that is cut off at the end.
 *
 * Lengths, numbers and places are checked, so that damage ends in an error and not in a loop, in memory, or in what lies beside a record.
 * The CRC-32C of a batch is left to the broker, which checks it when a batch is written: Node.js has none, and one in JavaScript would look at
 * each byte of a value, which nothing here does. So what changed later and still fits is not found: bytes of a value, times, a producer's id, flags.
 *
 * @throws KafkaFailure `refused` for bytes that are no batch; KafkaFailure or StreamError as `unpacked` does.
 */
export function decodeBatches(bytes: Buffer, from: number): readonly RecordBatch[] {
  const batches: RecordBatch[] = [];
  let before = -1;
  for (let at = 0; bytes.length - at >= HEADER_BYTES; ) {
    const magic = bytes.readInt8(at + 16);
    if (magic !== 2) throw refused(`the topic holds messages in format ${magic}, of Kafka before 0.11`);
    const end = at + UNCOUNTED_BYTES + bytes.readInt32BE(at + 8);
    if (end < at + HEADER_BYTES) throw damaged(`a batch has ${end - at} bytes, and its header alone ${HEADER_BYTES}`);
    if (end > bytes.length) break;
    const batch = decodeBatch(bytes, at, end, before, from);
    batches.push(batch);
    before = batch.lastOffset;
    at = end;
  }
  return batches;
}

/** The runs that a reader of committed records sees. `aborted` belongs to the same answer. */
export function committedRuns(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): readonly RecordRun[] {
  const waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  let next = 0;
  const runs: RecordRun[] = [];
  for (const { kind, lastOffset, producerId, run } of batches) {
    for (; next < waiting.length && waiting[next]!.firstOffset <= lastOffset; next++)
      open.add(waiting[next]!.producerId);
    if (kind === 'abort') open.delete(producerId);
    if (run !== undefined && !(kind === 'transactional' && open.has(producerId))) runs.push(run);
  }
  return runs;
}

function decodeBatch(bytes: Buffer, at: number, end: number, before: number, from: number): RecordBatch {
  const offset = readInt64(bytes, at);
  const attributes = bytes.readInt16BE(at + 21);
  const lastOffset = offset + bytes.readInt32BE(at + 23);
  if (offset <= before || lastOffset < offset || lastOffset > Number.MAX_SAFE_INTEGER)
    throw damaged(`a batch of the offsets ${offset} to ${lastOffset} stands behind ${before}`);
  const producerId = bytes.readBigInt64BE(at + 43);
  const isControl = (attributes & 0x20) !== 0;
  if (!isControl && lastOffset < from) return { lastOffset, producerId, kind: 'data', run: undefined };
  const records = unpacked(bytes.subarray(at + HEADER_BYTES, end), attributes & 7);
  const base = { offset, lastOffset, timestamp: readInt64(bytes, at + 27) };
  // The broker's own time counts for all records of a topic with `LogAppendTime`.
  const appended = (attributes & 8) !== 0 ? readInt64(bytes, at + 35) : undefined;
  // A marker may lie below `from`, as the end of a transaction that began before.
  const run = decodeRecords(records, bytes.readInt32BE(at + 57), base, appended, isControl ? 0 : from);
  if (!isControl) return { lastOffset, producerId, kind: (attributes & 0x10) !== 0 ? 'transactional' : 'data', run };
  return { lastOffset, producerId, kind: isAbort(run) ? 'abort' : 'commit', run: undefined };
}

/** Of a batch of markers; compaction may have left it without its one. */
function isAbort({ bytes, count, spans }: RecordRun): boolean {
  if (count === 0) return false;
  if (spans[1]! < MARKER_BYTES) throw damaged(`the end of a transaction has a key of ${spans[1]} bytes`);
  return bytes.readInt16BE(spans[0]! + 2) === 0;
}

function decodeRecords(
  bytes: Buffer,
  recordCount: number,
  base: { readonly offset: number; readonly lastOffset: number; readonly timestamp: number },
  appended: number | undefined,
  from: number,
): RecordRun {
  if (recordCount < 0 || recordCount * RECORD_BYTES_MIN > bytes.length)
    throw damaged(`a batch has ${recordCount} records in ${bytes.length} bytes`);
  const offsets = new Float64Array(recordCount);
  const timestamps = new Float64Array(recordCount);
  const spans = new Int32Array(recordCount * SPAN);
  const cursor = new Cursor(bytes);
  let count = 0;
  let before = base.offset - 1;
  for (let i = 0; i < recordCount; i++) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.at += 1;
    const timestamp = base.timestamp + cursor.varint();
    const offset = base.offset + cursor.varint();
    if (offset >= from) {
      offsets[count] = offset;
      timestamps[count] = appended ?? timestamp;
      const span = count * SPAN;
      const keyLength = cursor.varint();
      spans[span] = cursor.at;
      spans[span + 1] = keyLength;
      cursor.at += bytesOf(keyLength);
      const valueLength = cursor.varint();
      spans[span + 2] = cursor.at;
      spans[span + 3] = valueLength;
      cursor.at += bytesOf(valueLength);
      spans[span + 4] = cursor.at;
      count++;
    }
    // Ends rise, so that the last of them tells of all whether they lie within the batch. What is no number is neither above nor below.
    if (!(cursor.at < end && offset > before)) throw damaged(`record ${i + 1} of a batch does not fit into its length`);
    before = offset;
    cursor.at = end;
  }
  if (cursor.at !== bytes.length || before > base.lastOffset)
    throw damaged(
      `the ${recordCount} records of a batch end at byte ${cursor.at} of ${bytes.length}, offset ${before}`,
    );
  return { bytes, count, offsets, timestamps, spans };
}

/** Reads variable-length integers. They are exact up to 2^53, and nothing in Kafka is larger. */
class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++]!;
    let value = byte & 0x7f;
    if (byte >= 0x80) {
      let scale = 128;
      do {
        byte = bytes[this.at++]!;
        value += (byte & 0x7f) * scale;
        scale *= 128;
      } while (byte >= 0x80);
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** What a length of a key or a value stands for: -1 is that of nothing, and one below leads beyond every batch. */
function bytesOf(length: number): number {
  if (length >= 0) return length;
  return length === -1 ? 0 : BEYOND;
}

/** Above what a batch may be unpacked to. */
const BEYOND = 0x3fff_ffff;

/** The headers of a record: names and values in turn. @throws KafkaFailure `refused` for what goes beyond the batch. */
export function headersOf(run: RecordRun, index: number): Readonly<Record<string, string>> {
  const cursor = new Cursor(run.bytes);
  cursor.at = run.spans[index * SPAN + 4]!;
  const headers: Record<string, string> = {};
  for (let left = cursor.varint(); left > 0; left--) {
    const name = textAt(run.bytes, cursor);
    Object.defineProperty(headers, name, { value: textAt(run.bytes, cursor), enumerable: true, configurable: true });
  }
  return headers;
}

function textAt(bytes: Buffer, cursor: Cursor): string {
  const length = bytesOf(cursor.varint());
  cursor.at += length;
  if (cursor.at > bytes.length) throw damaged('the headers of a record go beyond its batch');
  return bytes.toString('utf8', cursor.at - length, cursor.at);
}

/** Two 32-bit halves: exact up to 2^53. */
function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 4_294_967_296 + bytes.readUInt32BE(at + 4);
}

function refused(message: string): KafkaFailure {
  return new KafkaFailure('refused', message, undefined);
}
