/** Fuzzes the decoders of records: only errors with a code, and the same values and errors however the bytes are cut into chunks. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, it } from 'vitest';
import { openFormat } from '../../src/connectors/formats/open-format.js';
import { RecordDecoder, type Undecoded } from '../../src/connectors/record-decoder.js';
import { StreamError } from '../../src/core/errors.js';
import type { Prng } from '../../src/core/prng.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { avro, bytes, csv, type FormatSpec, json, text } from '../../src/topology/formats.js';
import { expectOutcomes, fuzz, seedsOf } from './inputs.js';
import { mutatedOften, mutatedText, pick, piecesOf } from './mutations.js';

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Node',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'sum', type: ['null', 'double', 'string'] },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 3 } },
    { name: 'raw', type: 'bytes' },
    { name: 'names', type: { type: 'map', values: 'int' } },
    { name: 'children', type: { type: 'array', items: 'Node' } },
  ],
});
const { files } = createSimulatedWorld({ files: { 'node.avsc': SCHEMA } });

const leaf = {
  ...{ id: 7, kind: 'B', sum: null, hash: Buffer.from('abc'), raw: Buffer.alloc(9, 'r') },
  ...{ names: { a: 1, b: -2 }, children: [] as unknown[] },
};
const tree = { ...leaf, sum: 2.5, children: [leaf, { ...leaf, sum: 'x', children: [leaf] }] };

interface Case {
  readonly name: string;
  readonly spec: FormatSpec<unknown>;
  /** Records by themselves: what is between them follows from the format. */
  readonly records: readonly (string | Uint8Array)[];
}

const LINES = ['', 'to be', 'a,b,c', 'Regen ☂ 🌧', '"a ""b"" ,c",d,e', '1;2;3', 'x'.repeat(40), 'a\rb', '\ufeffa,b,c'];
const JSONS = ['{"a":[1,{"b":null}],"__proto__":2}', '[]', '"\\u2602 ["', '1e5', `${'['.repeat(30)}${']'.repeat(30)}`];
const SOME = [Buffer.alloc(0), Buffer.from('rain'), Buffer.alloc(40, 1), Buffer.from([0, 0, 0, 2, 65, 66])];
const avroNode = (await openFormat({ format: avro('node.avsc') }, files))!;
const cases: readonly Case[] = [
  { name: 'text', spec: text(), records: LINES },
  { name: 'json', spec: json(), records: JSONS },
  { name: 'csv', spec: csv(), records: LINES },
  { name: 'csv with columns', spec: csv({ columns: ['a', '__proto__', 'c'], header: true }), records: LINES },
  { name: 'bytes', spec: bytes(), records: SOME },
  { name: 'bytes of 5', spec: bytes({ recordLength: 5 }), records: SOME },
  { name: 'avro', spec: avro('node.avsc'), records: [leaf, tree].map((node) => avroNode.encode(node)) },
];
const opened = await Promise.all(
  cases.map(async (one) => ({ ...one, format: await openFormat({ format: one.spec }, files) })),
);

type Opened = (typeof opened)[number];

/** Some records with what is between them, each of them changed, or the bytes as a whole. */
function inputOf(random: Prng, { format, records }: Opened): Uint8Array {
  const framing = format?.framing ?? 'lines';
  const parts = Array.from({ length: random.below(5) }, () => {
    const record = pick(random, records);
    const isKept = random.below(2) === 0;
    const content = isKept ? Buffer.from(record) : changed(random, record, pick(random, records));
    if (framing === 'lines') return Buffer.concat([content, Buffer.from(random.below(2) === 0 ? '\n' : '\r\n')]);
    if (framing !== 'length') return content;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  });
  const whole = Buffer.concat(parts);
  return random.below(2) === 0 ? whole : mutatedOften(random, whole, Buffer.from(pick(random, records)));
}

function changed(random: Prng, record: string | Uint8Array, other: string | Uint8Array): Buffer {
  return typeof record === 'string'
    ? Buffer.from(mutatedText(random, record, String(other)))
    : Buffer.from(mutatedOften(random, record, Buffer.from(other)));
}

/** What a source makes of chunks: all up to its end, or up to the error that ends it. */
interface Decoded {
  readonly values: readonly unknown[];
  readonly undecoded: readonly { readonly at: number; readonly value: unknown; readonly message: string }[];
  readonly error: string | undefined;
}

function decoded(chunks: readonly Uint8Array[], options: ReaderOptions, { format }: Opened): Decoded {
  const { onUndecodable, ...lines } = options;
  const decoding = format === undefined ? undefined : { format, onUndecodable, setAside: () => undefined };
  const decoder = new RecordDecoder(lines, decoding);
  const values: unknown[] = [];
  const undecoded: Decoded['undecoded'][number][] = [];
  const each = (step: (values: unknown[], undecoded: Undecoded[]) => void): void => {
    const before = values.length;
    const more: unknown[] = [];
    const bad: Undecoded[] = [];
    try {
      step(more, bad);
    } finally {
      for (const value of more) values.push(value);
      for (const { at, value, error } of bad) undecoded.push({ at: before + at, value, message: said(error) });
    }
  };
  try {
    for (const chunk of chunks) each((more, bad) => decoder.push(chunk, more, bad));
    each((more, bad) => decoder.end(more, bad));
    return { values, undecoded, error: undefined };
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    return { values, undecoded, error: said(error) };
  }
}

function said({ code, message, hint }: StreamError): string {
  return `${code}: ${message} (${hint})`;
}

interface ReaderOptions {
  readonly from: string;
  readonly invalidUtf8: 'replace' | 'fail';
  readonly lineBytesMax: number;
  readonly onUndecodable: 'dead-letter' | 'fail';
}

function read(random: Prng): string {
  const one = pick(random, opened);
  const options: ReaderOptions = {
    from: 'a',
    invalidUtf8: random.below(2) === 0 ? 'replace' : 'fail',
    lineBytesMax: pick(random, [40, 41, 300, 1_048_576]),
    onUndecodable: random.below(2) === 0 ? 'dead-letter' : 'fail',
  };
  const input = inputOf(random, one);
  const whole = decoded([input], options, one);
  const cut = decoded(piecesOf(random, input), options, one);
  if (!isDeepStrictEqual(cut, whole))
    throw new Error(`${one.name}: whole ${inspect(whole)}, in pieces ${inspect(cut)}, of ${inspect(input)}`);
  const end = whole.error === undefined ? 'whole' : whole.error.slice(0, 5);
  return `${one.name}: ${whole.undecoded.length > 0 ? 'some undecoded, ' : ''}${end}`;
}

describe('a decoder of records', () => {
  const { count } = seedsOf('records');
  it(`gives the same for ${count} changed inputs however they are cut`, () => {
    const outcomes = fuzz('records', read);
    const all = cases.map(({ name }) => `${name}: whole`);
    const undecoded = ['json', 'csv', 'csv with columns', 'avro'].map((name) => `${name}: some undecoded, whole`);
    const failed = ['text: RG042', 'text: RG044', 'json: RG048', 'bytes: RG044', 'bytes of 5: RG044', 'avro: RG048'];
    expectOutcomes('records', outcomes, [...all, ...undecoded, ...failed]);
  });
});
