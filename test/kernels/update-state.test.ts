/** `updateStateByKey`: one call per key and interval, silent keys, removal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drive, type Result, type Step, sorted, valuesOf, WAYS } from './drive.js';

const operator = { kind: 'update-state', node: 4, slide: 10, maxEmptyIntervals: 2 } as const;
type Update = (values: readonly number[], state: number | undefined) => number | undefined;
const total: Update = (values, state = 0) => values.reduce((a, b) => a + b, state);
const removeAtZero: Update = (values, state) => total(values, state) || undefined;

interface Case {
  readonly name: string;
  readonly update: Update;
  readonly steps: readonly Step[];
  readonly results: readonly Result[];
  readonly skipped?: number;
}

const cases: readonly Case[] = [
  { name: 'calls nothing without records', update: total, steps: [{ watermark: 500 }], results: [] },
  {
    name: 'goes on with state alone, then falls silent',
    update: total,
    steps: [[3, ['a', 1]], [4, ['a', 2]], { watermark: 100 }],
    results: [
      [['a', 3], 9, 10],
      [['a', 3], 19, 20],
      [['a', 3], 29, 30],
    ],
  },
  {
    name: 'wakes a silent key and counts what it skipped, key by key',
    update: total,
    steps: [[3, ['a', 1]], [15, ['b', 1]], { watermark: 60 }, [75, ['a', 2]], { watermark: 80 }],
    results: [
      [['a', 1], 9, 10],
      [['b', 1], 19, 20],
      [['a', 1], 19, 20],
      [['b', 1], 29, 30],
      [['a', 1], 29, 30],
      [['b', 1], 39, 40],
      [['a', 3], 79, 80],
    ].map(([value, timestamp, end]) => [value, timestamp, end] as Result),
    skipped: 4,
  },
  {
    name: 'removes a key whose update gives undefined, and starts afresh later',
    update: removeAtZero,
    steps: [[3, ['a', 5]], [13, ['a', -5]], { watermark: 40 }, [45, ['a', 7]], { watermark: 50 }],
    results: [
      [['a', 5], 9, 10],
      [['a', 7], 49, 50],
    ],
  },
  {
    name: 'puts values into the interval of their time, whatever the order',
    update: total,
    steps: [[12, ['a', 1]], [3, ['a', 2]], [14, ['a', 4]], { watermark: 20 }],
    results: [
      [['a', 2], 9, 10],
      [['a', 7], 19, 20],
    ],
  },
  {
    name: 'closes the last interval at the end of the input, and none after it',
    update: total,
    steps: [[3, [['x', 1], 1]], { watermark: 3 }, { end: 15 }],
    results: [
      [[['x', 1], 1], 9, 10],
      [[['x', 1], 1], 19, 20],
    ],
  },
  {
    name: 'lets a state change without values',
    update: (values, state = 0) => state + 10 + values.length,
    steps: [[3, ['a', 0]], [13, ['b', 0]], { watermark: 10 }, { watermark: 20 }, { watermark: 30 }],
    results: [
      [['a', 11], 9, 10],
      [['a', 21], 19, 20],
      [['b', 11], 19, 20],
      [['a', 31], 29, 30],
      [['b', 21], 29, 30],
    ],
  },
  {
    name: 'jumps over ten years',
    update: total,
    steps: [[3, ['a', 1]], [3e14, ['a', 1]], { watermark: 3e14 + 10 }],
    results: [
      [['a', 1], 9, 10],
      [['a', 1], 19, 20],
      [['a', 1], 29, 30],
      [['a', 2], 3e14 + 9, 3e14 + 10],
    ],
    skipped: 3e13 - 3,
  },
];

describe.each(WAYS)('update-state, driven with %s', (way) => {
  it.each(cases)('$name', ({ update, steps, results, skipped }) => {
    const outcome = drive(operator, { update }, steps, way);
    const expected = { results, counters: skipped === undefined ? {} : { skippedEmptyIntervals: skipped } };
    expect(sorted(outcome)).toEqual(sorted(expected));
  });
});

describe('update-state', () => {
  it('gives the values in order of arrival, and an array that the user may keep and change', () => {
    const seen: (readonly unknown[])[] = [];
    const update = (values: unknown[]): number => {
      seen.push([...values]);
      values.length = 0;
      return 1;
    };
    const steps: readonly Step[] = [[1, ['a', 3]], [0, ['a', 1]], [2, ['a', 2]], { watermark: 10 }];
    drive(operator, { update }, steps, 'attempts');
    expect(seen).toEqual([
      [3, 1, 2],
      [3, 1, 2],
    ]);
  });

  it('refuses a promise and what is no pair', () => {
    const steps: readonly Step[] = [[1, ['a', 3]], { watermark: 10 }];
    expect(() => drive(operator, { update: async () => 1 }, steps)).toThrow('update returned a promise');
    expect(() => drive(operator, { update: total }, [[1, undefined]])).toThrow('got undefined, not a pair');
  });

  it('answers the same whatever the way', () => {
    const record = fc.tuple(fc.nat({ max: 90 }), fc.constantFrom('a', 'b'), fc.integer({ min: -2, max: 2 }));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 25 }), fc.constantFrom(...WAYS), (records, way) => {
        const steps = records
          .sort((a, b) => a[0] - b[0])
          .flatMap(([time, key, value]): Step[] => [[time, [key, value]], { watermark: time - 4 }]);
        const all: readonly Step[] = [...steps, { end: records.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY }];
        expect(sorted(drive(operator, { update: removeAtZero }, all, way))).toEqual(
          sorted(drive(operator, { update: removeAtZero }, all)),
        );
        expect(
          valuesOf(drive(operator, { update: removeAtZero }, all)).every((pair) => (pair as [string, number])[1] !== 0),
        ).toBe(true);
      }),
    );
  });
});
