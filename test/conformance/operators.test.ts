/** What each operator does, interval by interval, in both modes, at every parallelism, chained or not. */
import { describe, expect, it } from 'vitest';
import type { SinkWriter } from '../../src/runtime/sink.js';
import { TimedPartition } from '../../src/testing/timed-partition.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { Interval } from '../../src/topology/specs.js';
import {
  a,
  add,
  B,
  b,
  type Case,
  checkCases,
  numbers,
  numbers2,
  pairs,
  pairs2,
  runner,
  sorted,
  times,
} from './interval-cases.js';
import { VARIANTS } from './variants.js';

const cases: readonly Case[] = [
  {
    name: 'map: one element out for each in',
    build: (t) => numbers(t).map((n) => n * 10),
    input: [[1, 2], [], [3]],
    output: [[10, 20], [], [30]],
  },
  {
    name: 'map: a pair makes a keyed stream',
    build: (t) =>
      numbers(t)
        .map((n) => [`k${n}`, n] as const)
        .mapValues((n) => -n),
    input: [[1]],
    output: [[['k1', -1]]],
  },
  {
    name: 'flatMap: any number out, none too',
    build: (t) => numbers(t).flatMap((n) => Array<number>(n).fill(n)),
    input: [[2, 0, 1]],
    output: [[2, 2, 1]],
  },
  {
    name: 'flatMap: any iterable',
    build: (t) =>
      numbers(t).flatMap(function* (n) {
        yield n;
        yield -n;
      }),
    input: [[1], [2]],
    output: [
      [1, -1],
      [2, -2],
    ],
  },
  {
    name: 'filter: keeps what holds',
    build: (t) => numbers(t).filter((n) => n > 1),
    input: [[1, 2], [0], [3]],
    output: [[2], [], [3]],
  },
  {
    name: 'mapValues: keeps the key',
    build: (t) => pairs(t).mapValues((n) => n + 1),
    input: [[a(1), b(2)]],
    output: [[a(2), b(3)]],
  },
  {
    name: 'flatMapValues: keeps the key of each',
    build: (t) => pairs(t).flatMapValues((n) => [n, n * 10].slice(0, n)),
    input: [[a(0), a(1), b(2)]],
    output: [[a(1), b(2), b(20)]],
  },
  {
    name: 'keyBy: pairs with a key',
    build: (t) => numbers(t).keyBy((n) => (n % 2 === 0 ? 'even' : 'odd')),
    input: [[1, 2]],
    output: [
      [
        ['odd', 1],
        ['even', 2],
      ],
    ],
  },
  {
    name: 'keyBy: tuples, numbers, null, bigint and booleans are keys',
    build: (t) =>
      numbers(t)
        .keyBy((n) => [[n % 2, 'x'], n % 2, null, BigInt(n % 2), n % 2 === 0][n]!)
        .reduceByKey(add),
    input: [[0, 1, 2, 3, 4, 0]],
    output: [
      [
        [[0, 'x'], 0],
        [1, 1],
        [null, 2],
        [1n, 3],
        [true, 4],
      ],
    ],
  },
  {
    name: 'union: all of both',
    build: (t) =>
      numbers(t)
        .filter((n) => n < 3)
        .union(numbers2(t)),
    input: [[1, 5], []],
    output: [[1], []],
  },
  {
    name: 'a stream united with itself counts each element twice',
    build: (t) => {
      const s = numbers(t);
      return s.union(s, s);
    },
    input: [[1], [2]],
    output: [
      [1, 1, 1],
      [2, 2, 2],
    ],
  },
  {
    name: 'a diamond behind a shuffle counts each element once on each path',
    build: (t) => {
      const s = pairs(t).reduceByKey(add);
      return s
        .mapValues((n) => n)
        .union(s.filter(([, n]) => n > 3).mapValues((n) => -n))
        .reduceByKey(add);
    },
    input: [[a(1), a(2), b(4)], [], [a(5)]],
    output: [[a(3), b(0)], [], [a(0)]],
  },
  {
    name: 'reduceByKey: one result for each key and interval',
    build: (t) => pairs(t).reduceByKey(add),
    input: [[a(1), b(2), a(3)], [], [a(4)]],
    output: [[a(4), b(2)], [], [a(4)]],
  },
  {
    name: 'reduceByKey: keeps the order of a partition',
    build: (t) =>
      numbers(t)
        .map((n) => ['k', `${n}`] as const)
        .reduceByKey((x, y) => `${x}${y}`),
    input: [
      [1, 2, 3],
      [4, 5],
    ],
    output: [[['k', '123']], [['k', '45']]],
  },
  {
    name: 'reduceByKey twice: the second sees the first in its own interval',
    build: (t) =>
      pairs(t)
        .reduceByKey(add)
        .map(([, n]) => ['all', n] as const)
        .reduceByKey(Math.max),
    input: [[a(1), a(2), b(2)], [b(9)]],
    output: [[['all', 3]], [['all', 9]]],
  },
  {
    name: 'countByValue',
    build: (t) => numbers(t).countByValue(),
    input: [[7, 8, 7], [], [8]],
    output: [
      [
        [7, 2],
        [8, 1],
      ],
      [],
      [[8, 1]],
    ],
  },
  {
    name: 'count: 0 for an empty interval, from the first element on',
    build: (t) => numbers(t).count(),
    input: [[], [5, 5], [], [], [1], []],
    output: [[], [2], [0], [0], [1], [0]],
  },
  {
    name: 'count: after maxEmptyIntervals it is silent until there are data again',
    build: (t) => numbers(t).count(),
    settings: { maxEmptyIntervals: 2 },
    input: [[1], [], [], [], [], [1], []],
    output: [[1], [0], [0], [], [], [1], [0]],
  },
  {
    name: 'count of counts',
    build: (t) => pairs(t).reduceByKey(add).count(),
    input: [[a(1), b(1)], [], [a(1)]],
    output: [[2], [0], [1]],
  },
  {
    name: 'runningReduce: the total so far, for each element',
    build: (t) => pairs(t).runningReduce(add),
    input: [[a(1), b(2), a(3)], [], [a(4)]],
    output: [[a(1), b(2), a(4)], [], [a(8)]],
  },
  {
    name: 'updateStateByKey: once for each interval and key, values in order, also without values; undefined forgets',
    build: (t) =>
      pairs(t).updateStateByKey<string>((values, state = '') =>
        state.length > 4 ? undefined : `${state}[${values.join()}]`,
      ),
    input: [[a(1), a(2)], [], [b(3)], [a(9)]],
    output: [
      [['a', '[1,2]']],
      [],
      [['b', '[3]']],
      [
        ['a', '[9]'],
        ['b', '[3][]'],
      ],
    ],
  },
  {
    name: 'updateStateByKey: a key without values is silent after maxEmptyIntervals, and goes on where it was',
    build: (t) => pairs(t).updateStateByKey<number>((values, state = 0) => state + 1 + values.length * 100),
    settings: { maxEmptyIntervals: 2 },
    input: [[a(1)], [], [], [], [b(1)], [a(1)]],
    output: [[a(101)], [a(102)], [a(103)], [], [b(101)], [a(204), b(102)]],
  },
  {
    name: 'branch: the first arm that holds',
    build: (t) => {
      const { small, even } = numbers(t).branch({ small: (n) => n < 3, even: (n) => n % 2 === 0 });
      return small.map((n) => `small ${n}`).union(even.map((n) => `even ${n}`));
    },
    input: [[2, 4], [5], [1]],
    output: [['small 2', 'even 4'], [], ['small 1']],
  },
];

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  const run = runner(variant);

  checkCases(cases, variant);

  it('two sources: an interval closes when both got there', async () => {
    const build = (t: TopologyBuilder) =>
      pairs(t)
        .union(t.source('in2', memory<string, number>([])))
        .reduceByKey(add);
    const { outputs } = await run(build, { in: [[a(1)], [], [a(2), b(1)]], in2: [[a(10), a(20)], [b(5)]] });
    expect(outputs['out']!.map(sorted)).toEqual([[a(31)], [b(5)], sorted([a(2), b(1)])]);
  });

  it('what several streams read is worked out once for each element', async () => {
    const seen: number[] = [];
    const build = (t: TopologyBuilder) => {
      const shared = numbers(t).map((n) => {
        seen.push(n);
        return n;
      });
      const counts = shared.countByValue().map(([n]) => n);
      return shared.union(shared, counts).reduceByWindow({ window: times(2), reduce: add });
    };
    const { outputs } = await run(build, { in: [[1, 2], [3], []] });
    expect(outputs['out']).toEqual([[9], [18], [9]]);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('a branch asks the arms in order until one holds, and each at most once', async () => {
    const asked: string[] = [];
    const ask = (arm: string, holds: (n: number) => boolean) => (n: number) => {
      asked.push(`${arm} ${n}`);
      return holds(n);
    };
    const build = (t: TopologyBuilder) => {
      const arms = {
        small: ask('small', (n) => n < 3),
        even: ask('even', (n) => n % 2 === 0),
        odd: ask('odd', () => true),
      };
      const { small, even, odd } = numbers(t).branch(arms);
      return odd.union(even, small);
    };
    const { outputs } = await run(build, { in: [[1, 4], [5]] });
    expect(outputs['out']!.map(sorted)).toEqual([[1, 4], [5]]);
    expect(asked.filter((each) => each.endsWith('1'))).toEqual(['small 1']);
    expect(asked.filter((each) => each.endsWith('4'))).toEqual(['small 4', 'even 4']);
    expect(asked.filter((each) => each.endsWith('5'))).toEqual(['small 5', 'even 5', 'odd 5']);
  });

  it('keeps the state of each key', async () => {
    const build = (t: TopologyBuilder) => {
      const running = pairs(t).runningReduce({ uid: 'running', reduce: add });
      const updated = pairs2(t).updateStateByKey<number>({
        uid: 'updated',
        update: (values, state = 0) => values.reduce(add, state) || undefined,
      });
      return running.union(updated).process<number, string>({
        uid: 'counted',
        onRecord: (_n, context) => context.setState((context.state ?? 0) + 1),
      });
    };
    const { state } = await run(build, { in: [[a(1), b(2)], [a(3)]], in2: [[a(7), b(1)], [b(-1)]] });
    expect(Object.fromEntries(Object.entries(state).map(([uid, entries]) => [uid, sorted(entries)]))).toEqual({
      running: [a(4), b(2)],
      updated: [a(7)],
      counted: [a(4), b(2)],
    });
  });

  it('an interval sink acts once for each closed interval, also for an empty one, and to the end of the input', async () => {
    const closed: { end: number; values: readonly unknown[] }[] = [];
    const intervals = topology('intervals', { batchInterval: B, maxEmptyIntervals: 1 }, (t) => {
      numbers(t).to('out', { ...none(), capabilities: { guarantee: 'exactly-once', delivery: 'interval' } });
    });
    const accept = (value: unknown): void => {
      const { end, values } = value as Interval<unknown>;
      closed.push({ end: end / B, values });
    };
    const sink: SinkWriter = { ...IDLE_SINK, accept };
    const sequence = {
      values: [1, 2, 3, 4],
      timestamps: [B, B, times(3), times(8)],
      heartbeats: [{ at: 2, watermark: times(3) }],
    };
    const run = await startVirtual(intervals, (world) => ({
      ...variant,
      readers: new Map([
        ['in', { partitions: [new TimedPartition(sequence, world, { ends: true })], close: async () => undefined }],
      ]),
      writers: new Map([['out', sink]]),
    }));
    expect((await run.end()).outcome).toBe('finished');
    expect(closed.map(({ end, values }) => [end, values])).toEqual([
      [2, [1, 2]],
      [3, []],
      [4, [3]],
      [5, []],
      [9, [4]],
    ]);
  });
});

const IDLE_SINK = {
  flush: () => undefined,
  ready: true,
  onReady: (wake: () => void) => wake(),
  failure: undefined,
  close: async () => undefined,
};
