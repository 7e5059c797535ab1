/** What random jobs call: their functions, which depend on no order, and the table that they join with. */
import type { ProcessOptions } from '../../../src/topology/process.js';
import type { StateSpec } from '../../../src/topology/state-spec.js';
import { later } from './call-time.js';

export function add(a: number, b: number): number {
  return a + b;
}

/** A call that ends the later the more its number is. */
export function calling(a: number): (n: number) => Promise<number> {
  return async (n) => {
    for (let i = Math.abs(n) % 7; i > 0; i--) await undefined;
    await later((Math.abs(n) % 5) * 350);
    return n + a;
  };
}

/** Depends on no order: number, sum and sum of squares. */
export function digest(values: readonly number[]): number {
  return values.length * 10_000 + values.reduce((sum, n) => sum + n + (n % 100) ** 2, 0);
}

export const LONGEST = {
  createCombiner: (n: number) => 'x'.repeat(Math.abs(n) % 10),
  mergeValue: (longest: string, n: number) => longer(longest, 'x'.repeat(Math.abs(n) % 10)),
  mergeCombiners: longer,
};

function longer(x: string, y: string): string {
  return x.length < y.length ? y : x;
}

export const TABLE: readonly (readonly [string | number, number])[] = [
  ['a', 1],
  ['b', 10],
  ['a', 100],
  [0, 3],
  [2, 5],
];

export const sums = { reduce: add, inverse: (total: number, left: number) => total - left };

/** A sum that forgets its key when it is a multiple. */
export function updateBy(a: number): (values: readonly number[], state: number | undefined) => number | undefined {
  return (values, state = 0) => {
    const sum = values.reduce(add, state) % 1_000;
    return a > 0 && sum % (a + 3) === 0 ? undefined : sum;
  };
}

/** A running sum that is told now and then, forgotten now and then, and told when it was silent. */
export function stateSpec(
  uid: string,
  a: number,
): StateSpec<string | number, number, number, readonly [string | number, number]> {
  return {
    uid,
    initialState: TABLE,
    map(key, value, state, time) {
      if (state.isTimingOut()) return [key, -state.get()];
      const sum = ((state.getOption() ?? 0) + value! + (time % 5)) % 1_000;
      if (a > 0 && sum % (a + 3) === 0) state.remove();
      else if (sum % 4 !== 1) state.update(sum);
      return sum % 3 === 0 ? undefined : [key, sum];
    },
  };
}

/** Counts a key's records until it was silent for a while. */
export function sessions(
  uid: string,
  gap: number,
): ProcessOptions<string | number, number, { count: number; timer: number }, readonly [string | number, number]> {
  return {
    uid,
    onRecord(value, context) {
      const { state } = context;
      if (state !== undefined) context.deleteTimer(state.timer);
      const timer = context.timestamp + gap;
      context.setTimer(timer);
      context.setState({ count: (state?.count ?? 0) + 1, timer });
      if (value % 5 === 0) context.emit([context.key, value]);
    },
    onTimer(context) {
      context.emit([context.key, (context.state?.count ?? 0) * 1_000]);
      context.setState(undefined);
    },
  };
}
