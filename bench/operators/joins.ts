/** Two streams that meet. A key has one partner in each interval of the other stream, on average. */
import { micros, seconds } from 'raingauge';
import { type Emit, manyKeys, type OperatorCase, onPairs, type Pair } from './operator-case.js';
import { groupsOf } from './per-interval.js';

type Meet = (key: string, values: readonly number[], others: readonly number[]) => void;

const NONE: readonly number[] = [];
const NO_PARTNER: readonly undefined[] = [undefined];

export const JOINS: readonly OperatorCase[] = [
  onPairs(
    'cogroup',
    {
      job: (pairs, others) => pairs.cogroup(others()),
      loop: meeting<readonly [string, readonly [readonly number[], readonly number[]]]>(
        (emit) => (key, values, others) => emit([key, [values, others]]),
      ),
      weigh: ([, [values, others]]) => values.length * 3 + others.length,
    },
    manyKeys,
  ),
  onPairs(
    'join',
    {
      job: (pairs, others) => pairs.join(others()),
      loop: meeting<readonly [string, readonly [number, number]]>((emit) => (key, values, others) => {
        for (const value of values) for (const other of others) emit([key, [value, other]]);
      }),
      weigh: ([, [value, other]]) => value * 3 + other,
    },
    manyKeys,
  ),
  onPairs(
    'leftOuterJoin',
    {
      job: (pairs, others) => pairs.leftOuterJoin(others()),
      loop: meeting<readonly [string, readonly [number, number | undefined]]>((emit) => (key, values, others) => {
        for (const value of values)
          for (const other of others.length === 0 ? NO_PARTNER : others) emit([key, [value, other]]);
      }),
      weigh: ([, [value, other = -1]]) => value * 3 + other,
    },
    manyKeys,
  ),
  onPairs(
    'rightOuterJoin',
    {
      job: (pairs, others) => pairs.rightOuterJoin(others()),
      loop: meeting<readonly [string, readonly [number | undefined, number]]>((emit) => (key, values, others) => {
        for (const value of values.length === 0 ? NO_PARTNER : values)
          for (const other of others) emit([key, [value, other]]);
      }),
      weigh: ([, [value = -1, other]]) => value * 3 + other,
    },
    manyKeys,
  ),
  onPairs(
    'fullOuterJoin',
    {
      job: (pairs, others) => pairs.fullOuterJoin(others()),
      loop: meeting<readonly [string, readonly [number | undefined, number | undefined]]>(
        (emit) => (key, values, others) => {
          for (const value of values.length === 0 ? NO_PARTNER : values)
            for (const other of others.length === 0 ? NO_PARTNER : others) emit([key, [value, other]]);
        },
      ),
      weigh: ([, [value = -1, other = -1]]) => value * 3 + other,
    },
    manyKeys,
  ),
  onPairs('stateQuery', {
    job: (pairs, others) => pairs.map(([key]) => key).stateQuery(others()),
    loop: (intervals, emit, others) => {
      const states = new Map<string, number>();
      for (const [i, pairs] of intervals.entries()) {
        for (const [key, value] of others[i]!) states.set(key, value);
        for (const [key] of pairs) emit([key, states.get(key)]);
      }
    },
    weigh: ([key, state = -1]) => key.length + state,
  }),
  onPairs(
    'intervalJoin',
    {
      job: (pairs, others) => pairs.intervalJoin(others(), { before: micros(0), after: seconds(1) }),
      // All records of an interval have one time, so a value meets the others of its interval and of the next.
      loop: (intervals, emit, others) => {
        const sides = others.map(groupsOf);
        for (const [i, pairs] of intervals.entries()) {
          const near = sides.slice(i, i + 2);
          for (const [key, value] of pairs)
            for (const side of near) for (const other of side.get(key) ?? NONE) emit([key, [value, other]]);
        }
      },
      weigh: ([, [value, other]]) => value * 3 + other,
    },
    manyKeys,
  ),
];

/** The values of both sides for each key of each interval. */
function meeting<R>(meet: (emit: Emit<R>) => Meet) {
  return (intervals: readonly (readonly Pair[])[], emit: Emit<R>, all: readonly (readonly Pair[])[]): void => {
    const call = meet(emit);
    for (const [i, pairs] of intervals.entries()) {
      const groups = groupsOf(pairs);
      const others = groupsOf(all[i]!);
      for (const [key, values] of groups) call(key, values, others.get(key) ?? NONE);
      for (const [key, values] of others) if (!groups.has(key)) call(key, NONE, values);
    }
  };
}
