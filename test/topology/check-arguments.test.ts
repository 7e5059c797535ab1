/** What a job in JavaScript gets for arguments that do not compile in TypeScript: one error, at the user's line. */
import { expect, it } from 'vitest';
import { seconds } from '../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream } from '../../src/topology/streams.js';

const keyed = (t: TopologyBuilder): KeyedStream<string, number> => t.source('in', memory([['a', 1]] as const));
const bolt = (t: TopologyBuilder) => t.setBolt('b', () => ({ execute: () => undefined }));
const none = undefined as never;
const wrong = (value: unknown): never => value as never;

it.each<[string, (t: TopologyBuilder) => unknown, string, string]>([
  [
    'a spout that is an object',
    (t) => t.setSpout('s', wrong({})),
    'RG004',
    'setSpout() needs a function that makes it',
  ],
  ['a bolt that is nothing', (t) => t.setBolt('b', none), 'RG004', 'setBolt() needs a function that makes it'],
  [
    'a tick that is text',
    (t) =>
      t.setBolt(
        'b',
        wrong(() => ({})),
        wrong({ tick: '1s' }),
      ),
    'RG010',
    "got '1s'",
  ],
  ['a map without a function', (t) => keyed(t).map(none), 'RG004', "map() needs a function 'map', but got undefined"],
  ['a filter by a number', (t) => keyed(t).filter(wrong(3)), 'RG004', 'filter() needs a function'],
  ['an arm without a predicate', (t) => keyed(t).branch(wrong({ big: 1 })), 'RG004', "a function 'big', but got 1"],
  ['timestamps of nothing', (t) => keyed(t).timestamps(wrong({})), 'RG004', "timestamps() needs a function 'extract'"],
  ['timestamps without a bound', (t) => keyed(t).timestamps(wrong({ extract: () => 1 })), 'RG010', 'maxOutOfOrderness'],
  ['a window that is text', (t) => keyed(t).countByWindow(wrong({ window: '5s' })), 'RG010', "'window', but got '5s'"],
  [
    'a window without a function',
    (t) => keyed(t).reduceByKeyAndWindow(wrong({ window: seconds(5) })),
    'RG004',
    "reduceByKeyAndWindow() needs a function 'reduce'",
  ],
  [
    'a reduce without a function',
    (t) => keyed(t).reduceByKey(none),
    'RG004',
    "reduceByKey() needs a function 'reduce'",
  ],
  ['an update that is an array', (t) => keyed(t).updateStateByKey(wrong([])), 'RG004', "needs a function 'update'"],
  ['a process without onRecord', (t) => keyed(t).process(wrong({ uid: 'p' })), 'RG004', "a function 'onRecord'"],
  ['a field that is no name', (t) => bolt(t).fieldsGrouping(keyed(t), wrong(1)), 'RG018', 'got 1 as a field'],
  ['a field without a name', (t) => bolt(t).fieldsGrouping(keyed(t), wrong('')), 'RG018', "got '' as a field"],
])('refuses %s', (_name, build, code, message) => {
  expect(() => topology('job', (t) => void build(t))).toThrow(
    expect.objectContaining({
      code,
      message: expect.stringContaining(message) as unknown,
      place: expect.objectContaining({ file: import.meta.filename }) as unknown,
    }),
  );
});

it('says how a duration in text is written', () => {
  const build = (t: TopologyBuilder) =>
    void keyed(t).reduceByKeyAndWindow(wrong({ window: '5s', reduce: (a: number) => a }));
  expect(() => topology('job', build)).toThrow(expect.objectContaining({ code: 'RG010', hint: 'write millis(5000)' }));
});
