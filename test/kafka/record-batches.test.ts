/** Our codec of record batches, against kafkajs's encoder: what one writes the other reads, whatever the records are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessages, encodeMessages } from '../../src/connectors/kafka/message.js';
import {
  committedRuns,
  decodeBatches,
  headersOf,
  type RecordBatch,
  SPAN,
} from '../../src/connectors/kafka/record-batches.js';
import { batchOf, type Written } from './written-batches.js';

function readBack(batches: readonly RecordBatch[]): readonly (Written & { readonly offset: number })[] {
  return committedRuns(batches, []).flatMap((run) =>
    Array.from({ length: run.count }, (_, index) => {
      const part = (at: 0 | 2): string | null => {
        const [start, length] = [run.spans[index * SPAN + at]!, run.spans[index * SPAN + at + 1]!];
        return length < 0 ? null : run.bytes.toString('utf8', start, start + length);
      };
      const common = { offset: run.offsets[index]!, timestamp: run.timestamps[index]! };
      return { ...common, key: part(0), value: part(2), headers: headersOf(run, index) };
    }),
  );
}

const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }));
const headers = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 20 }), { maxKeys: 3 });
const record = fc.record({
  key: text,
  value: text,
  timestamp: fc.integer({ min: 0, max: 2_000_000_000_000 }),
  headers,
});
const records = fc.array(record, { minLength: 1, maxLength: 40 });

describe('the codec of record batches', () => {
  it('reads what kafkajs writes, from any offset on', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.nat(1_000_000_000), fc.nat(60), async (written, firstOffset, skipped) => {
        const bytes = await batchOf(written, firstOffset);
        const expected = written.map((each, index) => ({ ...each, offset: firstOffset + index })).slice(skipped);
        expect(readBack(decodeBatches(bytes, firstOffset + skipped))).toEqual(expected);
      }),
    );
  });

  it('leaves out a batch that is cut off, wherever it is cut', async () => {
    const one = { key: 'a', value: 'b', timestamp: 5, headers: {} };
    const [first, second] = [await batchOf([one], 0), await batchOf([one, one], 1)];
    for (let cut = 0; cut < second.length; cut++) {
      const batches = decodeBatches(Buffer.concat([first, second.subarray(0, cut)]), 0);
      expect(batches.map(({ lastOffset }) => lastOffset)).toEqual([0]);
    }
  });

  it('leaves out transactions that were aborted, each from its first record to its marker', () => {
    const run = {
      bytes: Buffer.alloc(0),
      count: 1,
      offsets: new Float64Array(1),
      timestamps: new Float64Array(1),
      spans: new Int32Array(SPAN),
    };
    const batch = (lastOffset: number, producerId: bigint, kind: RecordBatch['kind']): RecordBatch => ({
      ...{ lastOffset, producerId, kind },
      run: kind === 'data' || kind === 'transactional' ? { ...run, offsets: Float64Array.of(lastOffset) } : undefined,
    });
    const batches = [
      batch(0, 1n, 'transactional'),
      batch(1, 2n, 'transactional'),
      batch(2, -1n, 'data'),
      batch(3, 1n, 'abort'),
      batch(4, 1n, 'transactional'),
      batch(5, 2n, 'commit'),
      batch(6, 1n, 'transactional'),
      batch(7, 1n, 'abort'),
      batch(8, 1n, 'transactional'),
      batch(9, 1n, 'commit'),
    ];
    const aborted = [
      { producerId: 1n, firstOffset: 4 },
      { producerId: 1n, firstOffset: 0 },
    ];
    expect(committedRuns(batches, aborted).map(({ offsets }) => offsets[0])).toEqual([1, 2, 8]);
  });
});

describe('messages of a prepared epoch', () => {
  it('come back from their file as they were', () => {
    const end = fc.nat().map(String);
    const headers = fc.oneof(
      fc.record({ 'window-end': end }),
      fc.record({ 'raingauge-id': fc.string() }),
      fc.record({ 'window-end': end, 'raingauge-id': fc.string({ unit: 'grapheme' }) }),
    );
    const message = fc.record(
      { key: text, value: text, timestamp: fc.nat(), headers },
      { requiredKeys: ['key', 'value', 'timestamp'] },
    );
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const read = decodeMessages(encodeMessages(messages)).map(({ key, value, ...more }) => ({
          ...more,
          key: key?.toString() ?? null,
          value: value?.toString() ?? null,
        }));
        expect(read).toEqual(messages);
      }),
    );
  });
});
