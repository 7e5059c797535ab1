/** Operators with a state for each key, in both modes, at every parallelism, chained or not. */
import { describe, expect, it } from 'vitest';
import type { TopologyBuilder } from '../../src/topology/builder.js';
import type { StateSpec } from '../../src/topology/state-spec.js';
import { a, add, b, type Case, checkCases, pairs, runner, times } from './interval-cases.js';
import { VARIANTS } from './variants.js';

type Spec = StateSpec<string, number, number, string>;

/** Sums, and tells the sum; at 0 the key is forgotten. */
const summing: Spec = {
  uid: 'sums',
  map(key, value, state) {
    if (state.isTimingOut()) return `${key} ends with ${state.get()}`;
    const sum = (state.getOption() ?? 0) + value!;
    if (sum === 0) state.remove();
    else state.update(sum);
    return `${key}: ${sum}`;
  },
};

const cases: readonly Case[] = [
  {
    name: 'updateStateByKey: knows its key and the end of the interval',
    build: (t) =>
      pairs(t).updateStateByKey<string>((values, _state, { key, end }) => `${key}${values.length}@${end / times(1)}`),
    input: [[a(1), a(1)], [b(1)], []],
    output: [
      [['a', 'a2@1']],
      [
        ['a', 'a0@2'],
        ['b', 'b1@2'],
      ],
      [
        ['a', 'a0@3'],
        ['b', 'b0@3'],
      ],
    ],
  },
  {
    name: 'updateStateByKey: of two initial states for one key the last counts; null is a state',
    build: (t) =>
      pairs(t).updateStateByKey<string | null>({
        update: (values, state) => (values.length > 0 ? (state ?? null) : state === null ? 'was null' : undefined),
        initialState: [
          ['a', 'first'],
          ['a', 'last'],
        ],
      }),
    input: [[a(1)], [b(1)], [], []],
    output: [[['a', 'last']], [['b', null]], [['b', 'was null']], []],
  },
  {
    name: 'updateStateByKey: begins with the initial state at the first values, and not again after it was removed',
    build: (t) =>
      pairs(t).updateStateByKey<number>({
        update: (values, state = 0) => values.reduce(add, state) || undefined,
        initialState: [
          ['a', 10],
          ['c', 7],
        ],
      }),
    input: [[b(1)], [a(1)], [a(-11)], [a(2)]],
    output: [[b(1)], [a(11), b(1)], [b(1)], [a(2), b(1)]],
  },
  {
    name: 'mapWithState: once for each record, and what is undefined is not told',
    build: (t) =>
      pairs(t).mapWithState<number, string>({
        map(key, value, state) {
          const count = state.exists() ? state.get() + 1 : 1;
          state.update(count);
          return value === 0 ? undefined : `${key}${count}`;
        },
      }),
    input: [[a(1), a(0), a(1), b(1)], [], [a(1)]],
    output: [['a1', 'a3', 'b1'], [], ['a4']],
  },
  {
    name: 'mapWithState: remove forgets',
    build: (t) => pairs(t).mapWithState(summing),
    input: [[a(2), a(-2), a(5)], [b(1)], [a(1)]],
    output: [['a: 2', 'a: 0', 'a: 5'], ['b: 1'], ['a: 6']],
  },
  {
    name: 'mapWithState: a key that is silent for the timeout is told once, with the time at which it fell due, and is gone',
    build: (t) => pairs(t).mapWithState({ ...summing, timeout: times(2) }),
    input: [[a(1), b(5)], [a(2)], [], [], [a(4)]],
    output: [['a: 1', 'b: 5'], ['a: 3'], ['b ends with 5'], ['a ends with 3'], ['a: 4']],
  },
  {
    name: 'mapWithState: a record at the very time of the timeout comes too late',
    build: (t) => pairs(t).mapWithState({ ...summing, timeout: times(1) }),
    input: [[a(1)], [a(2)], []],
    output: [['a: 1'], ['a ends with 1', 'a: 2'], ['a ends with 2']],
  },
  {
    name: 'mapWithState: each record puts the timeout off',
    build: (t) => pairs(t).mapWithState({ ...summing, timeout: times(1.5) }),
    input: [[a(1)], [a(1)], [a(1)], [], []],
    output: [['a: 1'], ['a: 2'], ['a: 3'], ['a ends with 3'], []],
  },
  {
    name: 'mapWithState: a record that changes no state puts its timeout off too, and both know their times',
    build: (t) =>
      pairs(t).mapWithState<number, string>({
        timeout: times(1.5),
        map(key, value, state, time) {
          if (!state.exists()) state.update(value!);
          return `${key}${state.get()} ${state.isTimingOut() ? 'ends' : 'has'} ${value} at ${time / times(1)}`;
        },
      }),
    input: [[a(7)], [a(8)], [a(9)], [], []],
    output: [['a7 has 7 at 0'], ['a7 has 8 at 1'], ['a7 has 9 at 2'], ['a7 ends undefined at 3.5'], []],
  },
  {
    name: 'mapWithState: an initial state does not time out before its first record; of two for one key the last counts',
    build: (t) =>
      pairs(t).mapWithState({
        ...summing,
        timeout: times(1.5),
        initialState: [
          ['a', 10],
          ['a', 20],
          ['c', 30],
        ],
      }),
    input: [[b(1)], [], [], [], [a(1)], [], []],
    output: [['b: 1'], ['b ends with 1'], [], [], ['a: 21'], ['a ends with 21'], []],
  },
  {
    name: 'mapWithState: removes what is not there, and what it has just made',
    build: (t) =>
      pairs(t).mapWithState<number, boolean>({
        map(_key, value, state) {
          if (value === 2) state.update(value);
          state.remove();
          return state.exists() || state.getOption() !== undefined;
        },
      }),
    input: [[a(1), a(2)], [a(1)], []],
    output: [[false, false], [false], []],
  },
  {
    name: 'mapWithState: begins with the initial state, once',
    build: (t) => pairs(t).mapWithState({ ...summing, initialState: new Map([['a', 10]]) }),
    input: [[a(1), b(1)], [a(-11)], [a(3)]],
    output: [['a: 11', 'b: 1'], ['a: 0'], ['a: 3']],
  },
  {
    name: 'stateSnapshots: every state at the end of each interval, and none that is gone',
    build: (t) =>
      pairs(t)
        .mapWithState({ ...summing, timeout: times(3) })
        .stateSnapshots(),
    input: [[a(1), a(2), b(5)], [], [b(-5)], [], [a(7)]],
    output: [[a(3), b(5)], [a(3), b(5)], [a(3)], [], [a(7)]],
  },
  {
    name: 'stateSnapshots: a key without a change is silent after maxEmptyIntervals, and a record that changes nothing is none',
    build: (t) =>
      pairs(t)
        .mapWithState<number, never>({
          map: (_key, value, state) => {
            if (value !== 0) state.update((state.getOption() ?? 0) + value!);
            return undefined;
          },
        })
        .stateSnapshots(),
    settings: { maxEmptyIntervals: 1 },
    input: [[a(1)], [b(5)], [a(0), b(0)], [], [a(2)], []],
    output: [[a(1)], [a(1), b(5)], [b(5)], [], [a(3)], [a(3)]],
  },
  {
    name: 'stateSnapshots beside the results',
    build: (t) => {
      const sums = pairs(t).mapWithState(summing);
      return sums.union(sums.stateSnapshots().map(([key, sum]) => `state of ${key} is ${sum}`));
    },
    input: [[a(1)], [b(2)], []],
    output: [
      ['a: 1', 'state of a is 1'],
      ['b: 2', 'state of a is 1', 'state of b is 2'],
      ['state of a is 1', 'state of b is 2'],
    ],
  },
];

describe.each(VARIANTS)('%s', (_variantName, variant) => {
  const run = runner(variant);

  checkCases(cases, variant);

  it('keeps the state of each key where it can be looked at', async () => {
    const build = (t: TopologyBuilder) => pairs(t).mapWithState({ ...summing, timeout: times(2.5) });
    const { state } = await run(build, { in: [[b(2), a(1)], [a(3)], []] });
    expect(state['sums']).toEqual([a(4)]);
  });

  it.each<[string, Spec['map'], string]>([
    ['gets what is not there', (_key, _value, state) => `${state.get()}`, 'there is no state to get'],
    [
      'updates what it removed',
      (_key, _value, state) => {
        state.remove();
        state.update(1);
        return '';
      },
      'it was removed in the same call',
    ],
    [
      'removes twice',
      (_key, _value, state) => {
        state.update(1);
        state.remove();
        state.remove();
        return '';
      },
      'a state cannot be removed: it was removed in the same call',
    ],
    [
      'removes what is timing out',
      (_key, _value, state) => {
        if (state.isTimingOut()) state.remove();
        else state.update(1);
        return '';
      },
      'a state cannot be removed: it is timing out',
    ],
    [
      'updates what is timing out',
      (_key, _value, state) => {
        state.update(1);
        return '';
      },
      'it is timing out',
    ],
  ])('a function that %s is told so', async (_name, map, message) => {
    const build = (t: TopologyBuilder) => pairs(t).mapWithState<number, string>({ uid: 'op', map, timeout: times(1) });
    await expect(run(build, { in: [[a(1)], [], []] })).rejects.toMatchObject({
      code: 'RG038',
      operator: 'op',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('a function that throws finds the initial state again', async () => {
    let failures = 1;
    const build = (t: TopologyBuilder) =>
      pairs(t).mapWithState<number, string>({
        ...summing,
        map: (...call) => {
          if (failures-- > 0) throw new Error('now and then');
          return summing.map(...call);
        },
        initialState: [['a', 10]],
      });
    const { outputs } = await run(build, { in: [[a(1)], [a(1)]] }, { attemptsMax: 2 });
    expect(outputs['out']!.flat()).toEqual(['a: 11', 'a: 12']);
  });

  it('a function that returns a promise, or puts nothing into a state, is told so', async () => {
    const build = (map: unknown) => (t: TopologyBuilder) =>
      pairs(t).mapWithState<number, string>({ uid: 'op', map: map as Spec['map'] });
    await expect(
      run(
        build(async () => 'x'),
        { in: [[a(1)]] },
      ),
    ).rejects.toMatchObject({ code: 'RG031', operator: 'op' });
    const update = (_key: string, _value: number, state: { update(value: unknown): void }) => state.update(undefined);
    await expect(run(build(update), { in: [[a(1)]] })).rejects.toMatchObject({ code: 'RG032', operator: 'op' });
  });
});
