/** Sessions and joins by time, on times of arrival and of occurrence, in both modes, at every parallelism, chained or not. */
import { describe, expect, it } from 'vitest';
import type { TopologyBuilder } from '../../src/topology/builder.js';
import { memory } from '../../src/topology/source-specs.js';
import { a, add, B, b, type Case, checkCases, pairs, pairs2, runner, sorted, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

const cases: readonly Case[] = [
  {
    name: 'sessionWindow: values without a gap between them, told at its end, in the interval before it',
    build: (t) => pairs(t).sessionWindow({ gap: times(2), reduce: add }),
    input: [[a(1), b(5)], [a(2)], [], [a(4)], [], []],
    output: [[], [], [a(3), b(5)], [], [a(4)], []],
  },
  {
    name: 'sessionWindow: silence of exactly the gap ends a session',
    build: (t) => pairs(t).sessionWindow({ gap: times(1), reduce: add }),
    input: [[a(1)], [a(2)], []],
    output: [[a(1)], [a(2)], []],
  },
  {
    name: 'sessionWindow: what follows sees a session in the interval of its end',
    build: (t) =>
      pairs(t)
        .sessionWindow({ gap: times(2), reduce: add })
        .map(([key, sum]) => ['all', `${key}${sum}`] as const)
        .reduceByKey((x, y) => [x, y].sort().join()),
    input: [[a(1)], [b(2), b(3)], [], []],
    output: [[], [['all', 'a1']], [], [['all', 'b5']]],
  },
  {
    name: 'intervalJoin: each two that are near in time, once, whichever comes first',
    build: (t) =>
      pairs(t)
        .intervalJoin(pairs2(t), { before: times(1), after: times(2) })
        .mapValues(([x, y]) => x * 100 + y),
    input: [[], [a(1)], [a(2)], [], [b(3)], []],
    input2: [[a(10)], [], [], [a(11)], [b(12), a(13)], []],
    output: [[], [a(110)], [], [a(111), a(211)], [b(312)], []],
  },
  {
    name: 'intervalJoin: with itself, each with itself too',
    build: (t) => {
      const s = pairs(t);
      return s.intervalJoin(s, { before: times(0), after: times(0) });
    },
    input: [[a(1)], [a(2), b(3)], []],
    output: [
      [['a', [1, 1]]],
      [
        ['a', [2, 2]],
        ['b', [3, 3]],
      ],
      [],
    ],
  },
];

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  const run = runner(variant);

  checkCases(cases, variant);

  interface Event {
    readonly key: string;
    readonly at: number;
  }
  const at = (key: string, time: number): Event => ({ key, at: time * B });
  const timed = (t: TopologyBuilder, source: string, outOfOrder: number) =>
    t
      .source(source, memory<Event>([]))
      .timestamps({ extract: (event) => event.at, maxOutOfOrderness: times(outOfOrder) });

  it('sessions of events out of order: a value between two sessions makes them one; late ones are set aside', async () => {
    const build = (t: TopologyBuilder) =>
      timed(t, 'in', 3)
        .map(({ key, at: time }) => [key, [time / B] as readonly number[]] as const)
        .sessionWindow({ gap: times(2), reduce: (x, y) => [...x, ...y].sort() });
    const input = [[at('a', 0), at('a', 3)], [at('a', 1.5)], [at('a', 9), at('a', 2)], []];
    const { outputs, late } = await run(build, { in: input }, {}, 12);
    expect(outputs['out']!.flat()).toEqual([['a', [0, 1.5, 3]]]);
    expect(late).toEqual([at('a', 2)]);
  });

  it('an interval join of events out of order', async () => {
    const build = (t: TopologyBuilder) =>
      timed(t, 'in', 2)
        .map(({ key, at: time }) => [key, time / B] as const)
        .intervalJoin(
          timed(t, 'in2', 2).map(({ key, at: time }) => [key, time / B] as const),
          { before: times(1), after: times(1) },
        )
        .map(([, both]) => [...both]);
    const inputs = {
      in: [[at('a', 2), at('a', 4)], [at('a', 3)], [at('b', 8)], []],
      in2: [[at('a', 5)], [at('a', 3.5)], [at('b', 7)], [at('b', 9.5)]],
    };
    const { outputs, outside } = await run(build, inputs, {}, 12);
    expect(outside).toEqual({ out: [] });
    expect(sorted(outputs['out']!.flat())).toEqual(
      sorted([
        [4, 5],
        [4, 3.5],
        [3, 3.5],
        [8, 7],
      ]),
    );
  });
});
