/** The oracle’s stateless operators against results written by hand. */
import { describe, expect, it } from 'vitest';
import { oracleAbsence } from '../../../src/compare/oracle/evaluate.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import { aSink, aSource } from '../memory-ends.js';
import { type AnyStream, numbers, plain, results } from './evaluate-job.js';

describe('narrow operators', () => {
  const input = { in: [numbers([1, 0], [2, 3], [3, 12])] };

  it.each<[string, (t: TopologyBuilder) => AnyStream, unknown[]]>([
    [
      'map',
      (t) => plain(t).map((n) => n * 10),
      [
        [10, 0],
        [20, 3],
        [30, 12],
      ],
    ],
    [
      'flatMap',
      (t) => plain(t).flatMap((n) => Array<number>(n - 1).fill(n)),
      [
        [2, 3],
        [3, 12],
        [3, 12],
      ],
    ],
    [
      'filter',
      (t) => plain(t).filter((n) => n !== 2),
      [
        [1, 0],
        [3, 12],
      ],
    ],
    [
      'keyBy',
      (t) => plain(t).keyBy((n) => n % 2),
      [
        [[1, 1], 0],
        [[0, 2], 3],
        [[1, 3], 12],
      ],
    ],
    [
      'mapAsync',
      (t) => plain(t).mapAsync(async (n) => n * 10, { concurrency: 2 }),
      [
        [10, 0],
        [20, 3],
        [30, 12],
      ],
    ],
    [
      'mapValuesAsync',
      (t) =>
        plain(t)
          .keyBy((n) => n % 2)
          .mapValuesAsync(async (n) => -n),
      [
        [[1, -1], 0],
        [[0, -2], 3],
        [[1, -3], 12],
      ],
    ],
    [
      'mapValues',
      (t) =>
        plain(t)
          .keyBy((n) => n % 2)
          .mapValues((n) => -n),
      [
        [[1, -1], 0],
        [[0, -2], 3],
        [[1, -3], 12],
      ],
    ],
    [
      'flatMapValues',
      (t) =>
        plain(t)
          .keyBy(() => 'k')
          .flatMapValues((n) => (n === 2 ? ['a', 'b'] : [])),
      [
        [['k', 'a'], 3],
        [['k', 'b'], 3],
      ],
    ],
    [
      'a diamond counts each record twice',
      (t) => {
        const s = plain(t);
        return s.map((n) => n).union(s.map((n) => -n));
      },
      [
        [1, 0],
        [-1, 0],
        [2, 3],
        [-2, 3],
        [3, 12],
        [-3, 12],
      ],
    ],
    [
      'branch: the first arm that holds',
      (t) => {
        const { odd, all } = plain(t).branch({ odd: (n) => n % 2 === 1, all: () => true });
        return odd.map((n) => `odd ${n}`).union(all.map((n) => `all ${n}`));
      },
      [
        ['odd 1', 0],
        ['all 2', 3],
        ['odd 3', 12],
      ],
    ],
  ])('%s', async (_name, build, expected) => {
    expect((await results(input, build)).out).toEqual(expected);
  });

  it('merges partitions and sources by time', async () => {
    const sources = { in: [numbers([1, 5]), numbers([2, 1])], other: [numbers([3, 3], [4, 5])] };
    const { out } = await results(sources, (t) => plain(t).union(t.source('other', aSource<number>())));
    expect(out).toEqual([
      [2, 1],
      [3, 3],
      [1, 5],
      [4, 5],
    ]);
  });
});

describe('a job of spouts and bolts', () => {
  it('is not judged, and says why', async () => {
    const job = topology('job', (t) => {
      t.setBolt('echo', () => ({ execute: () => {} })).shuffleGrouping(
        t.setSpout('numbers', () => ({ nextTuple: () => 'done' as const })),
      );
    });
    expect(oracleAbsence(job)).toContain("spout 'numbers'");
    expect(oracleAbsence(topology('job', (t) => void plain(t).to('out', aSink())))).toBeUndefined();
  });
});
