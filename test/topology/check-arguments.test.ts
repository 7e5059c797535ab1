/** What a job in JavaScript gets for arguments that do not compile in TypeScript: one error, at the user's line. */
import { expect, it } from 'vitest';
import { seconds } from '../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream } from '../../src/topology/streams.js';

const keyed = (t: TopologyBuilder): KeyedStream<string, number> => t.source('in', memory([['a', 1]] as const));
const keyed2 = (t: TopologyBuilder): KeyedStream<string, number> => t.source('in2', memory([['a', 1]] as const));
const add = (a: number, b: number) => a + b;
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
  ['a mapAsync of a promise', (t) => keyed(t).mapAsync(wrong(Promise.resolve(1))), 'RG004', "needs a function 'call'"],
  [
    'calls that are no number',
    (t) => keyed(t).mapAsync(async () => 1, wrong({ concurrency: '4' })),
    'RG011',
    "mapAsync() needs a whole number 'concurrency', 1 or more, but got '4'",
  ],
  [
    'a timeout of 0',
    (t) => keyed(t).mapValuesAsync(async () => 1, { timeout: seconds(0) }),
    'RG010',
    "mapValuesAsync() needs a duration 'timeout', but got 0",
  ],
  ['a transform of no streams', (t) => t.transform([], () => []), 'RG004', 'transform() got no streams'],
  ['a transform without a function', (t) => t.transform([keyed(t)], none), 'RG004', "needs a function 'transform'"],
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
  ['a table that is none', (t) => keyed(t).joinTable(wrong({ a: 1 })), 'RG004', 'needs a table: an iterable of pairs'],
  ['a row that is no pair', (t) => keyed(t).joinTable(wrong([['a', 1], ['b']])), 'RG004', 'got an array as a row'],
  [
    'an initial state that is none',
    (t) => keyed(t).updateStateByKey(wrong({ update: () => 1, initialState: 5 })),
    'RG004',
    'needs a table',
  ],
  ['a combiner of all that nobody makes', (t) => keyed(t).aggregate(wrong({})), 'RG004', "a function 'createCombiner'"],
  ['a combiner that nobody makes', (t) => keyed(t).combineByKey(wrong({})), 'RG004', "a function 'createCombiner'"],
  ['a peek without a function', (t) => keyed(t).peek(none), 'RG004', "a function 'peek'"],
  ['a transform without a function', (t) => keyed(t).transform(none), 'RG004', "a function 'transform'"],
  ['a mapPartitions of text', (t) => keyed(t).mapPartitions(wrong('x')), 'RG004', "a function 'mapPartitions'"],
  ['a window of nothing', (t) => keyed(t).window(wrong({})), 'RG010', "window() needs a duration 'window'"],
  ['a top of none', (t) => keyed(t).top({ max: 0, by: () => 1 }), 'RG011', "needs a whole number 'max', 1 or more"],
  ['a print of half an element', (t) => keyed(t).print(0.5), 'RG011', "needs a whole number 'max', 0 or more"],
  ['a foreachBatch without a function', (t) => keyed(t).foreachBatch(none), 'RG004', 'foreachBatch() needs a function'],
  ['a mapWithState without a function', (t) => keyed(t).mapWithState(wrong({})), 'RG004', "a function 'map'"],
  [
    'a timeout that is text',
    (t) => keyed(t).mapWithState(wrong({ map: () => 1, timeout: '1s' })),
    'RG010',
    "'timeout', but got '1s'",
  ],
  ['a session without a gap', (t) => keyed(t).sessionWindow(wrong({ reduce: add })), 'RG010', "a duration 'gap'"],
  [
    'a join by time without times',
    (t) => keyed(t).intervalJoin(keyed2(t), wrong({})),
    'RG010',
    "intervalJoin() needs a duration 'before'",
  ],
  [
    'a filter of a window that is none',
    (t) => keyed(t).reduceByKeyAndWindow(wrong({ window: seconds(1), reduce: add, filter: 1 })),
    'RG004',
    "a function 'filter'",
  ],
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
