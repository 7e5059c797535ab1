/** State that would grow without bound: a limit on the keys of each task, for whatever keeps a state by key, in both modes. */
import { describe, expect, it } from 'vitest';
import type { Duration } from '../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { KeyValueState } from '../../src/topology/stateful-bolt.js';
import { add, B, type Pair, pairs, runner, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

interface Limits {
  readonly maxKeys?: number;
  readonly partitions?: number;
}

/** Puts a bolt's state by key, and emits what is there; 0 takes a key out. */
const bolt = (t: TopologyBuilder, { maxKeys, partitions }: Limits) =>
  t
    .setStatefulBolt<{ pair: Pair }, string, number, { pair: Pair }>(
      'kept',
      () => {
        let sums: KeyValueState<string, number>;
        return {
          initState: (state) => {
            sums = state;
          },
          execute: (tuple, out) => {
            const [key, n] = tuple.values.pair;
            if (n === 0) sums.delete(key);
            else sums.put(key, sums.get(key, 0) + n);
            if (n !== 0) out.emit({ pair: [key, sums.get(key, 0)] }, tuple);
            out.ack(tuple);
          },
        };
      },
      { parallelism: partitions ?? 1, ...(maxKeys === undefined ? {} : { maxKeys }) },
    )
    .fieldsGrouping(
      pairs(t).map((pair) => ({ pair, key: pair[0] })),
      'key',
    )
    .map(({ pair }) => pair);

/** Puts a state for each key of a window, of one tuple. */
const windowedBolt = (t: TopologyBuilder) =>
  t
    .setStatefulWindowedBolt<{ pair: Pair }, string, number, { pair: Pair }>(
      'kept',
      () => {
        let kept: KeyValueState<string, number>;
        return {
          initState: (state) => {
            kept = state;
          },
          execute: ({ events }, out) => {
            for (const { values } of events) {
              kept.put(...values.pair);
              out.emit(values);
            }
          },
        };
      },
      { count: 1 },
    )
    .shuffleGrouping(pairs(t).map((pair) => ({ pair })))
    .map(({ pair }) => pair);

/** Asks for each key what was told of it. */
const query = (t: TopologyBuilder) => {
  const told = pairs(t);
  return told.map(([key]) => key).stateQuery(told, { uid: 'kept' });
};

/** What keeps state, each telling `[key, sum]`. A value of 0 removes its key where that is possible. */
const KEEPERS = {
  runningReduce: (t: TopologyBuilder, limits: Limits) =>
    pairs(t).runningReduce({ uid: 'kept', reduce: add, ...limits }),
  updateStateByKey: (t: TopologyBuilder, limits: Limits) =>
    pairs(t).updateStateByKey<number>({
      update: (values, state) => (values.includes(0) ? undefined : values.reduce(add, state ?? 0)),
      ...limits,
      uid: 'kept',
    }),
  mapWithState: (t: TopologyBuilder, limits: Limits) =>
    pairs(t).mapWithState<number, Pair>({
      ...limits,
      map(key, value, state) {
        if (value === 0) {
          state.remove();
          return undefined;
        }
        state.update((state.getOption() ?? 0) + value!);
        return [key, state.get()];
      },
      uid: 'kept',
    }),
  process: (t: TopologyBuilder, { maxKeys }: Limits) =>
    pairs(t).process<number, Pair>({
      uid: 'kept',
      ...(maxKeys === undefined ? {} : { maxKeys }),
      onRecord(value, { key, state = 0, setState, emit }) {
        setState(value === 0 ? undefined : state + value);
        if (value !== 0) emit([key, state + value]);
      },
    }),
  'a stateful bolt': bolt,
} as const;

/** Totals that stay, of `maxKeys` keys. */
const keptTotals = (t: TopologyBuilder, limits: Limits & { readonly window?: Duration; readonly slide?: Duration }) =>
  pairs(t).reduceByKeyAndWindow({
    uid: 'kept',
    window: times(1),
    reduce: add,
    inverse: (total, left) => total - left,
    keepEmptyKeys: true,
    ...limits,
  });

/** More keys than there are tasks, so that one has two. */
const KEYS: readonly Pair[] = ['a', 'b', 'c', 'd'].map((key) => [key, 1]);

describe.each(VARIANTS)('%s', (_name, variant) => {
  const run = runner(variant);

  describe.each(Object.entries(KEEPERS))('%s', (name, keeper) => {
    it('fails with the operator, its limit and what to do when a task has more keys', async () => {
      const failure = await run((t) => keeper(t, { maxKeys: 1 }), { in: [KEYS, []] }).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'RG066',
        operator: 'kept',
        place: { file: expect.stringContaining('state-limits') },
        message: expect.stringContaining('1 keys have state in this task'),
        hint: expect.stringContaining('remove states'),
      });
    });

    it('takes the limit of the job where it has none of its own', async () => {
      const settings = { maxKeys: 1 };
      await expect(run((t) => keeper(t, {}), { in: [KEYS, []] }, settings)).rejects.toMatchObject({ code: 'RG066' });
      const { outputs } = await run((t) => keeper(t, { maxKeys: 4 }), { in: [KEYS] }, settings);
      expect(outputs['out']![0]!.toSorted()).toEqual(KEYS);
    });

    // A running total is never removed.
    const removing = name === 'runningReduce' ? [] : [keeper];
    it.each(removing)('has room again for each key that is removed', async () => {
      const turns = ['a', 'b', 'c', 'd'].flatMap((key): readonly Pair[][] => [[[key, 1]], [[key, 0]]]);
      const { outputs, state } = await run((t) => keeper(t, { maxKeys: 1 }), { in: turns });
      expect(outputs['out']!.flat()).toEqual(KEYS);
      expect(state['kept']).toEqual([]);
    });

    // All keys in one task: `process` has as many as the job.
    const inOneTask = name === 'process' && variant.parallelism > 1 ? [] : [keeper];
    it.each(inOneTask)('sets aside what would go beyond it', async () => {
      const input: Pair[][] = [[['a', 1]], [['b', 1]], [['a', 2]]];
      const { outputs } = await run(
        (t) => keeper(t, { maxKeys: 1, partitions: 1 }),
        { in: input },
        { onError: 'dead-letter', attemptsMax: 2 },
      );
      expect(outputs['out']!.flat()).toEqual(
        name === 'updateStateByKey'
          ? [
              ['a', 1],
              ['a', 1],
              ['a', 3],
            ]
          : [
              ['a', 1],
              ['a', 3],
            ],
      );
    });
  });

  describe('keepEmptyKeys', () => {
    it('fails with the operator and its limit when a task would keep more keys', async () => {
      const failure = await run((t) => keptTotals(t, { maxKeys: 1 }), { in: [KEYS, []] }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        code: 'RG066',
        operator: 'kept',
        place: { file: expect.stringContaining('state-limits') },
        message: expect.stringContaining('1 keys have totals in this task'),
        hint: expect.stringContaining('leave keepEmptyKeys out'),
      });
      const settings = { maxKeys: 1 };
      await expect(run((t) => keptTotals(t, {}), { in: [KEYS] }, settings)).rejects.toMatchObject({ code: 'RG066' });
      const { outputs } = await run((t) => keptTotals(t, { maxKeys: 4 }), { in: [KEYS] }, settings);
      expect(outputs['out']![0]!.toSorted()).toEqual(KEYS);
    });

    it('sets a key aside for which there is no room, and keeps the others', async () => {
      const input: Pair[][] = [[['a', 1]], [['b', 1]], [['a', 2]], []];
      const build = (t: TopologyBuilder) => keptTotals(t, { maxKeys: 1, partitions: 1 });
      const { outputs } = await run(build, { in: input }, { onError: 'dead-letter', attemptsMax: 2 });
      expect(outputs['out']).toEqual([[['a', 1]], [['a', 0]], [['a', 2]], [['a', 0]]]);
    });

    it('does not tell of such a key in any window, and keeps the others', async () => {
      const input: Pair[][] = [[['a', 1]], [['b', 1]], [], [], [['a', 2]], []];
      const build = (t: TopologyBuilder) =>
        keptTotals(t, { window: times(2), slide: times(1), maxKeys: 1, partitions: 1 });
      const { outputs } = await run(build, { in: input }, { onError: 'dead-letter', attemptsMax: 2 });
      expect(outputs['out']!.flat()).toEqual([1, 1, 0, 0, 2, 2].map((n) => ['a', n]));
    });

    it('does not count keys that leave with their records', async () => {
      const turns = ['a', 'b', 'c', 'd'].map((key): readonly Pair[] => [[key, 1]]);
      const leaving = (t: TopologyBuilder) =>
        pairs(t).reduceByKeyAndWindow({
          uid: 'kept',
          window: times(2),
          reduce: add,
          inverse: (total, left) => total - left,
          maxKeys: 1,
        });
      const { outputs } = await run(leaving, { in: turns });
      expect(outputs['out']!.flat()).toHaveLength(7);
    });
  });

  it('initial states for which there is no room wait, and count for the next values of their keys', async () => {
    const initialState = Array.from({ length: 10 }, (_, n): Pair => [`k${n}`, 100]);
    const build = (t: TopologyBuilder) =>
      pairs(t).updateStateByKey<number>({
        update: (values, state) => (values.includes(0) ? undefined : values.reduce(add, state ?? 0)),
        ...{ initialState, maxKeys: 2, partitions: 1, uid: 'kept' },
      });
    const every = initialState.map(([key]): Pair => [key, 1]);
    const gone = every.slice(0, 2).map(([key]): Pair => [key, 0]);
    const { outputs, state } = await run(
      build,
      { in: [every, gone, [['k9', 1]]] },
      { onError: 'dead-letter', attemptsMax: 2 },
    );
    expect(outputs['out']).toEqual([
      [
        ['k0', 101],
        ['k1', 101],
      ],
      [],
      [['k9', 101]],
    ]);
    expect(state['kept']).toEqual([['k9', 101]]);
  });

  it.each([
    ['a stateful windowed bolt', windowedBolt],
    ['stateQuery', query],
  ])('%s has the limit of the job, and gives what it gives below it', async (_what, build) => {
    const { outputs } = await run(build, { in: [KEYS, KEYS] }, { maxKeys: KEYS.length });
    const told = KEYS.map(([key]) => [key, 1]);
    expect(outputs['out']!.map((results) => results.toSorted())).toEqual([told, told]);
    const failure = await run(build, { in: [KEYS, KEYS] }, { maxKeys: 1 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'RG066',
      operator: 'kept',
      place: { file: expect.stringContaining('state-limits') },
      message: expect.stringContaining('1 keys have state in this task'),
    });
  });

  it('limits the keys that have timers, which may have no state', async () => {
    const build = (t: TopologyBuilder) =>
      pairs(t).process<number, string>({
        ...{ uid: 'kept', maxKeys: 1 },
        onRecord: (_value, { timestamp, setTimer }) => setTimer(timestamp + 10 * B),
      });
    const failure = await run(build, { in: [KEYS] }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'RG066',
      operator: 'kept',
      message: expect.stringContaining('1 keys have timers in this task'),
      hint: expect.stringContaining('delete those that are not needed'),
    });
  });
});

it.each([0, 1.5, '7'])('a limit of %j is refused where it is given', (maxKeys) => {
  for (const keeper of Object.values(KEEPERS))
    expect(() =>
      topology('job', (t) => {
        keeper(t, { maxKeys: maxKeys as number });
      }),
    ).toThrow(expect.objectContaining({ code: 'RG011', message: expect.stringContaining("'maxKeys', 1 or more") }));
});
