/** Tests of the specs of sources and sinks, and of the URIs that stand for them on the command line. */
import { describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import { folder } from '../../src/topology/file-specs.js';
import { wordLines } from '../../src/topology/generated-words.js';
import { http, reply, webhook } from '../../src/topology/network-specs.js';
import { foreach, memory as memorySink, stdout, textFile as textFileSink } from '../../src/topology/sink-specs.js';
import { generator, memory, stdin, tcp, textFile } from '../../src/topology/source-specs.js';
import { parseSinkUri, parseSourceUri } from '../../src/topology/uri.js';

describe('the spec of a source', () => {
  it('says what the source can do', () => {
    expect(textFile('a.txt').capabilities).toEqual({ replayable: true, bounded: true, partitions: 1, intake: 'range' });
    expect(textFile('a.txt', { follow: true }).capabilities.bounded).toBe(false);
    expect(generator(() => 1).capabilities.bounded).toBe(false);
    expect(generator({ make: () => 1, count: 5, partitions: 4 }).capabilities).toMatchObject({
      bounded: true,
      partitions: 4,
    });
    expect(stdin().capabilities).toEqual({ replayable: false, bounded: false, partitions: 1, intake: 'receiver' });
    expect(tcp('localhost:9999').capabilities).toEqual(stdin().capabilities);
  });

  it('holds plain data in its options', () => {
    for (const spec of [textFile('a.txt'), generator(() => 1), memory(['a']), stdin(), tcp('[::1]:80')]) {
      expect(JSON.parse(JSON.stringify(spec.options))).toEqual(spec.options);
    }
    expect(tcp('[::1]:80').options).toMatchObject({ host: '::1', port: 80 });
  });

  it.each([
    ['a file without a path', () => textFile(''), 'RG040'],
    ['an empty list of files', () => textFile([]), 'RG040'],
    ['following two files', () => textFile(['a', 'b'], { follow: true }), 'RG004'],
    ['a wrong way to treat invalid UTF-8', () => textFile('a', { invalidUtf8: 'replaced' as 'replace' }), 'RG004'],
    ['follow that is text', () => textFile('a', { follow: 'no' as never }), 'RG004'],
    ['once that is text', () => folder('a', { once: 'no' as never }), 'RG004'],
    ['a line limit of 0', () => stdin({ lineBytesMax: 0 }), 'RG011'],
    ['half a record', () => generator(() => 1, { count: 0.5 }), 'RG011'],
    ['no partition', () => generator(() => 1, { partitions: 0 }), 'RG011'],
    ['too many partitions', () => generator(() => 1, { partitions: 1_025 }), 'RG011'],
    ['a folder of too many partitions', () => folder('in', { partitions: 1_025 }), 'RG011'],
    ['memory that is no array', () => memory('abc' as unknown as string[]), 'RG011'],
    ['memory without a partition', () => memory.partitions([]), 'RG011'],
    ['an address without a port', () => tcp('localhost'), 'RG006'],
    ['a port that is none', () => tcp('localhost:70000'), 'RG011'],
  ])('refuses %s', (_name, make, code) => expect(make).toThrow(expect.objectContaining({ code })));
});

describe('the spec of a sink', () => {
  it('decides how it is delivered by its format', () => {
    expect(stdout().capabilities.delivery).toBe('auto');
    expect(stdout({ format: 'blocks' }).capabilities.delivery).toBe('interval');
    expect(stdout({ format: 'lines' }).capabilities.delivery).toBe('record');
  });

  it.each([
    ['an unknown format', () => stdout({ format: 'json' as 'lines' }), 'RG004'],
    ['a maximum that is no number', () => stdout({ max: Number.NaN }), 'RG011'],
    ['ids of memory that are text', () => memorySink({ ids: 'no' as never }), 'RG004'],
    ['ids of a function that are text', () => foreach(() => undefined, { ids: 'no' as never }), 'RG004'],
    ['a reply that is text', () => http({ port: 1, reply: 'yes' as never }), 'RG004'],
    ['replies to lines', () => http({ port: 1, reply: true, records: 'each' }), 'RG004'],
    ['a time to reply that is none', () => http({ port: 1, reply: true, replyTimeout: 0 as never }), 'RG011'],
    ['a reply in no format', () => reply({ format: 'json' as never }), 'RG004'],
    ['ids of a webhook that are text', () => webhook('http://localhost', { ids: 'no' as never }), 'RG004'],
    ['no folder', () => textFileSink(''), 'RG040'],
  ])('refuses %s', (_name, make, code) => expect(make).toThrow(expect.objectContaining({ code })));
});

describe('a URI', () => {
  it.each([
    ['file:moby-dick.txt', { kind: 'text-file', options: { paths: ['moby-dick.txt'], follow: false } }],
    [
      'file:a b.txt?follow=true&invalidUtf8=fail',
      { options: { paths: ['a b.txt'], follow: true, invalidUtf8: 'fail' } },
    ],
    ['file:///tmp/a%20b.txt', { options: { paths: ['/tmp/a b.txt'] } }],
    ['tcp://localhost:9999', { kind: 'tcp', options: { host: 'localhost', port: 9999, onClose: 'reconnect' } }],
    ['tcp://[::1]:80/?onClose=end', { options: { host: '::1', port: 80, onClose: 'end' } }],
    ['stdin:', { kind: 'stdin' }],
    ['generate:words?count=1000&seed=7', { kind: 'generator', options: { count: 1_000, seed: 7, partitions: 1 } }],
    ['generate:numbers?partitions=2', { capabilities: { bounded: false, partitions: 2 } }],
    ['none:', { kind: 'memory', options: { records: [0] } }],
  ])('%s names a source', (uri, spec) => expect(parseSourceUri(uri)).toMatchObject(spec));

  it.each([
    ['file:counts', { kind: 'text-file', options: { folder: 'counts' } }],
    ['stdout:', { kind: 'stdout', options: { max: 10 }, capabilities: { delivery: 'auto' } }],
    ['stdout:?format=lines&max=3', { options: { max: 3 }, capabilities: { delivery: 'record' } }],
    ['NONE:', { kind: 'none' }],
    ['http://127.0.0.1:8080/counts?tag=a&tag=b', { kind: 'webhook' }],
  ])('%s names a sink', (uri, spec) => expect(parseSinkUri(uri)).toMatchObject(spec));

  it.each([
    ['fiel:a.txt', 'did you mean file:a.txt?'],
    ['fil:a?follow=true', 'did you mean file:a?follow=true?'],
    ['fil:', 'did you mean file:moby-dick.txt?follow=true?'],
    ['generate:words?count=10&rate=40', 'use --rate 40'],
    ['moby-dick.txt', 'write file:moby-dick.txt for a file'],
    ['', 'write file:PATH for a file'],
    ['redis://localhost', 'write for example file:moby-dick.txt?follow=true'],
    ['file:', 'write file:PATH'],
    ['file:///%zz', 'write file:PATH'],
    ['file:a.txt?folow=true', 'did you mean follow?'],
    ['file:a.txt?follow=maybe', 'write follow=true'],
    ['tcp://localhost', 'write tcp://localhost:9999'],
    ['tcp:localhost:9999', 'write tcp://localhost:9999'],
    ['generate:wrods', 'use generate:words'],
    ['generate:words?count=many', 'write count=1000'],
    ['generate:words?vocabulary=0', 'write vocabulary=50000'],
    ['generate:words?vocabulary=9999999999', 'write vocabulary=50000'],
    ['none:?count=1', 'leave out count'],
    ['none:nothing', 'write none:'],
    ['stdin:lines', 'write stdin:'],
    ['stdin:-?format=json', 'write stdin:?format=json'],
    ['stdin:-?token=abc', 'write stdin:?token=***'],
    ['generate:words?count=1&count=2', 'leave one count out'],
  ])('%s is refused as a source', (uri, hint) => {
    expect(() => parseSourceUri(uri)).toThrow(expect.objectContaining({ code: 'RG006', hint }));
  });

  it.each([
    ['reply://127.0.0.1/orders', 'write reply:'],
    ['stdout:counts', 'write stdout:'],
    ['stdout:?max=1&max=2', 'leave one max out'],
    ['none:nothing?', 'write none:?'],
  ])('%s is refused as a sink', (uri, hint) => {
    expect(() => parseSinkUri(uri)).toThrow(expect.objectContaining({ code: 'RG006', hint }));
  });

  it('of a source is none of a sink', () => {
    expect(() => parseSinkUri('tcp://localhost:9999')).toThrow(expect.objectContaining({ code: 'RG006' }));
  });
});

describe('generated words', () => {
  it('are ten a line, and as unequally frequent as Zipf says', () => {
    const make = wordLines(1_000);
    const random = prng(5);
    const counts = new Map<string, number>();
    const lengths = new Set<number>();
    for (let index = 0; index < 20_000; index++) {
      const words = make(index, random).split(' ');
      lengths.add(words.length);
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(lengths).toEqual(new Set([10]));
    expect(counts.size).toBe(1_000);
    expect(sorted[0]! / sorted[9]!).toBeGreaterThan(9);
    expect(sorted[0]! / sorted[9]!).toBeLessThan(11);
  });
});
