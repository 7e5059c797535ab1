/** Batches as kafkajs writes them, and answers to a fetch that hold them: what a broker gives, without one. */
import { createRequire } from 'node:module';
import type { AbortedTransaction } from '../../src/connectors/kafka/record-batches.js';

/** A record before it is written. */
export interface Written {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
}

const require = createRequire(import.meta.url);
const { RecordBatch: encodeBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(batch: object): Promise<{ readonly buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => unknown;

/** A batch as kafkajs writes it; the broker would set the first offset. */
export async function batchOf(records: readonly Written[], firstOffset: number, more: object = {}): Promise<Buffer> {
  const firstTimestamp = records[0]?.timestamp ?? 0;
  const encoded = records.map(({ timestamp, ...record }, offsetDelta) =>
    encodeRecord({ ...record, offsetDelta, timestampDelta: timestamp - firstTimestamp }),
  );
  const last = { lastOffsetDelta: records.length - 1, maxTimestamp: firstTimestamp };
  const { buffer } = await encodeBatch({ records: encoded, firstTimestamp, ...last, producerId: 7, ...more });
  const bytes = Buffer.from(buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

/** A partition of an answer. */
export interface AnsweredPartition {
  readonly partition: number;
  readonly errorCode?: number;
  readonly stableOffset?: number;
  readonly aborted?: readonly AbortedTransaction[];
  readonly records: Buffer;
}

/** An answer to a fetch (version 11) about one topic. */
export function answerOf(partitions: readonly AnsweredPartition[], errorCode = 0): Buffer {
  const topic = Buffer.from('lines');
  return Buffer.concat([
    ...[int32(0), int16(errorCode), int32(0), int32(1), int16(topic.length), topic, int32(partitions.length)],
    ...partitions.flatMap(({ partition, errorCode = 0, stableOffset = 1_000, aborted, records }) => [
      ...[int32(partition), int16(errorCode), int64(2_000n), int64(BigInt(stableOffset)), int64(0n)],
      int32(aborted?.length ?? -1),
      ...(aborted ?? []).flatMap(({ producerId, firstOffset }) => [int64(producerId), int64(BigInt(firstOffset))]),
      ...[int32(-1), int32(records.length), records],
    ]),
  ]);
}

/** The batch with another number in its header, whatever else it says. */
export function withInt32(batch: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(batch);
  changed.writeInt32BE(value, at);
  return changed;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
