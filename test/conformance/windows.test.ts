/** Sliding windows that count and reduce, in both modes, at every parallelism, chained or not. */
import { describe } from 'vitest';
import { a, add, b, type Case, checkCases, numbers, pairs, subtract, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

const cases: readonly Case[] = [
  {
    name: 'union of a windowed and a per-record chain of the same slide',
    build: (t) => {
      const s = pairs(t);
      return s
        .reduceByKey(add)
        .mapValues((n) => n * 100)
        .union(s)
        .reduceByKey(add);
    },
    input: [[a(1), a(2)], [b(1)]],
    output: [[a(303)], [b(101)]],
  },
  {
    name: 'countByWindow: a window of three, a slide of one',
    build: (t) => numbers(t).countByWindow({ window: times(3) }),
    input: [[1, 1], [1], [], [], [], [1]],
    output: [[2], [3], [3], [1], [0], [1]],
  },
  {
    name: 'countByWindow: a slide of two',
    build: (t) => numbers(t).countByWindow({ window: times(4), slide: times(2) }),
    input: [[1], [1, 1], [], [1], [], [], [], []],
    output: [[], [3], [], [4], [], [1], [], [0]],
  },
  {
    name: 'countByWindow of an input that never has anything',
    build: (t) => numbers(t).countByWindow({ window: times(3) }),
    input: [[], [], []],
    output: [[], [], []],
  },
  ...[true, false].flatMap((hasInverse): Case[] => {
    const reduce = hasInverse ? { reduce: add, inverse: subtract } : { reduce: add };
    const name = `reduceByKeyAndWindow ${hasInverse ? 'with' : 'without'} inverse`;
    return [
      {
        name: `${name}: a sliding window, partial in the beginning, gone when its elements are`,
        build: (t) => pairs(t).reduceByKeyAndWindow({ window: times(3), ...reduce }),
        input: [[a(1)], [a(2), b(5)], [], [a(4)], [], [], []],
        output: [[a(1)], [a(3), b(5)], [a(3), b(5)], [a(6), b(5)], [a(4)], [a(4)], []],
      },
      {
        name: `${name}: fires at multiples of its slide`,
        build: (t) => pairs(t).reduceByKeyAndWindow({ window: times(3), slide: times(2), ...reduce }),
        input: [[a(1)], [a(2)], [a(4)], [a(8)], [], []],
        output: [[], [a(3)], [], [a(14)], [], [a(8)]],
      },
      {
        name: `${name}: a window shorter than its slide leaves elements out`,
        build: (t) => pairs(t).reduceByKeyAndWindow({ window: times(1), slide: times(3), ...reduce }),
        input: [[a(1)], [a(2)], [a(4)], [a(8)], [], []],
        output: [[], [], [a(4)], [], [], []],
      },
      {
        name: `${name}: a value may be 0 and the key stays while it has elements`,
        build: (t) => pairs(t).reduceByKeyAndWindow({ window: times(2), ...reduce }),
        input: [[a(1)], [a(-1)], []],
        output: [[a(1)], [a(0)], [a(-1)]],
      },
      {
        name: `${name}: chained windows see each other's results in their own interval`,
        build: (t) =>
          pairs(t)
            .reduceByKeyAndWindow({ window: times(2), slide: times(2), ...reduce })
            .mapValues((n) => n * 10)
            .reduceByKeyAndWindow({ window: times(4), slide: times(2), ...reduce }),
        input: [[a(1)], [a(2)], [a(3)], [], [], []],
        output: [[], [a(30)], [], [a(60)], [], [a(30)]],
      },
      {
        name: `${name}: over a gap`,
        build: (t) => pairs(t).reduceByKeyAndWindow({ window: times(2), ...reduce }),
        settings: { maxEmptyIntervals: 1 },
        input: [[a(1)], [], [], [], [], [], [a(2)], []],
        output: [[a(1)], [a(1)], [], [], [], [], [a(2)], [a(2)]],
      },
    ];
  }),
  {
    name: 'reduceByKeyAndWindow with keepEmptyKeys tells of keys whose elements have left',
    build: (t) =>
      pairs(t).reduceByKeyAndWindow({ window: times(2), reduce: add, inverse: subtract, keepEmptyKeys: true }),
    input: [[a(1)], [], [], [b(2)]],
    output: [[a(1)], [a(1)], [a(0)], [a(0), b(2)]],
  },
  {
    name: 'keepEmptyKeys with a window of one slide',
    build: (t) =>
      pairs(t).reduceByKeyAndWindow({ window: times(1), reduce: add, inverse: subtract, keepEmptyKeys: true }),
    input: [[a(1)], [], [b(2)]],
    output: [[a(1)], [a(0)], [a(0), b(2)]],
  },
  {
    name: 'runningReduce behind a window',
    build: (t) =>
      pairs(t)
        .reduceByKeyAndWindow({ window: times(2), slide: times(2), reduce: add })
        .runningReduce(add),
    input: [[a(1)], [a(1)], [a(1)], []],
    output: [[], [a(2)], [], [a(3)]],
  },
];

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  checkCases(cases, variant);
});
