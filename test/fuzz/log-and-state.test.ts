/** Fuzzes the bytes of the log and of state by themselves: what comes back as whole was written, and all else is refused. */
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'vitest';
import type { SnapshotRow } from '../../src/core/keyed-store.js';
import type { Prng } from '../../src/core/prng.js';
import {
  encodeRecordHeader,
  encodeSegmentHeader,
  parseRecord,
  parseSegmentHeader,
  provesDurable,
  type SegmentHeader,
} from '../../src/runtime/log-format.js';
import { chunkAt, decodeChunk, encodeChunk } from '../../src/runtime/state-codec.js';
import { expectOutcomes, fuzz, seedsOf } from './inputs.js';
import { mutatedOften, pick } from './mutations.js';

interface WrittenRecord {
  readonly sequence: number;
  readonly durableBefore: number;
  readonly bytes: Buffer;
}

interface Segment {
  readonly header: SegmentHeader;
  readonly headerBytes: Uint8Array;
  readonly records: readonly WrittenRecord[];
  readonly bytes: Buffer;
}

const RECORD_HEADER_BYTES = 28;

/** Records in groups of one sync, of all lengths; one holds the bytes of another, and one looks like the beginning of one. */
function segmentOf(segment: number, first: number, groups: readonly number[]): Segment {
  const header = { job: segment === 2 ? 'zähler ☂' : 'counts', segment, first };
  const headerBytes = encodeSegmentHeader(header);
  const records: WrittenRecord[] = [];
  for (const size of groups) {
    for (let back = 0; back < size; back++) {
      const sequence = first + records.length;
      const before = records.at(-1)?.bytes ?? Buffer.alloc(0);
      const payloads = [Buffer.alloc(sequence % 50, 'rain'), before, Buffer.from('RGRC\0\0'), Buffer.alloc(0)];
      const payload = payloads[sequence % 4]!;
      const bytes = Buffer.concat([encodeRecordHeader(sequence, back, payload), payload]);
      records.push({ sequence, durableBefore: sequence - back, bytes });
    }
  }
  return { header, headerBytes, records, bytes: Buffer.concat([headerBytes, ...records.map(({ bytes }) => bytes)]) };
}

const segments = [segmentOf(1, 1, [1, 3, 2]), segmentOf(2, 7, [2, 2]), segmentOf(3, 2 ** 40, [4]), segmentOf(4, 9, [])];
const allRecords = segments.flatMap(({ records }) => records);

function readSegment(random: Prng): string {
  const bytes = Buffer.from(mutatedOften(random, pick(random, segments).bytes, pick(random, segments).bytes));
  const found = parseSegmentHeader(bytes);
  if (found.state === 'newer') throw new Error(`a header has version ${found.version}, which nobody wrote`);
  if (found.state === 'whole' && !segments.some(({ header }) => isDeepStrictEqual(header, found.header)))
    throw new Error(`a header came back as ${JSON.stringify(found.header)}`);
  const start = found.state === 'whole' ? found.bytes : random.below(bytes.length + 1);
  let at = start;
  for (;;) {
    const record = parseRecord(bytes, at);
    if (record.state === 'newer') throw new Error('a record is newer, and nobody wrote such');
    if (record.state === 'bad') break;
    const { sequence, durableBefore, payload, end } = record;
    const written = allRecords.find((one) => one.bytes.equals(bytes.subarray(at, end)));
    const isSame = written?.sequence === sequence && written.durableBefore === durableBefore;
    if (!isSame || !written.bytes.subarray(RECORD_HEADER_BYTES).equals(payload))
      throw new Error(`record ${sequence} at byte ${at} was not written`);
    at = end;
  }
  checkProof(bytes, at, pick(random, allRecords).sequence);
  return `${found.state}, ${at > start ? 'some' : 'no'} records`;
}

/** It finds what is there, also within what is no record any more, and nothing else. */
function checkProof(bytes: Buffer, from: number, sequence: number): void {
  const isProved = allRecords.some((one) => one.durableBefore > sequence && bytes.indexOf(one.bytes, from) >= 0);
  if (provesDurable(bytes, from, sequence) !== isProved)
    throw new Error(`that ${sequence} is durable is ${isProved ? 'proved, and not found' : 'found, and not proved'}`);
}

const cell = (key: string | number, value: unknown, count = 1): SnapshotRow => ({
  ...{ kind: 'cell', space: 'totals', key, value, count },
});
const rowsOfChunks: readonly (readonly SnapshotRow[])[] = [
  [cell('a', 1), cell('b', { sum: 2n, last: Number.NaN }, 7), { kind: 'deleted', space: 'totals', key: 'c' }],
  [{ kind: 'dropped', space: 3 }, cell(-0, [null, 'x'.repeat(80), new Date(5)]), cell(4, new Map([['k', 1]]))],
  [],
  [cell('bytes', new Uint8Array([1, 2, 3])), cell('text', 'Regen ☂')],
];
const chunks = rowsOfChunks.map((rows, store) => ({ rows, store, bytes: Buffer.from(encodeChunk(rows, store, 'a')) }));
const files = [chunks, [...chunks].reverse(), chunks.slice(1, 3)].map((some) =>
  Buffer.concat(some.map(({ bytes }) => bytes)),
);

function readChunks(random: Prng): string {
  const bytes = mutatedOften(random, pick(random, files), pick(random, files));
  for (let at = 0, found = 0; ; found++) {
    const chunk = chunkAt(bytes, at);
    if (typeof chunk === 'string') return `${found === 0 ? 'none' : 'some'}, ${chunk}`;
    if ('version' in chunk) throw new Error(`a chunk has version ${chunk.version}, which nobody wrote`);
    const written = chunks.find((one) => one.bytes.equals(chunk.bytes));
    if (written?.store !== chunk.store || written.rows.length !== chunk.rows)
      throw new Error(`a chunk of store ${chunk.store} at byte ${at} was not written`);
    if (!isDeepStrictEqual([...decodeChunk(chunk.bytes)], written.rows))
      throw new Error(`the chunk of store ${chunk.store} came back otherwise`);
    at += chunk.bytes.length;
  }
}

describe('a reader of the log and of state', () => {
  const log = seedsOf('log segments');
  it(`takes nothing from ${log.count} changed segments that was not written`, () => {
    const outcomes = fuzz('log segments', readSegment);
    expectOutcomes('log segments', outcomes, ['whole, some records', 'bad, some records', 'bad, no records']);
  });

  const state = seedsOf('state chunks');
  it(`takes nothing from ${state.count} changed files of state that was not written`, () => {
    const outcomes = fuzz('state chunks', readChunks);
    const ends = ['the checksum of a chunk is wrong', 'no chunk begins there', 'a chunk goes beyond the end'];
    expectOutcomes('state chunks', outcomes, [...ends.map((end) => `some, ${end}`), `none, ${ends[0]}`]);
  });
});
