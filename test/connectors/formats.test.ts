/** Tests of the formats by themselves, and of what sources and sinks make of them on their own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FixedDecoder } from '../../src/connectors/fixed-decoder.js';
import { avroFormat, bytesFormat, fixedBytesFormat } from '../../src/connectors/formats/binary-formats.js';
import { csvFormat } from '../../src/connectors/formats/csv-format.js';
import type { Format } from '../../src/connectors/formats/format.js';
import { JSON_DEPTH_MAX, jsonFormat, textFormat } from '../../src/connectors/formats/text-formats.js';
import { LengthDecoder } from '../../src/connectors/length-decoder.js';
import { openSink } from '../../src/connectors/open-sink.js';
import { openSource } from '../../src/connectors/open-source.js';
import { RAW_PREVIEW_BYTES_MAX, type SetAside } from '../../src/runtime/set-aside.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { avro, bytes, csv, type FormatSpec, json } from '../../src/topology/formats.js';
import { textFile as files } from '../../src/topology/sink-specs.js';
import { textFile } from '../../src/topology/source-specs.js';
import { parseSinkUri, parseSourceUri } from '../../src/topology/uri.js';
import { drain } from '../conformance/drain.js';

const at = { from: "the file 'a'", number: 2 };
const decoded = (format: Format, raw: Uint8Array | string): unknown => {
  try {
    return format.decode(raw, at);
  } catch (error) {
    return (error as Error).message;
  }
};
const ORDER = '{"type":"record","name":"Order","fields":[{"name":"id","type":"int"},{"name":"of","type":"string"}]}';
const orderFormat = (schema = ORDER) =>
  avroFormat('order.avsc', createSimulatedWorld({ files: { 'order.avsc': schema } }).files);

describe('a format decodes', () => {
  const plain = csvFormat({ header: false, delimiter: ',' });
  const named = csvFormat({ header: true, delimiter: ';', columns: ['id', 'of'] });
  it.each<[string, Format, Uint8Array | string, unknown]>([
    ['text', textFormat, 'rain', 'rain'],
    ['text of bytes', textFormat, Buffer.from('Regen über'), 'Regen über'],
    ['bytes that are no text', textFormat, Uint8Array.of(0xff), "record 2 of the file 'a' is not valid UTF-8"],
    ['JSON', jsonFormat, '{"a":[1,null,"x"]}', { a: [1, null, 'x'] }],
    ['JSON that is a text', jsonFormat, Buffer.from('"x"'), 'x'],
    ['a hostile key as any other', jsonFormat, '{"__proto__":1}', JSON.parse('{"__proto__":1}')],
    ['JSON up to the depth that others can walk', jsonFormat, '['.repeat(500) + ']'.repeat(500), expect.any(Array)],
    [
      'no JSON beyond it',
      jsonFormat,
      '['.repeat(100_000) + ']'.repeat(100_000),
      `record 2 of the file 'a' is nested deeper than ${JSON_DEPTH_MAX} levels`,
    ],
    ['brackets in a text as text', jsonFormat, JSON.stringify(`"${'['.repeat(1_000)}`), `"${'['.repeat(1_000)}`],
    ['CSV', plain, 'a,,"b ""x"", c"', ['a', '', 'b "x", c']],
    ['CSV with an empty end', plain, 'a,', ['a', '']],
    ['CSV with columns', named, '7;"x;y"', { id: '7', of: 'x;y' }],
    ['no CSV with too many fields', named, '7;x;y', "record 2 of the file 'a' has 3 fields, but there are 2 columns"],
    ['no CSV that is not closed', plain, 'a,"b', "record 2 of the file 'a' has a quote that is not closed on its line"],
    [
      'no CSV behind a quote',
      plain,
      '"a"b',
      "record 2 of the file 'a' has text behind the closing quote at character 4",
    ],
    ['no quote in the middle', plain, 'a,b"c"', expect.stringContaining('has a quote within a field')],
    ['bytes', bytesFormat, Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
  ])('%s', (_what, format, raw, expected) => {
    expect(decoded(format, raw)).toEqual(expected);
  });

  it('leaves out a header, and only that', () => {
    expect(named.decode('id;of', { ...at, number: 1 })).toBeUndefined();
    expect(plain.decode('id,of', { ...at, number: 1 })).toEqual(['id', 'of']);
  });

  it('Avro as plain objects, and names what is none', async () => {
    const format = await orderFormat();
    const value = format.decode(format.encode({ id: 7, of: 'rain' }), at);
    expect(value).toEqual({ id: 7, of: 'rain' });
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(decoded(format, Uint8Array.of(1, 8, 3))).toMatch(
      /^record 2 of the file 'a' is not Avro of the schema 'order.avsc': /,
    );
    expect(() => format.encode({ id: 'x' })).toThrow(/does not fit the schema 'order.avsc'/);
  });

  it('Avro that says it has more items than it can, and that is nested too deep, as none', async () => {
    const numbers = await orderFormat('{"type":"array","items":"int"}');
    const names = await orderFormat('{"type":"map","values":"null"}');
    const nested = await orderFormat(
      '{"type":"record","name":"Node","fields":[{"name":"of","type":{"type":"array","items":"Node"}}]}',
    );
    const none = "record 2 of the file 'a' is not Avro of the schema 'order.avsc': it";
    // A billion, a negative number of them with how many bytes they take, and ones whose count has no end.
    for (const bytes of [[0xfe, 0xff, 0xff, 0xff, 0x07], [0xff, 0xff, 0xff, 0xff, 0x07, 2], new Array(300).fill(0xff)])
      for (const format of [numbers, names])
        expect(decoded(format, Uint8Array.from(bytes))).toMatch(`${none} says that `);
    expect(decoded(nested, Buffer.concat([Buffer.alloc(600, 2), Buffer.alloc(601)]))).toBe(
      `${none} is nested deeper than ${JSON_DEPTH_MAX} levels`,
    );
    const map = JSON.parse('{"__proto__":null,"a":null}');
    expect(Object.keys(names.decode(names.encode(map), at) as object)).toEqual(['__proto__', 'a']);
    expect(numbers.decode(numbers.encode([]), at)).toEqual([]);
    expect(numbers.decode(Uint8Array.of(3, 4, 2, 4, 2, 6, 0), at)).toEqual([1, 2, 3]);
  });

  it('no Avro without a schema', async () => {
    await expect(orderFormat('{"type":"recor"}')).rejects.toMatchObject({
      code: 'RG048',
      message: expect.stringMatching(/^the file 'order.avsc' is no Avro schema: /),
    });
    await expect(avroFormat('gone.avsc', createSimulatedWorld().files)).rejects.toMatchObject({ code: 'RG040' });
  });
});

it('a format gives back what it has encoded', () => {
  const lines: readonly [Format, fc.Arbitrary<unknown>][] = [
    [jsonFormat, fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)))],
    [
      csvFormat({ header: false, delimiter: ',' }),
      fc.array(
        fc.string().filter((s) => !/[\r\n]/.test(s)),
        { minLength: 1 },
      ),
    ],
    [bytesFormat, fc.uint8Array()],
  ];
  for (const [format, values] of lines) {
    fc.assert(
      fc.property(values, (value) => {
        expect(format.decode(format.encode(value), at)).toEqual(value);
      }),
    );
  }
});

const circle: unknown[] = [];
circle.push(circle);
it.each<[string, () => unknown]>([
  ['a function in JSON', () => jsonFormat.encode(() => 1)],
  ['a circle in JSON', () => jsonFormat.encode(circle)],
  ['a missing column', () => csvFormat({ header: false, delimiter: ',', columns: ['id'] }).encode({ of: 1 })],
  ['a line end in CSV', () => csvFormat({ header: false, delimiter: ',' }).encode(['a\nb'])],
  ['an object as bytes', () => bytesFormat.encode({})],
  ['three bytes as two', () => fixedBytesFormat(2).encode(Uint8Array.of(1, 2, 3))],
])('RG049: %s', (_what, encode) => {
  expect(encode).toThrow(expect.objectContaining({ code: 'RG049' }));
});

describe('records behind their length', () => {
  const options = { from: 'x', lineBytesMax: 100 };
  const framed = (records: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat(records.flatMap((record) => [Uint8Array.of(0, 0, 0, record.length), record]));

  it('come out as they were, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), fc.array(fc.nat(40)), (records, cuts) => {
        const bytes = framed(records);
        const decoder = new LengthDecoder(options);
        const out: Uint8Array[] = [];
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          decoder.push(bytes.subarray(from, from + cut), out);
          from = Math.min(bytes.length, from + cut);
        }
        decoder.end();
        expect(out.map((record) => [...record])).toEqual(records.map((record) => [...record]));
        expect(decoder.recordsBefore).toBe(records.length);
      }),
    );
  });

  it('fail above the limit before anything of that size is made, and when they are cut off', () => {
    const out: Uint8Array[] = [];
    const long = new LengthDecoder(options);
    expect(() => long.push(Uint8Array.of(0, 0, 0, 1, 9, 255, 255, 255, 255), out)).toThrow(
      'record 2 of x says that it has 4294967295 bytes; the limit is 100',
    );
    expect(out).toEqual([Uint8Array.of(9)]);
    const cut = new LengthDecoder(options);
    cut.push(Uint8Array.of(0, 0, 0, 9, 1), out);
    expect(() => cut.end()).toThrow('record 1 of x is cut off after 5 of 13 bytes');
  });
});

describe('records of one length', () => {
  it('come out as they were, however they are cut', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(12)), (count, recordLength, cuts) => {
        const all = Uint8Array.from({ length: count * recordLength }, (_, i) => i);
        const decoder = new FixedDecoder({ from: 'x', recordLength });
        const out: Uint8Array[] = [];
        let from = 0;
        for (const cut of [...cuts, all.length]) {
          decoder.push(all.subarray(from, from + cut), out);
          from = Math.min(all.length, from + cut);
        }
        decoder.end();
        expect(out.map(({ length }) => length)).toEqual(Array.from({ length: count }, () => recordLength));
        expect(out.flatMap((record) => [...record])).toEqual([...all]);
        expect([decoder.recordsBefore, decoder.pendingBytes]).toEqual([count, 0]);
      }),
    );
  });

  it('fail when one is cut off', () => {
    const out: Uint8Array[] = [];
    const cut = new FixedDecoder({ from: 'x', recordLength: 4 });
    cut.push(Uint8Array.of(1, 2, 3, 4, 5), out);
    expect(() => cut.end()).toThrow('record 2 of x is cut off after 1 of 4 bytes');
    expect(out).toEqual([Uint8Array.of(1, 2, 3, 4)]);
  });

  it.each([0, 1.5, -4, '8'])('a length of %s is refused', (recordLength) => {
    expect(() => bytes({ recordLength: recordLength as number })).toThrow(expect.objectContaining({ code: 'RG011' }));
  });
});

describe('a file with a format', () => {
  async function read(content: string | Uint8Array, format: FormatSpec<unknown>, more: object = {}) {
    const { files } = createSimulatedWorld({ files: { in: content, 'order.avsc': ORDER } });
    const letters: SetAside[] = [];
    const services = {
      world: { ...createSimulatedWorld(), files },
      setAside: (letter: SetAside) => letters.push(letter),
    };
    const spec = textFile('in', { format, ...more });
    const source = await openSource({ name: 'in', ...spec }, () => undefined, { ...services, ...more });
    const drained = await drain(source.partitions[0]!, 2);
    const counters = source.counters?.();
    await source.close();
    return { ...drained, letters, counters, position: source.partitions[0]!.position?.() };
  }

  it('sets aside what does not decode, with its place, in order and once', async () => {
    const { values, outcome, letters, counters } = await read('1\n{"a"\n2\n\n3', json());
    expect([values, outcome]).toEqual([[1, 2, 3], 'ended']);
    expect(letters).toEqual([
      {
        partition: 0,
        offset: 1,
        value: { bytes: 4, base64: Buffer.from('{"a"').toString('base64') },
        error: expect.objectContaining({
          code: 'RG048',
          message: expect.stringMatching(/^record 2 of the file 'in' is no JSON/),
        }),
      },
      { partition: 0, offset: 2, value: { bytes: 0, base64: '' }, error: expect.objectContaining({ code: 'RG048' }) },
    ]);
    expect(counters).toEqual({ invalidUtf8Lines: 0, undecodableRecords: 2 });
  });

  it('shows the beginning of what is long', async () => {
    const { letters } = await read(`{${'x'.repeat(500_000)}`, json());
    expect(letters).toHaveLength(1);
    const { bytes, base64 } = letters[0]!.value as { bytes: number; base64: string };
    expect([bytes, Buffer.from(base64, 'base64').length]).toEqual([500_001, RAW_PREVIEW_BYTES_MAX]);
    expect(letters[0]!.error.message.length).toBeLessThan(300);
  });

  it('stops by option behind what came before', async () => {
    const { values, outcome, letters } = await read('1\nx\n2', json(), { onUndecodable: 'fail' });
    expect([values, outcome, letters]).toEqual([[1], expect.objectContaining({ code: 'RG048' }), []]);
  });

  it('reads on where it was: what was set aside before is not told again', async () => {
    const content = Array.from({ length: 4_000 }, (_, i) => (i % 10 === 3 ? 'x' : `${i}`)).join('\n');
    const all = await read(content, json());
    expect([all.values.length, all.letters.length]).toEqual([3_600, 400]);
    const place = { from: [3_000], resume: [{ taken: 3_000, raw: all.position }] };
    const rest = await read(content, json(), place);
    expect(rest.values).toEqual(all.values.slice(3_000));
    expect(rest.letters.at(-1)).toMatchObject({ offset: all.letters.at(-1)!.offset, value: { bytes: 1 } });
  });

  it.each<[string, FormatSpec<unknown>, readonly unknown[]]>([
    ['JSON', json(), [{ a: 1 }, 'x', [2, null]]],
    ['CSV', csv({ columns: ['a', 'b'] }), [{ a: '1', b: 'x,"y"' }]],
    ['bytes', bytes(), [Uint8Array.of(10, 0), new Uint8Array()]],
    ['bytes of one length', bytes({ recordLength: 2 }), [Uint8Array.of(10, 0), Uint8Array.of(0, 13)]],
    [
      'Avro',
      avro('order.avsc'),
      [
        { id: 1, of: 'x' },
        { id: -2, of: '\n' },
      ],
    ],
  ])('is read as it was written: %s', async (_what, format, values) => {
    const world = createSimulatedWorld({ files: { 'order.avsc': ORDER } });
    const sink = await openSink({ name: 'out', ...files('out', { format }), delivery: 'interval' }, () => undefined, {
      world,
    });
    sink.accept({ end: 1_000, values }, { timestamp: 999, windowEnd: 1_000, partition: 0 });
    await sink.close();
    const path = world.files.paths.find((name) => name.startsWith('out/'))!;
    const drained = await read(await world.files.readWhole(path, 1_000), format);
    expect([drained.values, drained.outcome, drained.letters]).toEqual([values, 'ended', []]);
  });

  it('ends with the job when a result has no form in it', async () => {
    const world = createSimulatedWorld();
    const spec = files('out', { format: json() });
    const sink = await openSink({ name: 'out', ...spec, delivery: 'interval' }, () => undefined, { world });
    sink.accept({ end: 1_000, values: [() => 1] }, { timestamp: 999, windowEnd: 1_000, partition: 0 });
    expect(sink.failure).toMatchObject({ code: 'RG049', message: expect.stringMatching(/^sink 'out': /) });
    expect(world.files.paths).toEqual([]);
  });
});

describe('a URI with a format', () => {
  it('is a spec with it', () => {
    expect(parseSourceUri('file:a.jsonl?format=json')).toEqual(textFile('a.jsonl', { format: json() }));
    expect(parseSourceUri('file:a.csv?format=csv&columns=id,of&header=true&delimiter=;')).toEqual(
      textFile('a.csv', { format: csv({ columns: ['id', 'of'], header: true, delimiter: ';' }) }),
    );
    expect(parseSourceUri('tcp://h:1?format=avro&schema=o.avsc').options['format']).toEqual({
      kind: 'avro',
      options: { schema: 'o.avsc' },
    });
    expect(parseSourceUri('file:a?format=text')).toEqual(textFile('a'));
    expect(parseSinkUri('file:out?format=json')).toEqual(files('out', { format: json() }));
  });

  it('names what is wrong', () => {
    expect(() => parseSourceUri('file:a?format=jsno')).toThrow(
      "format is 'jsno', but must be text, json, csv, bytes, avro",
    );
    expect(() => parseSourceUri('file:a?format=avro')).toThrow('avro() has no schema');
    expect(() => parseSourceUri('file:a?format=csv&delimiter=ab')).toThrow("delimiter is 'ab'");
    expect(() => parseSourceUri('file:a?onUndecodable=skip')).toThrow("onUndecodable is 'skip'");
  });

  it('keeps its secrets', () => {
    for (const uri of ['htp://me:hunter2@host/x', 'file://me:hunter2@host/x?what=1', 'file:x?token=hunter2']) {
      let said = '';
      try {
        parseSourceUri(uri);
      } catch (error) {
        const { message, hint } = error as { message: string; hint: string };
        said = message + hint;
      }
      expect(said).toContain('***');
      expect(said).not.toContain('hunter2');
    }
  });
});
