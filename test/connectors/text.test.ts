/** Tests of lines: how bytes become them, and how a file is read and followed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineBuffer } from '../../src/connectors/line-buffer.js';
import { LineDecoder } from '../../src/connectors/line-decoder.js';
import { openTextFileSource } from '../../src/connectors/text-file-source.js';
import { VALUES_BUFFERED_MAX } from '../../src/connectors/value-buffer.js';
import type { StreamError } from '../../src/core/errors.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { RawSource } from '../../src/runtime/source.js';
import { type Drained, drain, takeSome, woken } from '../conformance/drain.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const settings = { from: 'the test', invalidUtf8: 'replace', lineBytesMax: 1_048_576 } as const;

function decode(
  chunks: readonly Uint8Array[],
  options: Partial<typeof settings | { invalidUtf8: 'fail'; lineBytesMax: number }> = {},
): string[] {
  const decoder = new LineDecoder({ ...settings, ...options });
  const lines: string[] = [];
  for (const chunk of chunks) decoder.push(chunk, lines);
  decoder.end(lines);
  return lines;
}

describe('lines', () => {
  it.each([
    ['nothing', '', []],
    ['one empty line', '\n', ['']],
    ['a last line without a line end', 'a\nb', ['a', 'b']],
    ['Windows line ends', 'a\r\n\r\nb\r\n', ['a', '', 'b']],
    ['a carriage return inside a line', 'a\rb\n', ['a\rb']],
    ['a byte order mark', '\uFEFFa\n\uFEFFb\n', ['a', '\uFEFFb']],
    ['characters of two to four bytes', 'é€😀\nü', ['é€😀', 'ü']],
  ])('of %s', (_name, text, lines) => expect(decode([bytes(text)])).toEqual(lines));

  it('do not depend on how the bytes are cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', 'é', '😀', '\uFEFF', ' ') });
    fc.assert(
      fc.property(text, fc.array(fc.nat(7)), (whole, sizes) => {
        const all = bytes(whole);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(all.subarray(at, at + size));
          at += size;
        }
        chunks.push(all.subarray(at));
        expect(decode(chunks)).toEqual(decode([all]));
        expect(decode(chunks, { lineBytesMax: all.length + 1 })).toEqual(decode([all]));
      }),
    );
  });

  it('with invalid UTF-8 are counted and replaced, the others stay as they are', () => {
    const decoder = new LineDecoder(settings);
    const chunk = Buffer.concat([bytes('good\nbad '), Buffer.from([0xff, 0xc3]), bytes('\r\nü \uFFFD\n')]);
    const lines: string[] = [];
    decoder.push(chunk, lines);
    expect(lines).toEqual(['good', 'bad \uFFFD\uFFFD', 'ü \uFFFD']);
    expect(decoder.invalidLines).toBe(1);
  });

  it('with invalid UTF-8 fail by option, with their number', () => {
    const chunk = Buffer.concat([bytes('a\nb\n'), Buffer.from([0xff]), bytes('\n')]);
    expect(() => decode([chunk], { invalidUtf8: 'fail' })).toThrow('line 3 of the test is not valid UTF-8');
  });

  it.each([
    ['in one chunk', [`ok\n${'x'.repeat(11)}\nok\n`]],
    ['over several chunks', ['ok\n', 'xxxxxx', 'xxxxxx', 'x\n']],
    ['without an end', ['ok\n', 'x'.repeat(11)]],
  ])('that are too long fail (%s)', (_name, chunks) => {
    expect(() => decode(chunks.map(bytes), { lineBytesMax: 10 })).toThrow('line 2 of the test is longer than 10 bytes');
  });

  it('may be as long as the limit, in bytes', () => {
    expect(decode([bytes('ééééé\n0123456789')], { lineBytesMax: 10 })).toEqual(['ééééé', '0123456789']);
    expect(() => decode([bytes('éééééé\n')], { lineBytesMax: 10 })).toThrow('longer than 10 bytes');
  });

  it('may be as long as the limit wherever chunks end: neither a carriage return before a line end nor a mark counts', () => {
    const chunks = ['\uFEFF0123456789\r', '\n0123456789\r', '\n0123456789'].map(bytes);
    expect(decode(chunks, { lineBytesMax: 10 })).toEqual(new Array(3).fill('0123456789'));
    expect(() => decode([bytes('0123456789\r'), bytes('x\n')], { lineBytesMax: 10 })).toThrow('line 1 of the test is');
    expect(() => decode([bytes('\n0123456789x'), bytes('\r\n')], { lineBytesMax: 10 })).toThrow(
      'line 2 of the test is',
    );
  });
});

describe('the buffer of lines', () => {
  it('asks its input to wait while too many lines are in it', async () => {
    const lines = new LineBuffer(settings);
    lines.push(bytes('x\n'.repeat(VALUES_BUFFERED_MAX - 1)));
    expect(lines.room()).toBeUndefined();
    lines.push(bytes('x\n'));
    let hasRoom = false;
    const room = lines.room()!.then(() => {
      hasRoom = true;
    });
    lines.take([], VALUES_BUFFERED_MAX / 2 - 1);
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    lines.take([], 1);
    await room;
  });

  it('hands out what came before a failure, and only then the failure', () => {
    const lines = new LineBuffer({ ...settings, lineBytesMax: 3 });
    lines.push(bytes('a\nb\n'));
    lines.push(bytes('too long\n'));
    expect(lines.failure).toBeUndefined();
    const values: unknown[] = [];
    expect(lines.take(values, 10)).toBe('idle');
    expect([values, lines.failure?.code]).toEqual([['a', 'b'], 'RG044']);
  });
});

describe('a text file', () => {
  const spec = { paths: ['in.txt'], follow: false, invalidUtf8: 'replace', lineBytesMax: 1_048_576 } as const;
  const open = async (content: string | Uint8Array, options: object = {}) => {
    const world = createSimulatedWorld({ files: { 'in.txt': content, 'folder/file': '' } });
    return { world, source: await openTextFileSource({ ...spec, ...options }, world.files) };
  };
  const read = (source: RawSource): Promise<Drained> => drain(source.partitions[0]!);

  it('is refused when it is missing or a folder', async () => {
    await expect(open('', { paths: ['no.txt'] })).rejects.toMatchObject({ code: 'RG040' });
    await expect(open('', { paths: ['folder'] })).rejects.toMatchObject({ code: 'RG041' });
  });

  it('counts its lines with invalid UTF-8, or fails by option', async () => {
    const content = Buffer.concat([bytes('a\n'), Buffer.from([0xfe, 10]), bytes('b\n')]);
    const { source } = await open(content);
    expect((await read(source)).values).toEqual(['a', '\uFFFD', 'b']);
    expect(source.counters!()).toEqual({ invalidUtf8Lines: 1 });
    const { source: strict } = await open(content, { invalidUtf8: 'fail' });
    const failed = await read(strict);
    expect((failed.outcome as StreamError).message).toBe("line 2 of the file 'in.txt' is not valid UTF-8");
  });

  it('may be several, read one after the other, each with its own lines', async () => {
    const files = {
      'a.txt': '\uFEFFone\ntwo',
      'empty.txt': '',
      'b.txt': '\uFEFFthree\n',
      'c.txt': Uint8Array.of(10, 0xff),
    };
    const world = createSimulatedWorld({ files });
    const paths = Object.keys(files);
    const source = await openTextFileSource({ ...spec, paths, invalidUtf8: 'fail' }, world.files);
    const { values, outcome } = await read(source);
    expect(values).toEqual(['one', 'two', 'three', '']);
    expect((outcome as StreamError).message).toBe("line 2 of the file 'c.txt' is not valid UTF-8");
  });

  it('is not read further than the buffer allows', async () => {
    const { world, source } = await open('x\n'.repeat(10 * VALUES_BUFFERED_MAX));
    await world.run();
    const values: unknown[] = [];
    source.partitions[0]!.take(values, Number.POSITIVE_INFINITY);
    expect(values.length).toBeLessThan(2 * VALUES_BUFFERED_MAX);
    expect((await read(source)).values.length).toBe(10 * VALUES_BUFFERED_MAX - values.length);
  });

  it('goes on with what is appended when it is followed, and ends when it is closed', async () => {
    const { world, source } = await open('one\ntw', { follow: true });
    const partition = source.partitions[0]!;
    expect(await takeSome(partition, 1)).toEqual(['one']);
    await world.files.append('in.txt', 'o\nthree\nfo');
    await world.run();
    expect(await takeSome(partition, 2)).toEqual(['two', 'three']);
    expect(partition.take([], 1)).toBe('idle');
    const closed = woken(partition);
    await Promise.all([source.close(), closed]);
    expect(await read(source)).toEqual({ values: ['fo'], outcome: 'ended' });
  });

  it('that is followed may not shrink', async () => {
    const { world, source } = await open('one\ntwo\n', { follow: true });
    await takeSome(source.partitions[0]!, 2);
    await world.files.writeAtomically('in.txt', 'new\n');
    await world.run();
    const { outcome } = await read(source);
    expect(outcome).toMatchObject({ code: 'RG040' });
    expect((outcome as StreamError).message).toContain('was cut to 4 bytes');
    await source.close();
  });
});
