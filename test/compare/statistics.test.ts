/** Medians, bootstrap and the rule about too few samples. */
import { describe, expect, it } from 'vitest';
import { estimate, hasSamplesFor, median, pairedRatio, quantile } from '../../src/compare/statistics.js';

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

it('a quantile is the value that the share does not exceed', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  expect([quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)]).toEqual([50, 99, 100]);
});

it.each([
  [0.5, 20],
  [0.9, 100],
  [0.99, 1_000],
  [0.999, 10_000],
])('percentile %d needs %d samples', (p, needed) => {
  expect(hasSamplesFor(p, needed)).toBe(true);
  expect(hasSamplesFor(p, needed - 1)).toBe(false);
});

describe('estimates', () => {
  it('give the same interval for the same seed', () => {
    const runs = [10, 12, 9, 11, 30];
    expect(estimate(runs, 1)).toEqual(estimate(runs, 1));
    expect(estimate(runs, 1)!.median).toBe(11);
  });

  it('have an interval that holds the median and widens with the spread', () => {
    const narrow = estimate([10, 10.1, 9.9, 10, 10.05], 1)!;
    const wide = estimate([10, 15, 5, 10, 12], 1)!;
    for (const { low, median: middle, high } of [narrow, wide]) expect(low <= middle && middle <= high).toBe(true);
    expect(wide.high - wide.low).toBeGreaterThan(narrow.high - narrow.low);
  });

  it('pair rounds: a slow round of both changes nothing', () => {
    expect(pairedRatio([100, 50, 100], [50, 25, 50], 1)).toMatchObject({ median: 2, low: 2, high: 2, rounds: 3 });
  });

  it('are null without a run', () => {
    expect(estimate([], 1)).toBeNull();
    expect(pairedRatio([1, 2], [], 1)).toBeNull();
  });
});
