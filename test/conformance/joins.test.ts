/** Two streams that meet, and a stream that meets a table, in both modes, at every parallelism, chained or not. */
import { describe, expect, it } from 'vitest';
import type { Key } from '../../src/core/keys.js';
import { micros, seconds } from '../../src/core/time.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream } from '../../src/topology/streams.js';
import { a, add, b, type Case, checkCases, pairs, pairs2, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

const LEFT = [[a(1), a(2)], [b(3)], [], [a(9)], []];
const RIGHT = [[a(10), b(20)], [b(30), b(31)], [a(40)], [], []];
const joined = (key: string, x: number | undefined, y: number | undefined) => [key, [x, y]];

/** Texts with what `encodeKey` writes, and keys that are none. */
const KEYS: readonly NonNullable<Key>[] = [
  '',
  's3:abc',
  'abc',
  'a key of more than ten letters',
  '5',
  5,
  ['abc'],
  true,
];

const cases: readonly Case[] = [
  {
    name: 'cogroup: the values of both, either of which may be none',
    build: (t) => pairs(t).cogroup(pairs2(t)),
    input: LEFT,
    input2: RIGHT,
    output: [
      [
        ['a', [[1, 2], [10]]],
        ['b', [[], [20]]],
      ],
      [['b', [[3], [30, 31]]]],
      [['a', [[], [40]]]],
      [['a', [[9], []]]],
      [],
    ],
  },
  {
    name: 'join: each with each of the same key and interval',
    build: (t) => pairs(t).join(pairs2(t)),
    input: LEFT,
    input2: RIGHT,
    output: [[joined('a', 1, 10), joined('a', 2, 10)], [joined('b', 3, 30), joined('b', 3, 31)], [], [], []],
  },
  {
    name: 'leftOuterJoin: what has no partner on the right stays',
    build: (t) => pairs(t).leftOuterJoin(pairs2(t)),
    input: LEFT,
    input2: RIGHT,
    output: [
      [joined('a', 1, 10), joined('a', 2, 10)],
      [joined('b', 3, 30), joined('b', 3, 31)],
      [],
      [joined('a', 9, undefined)],
      [],
    ],
  },
  {
    name: 'rightOuterJoin: what has no partner on the left stays',
    build: (t) => pairs(t).rightOuterJoin(pairs2(t)),
    input: LEFT,
    input2: RIGHT,
    output: [
      [joined('a', 1, 10), joined('a', 2, 10), joined('b', undefined, 20)],
      [joined('b', 3, 30), joined('b', 3, 31)],
      [joined('a', undefined, 40)],
      [],
      [],
    ],
  },
  {
    name: 'fullOuterJoin: all stay',
    build: (t) => pairs(t).fullOuterJoin(pairs2(t)),
    input: LEFT,
    input2: RIGHT,
    output: [
      [joined('a', 1, 10), joined('a', 2, 10), joined('b', undefined, 20)],
      [joined('b', 3, 30), joined('b', 3, 31)],
      [joined('a', undefined, 40)],
      [joined('a', 9, undefined)],
      [],
    ],
  },
  {
    name: 'a stream joined with itself: each pair of its values',
    build: (t) => {
      const s = pairs(t);
      return s.join(s);
    },
    input: [[a(1), a(2), b(3)], [], [a(4)]],
    output: [
      [joined('a', 1, 1), joined('a', 1, 2), joined('a', 2, 1), joined('a', 2, 2), joined('b', 3, 3)],
      [],
      [joined('a', 4, 4)],
    ],
  },
  {
    name: 'a stream joined with its own totals of the same interval',
    build: (t) => {
      const s = pairs(t);
      return s.join(s.reduceByKey(add));
    },
    input: [[a(1), a(2)], [b(5)], []],
    output: [[joined('a', 1, 3), joined('a', 2, 3)], [joined('b', 5, 5)], []],
  },
  {
    name: 'joins over windows: of different lengths and one slide',
    build: (t) =>
      pairs(t)
        .window({ window: times(1) })
        .join(pairs2(t).window({ window: times(2) })),
    input: [[a(1)], [a(2)], [a(3)], []],
    input2: [[a(10)], [], [], []],
    output: [[joined('a', 1, 10)], [joined('a', 2, 10)], [], []],
  },
  {
    name: 'joins over windows with a slide of two',
    build: (t) => {
      const span = { window: times(2), slide: times(2) };
      return pairs(t).window(span).leftOuterJoin(pairs2(t).window(span));
    },
    input: [[a(1)], [], [], [b(2)]],
    input2: [[], [a(10)], [], []],
    output: [[], [joined('a', 1, 10)], [], [joined('b', 2, undefined)]],
  },
  {
    name: 'a join of joins',
    build: (t) => {
      const s = pairs(t);
      const both = s.join(pairs2(t)) as KeyedStream<string, unknown>;
      return both.join(s);
    },
    input: [[a(1)], [b(2)], []],
    input2: [[a(10)], [], []],
    output: [[['a', [[1, 10], 1]]], [], []],
  },
  {
    name: 'joinTable: each with each row of its key, at once',
    build: (t) =>
      pairs(t).joinTable([
        ['a', 'x'],
        ['c', 'y'],
        ['a', 'z'],
      ]),
    input: [[a(1), b(2)], [], [a(3)]],
    output: [
      [
        ['a', [1, 'x']],
        ['a', [1, 'z']],
      ],
      [],
      [
        ['a', [3, 'x']],
        ['a', [3, 'z']],
      ],
    ],
  },
  {
    name: 'joinTable: keys of any kind and length, also such as look like encoded ones',
    build: (t) =>
      pairs(t)
        .keyBy(([, n]) => KEYS[n]!)
        .joinTable(KEYS.map((key, i) => [key, i] as const))
        .map(([, [[, n], row]]) => [n, row]),
    input: [KEYS.map((_, i) => a(i))],
    output: [KEYS.map((_, i) => [i, i])],
  },
  {
    name: 'leftOuterJoinTable: what has no row stays; a Map is a table',
    build: (t) => pairs(t).leftOuterJoinTable(new Map([['a', 'x']])),
    input: [[a(1), b(2)]],
    output: [
      [
        ['a', [1, 'x']],
        ['b', [2, undefined]],
      ],
    ],
  },
];

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  checkCases(cases, variant);

  it('at the end of an input that ends sooner, windows of the other one have no partner; once both reach as far, they have', async () => {
    const meet = async (...closing: readonly Timed[]) => {
      const sink = memorySink<readonly [string, readonly [number, number | undefined]]>();
      const job = topology('ends', { batchInterval: seconds(1) }, (t) => {
        const placed = timed(t, 'placed', [at(1), at(5)]).window({ window: seconds(2), slide: seconds(2) });
        const paid = timed(t, 'paid', [at(1), at(3), ...closing]).window({ window: seconds(4), slide: seconds(2) });
        placed.leftOuterJoin(paid).to('out', sink);
      });
      await (await startVirtual(job, () => ({ ...variant }))).end();
      return sink.results.toSorted(([, [n]], [, [m]]) => n - m);
    };
    // The last window of `paid`, [2, 6), has the record at 3, but that input ends below 4.
    expect(await meet()).toEqual([joined('a', 1, 1), joined('a', 5, undefined)]);
    expect(await meet({ ...at(5), key: 'nobody' })).toEqual([joined('a', 1, 1), joined('a', 5, 3)]);
  });
});

interface Timed {
  readonly key: string;
  readonly second: number;
}

function at(second: number): Timed {
  return { key: 'a', second };
}

function timed(t: TopologyBuilder, name: string, records: readonly Timed[]): KeyedStream<string, number> {
  return t
    .source(name, memory(records))
    .timestamps({ extract: (record) => seconds(record.second), maxOutOfOrderness: micros(0) })
    .map((record) => [record.key, record.second] as const);
}
