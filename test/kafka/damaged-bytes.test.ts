/** Answers and prepared epochs that are damaged: each ends in one error that says where. Needs no broker. */
import { describe, expect, it } from 'vitest';
import { decodeFrames, encodeFrame } from '../../src/connectors/kafka/epoch-frames.js';
import { FileEpochs } from '../../src/connectors/kafka/epoch-store.js';
import { decodeFetch, fetchedAll } from '../../src/connectors/kafka/fetch-response.js';
import { decodeMessages, encodeMessages } from '../../src/connectors/kafka/message.js';
import { kafkaError } from '../../src/connectors/kafka/open-port.js';
import { KafkaFailure, type KafkaPort } from '../../src/connectors/kafka/port.js';
import { decodeBatches, headersOf } from '../../src/connectors/kafka/record-batches.js';
import { openTransactionalSink } from '../../src/connectors/kafka/sink.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { answerOf, batchOf, withInt32 } from './written-batches.js';

const one = { key: 'a', value: 'to be', timestamp: 5, headers: { h: 'x' } };
const batch = await batchOf([one, one], 7);
const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(batch);
  change(bytes);
  return bytes;
};
/** A marker, as a broker writes them; its one record is at byte 61. */
const marker = withInt32(await batchOf([{ ...one, key: '\0\0\0\0' }], 9), 21, 0x0030_0000);
const shortMarker = withInt32(await batchOf([{ ...one, key: 'a' }], 9), 21, 0x0030_0000);
const emptyMarker = withInt32(withInt32(marker.subarray(0, 61), 8, 49), 57, 0);

describe('a damaged batch', () => {
  it.each([
    ['a length of 0, over and over', withInt32(batch, 8, -12), 'a batch has 0 bytes, and its header alone 61'],
    ['a length that leads back', withInt32(Buffer.concat([batch, batch]), batch.length + 8, -12 - batch.length), '61'],
    ['less records than none', withInt32(batch, 57, -1), 'a batch has -1 records in'],
    ['two billion records', withInt32(batch, 57, 2_000_000_000), 'a batch has 2000000000 records in'],
    ['more records than it has', withInt32(batch, 57, 3), 'record 3 of a batch does not fit into its length'],
    ['less records than it has', withInt32(batch, 57, 1), 'the 1 records of a batch end at byte'],
    ['a record beyond its end', changed((bytes) => bytes.fill(0x7f, 61, 62)), 'does not fit into its length'],
    ['a record of no length', changed((bytes) => bytes.fill(0, 61, 62)), 'record 1 of a batch does not fit'],
    ['a number that never ends', changed((bytes) => bytes.fill(0xff, 61)), 'record 2 of a batch does not fit'],
    ['a key beyond its record', changed((bytes) => bytes.fill(0x7e, 65, 66)), 'record 1 of a batch does not fit'],
    ['a key of -2 bytes', changed((bytes) => bytes.fill(3, 65, 66)), 'record 1 of a batch does not fit'],
    ['the same offset twice', changed((bytes) => bytes.fill(2, 64, 65)), 'record 2 of a batch does not fit'],
    ['a last offset before its first', withInt32(batch, 23, -3), 'a batch of the offsets 7 to 4 stands behind -1'],
    ['a record behind its last offset', withInt32(batch, 23, 0), 'of a batch end at byte'],
    ['offsets of before', Buffer.concat([batch, batch]), 'a batch of the offsets 7 to 8 stands behind 8'],
    ['an offset beyond all numbers', changed((bytes) => bytes.fill(0x7f, 0, 8)), 'a batch of the offsets 91'],
    ['a marker with a short key', shortMarker, 'the end of a transaction has a key of 1 bytes'],
  ])('is refused: %s', (_what, bytes, message) => {
    const decode = () => decodeBatches(bytes, 0);
    expect(decode).toThrow(KafkaFailure);
    expect(decode).toThrow(expect.objectContaining({ kind: 'refused', message: expect.stringContaining(message) }));
  });

  it('is no marker that compaction has emptied', () => {
    expect(decodeBatches(marker, 0)).toMatchObject([{ kind: 'abort', lastOffset: 9, run: undefined }]);
    expect(decodeBatches(emptyMarker, 0)).toMatchObject([{ kind: 'commit', lastOffset: 9, run: undefined }]);
  });

  it.each([
    ['a trillion headers', [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]],
    ['a name beyond the batch', [2, 0x7e]],
    ['a name of -2 bytes', [2, 3]],
  ])('is refused where its headers are asked for: %s', (_what, headers) => {
    const run = {
      ...{ bytes: Buffer.from(headers), count: 1, offsets: new Float64Array(1), timestamps: new Float64Array(1) },
      spans: Int32Array.of(0, -1, 0, -1, 0),
    };
    expect(() => headersOf(run, 0)).toThrow('the headers of a record go beyond its batch');
  });
});

describe('a damaged answer to a fetch', () => {
  const places = [{ partition: 3, offset: 7 }];
  const whole = answerOf([{ partition: 3, records: batch }]);
  const fetched = (answer: Buffer) => fetchedAll(decodeFetch(answer), places);

  it('is refused wherever it is cut off, and with something behind it', () => {
    expect(fetched(whole)).toMatchObject([{ partition: 3, state: 'ok', nextOffset: 9 }]);
    for (let cut = 0; cut < whole.length; cut++)
      expect(() => fetched(whole.subarray(0, cut))).toThrow(`an answer of ${cut} bytes is cut off`);
    expect(() => fetched(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow('says all in the first');
    expect(() => fetched(withInt32(whole, 10, -7))).toThrow('an answer says that -7 follow');
  });

  it('is refused when it would be asked for again for ever', async () => {
    const early = await batchOf([one], 1);
    for (const records of [early, batch.subarray(0, -1), Buffer.alloc(20)])
      expect(() => fetched(answerOf([{ partition: 3, records }]))).toThrow(
        `partition 3 from offset 7 on gives ${records.length} bytes without a whole batch that reaches it`,
      );
    expect(fetched(answerOf([{ partition: 3, records: Buffer.alloc(0) }]))).toMatchObject([{ nextOffset: 7 }]);
    const cut = answerOf([{ partition: 3, records: Buffer.concat([batch, batch.subarray(0, 70)]) }]);
    expect(fetched(cut)).toMatchObject([{ nextOffset: 9 }]);
  });

  it('is refused with a partition that nobody asked for, and asked again with a code for the whole', () => {
    expect(() => fetched(answerOf([{ partition: 4, records: batch }]))).toThrow('partition 4, which was not asked for');
    const coded = () => fetched(answerOf([], 71));
    expect(coded).toThrow(expect.objectContaining({ kind: 'transient', message: expect.stringContaining('code 71') }));
  });

  const told = (answer: Buffer): unknown => {
    try {
      return fetched(answer);
    } catch (error) {
      return kafkaError(['b:9'], error);
    }
  };

  it('is told to people with its place, and with what to do about the log', () => {
    expect(told(answerOf([{ partition: 3, records: withInt32(batch, 57, -1) }]))).toMatchObject({
      code: 'RG081',
      message: expect.stringMatching(/^Kafka at b:9 refuses: partition 3 from offset 7 on: a batch has -1 records in/),
      hint: expect.stringMatching(/kafka-dump-log.* --from-scratch .*startingOffsets: \{ offsets/),
    });
  });

  it.each([
    ['cut off', whole.subarray(0, -1)],
    ['too long', Buffer.concat([whole, Buffer.alloc(1)])],
    ['with a count that is none', withInt32(whole, 10, -7)],
    ['of a partition that nobody asked for', answerOf([{ partition: 4, records: batch }])],
  ])('is told to people without blame for the log where no log says it: %s', (_what, answer) => {
    expect(told(answer)).toMatchObject({ code: 'RG081', hint: expect.stringContaining('look at proxies') });
  });
});

describe('a damaged part of a prepared epoch', () => {
  const message = (value: string) => ({ key: null, value, timestamp: 5, headers: { 'raingauge-id': 'r1' } });
  const first = encodeFrame([message('a'), message('b')], 0);
  const second = encodeFrame([message('c')], first.sum);
  const frames = [first, second, encodeFrame([], second.sum)].map(({ bytes }) => bytes);
  const valuesOf = (...parts: readonly Buffer[]) =>
    decodeFrames('sink/epoch-1-0', Buffer.concat(parts)).map(({ value }) => String(value));

  it('is refused whatever bit of it is another, and wherever it is cut', () => {
    const whole = Buffer.concat(frames);
    expect(valuesOf(whole)).toEqual(['a', 'b', 'c']);
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1 << (at % 8);
      for (const bytes of [flipped, whole.subarray(0, at)])
        expect(() => valuesOf(bytes)).toThrow(
          expect.objectContaining({ code: 'RG054', message: expect.stringContaining("'sink/epoch-1-0' is damaged") }),
        );
    }
  });

  it('is refused with frames that are gone, swapped or there twice', () => {
    const [a, b, end] = frames as [Buffer, Buffer, Buffer];
    for (const parts of [
      [a, end],
      [b, end],
      [b, a, end],
      [a, a, b, end],
      [a, b, end, end],
      [a, b],
      [end, end],
    ])
      expect(() => valuesOf(...parts)).toThrow('is damaged');
  });

  it('ends in an error where a length leads back or beyond, also with a checksum that is right', () => {
    const bytes = encodeMessages([message('a'), message('b')]);
    for (const length of [-1, -9, -1_000, 1_000_000]) {
      // The length of the second message's id.
      expect(() => decodeMessages(withInt32(bytes, bytes.length / 2 + 4, length))).toThrow(RangeError);
      expect(() => decodeMessages(withInt32(bytes, 14, length - 2))).toThrow(RangeError);
    }
  });

  it('that is missing in front of one that is there is told, unless its epoch is done', async () => {
    const { files } = createSimulatedWorld({});
    const before = new FileEpochs('sink', files);
    await before.recover(0);
    for (let part = 0; part < 2; part++) {
      before.add(message(`part ${part}`));
      await before.prepare(1);
    }
    await files.remove('sink/epoch-1-0');
    const after = new FileEpochs('sink', files);
    expect(await after.recover(1)).toEqual([1]);
    await expect(after.parts(1)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'RG054',
      message: "'sink/epoch-1-1' is damaged: part 0 of its epoch is missing",
    });
    await after.drop(1);
    expect(await files.list('sink')).toEqual([]);
  });

  it('reaches people as damage, not as a topic that cannot be written, and nothing of it is sent', async () => {
    const { port, sent } = memoryPort();
    const world = createSimulatedWorld({});
    const open = () => {
      const settings = { brokers: ['b:9'], tls: false, sasl: undefined, client: 'kafkajs', topic: 'counts' } as const;
      const parts = { name: 'counts', job: 'words', transactional: true, folder: 'kept', world };
      return openTransactionalSink(port, { ...settings, transactionTimeout: 60_000_000 }, parts);
    };
    const before = await open();
    await before.transactions!.recover(0);
    before.accept('a', { timestamp: 5, windowEnd: Number.NaN, partition: 0 });
    await before.transactions!.prepare(1);
    const path = 'kept/sink-counts/epoch-1-0';
    const bytes = Uint8Array.from(await world.files.readWhole(path, 1_000));
    bytes[bytes.length >> 1]! ^= 1;
    await world.files.writeAtomically(path, bytes);
    const after = await open();
    await expect(after.transactions!.recover(1)).rejects.toMatchObject({
      code: 'RG054',
      message: expect.stringMatching(/^results cannot be written to the Kafka topic 'counts': .*epoch-1-0' is damaged/),
      hint: expect.stringContaining('--from-scratch'),
    });
    expect(after.failure).toMatchObject({ code: 'RG054' });
    expect(sent).toEqual([]);
  });
});

/** A cluster in memory whose one transaction at a time is committed as it is told; it keeps what was sent. */
function memoryPort(): { readonly port: KafkaPort; readonly sent: readonly unknown[] } {
  const sent: unknown[] = [];
  const done = async (): Promise<void> => undefined;
  const send = async (_topic: string, messages: readonly unknown[]): Promise<void> => void sent.push(...messages);
  const begin = async () => ({ send, offset: done, commit: done, abort: done });
  const none = () => Promise.reject(new Error('a sink does not ask for it'));
  const port: KafkaPort = {
    ...{ topics: none, leaders: none, offsets: none, fetch: none, commit: none, createTopic: none, producer: none },
    committed: async () => new Map(),
    transactional: async () => ({ begin, close: done }),
    close: done,
  };
  return { port, sent };
}
