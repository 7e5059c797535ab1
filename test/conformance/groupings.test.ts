/** Which task of a bolt gets which tuple: the same rules in both modes, tuple by tuple and from one interval to the next. */

import { describe, expect, it } from 'vitest';
import { type Key, taskOfKey } from '../../src/core/keys.js';
import { runIntervals } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import type { BoltDeclarer } from '../../src/topology/component-streams.js';
import type { CustomGrouping } from '../../src/topology/components.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';
import { placing } from '../executors/placing-bolt.js';
import { B } from './interval-cases.js';

interface Word {
  readonly word: unknown;
  readonly n: number;
}
interface Placed extends Word {
  readonly task: number;
}

const TASKS = 4;

type Group = (bolt: BoltDeclarer<Word, Placed>, words: Stream<Word>) => unknown;
const MODES = ['micro-batch', 'record'] as const;

describe.each(MODES)('%s', (mode) => {
  /** Twelve words, six in each of two intervals, unless told otherwise. */
  const run = async (
    group: Group,
    words: readonly (readonly unknown[])[] = [Array(6).fill('a'), Array(6).fill('b')],
  ) => {
    let n = 0;
    const inputs = { words: words.map((each) => each.map((word): Word => ({ word, n: n++ }))) };
    const job = topology('grouped', { batchInterval: B }, (t) => {
      const bolt = t.setBolt<Word, Placed>('placing', placing<Word>, { parallelism: TASKS });
      group(bolt, t.source('words', memory<Word>([])));
      bolt.to('out', none());
    });
    const { outputs } = await runIntervals(job, { mode, inputs });
    return outputs['out']!.flat() as Placed[];
  };
  const counts = (placed: readonly Placed[]): number[] =>
    Array.from({ length: TASKS }, (_, task) => placed.filter((each) => each.task === task).length);
  const tasksOf = (placed: readonly Placed[], word: unknown): number[] =>
    [...new Set(placed.filter((each) => Object.is(each.word, word)).map(({ task }) => task))].toSorted();

  it('shuffle and localOrShuffle go on in turn from one interval to the next: exactly even', async () => {
    expect(counts(await run((bolt, words) => bolt.shuffleGrouping(words)))).toEqual([3, 3, 3, 3]);
    expect(counts(await run((bolt, words) => bolt.localOrShuffleGrouping(words)))).toEqual([3, 3, 3, 3]);
    expect(counts(await run((bolt, words) => bolt.shuffleGrouping(words, { loadAware: true })))).toEqual([3, 3, 3, 3]);
  });

  it('all: every task has every tuple', async () => {
    expect(counts(await run((bolt, words) => bolt.allGrouping(words)))).toEqual([12, 12, 12, 12]);
  });

  it('global: the first task has all', async () => {
    expect(counts(await run((bolt, words) => bolt.globalGrouping(words)))).toEqual([12, 0, 0, 0]);
  });

  it('none: each tuple is in one task, and they are in several', async () => {
    const placed = await run((bolt, words) => bolt.noneGrouping(words), [Array(20).fill('a'), Array(20).fill('a')]);
    expect(placed.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(tasksOf(placed, 'a').length).toBeGreaterThan(1);
  });

  const KEYS: readonly unknown[] = ['', 'a', 'b', '1', 1, -1, 1.5, 10n, true, false, null, undefined, Number.NaN];

  it('fields: equal values are in one task, whatever they are, also in another interval', async () => {
    const placed = await run((bolt, words) => bolt.fieldsGrouping(words, 'word'), [KEYS, [...KEYS].reverse()]);
    for (const key of KEYS) expect([key, tasksOf(placed, key).length]).toEqual([key, 1]);
    expect(counts(placed).filter((count) => count > 0).length).toBeGreaterThan(1);
  });

  it('fields: 0 is -0, lists are equal by what is in them, and their order counts', async () => {
    const lists = () => [
      ['a', 'b'],
      ['b', 'a'],
      ['a', ['b']],
    ];
    const placed = await run(
      (bolt, words) => bolt.fieldsGrouping(words, 'word'),
      [
        [0, ...lists()],
        [-0, ...lists()],
      ],
    );
    const placeOf = (n: number) => placed.find((each) => each.n === n)!.task;
    for (const n of [0, 1, 2, 3]) expect(placeOf(n + 4)).toBe(placeOf(n));
  });

  it('fields: several at once', async () => {
    const words = [Array(6).fill('a'), Array(6).fill('a')];
    const placed = await run(
      (bolt, from) =>
        bolt.fieldsGrouping(
          from.map(({ word, n }) => ({ word, n: n % 6 })),
          'word',
          'n',
        ),
      words,
    );
    for (let n = 0; n < 6; n++)
      expect(new Set(placed.filter((each) => each.n === n).map(({ task }) => task)).size).toBe(1);
    expect(counts(placed).filter((count) => count > 0).length).toBeGreaterThan(1);
  });

  it('partialKey: each value has two tasks at most, which share it evenly', async () => {
    const placed = await run(
      (bolt, words) => bolt.partialKeyGrouping(words, 'word'),
      [Array(10).fill('a'), [...Array(10).fill('a'), 'b', 'c', 'b']],
    );
    const shares = counts(placed.filter(({ word }) => word === 'a')).filter((count) => count > 0);
    expect(shares).toEqual([10, 10]);
    for (const word of ['b', 'c']) expect(tasksOf(placed, word).length).toBeLessThanOrEqual(2);
  });

  it('partialKey: where both tasks of a key got as many, its first has the next', async () => {
    for (const word of ['a', 'b', 'c', 'd']) {
      const placed = await run((bolt, words) => bolt.partialKeyGrouping(words, 'word'), [Array(5).fill(word), [word]]);
      const tasks = placed.toSorted((x, y) => x.n - y.n).map(({ task }) => task);
      const first = taskOfKey(word, TASKS);
      expect(tasks.map((task) => task === first)).toEqual([true, false, true, false, true, false]);
    }
  });

  it('fields: their order counts, and either way equal values are in one task', async () => {
    const pairs = Array.from({ length: 12 }, (_, n) => ({ word: n % 2, n: n % 3 }));
    const placesBy = async (...fields: readonly ('word' | 'n')[]) => {
      const places = new Map<string, Set<number>>();
      const placed = await run(
        (bolt, words) =>
          bolt.fieldsGrouping(
            words.map(({ n }) => pairs[n % 12]!),
            ...(fields as ['word']),
          ),
        [Array(12).fill(''), Array(12).fill('')],
      );
      for (const { word, n, task } of placed)
        places.set(`${word} ${n}`, (places.get(`${word} ${n}`) ?? new Set()).add(task));
      return Object.fromEntries([...places].map(([pair, tasks]) => [pair, [...tasks]]));
    };
    const expected = (key: (word: number, n: number) => Key) =>
      Object.fromEntries(pairs.map(({ word, n }) => [`${word} ${n}`, [taskOfKey(key(word, n), TASKS)]]));
    const [one, other] = [await placesBy('word', 'n'), await placesBy('n', 'word')];
    expect(one).toEqual(expected((word, n) => [word, n]));
    expect(other).toEqual(expected((word, n) => [n, word]));
    expect(one).not.toEqual(other);
  });

  it.each<[string, CustomGrouping<Word>['chooseTasks'], number[]]>([
    ['one task', ({ n }) => n % 3, [4, 4, 4, 0]],
    ['several tasks', ({ n }) => (n < 6 ? [0, 3] : [1]), [6, 6, 0, 6]],
    ['one task twice', () => [2, 2], [0, 0, 24, 0]],
    ['none', ({ n }) => (n === 0 ? [1] : []), [0, 1, 0, 0]],
  ])('custom: may choose %s', async (_name, chooseTasks, expected) => {
    expect(counts(await run((bolt, words) => bolt.customGrouping(words, () => ({ chooseTasks }))))).toEqual(expected);
  });

  it.each([TASKS, -1, 0.5, '1', undefined])('custom: %s is no task', async (task) => {
    const wrong = () => ({ chooseTasks: () => task as number });
    await expect(run((bolt, words) => bolt.customGrouping(words, wrong))).rejects.toMatchObject({ code: 'RG039' });
  });

  it('direct: who emits chooses', async () => {
    const job = topology('direct', { batchInterval: B }, (t) => {
      const route = t
        .setBolt<Word, Word, { routed: Word }>(
          'route',
          () => ({
            execute: (tuple, out) => {
              out.emitDirect(tuple.values.n % 3, 'routed', tuple.values, tuple);
              out.ack(tuple);
            },
          }),
          { streams: { routed: 'direct' } },
        )
        .shuffleGrouping(t.source('words', memory<Word>([])));
      t.setBolt<Word, Placed>('placing', placing<Word>, { parallelism: TASKS })
        .directGrouping(route.stream('routed'))
        .to('out', none());
    });
    const words = Array.from({ length: 7 }, (_, n): Word => ({ word: 'a', n }));
    const { outputs } = await runIntervals(job, { mode, inputs: { words: [words.slice(0, 4), words.slice(4)] } });
    expect(counts(outputs['out']!.flat() as Placed[])).toEqual([3, 2, 2, 0]);
  });

  it.each([{}, () => 1, Symbol('a')])('fields and partialKey refuse what is no key', async (word) => {
    for (const group of ['fieldsGrouping', 'partialKeyGrouping'] as const)
      await expect(run((bolt, words) => bolt[group](words, 'word'), [[word]])).rejects.toMatchObject({ code: 'RG033' });
  });
});

it('fields and partialKey place a key alike in both modes', async () => {
  const KEYS = Array.from({ length: 30 }, (_, n) => `key ${n}`);
  for (const group of ['fieldsGrouping', 'partialKeyGrouping'] as const) {
    const places = await Promise.all(
      MODES.map(async (mode) => {
        const job = topology('grouped', { batchInterval: B }, (t) => {
          t.setBolt<Word, Placed>('placing', placing<Word>, { parallelism: TASKS })
            [group](t.source('words', memory<Word>([])), 'word')
            .to('out', none());
        });
        const inputs = { words: [KEYS.map((word, n): Word => ({ word, n }))] };
        const { outputs } = await runIntervals(job, { mode, inputs });
        return (outputs['out']!.flat() as Placed[]).map(({ word, task }) => `${word} ${task}`).toSorted();
      }),
    );
    expect(places[0]).toEqual(places[1]);
  }
});
