/** Operators that reduce, gather and look at whole intervals and windows, in both modes, at every parallelism, chained or not. */
import { describe, expect, it } from 'vitest';
import type { Stream } from '../../src/topology/streams.js';
import {
  type AnyStream,
  a,
  add,
  b,
  type Case,
  checkCases,
  numbers,
  numbers2,
  pairs,
  runner,
  subtract,
  times,
} from './interval-cases.js';
import { VARIANTS } from './variants.js';

const cases: readonly Case[] = [
  {
    name: 'reduce: one element for an interval that has any, none for an empty one',
    build: (t) => numbers(t).reduce(add),
    input: [[1, 2, 3], [], [5]],
    output: [[6], [], [5]],
  },
  {
    name: 'reduce: of pairs, too',
    build: (t) => pairs(t).reduce((x, y) => (x[1] > y[1] ? x : y)),
    input: [[a(1), b(3), a(2)], [], [a(1)]],
    output: [[b(3)], [], [a(1)]],
  },
  {
    name: 'groupByKey: values of an interval in order of arrival',
    build: (t) => pairs(t).groupByKey(),
    input: [[a(2), b(5), a(1)], [], [a(2), a(2)]],
    output: [
      [
        ['a', [2, 1]],
        ['b', [5]],
      ],
      [],
      [['a', [2, 2]]],
    ],
  },
  {
    name: 'groupByKey: a list of its own, which nobody else changes',
    build: (t) => {
      const groups = pairs(t).groupByKey();
      return groups.mapValues((values) => [...values].reverse()).union(groups.mapValues((values) => [...values]));
    },
    input: [[a(1), a(2)]],
    output: [
      [
        ['a', [2, 1]],
        ['a', [1, 2]],
      ],
    ],
  },
  {
    name: 'combineByKey: something of another type, per interval',
    build: (t) => pairs(t).combineByKey<string>(MEAN).mapValues(meanOf),
    input: [[a(1), a(2), b(9)], [], [a(4)]],
    output: [[a(1.5), b(9)], [], [a(4)]],
  },
  {
    name: 'combineByKey: over windows',
    build: (t) =>
      pairs(t)
        .combineByKey<string>({ ...MEAN, window: times(2) })
        .mapValues(meanOf),
    input: [[a(1)], [a(3), b(8)], [], []],
    output: [[a(1)], [a(2), b(8)], [a(3), b(8)], []],
  },
  {
    name: 'aggregate: something of another type, per interval; none for an empty one',
    build: (t) => numbers(t).aggregate<string>(MEAN).map(meanOf),
    input: [[1, 2, 9], [], [4]],
    output: [[4], [], [4]],
  },
  {
    name: 'aggregate: over windows, and a pair is a pair',
    build: (t) =>
      pairs(t)
        .aggregate<readonly [string, number]>({
          createCombiner: (pair) => pair,
          mergeValue: ([keys, sum], [key, n]) => [[keys, key].toSorted().join(''), sum + n],
          mergeCombiners: ([keys, sum], [others, n]) => [[keys, others].toSorted().join(''), sum + n],
          window: times(2),
        })
        .mapValues((sum) => sum * 10),
    input: [[a(1)], [b(3), a(8)], [], []],
    output: [[a(10)], [['aab', 120]], [['ab', 110]], []],
  },
  {
    name: 'distinct: once for each interval',
    build: (t) => numbers(t).distinct(),
    input: [[3, 1, 3], [3], [], [1]],
    output: [[1, 3], [3], [], [1]],
  },
  {
    name: 'distinct: once for each window, pairs by their contents',
    build: (t) =>
      numbers(t)
        .map((n) => [n % 2, 'x'] as const)
        .distinct({ window: times(2) }),
    input: [[1, 3, 2], [5], [], []],
    output: [
      [
        [0, 'x'],
        [1, 'x'],
      ],
      [
        [0, 'x'],
        [1, 'x'],
      ],
      [[1, 'x']],
      [],
    ],
  },
  {
    name: 'top: the greatest of an interval, equal ones by their text, fewer where there are fewer',
    build: (t) => numbers(t).top({ max: 2, by: (n) => n % 10 }),
    input: [[11, 9, 19, 3], [], [4]],
    output: [[[19, 9]], [], [[4]]],
  },
  {
    name: 'top: over windows',
    build: (t) => numbers(t).top({ max: 2, by: (n) => n, window: times(3) }),
    input: [[5, 1], [3], [], [2], []],
    output: [[[5, 1]], [[5, 3]], [[5, 3]], [[3, 2]], [[2]]],
  },
  {
    name: 'glom: an array of each interval of a partition, and nothing for an empty one',
    build: (t) => numbers(t).glom(),
    input: [[1, 2, 3], [], [4]],
    output: [[[1, 2, 3]], [], [[4]]],
  },
  {
    name: 'mapPartitions: a function of each interval of a partition',
    build: (t) => numbers(t).mapPartitions((values) => [values.length, ...values]),
    input: [[7, 8], [], [9]],
    output: [[2, 7, 8], [], [1, 9]],
  },
  {
    name: 'mapPartitions: a generator, and pairs make a keyed stream',
    build: (t) =>
      numbers(t)
        .mapPartitions(function* (values) {
          for (const value of values) yield ['a', value] as const;
        })
        .reduceByKey(add),
    input: [[1, 2], [3]],
    output: [[a(3)], [a(3)]],
  },
  {
    name: 'repartition: all elements, whatever their number',
    build: (t) =>
      numbers(t)
        .repartition(3)
        .map((n) => n * 2),
    input: [[1, 2, 3, 4, 5], [], [6]],
    output: [[2, 4, 6, 8, 10], [], [12]],
  },
  {
    name: 'repartition: to one, whose parts are the whole',
    build: (t) =>
      numbers(t)
        .union(numbers2(t))
        .repartition(1)
        .glom()
        .map((values) => values.length),
    input: [[1, 2, 3], [], [6]],
    input2: [[1], [2], []],
    output: [[4], [1], [1]],
  },
  {
    name: 'partitionBy: all pairs, as they are',
    build: (t) => pairs(t).partitionBy({ partitions: 3 }),
    input: [
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [],
      [
        ['c', 4],
        ['a', 4],
      ],
    ],
    output: [
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      [],
      [
        ['c', 4],
        ['a', 4],
      ],
    ],
  },
  {
    name: 'partitionBy: pairs of a key are in one partition, whatever partition they come of',
    build: (t) =>
      pairs(t)
        .repartition(2)
        .partitionBy({ partitions: 3 })
        .mapPartitions((all) => [...new Set([...all].map(([key]) => key))].map((key) => `${key}`))
        .countByValue(),
    input: [
      [
        ['a', 1],
        ['a', 2],
        ['b', 3],
        ['b', 4],
        ['c', 5],
        ['c', 6],
      ],
    ],
    output: [
      [
        ['a', 1],
        ['b', 1],
        ['c', 1],
      ],
    ],
  },
  {
    name: 'partitionBy: what has the same partition is together, in order',
    build: (t) =>
      pairs(t)
        .partitionBy({ by: (key) => key < 'c' })
        .filter(([key]) => key < 'c')
        .glom(),
    input: [
      [
        ['a', 1],
        ['b', 2],
        ['c', 9],
        ['a', 3],
      ],
      [],
      [['b', 4]],
    ],
    output: [
      [
        [
          ['a', 1],
          ['b', 2],
          ['a', 3],
        ],
      ],
      [],
      [[['b', 4]]],
    ],
  },
  {
    name: 'mapPartitions: knows the number of its partition, which is that of the source behind narrow operators',
    build: (t) =>
      numbers(t)
        .map((n) => n + 1)
        .mapPartitions((values, partition) => [`${partition}: ${values.join()}`]),
    input: [[1, 2], [], [3]],
    output: [['0: 2,3'], [], ['0: 4']],
  },
  {
    name: 'transform: all of an interval at once, also an empty one, with its end',
    build: (t) => numbers(t).transform((values, end) => [`${values.toSorted().join()} at ${end / times(1)}`]),
    input: [[], [2, 1], [], [3], []],
    output: [[], ['1,2 at 2'], [' at 3'], ['3 at 4'], [' at 5']],
  },
  {
    name: 'transform: any number of elements out, and none after maxEmptyIntervals',
    build: (t) => numbers(t).transform((values) => [values.length, ...values]),
    settings: { maxEmptyIntervals: 1 },
    input: [[5], [], [], [6]],
    output: [[1, 5], [0], [], [1, 6]],
  },
  {
    name: 'transformWith: both streams of an interval',
    build: (t) => numbers(t).transformWith(numbers2(t), (left, right) => [`${left.join()}|${right.join()}`]),
    input: [[1, 2], [], []],
    input2: [[3], [4], []],
    output: [['1,2|3'], ['|4'], ['|']],
  },
  {
    name: 'transform of three streams of an interval',
    build: (t) => {
      const some = numbers(t);
      return t.transform([some, numbers2(t), some.map((n) => n * 10)], (lists, end) => [
        `${lists.map((list) => list.toSorted().join()).join('|')} at ${end / times(1)}`,
      ]);
    },
    input: [[1, 2], [], []],
    input2: [[3], [4], []],
    output: [['1,2|3|10,20 at 1'], ['|4| at 2'], ['|| at 3']],
  },
  {
    name: 'stateQuery: the latest state of each key that is asked for, as of the end of the interval',
    build: (t) =>
      numbers(t).stateQuery(
        numbers2(t)
          .map((n) => [n % 10, Math.floor(n / 10)] as const)
          .runningReduce(add),
      ),
    input: [[1], [1, 2, 1], [], [2]],
    input2: [[], [31, 11, 12], [41], []],
    output: [
      [[1, undefined]],
      [
        [1, 4],
        [1, 4],
        [2, 1],
      ],
      [],
      [[2, 1]],
    ],
  },
  {
    name: 'stateQuery: a state may become undefined, and be one again',
    build: (t) => numbers(t).stateQuery(numbers2(t).map((n) => [1, n > 50 ? undefined : n] as const)),
    input: [[1], [1], [1], [1]],
    input2: [[11], [51], [], [21]],
    output: [[[1, 11]], [[1, undefined]], [[1, undefined]], [[1, 21]]],
  },
  {
    name: 'window: every element in each window that it is in',
    build: (t) => numbers(t).window({ window: times(2) }),
    input: [[1, 2], [3], [], []],
    output: [[1, 2], [1, 2, 3], [3], []],
  },
  {
    name: 'window: fires at multiples of its slide, and what follows works per slide',
    build: (t) =>
      numbers(t)
        .window({ window: times(4), slide: times(2) })
        .count(),
    input: [[1], [1], [1], [], [], [], [], []],
    output: [[], [2], [], [3], [], [1], [], [0]],
  },
  {
    name: 'window: shorter than its slide, leaves elements out',
    build: (t) => numbers(t).window({ window: times(1), slide: times(2) }),
    input: [[1], [2], [3], [4]],
    output: [[], [2], [], [4]],
  },
  {
    name: 'window of a union is the union of windows',
    build: (t) =>
      numbers(t)
        .union(numbers2(t))
        .window({ window: times(2) }),
    input: [[1], [], [2]],
    input2: [[], [3], []],
    output: [[1], [1, 3], [3, 2]],
  },
  {
    name: 'window then reduceByKey is reduceByKeyAndWindow',
    build: (t) =>
      pairs(t)
        .window({ window: times(2) })
        .reduceByKey(add),
    input: [[a(1)], [a(2), b(5)], [], []],
    output: [[a(1)], [a(3), b(5)], [a(2), b(5)], []],
  },
  {
    name: 'groupByKeyAndWindow: values of the window, oldest first',
    build: (t) => pairs(t).groupByKeyAndWindow({ window: times(2) }),
    input: [[a(1)], [a(2), a(1)], [b(3)], []],
    output: [
      [['a', [1]]],
      [['a', [1, 2, 1]]],
      [
        ['a', [2, 1]],
        ['b', [3]],
      ],
      [['b', [3]]],
    ],
  },
  ...[true, false].flatMap((hasInverse): Case[] => {
    const reduce = hasInverse ? { reduce: add, inverse: subtract } : { reduce: add };
    const name = `${hasInverse ? 'with' : 'without'} inverse`;
    return [
      {
        name: `reduceByWindow ${name}: one element for a window that has any`,
        build: (t) => numbers(t).reduceByWindow({ window: times(2), ...reduce }),
        input: [[1, 2], [3], [], []],
        output: [[3], [6], [3], []],
      },
      {
        name: `reduceByKeyAndWindow ${name}: filter says what is told, and changes no total`,
        build: (t) => pairs(t).reduceByKeyAndWindow({ window: times(2), ...reduce, filter: ([, n]) => n !== 0 }),
        input: [[a(1)], [a(-1)], [a(2)], []],
        output: [[a(1)], [], [a(1)], [a(2)]],
      },
    ];
  }),
  {
    name: 'reduceByWindow with keepEmptyKeys tells of what the inverse left',
    build: (t) => numbers(t).reduceByWindow({ window: times(2), reduce: add, inverse: subtract, keepEmptyKeys: true }),
    input: [[4], [], [], []],
    output: [[4], [4], [0], [0]],
  },
  {
    name: 'countByValueAndWindow: how often in each window, and gone when it is 0',
    build: (t) => numbers(t).countByValueAndWindow({ window: times(2) }),
    input: [[7, 7], [8, 7], [], []],
    output: [
      [[7, 2]],
      [
        [7, 3],
        [8, 1],
      ],
      [
        [7, 1],
        [8, 1],
      ],
      [],
    ],
  },
  {
    name: 'peek: looks, and hands on',
    build: (t) => numbers(t).peek((n) => n * 100),
    input: [[1, 2], [3]],
    output: [[1, 2], [3]],
  },
];

const MEAN = {
  createCombiner: (n: number) => `${n}/1`,
  mergeValue: (combiner: string, n: number) => merged(combiner, `${n}/1`),
  mergeCombiners: merged,
};

function merged(x: string, y: string): string {
  const [[sum, count], [sum2, count2]] = [x, y].map((text) => text.split('/').map(Number)) as [number[], number[]];
  return `${sum! + sum2!}/${count! + count2!}`;
}

function meanOf(combiner: string): number {
  const [sum, count] = combiner.split('/').map(Number);
  return sum! / count!;
}

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  const run = runner(variant);

  checkCases(cases, variant);

  it('repartition: elements are spread, so that each task has its share', async () => {
    const build = (t: Parameters<Case['build']>[0]): AnyStream =>
      numbers(t)
        .repartition(3)
        .glom()
        .map((values) => values.length);
    const { outputs } = await run(build, { in: [[1, 2, 3, 4, 5, 6]] });
    expect(outputs['out']).toEqual([[2, 2, 2]]);
  });

  it('mapPartitions: behind a shuffle the number is that of the task', async () => {
    const build = (t: Parameters<Case['build']>[0]): AnyStream =>
      numbers(t)
        .repartition(3)
        .mapPartitions((values, partition) => [[partition, values.length]]);
    const { outputs } = await run(build, { in: [[1, 2, 3, 4, 5, 6]] });
    expect(outputs['out']![0]!.toSorted()).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
  });

  it('partitionBy: a function that gives no key fails the job, with the operator', async () => {
    const build = (t: Parameters<Case['build']>[0]): AnyStream =>
      pairs(t).partitionBy({ uid: 'placed', by: () => ({}) as never, partitions: 2 });
    await expect(run(build, { in: [[['a', 1]]] })).rejects.toMatchObject({ code: 'RG033' });
  });

  it('partitions of a keyed operator are its own, whatever the parallelism of the job', async () => {
    const build = (t: Parameters<Case['build']>[0]): Stream<number> =>
      numbers(t)
        .keyBy((n) => n)
        .groupByKey({ partitions: 2 })
        .glom()
        .map((values) => values.length);
    const { outputs } = await run(build, { in: [Array.from({ length: 40 }, (_, n) => n)] });
    expect(outputs['out']![0]!).toHaveLength(2);
    expect((outputs['out']![0] as number[]).reduce(add)).toBe(40);
  });

  it('peek: sees each element once', async () => {
    const seen: number[] = [];
    await run((t) => numbers(t).peek((n) => void seen.push(n)), { in: [[1, 2], [3]] });
    expect(seen).toEqual([1, 2, 3]);
  });
});
