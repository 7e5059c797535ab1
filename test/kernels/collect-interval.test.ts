/** What an interval sink is given: one element per closed interval. */
import { describe, expect, it } from 'vitest';
import { drive, type Step, WAYS } from './drive.js';

const operator = { kind: 'collect-interval', node: 2, slide: 10, maxEmptyIntervals: 2 } as const;

interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly intervals: readonly (readonly [end: number, ...values: unknown[]])[];
  readonly skipped?: number;
}

const cases: readonly Case[] = [
  {
    name: 'gives nothing without records',
    steps: [{ watermark: 99 }, { end: Number.NEGATIVE_INFINITY }],
    intervals: [],
  },
  {
    name: 'gives each interval in order of arrival, also between two with records',
    steps: [[12, 'c'], [3, 'a'], [13, 'd'], { watermark: 20 }, [39, ['k', 1]], { watermark: 40 }],
    intervals: [[10, 'a'], [20, 'c', 'd'], [30], [40, ['k', 1]]],
  },
  {
    name: 'skips and counts the rest of a long gap',
    steps: [[3, 'a'], [3e14, 'b'], { watermark: 3e14 }, { end: 3e14 }],
    intervals: [[10, 'a'], [20], [30], [3e14 + 10, 'b']],
    skipped: 3e13 - 3,
  },
  { name: 'closes the last interval at the end of the input', steps: [[3, 'a'], { end: 3 }], intervals: [[10, 'a']] },
];

describe.each(WAYS)('collect-interval, driven with %s', (way) => {
  it.each(cases)('$name', ({ steps, intervals, skipped }) => {
    const outcome = drive(operator, {}, steps, way);
    expect(outcome.results).toEqual(intervals.map(([end, ...values]) => [{ end, values }, end - 1, end]));
    expect(outcome.counters).toEqual(skipped === undefined ? {} : { skippedEmptyIntervals: skipped });
  });
});
