/** Batches as `@platformatic/kafka` decodes them, packed to the spans that readers know. */
import type { RecordsBatch } from '@platformatic/kafka';
import { type RecordBatch, SPAN } from './record-batches.js';

/** One batch, without the records below `from`. */
export function packedBatch(batch: RecordsBatch, from: number): RecordBatch {
  const first = Number(batch.firstOffset);
  const { attributes, producerId } = batch;
  const lastOffset = first + batch.lastOffsetDelta;
  if ((attributes & 0x20) !== 0) {
    // Version and kind; compaction may have left the batch without its one record.
    const key = batch.records[0]?.key;
    const isAbort = key instanceof Buffer && key.length >= 4 && key.readInt16BE(2) === 0;
    return { lastOffset, producerId, kind: isAbort ? 'abort' : 'commit', run: undefined };
  }
  const records = batch.records.filter(({ offsetDelta }) => first + offsetDelta >= from);
  const offsets = Float64Array.from(records, ({ offsetDelta }) => first + offsetDelta);
  const appended = (attributes & 8) !== 0 ? Number(batch.maxTimestamp) : undefined;
  const base = Number(batch.firstTimestamp);
  const timestamps = Float64Array.from(records, ({ timestampDelta }) => appended ?? base + Number(timestampDelta));
  const packer = new Packer(records.length);
  for (const { key, value, headers } of records) packer.add(key, value, headers);
  const run = { bytes: packer.bytes(), count: records.length, offsets, timestamps, spans: packer.spans };
  return { lastOffset, producerId, kind: (attributes & 0x10) !== 0 ? 'transactional' : 'data', run };
}

class Packer {
  readonly spans: Int32Array;
  readonly #parts: Buffer[] = [];
  #at = 0;
  #record = 0;

  constructor(records: number) {
    this.spans = new Int32Array(records * SPAN);
  }

  add(key: Buffer | null, value: Buffer | null, headers: readonly (readonly [Buffer | null, Buffer | null])[]): void {
    const span = this.#record * SPAN;
    this.#record++;
    this.spans[span] = this.#put(key);
    this.spans[span + 1] = key?.length ?? -1;
    this.spans[span + 2] = this.#put(value);
    this.spans[span + 3] = value?.length ?? -1;
    this.spans[span + 4] = this.#put(varint(headers.length));
    for (const part of headers.flat()) {
      this.#put(varint(part?.length ?? -1));
      this.#put(part);
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#at);
  }

  #put(bytes: Buffer | null): number {
    const at = this.#at;
    if (bytes !== null) {
      this.#parts.push(bytes);
      this.#at += bytes.length;
    }
    return at;
  }
}

/** A zigzag integer of variable length, as in Kafka's records. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  bytes.push(left);
  return Buffer.from(bytes);
}
