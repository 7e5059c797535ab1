/** The window kernel: a table of whole behaviours, each driven in every way, and laws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KernelOperator } from '../../src/kernels/create-kernel.js';
import type { WindowReduceParameters } from '../../src/kernels/window-reduce.js';
import { drive, type Outcome, type Result, type Step, sorted, valuesOf, WAYS } from './drive.js';

type Operator = KernelOperator & { readonly kind: 'window-reduce' };
const functions = { reduce: (a: number, b: number) => a + b, inverse: (a: number, b: number) => a - b };

function operator(parameters: Partial<WindowReduceParameters>): Operator {
  const { window = 10, slide = 10 } = parameters;
  return {
    kind: 'window-reduce',
    node: 3,
    window,
    slide,
    pane: gcd(window, slide),
    reduce: 'user',
    inverse: 'none',
    keepEmptyKeys: false,
    emitEmpty: false,
    maxEmptyIntervals: 3,
    ...parameters,
  };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

const tumbling = operator({});
const sliding = operator({ window: 30, slide: 10 });
const inverse = operator({ window: 30, slide: 10, inverse: 'user' });
const counting = operator({ window: 20, slide: 10, reduce: 'sum', inverse: 'difference', emitEmpty: true });
const keeping = operator({ window: 20, slide: 10, inverse: 'user', keepEmptyKeys: true });
const one: readonly [null, 1] = [null, 1];

interface Case {
  readonly name: string;
  readonly operator: Operator;
  readonly steps: readonly Step[];
  readonly results: readonly Result[];
  readonly skipped?: number;
}

const slidingResults: readonly Result[] = [
  [['a', 1], 9, 10],
  [['a', 3], 19, 20],
  [['b', 5], 19, 20],
  [['a', 3], 29, 30],
  [['b', 5], 29, 30],
  [['a', 2], 39, 40],
  [['b', 5], 39, 40],
];
const slidingSteps: readonly Step[] = [
  [3, ['a', 1]],
  [12, ['a', 2]],
  [13, ['b', 5]],
  { watermark: 15 },
  { watermark: 33 },
  { watermark: 40 },
  { watermark: 90 },
];

const cases: readonly Case[] = [
  { name: 'tells nothing of an input without records', operator: counting, steps: [{ watermark: 1_000 }], results: [] },
  {
    name: 'holds a window until the watermark reaches its end',
    operator: tumbling,
    steps: [[3, ['a', 1]], { watermark: 9 }],
    results: [],
  },
  {
    name: 'fires one window for one record, with its times',
    operator: tumbling,
    steps: [[3, ['a', 1]], { watermark: 10 }, { watermark: 90 }],
    results: [[['a', 1], 9, 10]],
  },
  {
    name: 'puts a record at a boundary into the later window',
    operator: tumbling,
    steps: [[10, ['a', 1]], { watermark: 10 }, { watermark: 20 }],
    results: [[['a', 1], 19, 20]],
  },
  {
    name: 'aligns windows below zero',
    operator: tumbling,
    steps: [[-3, ['a', 1]], [3, ['a', 2]], { watermark: 10 }],
    results: [
      [['a', 1], -1, 0],
      [['a', 2], 9, 10],
    ],
  },
  {
    name: 'takes records out of order within the watermark',
    operator: tumbling,
    steps: [[12, ['a', 1]], [3, ['a', 2]], [14, ['a', 4]], [4, ['a', 8]], { watermark: 20 }],
    results: [
      [['a', 10], 9, 10],
      [['a', 5], 19, 20],
    ],
  },
  { name: 'slides without an inverse', operator: sliding, steps: slidingSteps, results: slidingResults },
  { name: 'slides with an inverse', operator: inverse, steps: slidingSteps, results: slidingResults },
  {
    name: 'fires what is left when the input ends, and only up to the first multiple above the highest time',
    operator: sliding,
    steps: [[3, ['a', 1]], { watermark: 3 }, { end: 13 }],
    results: [
      [['a', 1], 9, 10],
      [['a', 1], 19, 20],
    ],
  },
  {
    name: 'has no window for a record in the gap of hopping windows',
    operator: operator({ window: 10, slide: 30 }),
    steps: [[5, ['a', 1]], [25, ['a', 2]], [31, ['a', 4]], { watermark: 60 }],
    results: [[['a', 2], 29, 30]],
  },
  {
    name: 'has no window for a record in the gap of hopping windows with an inverse',
    operator: operator({ window: 10, slide: 30, inverse: 'user' }),
    steps: [[5, ['a', 1]], [25, ['a', 2]], [31, ['a', 4]], [85, ['a', 8]], { watermark: 90 }],
    results: [
      [['a', 2], 29, 30],
      [['a', 8], 89, 90],
    ],
  },
  {
    name: 'jumps over ten years without data',
    operator: inverse,
    steps: [[3, ['a', 1]], [3e14, ['a', 2]], { watermark: 3e14 + 10 }],
    results: [
      [['a', 1], 9, 10],
      [['a', 1], 19, 20],
      [['a', 1], 29, 30],
      [['a', 2], 3e14 + 9, 3e14 + 10],
    ],
  },
  {
    name: 'counts empty windows, then pauses, and counts what it skipped when data come again',
    operator: counting,
    steps: [[5, one], [6, one], [15, one], { watermark: 200 }, [205, one], { watermark: 210 }],
    results: [
      [[null, 2], 9, 10],
      [[null, 3], 19, 20],
      [[null, 1], 29, 30],
      [[null, 0], 39, 40],
      [[null, 0], 49, 50],
      [[null, 0], 59, 60],
      [[null, 1], 209, 210],
    ],
    skipped: 14,
  },
  {
    name: 'counts no empty window before the lowest timestamp or after a short gap',
    operator: operator({ reduce: 'sum', emitEmpty: true }),
    steps: [{ watermark: 70 }, [75, one], [95, one], { watermark: 100 }],
    results: [
      [[null, 1], 79, 80],
      [[null, 0], 89, 90],
      [[null, 1], 99, 100],
    ],
  },
  {
    name: 'tells of no empty window when none are allowed',
    operator: operator({ ...counting, maxEmptyIntervals: 0 }),
    steps: [[5, one], { watermark: 30 }, [45, one], { watermark: 50 }],
    results: [
      [[null, 1], 9, 10],
      [[null, 1], 19, 20],
      [[null, 1], 49, 50],
    ],
    skipped: 2,
  },
  {
    name: 'keeps a key whose records have left, for a while, with what the inverse left behind',
    operator: keeping,
    steps: [[5, ['a', 7]], [25, ['b', 1]], { watermark: 200 }, [205, ['a', 2]], { watermark: 210 }],
    results: [
      [['a', 7], 9, 10],
      [['a', 7], 19, 20],
      [['a', 0], 29, 30],
      [['b', 1], 29, 30],
      [['a', 0], 39, 40],
      [['b', 1], 39, 40],
      [['a', 0], 49, 50],
      [['b', 0], 49, 50],
      [['b', 0], 59, 60],
      [['b', 0], 69, 70],
      [['a', 2], 209, 210],
    ],
    skipped: 15,
  },
  {
    name: 'keys by the contents of tuples',
    operator: inverse,
    steps: [[1, [['x', 1], 1]], [2, [['x', 1], 2]], [3, ['x', 4]], { watermark: 10 }],
    results: [
      [[['x', 1], 3], 9, 10],
      [['x', 4], 9, 10],
    ],
  },
];

describe.each(WAYS)('window-reduce, driven with %s', (way) => {
  it.each(cases)('$name', ({ operator, steps, results, skipped }) => {
    const outcome = drive(operator, functions, steps, way);
    expect(outcome.results).toEqual(results);
    expect(outcome.counters).toEqual(skipped === undefined ? {} : { skippedEmptyIntervals: skipped });
  });
});

describe('window-reduce', () => {
  it('keeps a key that has a record below all windows that are still to fire', () => {
    const steps: readonly Step[] = [[15, ['a', 7]], { watermark: 30 }, [5, ['a', 1]], [5, ['b', 1]], { watermark: 60 }];
    expect(drive(keeping, functions, steps).results).toEqual([
      [['a', 7], 19, 20],
      [['a', 7], 29, 30],
      [['a', 0], 39, 40],
      [['a', 0], 49, 50],
      [['a', 0], 59, 60],
    ]);
  });

  it('starts a key afresh that left and entered in the same slide', () => {
    const steps: readonly Step[] = [[5, ['a', 0.1]], { watermark: 10 }, [25, ['a', 0.2]], { watermark: 30 }];
    const drifting = { ...functions, inverse: () => 1e-9 };
    expect(valuesOf(drive(operator({ inverse: 'user' }), drifting, steps))).toEqual([
      ['a', 0.1],
      ['a', 0.2],
    ]);
  });

  it('calls the inverse for keys that left and not for those that stay', () => {
    const left: unknown[] = [];
    const spying = { ...functions, inverse: (a: number, b: number) => a - (left.push([a, b]) && b) };
    const steps: readonly Step[] = [[1, ['a', 1]], [11, ['a', 2]], [11, ['b', 4]], { watermark: 40 }];
    drive(operator({ window: 20, slide: 10, inverse: 'user' }), spying, steps);
    expect(left).toEqual([[3, 1]]);
  });

  it.each([
    ['null', null],
    ['the number 7', 7],
    ['the string "ab"', 'ab'],
    ['an array of 3', [1, 2, 3]],
    ['an object', { 0: 'a', 1: 2, length: 2 }],
  ])('refuses %s as a record', (shown, value) => {
    expect(() => drive(tumbling, functions, [[1, value]])).toThrow(`a keyed operator got ${shown}, not a pair`);
  });

  it('refuses a reduce without a value, and what is no key', () => {
    const steps: readonly Step[] = [
      [1, ['a', 1]],
      [2, ['a', 1]],
    ];
    expect(() => drive(tumbling, { reduce: () => {} }, steps)).toThrow('reduce returned undefined');
    expect(() => drive(tumbling, { reduce: async () => 1 }, steps)).toThrow('reduce returned a promise');
    expect(() => drive(tumbling, functions, [[1, [{ id: 1 }, 1]]])).toThrow('a key is an object');
  });

  it('stops at the budget and goes on where it stopped', () => {
    const steps: readonly Step[] = [1, 2, 3, 4, 5].map((n) => [n, [`k${n}`, n]] as const);
    const plain = drive(sliding, functions, [...steps, { watermark: 20 }]);
    expect(drive(sliding, functions, [...steps, { watermark: 20 }], 'budget')).toEqual(plain);
    expect(plain.results).toHaveLength(10);
  });
});

const pairs = fc.array(
  fc.tuple(fc.nat({ max: 200 }), fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -9, max: 9 })),
  {
    maxLength: 40,
  },
);
const shapes = fc.constantFrom([10, 10], [30, 10], [20, 5], [6, 4], [10, 30], [25, 10]);

describe('laws of window-reduce', () => {
  it('an inverse changes nothing on integers, whatever the way', () => {
    fc.assert(
      fc.property(pairs, shapes, fc.constantFrom(...WAYS), (records, [window, slide], way) => {
        const steps = inOrder(records);
        const without = drive(operator({ window: window!, slide: slide! }), functions, steps);
        const withIt = drive(operator({ window: window!, slide: slide!, inverse: 'user' }), functions, steps, way);
        expect(sorted(withIt)).toEqual(sorted(without));
      }),
    );
  });

  it('gives for each window and key the reduction of its records, from whatever order within the bound', () => {
    fc.assert(
      fc.property(
        pairs,
        shapes,
        fc.array(fc.nat({ max: 30 }), { maxLength: 40 }),
        fc.constantFrom(...WAYS),
        (records, [window, slide], delays, way) => {
          const arrived = records
            .map((record, i) => ({ record, at: record[0] + (delays[i] ?? 0) }))
            .sort((a, b) => a.at - b.at);
          let top = Number.NEGATIVE_INFINITY;
          const steps: Step[] = arrived.flatMap(({ record: [time, key, value] }): Step[] => {
            top = Math.max(top, time);
            return [[time, [key, value]], { watermark: top - 30 }];
          });
          const outcome = drive(operator({ window: window!, slide: slide! }), functions, [...steps, { end: top }], way);
          expect(outcome.results.map((result) => JSON.stringify(result)).sort()).toEqual(
            naive(records, window!, slide!),
          );
        },
      ),
    );
  });

  it('counts what comes behind its window in those that are still to fire, with an inverse as without', () => {
    const late = fc.array(fc.nat({ max: 60 }), { maxLength: 40 });
    const ways = fc.constantFrom(...WAYS.filter((way) => way !== 'thin'));
    fc.assert(
      fc.property(pairs, shapes, late, fc.boolean(), ways, (records, [window, slide], delays, keepEmptyKeys, way) => {
        const arrived = records
          .map((record, i) => ({ record, at: record[0] + (delays[i] ?? 0) }))
          .sort((a, b) => a.at - b.at);
        const steps = arrived.flatMap(({ record: [time, key], at }, i): Step[] => [
          [time, [key, i + 1]],
          { watermark: at },
        ]);
        steps.push({ watermark: 1_000 });
        const shape = { window: window!, slide: slide! };
        const without = drive(operator(shape), functions, steps);
        const withIt = drive(operator({ ...shape, inverse: 'user', keepEmptyKeys }), functions, steps, way);
        // Windows that end before all have come may fire with some of their records, or again.
        const last = Math.max(0, ...arrived.map(({ at }) => at));
        const wholeOf = ({ results }: Outcome): Outcome => ({
          results: results.filter(
            ([value, , end]) => end! > last && ((value as readonly unknown[])[1] !== 0 || !keepEmptyKeys),
          ),
          counters: {},
        });
        expect(sorted(wholeOf(withIt))).toEqual(sorted(wholeOf(without)));
      }),
    );
  });

  it('counts every record once in each of its windows, and empty ones up to the limit, whatever the way', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom('none', 'difference'), fc.constantFrom(...WAYS), (records, inverse, way) => {
        const steps = inOrder(records.map(([time]) => [time, null, 1]));
        const shape = { ...counting, inverse } as const;
        expect(sorted(drive(shape, {}, steps, way))).toEqual(sorted(drive(counting, {}, steps)));
        const total = drive(shape, {}, steps).results.reduce((sum, [value]) => sum + (value as [null, number])[1], 0);
        const top = Math.max(...records.map(([time]) => time));
        const last = Math.floor(top / 10) * 10;
        // Each record is in two windows, but the end of the input fires only the first of those of the last pane.
        expect(total).toBe(records.reduce((sum, [time]) => sum + (time >= last ? 1 : 2), 0));
      }),
    );
  });
});

function inOrder(records: readonly (readonly [number, unknown, number])[]): readonly Step[] {
  const steps = records
    .toSorted((a, b) => a[0] - b[0])
    .flatMap(([time, key, value]): Step[] => [[time, [key, value]], { watermark: time }]);
  return [...steps, { end: Math.max(Number.NEGATIVE_INFINITY, ...records.map(([time]) => time)) }];
}

function naive(
  records: readonly (readonly [number, string, number])[],
  window: number,
  slide: number,
): readonly string[] {
  const top = Math.max(...records.map(([time]) => time));
  const results: string[] = [];
  for (let end = slide; end <= (Math.floor(top / slide) + 1) * slide; end += slide) {
    for (const key of ['a', 'b', 'c']) {
      const values = records
        .filter(([time, k]) => k === key && time >= end - window && time < end)
        .map(([, , value]) => value);
      if (values.length > 0) results.push(JSON.stringify([[key, values.reduce((a, b) => a + b)], end - 1, end]));
    }
  }
  return results.sort();
}
