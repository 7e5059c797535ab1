/** `runningReduce`: a total per key at each record. */
import { describe, expect, it } from 'vitest';
import { drive, type Step, WAYS } from './drive.js';

const operator = { kind: 'running-reduce', node: 1 } as const;
const functions = { reduce: (a: number, b: number) => a + b };
const steps: readonly Step[] = [
  [5, ['a', 1]],
  { watermark: 5 },
  [7, [['t', 1], 2]],
  [6, ['a', 3]],
  [9, [['t', 1], 4]],
  [9, [Number.NaN, 1]],
  [9, [Number.NaN, 1]],
  { end: 9 },
];

describe.each(WAYS)('running-reduce, driven with %s', (way) => {
  it('emits the total so far for each record, with its time', () => {
    expect(drive(operator, functions, steps, way).results).toEqual([
      [['a', 1], 5, undefined],
      [[['t', 1], 2], 7, undefined],
      [['a', 4], 6, undefined],
      [[['t', 1], 6], 9, undefined],
      [[Number.NaN, 1], 9, undefined],
      [[Number.NaN, 2], 9, undefined],
    ]);
  });

  it('emits nothing for an input without records', () => {
    expect(drive(operator, functions, [{ watermark: 3 }, { end: 3 }], way).results).toEqual([]);
  });
});

describe('running-reduce', () => {
  it('lets the error of a user function pass and keeps the total as it was', () => {
    let fails = true;
    const reduce = (a: number, b: number): number => {
      if (fails) throw new Error('no luck');
      return a + b;
    };
    const outcome: unknown[] = [];
    const tolerant = (): void => {
      const emitted = drive(operator, { reduce }, [
        [1, ['a', 1]],
        [2, ['a', 2]],
      ]);
      outcome.push(...emitted.results);
    };
    expect(tolerant).toThrow('no luck');
    fails = false;
    tolerant();
    expect(outcome).toEqual([
      [['a', 1], 1, undefined],
      [['a', 3], 2, undefined],
    ]);
  });

  it('refuses what is no pair, no key or no total', () => {
    expect(() => drive(operator, functions, [[1, 'ab']])).toThrow('got the string "ab", not a pair [key, value]');
    expect(() => drive(operator, functions, [[1, [() => 1, 1]]])).toThrow('a key is a function');
    expect(() => drive(operator, functions, [[1, [Symbol('x'), 1]]])).toThrow('a key is a symbol');
    const twice: readonly Step[] = [
      [1, ['a', 1]],
      [1, ['a', 1]],
    ];
    expect(() => drive(operator, { reduce: () => undefined }, twice)).toThrow('reduce returned undefined');
  });
});
