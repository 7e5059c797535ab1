/** Type tests of sources and sinks: what they infer, and what does not compile. */
import { expectTypeOf, test } from 'vitest';
import { bytes, csv, json } from '../../src/formats.js';
import { seconds, topology } from '../../src/index.js';
import { foreach, memory as memorySink, none, reply, stdout } from '../../src/sinks.js';
import {
  folder,
  generator,
  type HttpCall,
  http,
  memory,
  type SourceSpec,
  tail,
  tcpServer,
  textFile,
} from '../../src/sources.js';

test('sources infer what they give', () => {
  expectTypeOf(memory(['rain'])).toEqualTypeOf<SourceSpec<string>>();
  expectTypeOf(memory([['rain', 1]])).toEqualTypeOf<SourceSpec<readonly [string, number]>>();
  expectTypeOf(memory([{ word: 'rain' }])).toEqualTypeOf<SourceSpec<{ word: string }>>();
  expectTypeOf(memory.partitions([['rain'], ['gauge']])).toEqualTypeOf<SourceSpec<string>>();
  expectTypeOf(generator((index, random) => index + random.float())).toEqualTypeOf<SourceSpec<number>>();
  expectTypeOf(generator({ make: () => 'rain', count: 3 })).toEqualTypeOf<SourceSpec<string>>();
  // @ts-expect-error a generator is no async function's place for a wrong option
  generator(() => 1, { cuont: 1 });
  // @ts-expect-error there are two ways to treat invalid UTF-8
  textFile('a.txt', { invalidUtf8: 'ignore' });
});

test('sources with a format give what it says', () => {
  expectTypeOf(textFile('a.jsonl', { format: json<{ id: number }>() })).toEqualTypeOf<SourceSpec<{ id: number }>>();
  expectTypeOf(folder('in', { format: csv({ columns: ['id'] }) })).toEqualTypeOf<
    SourceSpec<Readonly<Record<string, string>>>
  >();
  expectTypeOf(tail('app.log')).toEqualTypeOf<SourceSpec<string>>();
  expectTypeOf(http({ port: 80, format: bytes() })).toEqualTypeOf<SourceSpec<Uint8Array>>();
  expectTypeOf(tcpServer({ port: 80, idleTimeout: seconds(1) })).toEqualTypeOf<SourceSpec<string>>();
  expectTypeOf(http({ port: 80, reply: true })).toEqualTypeOf<SourceSpec<HttpCall<string>>>();
  expectTypeOf(http({ port: 80, reply: true, format: json<number>() })).toEqualTypeOf<SourceSpec<HttpCall<number>>>();
  // @ts-expect-error a bare number is no duration
  http({ port: 80, receiptTimeout: 30 });
  // @ts-expect-error a format is called
  textFile('a.jsonl', { format: json });
});

test('replies take requests by their id', () => {
  topology('calls', (t) => {
    const calls = t.source('calls', http({ port: 80, reply: true }));
    calls.map(({ id, value }) => ({ id, value: value.length })).to('answers', reply());
    // @ts-expect-error a result has the id of its request
    calls.map(({ value }) => value).to('wrong', reply());
  });
});

test('sinks take what the stream has', () => {
  topology('types', (t) => {
    const pairs = t.source('pairs', memory([['rain', 1]])).reduceByKey((a, b) => a + b);
    pairs.to('out', stdout()).to('none', none());
    pairs.to(
      'each',
      foreach(([word, count]) => {
        expectTypeOf(word).toExtend<string>();
        expectTypeOf(count).toEqualTypeOf<number>();
      }),
    );
    const kept = memorySink<readonly [string, number]>();
    pairs.to('kept', kept);
    expectTypeOf(kept.results).toEqualTypeOf<readonly (readonly [string, number])[]>();
    // @ts-expect-error a sink of numbers is no sink for pairs
    pairs.to('wrong', memorySink<number>());
  });
});
