/** Fuzzes what comes from Kafka and what is kept for it: one error, or records that lie within their bytes. Needs no broker. */
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'vitest';
import { unpacked } from '../../src/connectors/kafka/compression.js';
import { decodeFrames, encodeFrame } from '../../src/connectors/kafka/epoch-frames.js';
import { decodeFetch, fetchedAll } from '../../src/connectors/kafka/fetch-response.js';
import { decodeMessages, encodeMessages } from '../../src/connectors/kafka/message.js';
import { KafkaFailure, type KafkaMessage } from '../../src/connectors/kafka/port.js';
import { type RecordRun, SPAN } from '../../src/connectors/kafka/record-batches.js';
import { type ValueSettings, valuesOf } from '../../src/connectors/kafka/record-values.js';
import { StreamError } from '../../src/core/errors.js';
import type { Prng } from '../../src/core/prng.js';
import { answerOf, batchOf, type Written, withInt32 } from '../kafka/written-batches.js';
import { expectOutcomes, fuzz, seedsOf } from './inputs.js';
import { mutatedOften, pick } from './mutations.js';

const records: readonly Written[] = [
  { key: null, value: 'to be or not to be', timestamp: 1_000, headers: {} },
  { key: 'k', value: null, timestamp: 1_000, headers: { 'window-end': '5' } },
  { key: 'key ☂', value: 'x'.repeat(90), timestamp: 999, headers: { a: '', b: 'c'.repeat(20) } },
];
const three = await batchOf(records, 7);
/** Attributes, above two bytes of the last offset that are 0. */
const ATTRIBUTES_AT = 21;
const TRANSACTIONAL = 0x0010_0000;
const MARKER = 0x0030_0000;
const batches = [
  three,
  await batchOf(records.slice(0, 1), 10),
  withInt32(await batchOf(records, 10), ATTRIBUTES_AT, TRANSACTIONAL),
  await batchOf(records, 10, { compression: 1 }),
  // A marker: of the kind in its key, in a batch of its own.
  withInt32(await batchOf([{ ...records[0]!, key: '\0\0\0\0' }], 13), ATTRIBUTES_AT, MARKER),
];
const places = [
  { partition: 0, offset: 8 },
  { partition: 1, offset: 0 },
];
const aborted = [{ producerId: 7n, firstOffset: 10 }];
const answers = [
  answerOf([{ partition: 0, records: three }]),
  answerOf([
    { partition: 0, records: Buffer.concat([three, batches[2]!, batches[4]!]), aborted },
    { partition: 1, records: Buffer.concat([three, batches[3]!, three.subarray(0, 80)]) },
  ]),
  answerOf([
    { partition: 0, errorCode: 1, records: Buffer.alloc(0) },
    { partition: 1, records: Buffer.concat([three, batches[1]!]) },
  ]),
];

const settings: readonly ValueSettings[] = (['value', 'pair', 'record'] as const).map((as) => ({
  ...{ topic: 'lines', format: as === 'pair' ? 'bytes' : 'text', as },
}));

function readAnswer(random: Prng): string {
  const isAnswer = random.below(2) === 0;
  const bytes = isAnswer
    ? mutatedOften(random, pick(random, answers), pick(random, answers))
    : answerOf([{ partition: 1, records: changedBatch(random) }]);
  return failureOr(() => {
    let count = 0;
    for (const { partition, runs, nextOffset } of fetchedAll(decodeFetch(Buffer.from(bytes)), places)) {
      const { offset } = places.find((place) => place.partition === partition)!;
      let before = offset - 1;
      for (const run of runs) {
        before = checkRun(run, before);
        for (const each of settings) valuesOf(run, partition, Number.POSITIVE_INFINITY, each);
        count += run.count;
      }
      if (nextOffset <= before || !Number.isSafeInteger(nextOffset)) throw new Error(`next is ${nextOffset}`);
    }
    return count > 0 ? 'records' : 'nothing';
  });
}

/** Places of numbers in the head of a batch: its length, its last offset, and how many records it has. */
const NUMBERS_AT = [8, 23, 57];
/** What is subtracted or added by mistake, what is none, and the ends of what there can be; with -12 a batch leads to itself. */
const NUMBERS = [0, -1, 1, -12, -61, 48, 49, 2_000_000_000, 0x7fff_ffff, -0x8000_0000];

function changedBatch(random: Prng): Buffer {
  const batch = pick(random, batches);
  if (random.below(4) > 0) return Buffer.from(mutatedOften(random, batch, three));
  return Buffer.concat([batch, withInt32(pick(random, batches), pick(random, NUMBERS_AT), pick(random, NUMBERS))]);
}

/** Offsets rise, and every record lies within its bytes, in order. Gives the last offset. */
function checkRun({ bytes, count, offsets, spans }: RecordRun, before: number): number {
  let [last, end] = [before, 0];
  for (let i = 0; i < count; i++) {
    const [keyAt, key, valueAt, value, headersAt] = spans.subarray(i * SPAN);
    const isInOrder = keyAt! >= end && valueAt! >= keyAt! + key! && headersAt! >= valueAt! + value!;
    if (!isInOrder || key! < -1 || value! < -1 || headersAt! >= bytes.length)
      throw new Error(`record ${i} lies outside`);
    if (!(offsets[i]! > last)) throw new Error(`offset ${offsets[i]} follows ${last}`);
    [last, end] = [offsets[i]!, headersAt! + 1];
  }
  return last;
}

function failureOr(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof KafkaFailure) return error.kind;
    // What a sink has prepared is of the job's folder.
    if (error instanceof StreamError && error.code === 'RG054') return error.code;
    throw error;
  }
}

const plain = Buffer.from('to be or not to be, that is the question: '.repeat(12));
/** As Java's producer, kafkajs and libraries of Rust write them; the number is that of Kafka. */
const packed: readonly (readonly [number, Buffer])[] = [
  [1, gzipSync(plain)],
  [
    2,
    Buffer.from(
      '82534e41505059000000000100000001000000486e4c5c0000000150746f206265206f72206e6f742074010d6c2c207468617420697320746865207175657374696f6e005e00e80102aa3000381c00e80104010e6e6f7468696e6700',
      'hex',
    ),
  ],
  [
    2,
    Buffer.from(
      'ab0130746f206265206f72206e6f7420050d582c207468617420697320746865207175657374696f6e3a091dfe2a00e22a000878797a',
      'hex',
    ),
  ],
  [
    3,
    Buffer.from(
      '04224d1860408236000000d1746f206265206f72206e6f74200d00f2082c207468617420697320746865207175657374696f6e3a1d000f2a0063606e3a2078797a00000000',
      'hex',
    ),
  ],
  [
    4,
    Buffer.from(
      '28b52ffd0058440200e4035c0000000150746f206265206f72206e6f74202c207468617420697320746865207175657374696f6e005e00f004021c00f00404010e6e6f7468696e67000200309571419861010000',
      'hex',
    ),
  ],
  [4, Buffer.from('28b52ffd0400290000746f206265ffffffff5a2a4d1803000000ffffff28b52ffd2005290000746f206265', 'hex')],
];

function unpack(random: Prng): string {
  const [codec, seed] = pick(random, packed);
  const bytes = Buffer.from(mutatedOften(random, seed, pick(random, packed)[1]));
  return failureOr(() => {
    const content = unpacked(bytes, codec);
    // Of these, only gzip has a checksum that is looked at; what stands behind its end is another member, or nothing.
    if (codec === 1 && !content.subarray(0, plain.length).equals(plain)) throw new Error('gzip gave what nobody wrote');
    return `codec ${codec}`;
  });
}

const messages: readonly KafkaMessage[] = [
  { key: Buffer.from('k'), value: Buffer.from('v'.repeat(30)), timestamp: 5 },
  { key: null, value: null, timestamp: 6, headers: { 'window-end': '7', 'raingauge-id': 'job/1' } },
  { key: Buffer.alloc(0), value: Buffer.from('☂'), timestamp: 8, headers: { 'raingauge-id': '' } },
];
const groups = [[messages], [messages.slice(0, 1), messages.slice(1), messages], []];
const parts = groups.map((frames) => {
  const bytes: Buffer[] = [];
  let sum = 0;
  for (const frame of [...frames, []]) {
    const made = encodeFrame(frame, sum);
    bytes.push(made.bytes);
    sum = made.sum;
  }
  return Buffer.concat(bytes);
});
const content = encodeMessages(messages);

function readPart(random: Prng): string {
  if (random.below(3) === 0) return readMessages(random);
  const bytes = Buffer.from(mutatedOften(random, pick(random, parts), pick(random, parts)));
  return failureOr(() => {
    const found = decodeFrames('sink/epoch-1-0', bytes);
    if (!groups.some((frames) => isDeepStrictEqual(found, frames.flat()))) throw new Error('another epoch came back');
    return 'whole';
  });
}

/** Behind a checksum that is right there is no damage; still nothing may loop, or look beyond the end. */
function readMessages(random: Prng): string {
  try {
    decodeMessages(Buffer.from(mutatedOften(random, content, content)));
    return 'messages';
  } catch (error) {
    if (error instanceof RangeError) return 'no messages';
    throw error;
  }
}

describe('a reader of Kafka', () => {
  const fetches = seedsOf('Kafka answers');
  it(`takes ${fetches.count} changed answers, or refuses them`, () => {
    expectOutcomes('Kafka answers', fuzz('Kafka answers', readAnswer), ['records', 'nothing', 'refused', 'transient']);
  });

  const compressed = seedsOf('compressed batches');
  it(`unpacks ${compressed.count} changed batches, or refuses them`, () => {
    const outcomes = fuzz('compressed batches', unpack);
    expectOutcomes('compressed batches', outcomes, ['codec 1', 'codec 2', 'codec 3', 'codec 4', 'refused']);
  });

  const prepared = seedsOf('prepared epochs');
  it(`sends none of ${prepared.count} changed epochs that nobody prepared`, () => {
    expectOutcomes('prepared epochs', fuzz('prepared epochs', readPart), ['whole', 'RG054', 'messages', 'no messages']);
  });
});
