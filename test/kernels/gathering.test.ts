/** The kernels that gather: groups and joins, sessions, joins by time, states of each record. Each answers the same in every way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KernelOperator } from '../../src/kernels/create-kernel.js';
import type { State } from '../../src/topology/state-spec.js';
import { drive, type Step, sorted, WAYS } from './drive.js';

const group = { kind: 'window-group', node: 1, window: 20, slide: 10, pane: 10 } as const;
const functions = {
  reduce: (a: number, b: number) => a + b,
  mapPartitions: (values: readonly unknown[]) => [values.length],
  mapWithState(key: string, value: number | undefined, state: State<number>) {
    if (state.isTimingOut()) return `${key} ends with ${state.get()}`;
    const sum = (state.getOption() ?? 0) + value!;
    if (sum % 3 === 0) state.remove();
    else state.update(sum);
    return sum % 2 === 0 ? undefined : sum;
  },
};

interface Subject {
  readonly name: string;
  readonly operator: KernelOperator;
  /** Values come with a side before them. */
  readonly isSided?: boolean;
}

const subjects: readonly Subject[] = [
  { name: 'groups', operator: { ...group, gives: 'list' } },
  { name: 'cogroup', operator: { ...group, gives: 'cogroup' }, isSided: true },
  { name: 'full outer join', operator: { ...group, gives: 'fullOuterJoin' }, isSided: true },
  { name: 'window', operator: { ...group, gives: 'each' } },
  { name: 'mapPartitions', operator: { ...group, gives: 'mapPartitions' } },
  { name: 'sessions', operator: { kind: 'session-window', node: 1, gap: 7, reduce: 'user' } },
  { name: 'interval join', operator: { kind: 'interval-join', node: 1, before: 15, after: 25 }, isSided: true },
  { name: 'mapWithState', operator: { kind: 'map-with-state', node: 1, timeout: 9, tellsChanges: true } },
];

describe.each(subjects)('$name', ({ operator, isSided = false }) => {
  const record = fc.tuple(fc.nat(90), fc.constantFrom('a', 'b'), fc.nat(4), fc.nat(1), fc.nat(6));

  it('answers the same whatever the way', () => {
    let results = 0;
    fc.assert(
      fc.property(fc.array(record, { maxLength: 25 }), fc.constantFrom(...WAYS), (records, way) => {
        const inOrder = records.sort((x, y) => x[0] - y[0]);
        const steps = inOrder.flatMap(([time, key, value, side, delay]): Step[] => [
          [Math.max(0, time - delay), [key, isSided ? [side, value] : value]],
          { watermark: time - 6 },
        ]);
        const end = Math.max(
          Number.NEGATIVE_INFINITY,
          ...inOrder.map(([time, , , , delay]) => Math.max(0, time - delay)),
        );
        const all: readonly Step[] = [...steps, { end }];
        const plain = drive(operator, functions, all);
        results += plain.results.length;
        expect(sorted(drive(operator, functions, all, way))).toEqual(sorted(plain));
      }),
      { seed: 5 },
    );
    expect(results).toBeGreaterThan(100);
  });

  it('gives nothing for nothing, and refuses what is no pair', () => {
    expect(drive(operator, functions, [{ watermark: 100 }, { end: Number.NEGATIVE_INFINITY }]).results).toEqual([]);
    const isKeyed = operator.kind !== 'window-group' || !['each', 'mapPartitions'].includes(operator.gives);
    if (isKeyed) expect(() => drive(operator, functions, [[1, 'x']])).toThrow('not a pair');
  });
});

describe('what a key costs that is only held', () => {
  it('mapWithState looks at the keys of its records, and at no others', () => {
    let looked = 0;
    const map = (_key: string, _value: number, state: State<number>) => {
      looked += 1;
      state.update(1);
    };
    const held = Array.from({ length: 5_000 }, (_, i): Step => [i, [`k${i}`, 1]]);
    const operator = { kind: 'map-with-state', node: 1, timeout: 1e9, tellsChanges: false } as const;
    drive(operator, { mapWithState: map }, [...held, { watermark: 5_000 }, [5_001, ['k1', 1]], { watermark: 6_000 }]);
    expect(looked).toBe(5_001);
  });
});
