/** Tests of the latency histogram: percentiles against sorted samples, few samples, merging, the picture. */
import { describe, expect, it } from 'vitest';
import { prng } from '../../src/core/prng.js';
import { drawLatency, formatLatency, Latency } from '../../src/runtime/latency.js';

function latencyOf(samples: readonly number[]): Latency {
  const latency = new Latency();
  for (const sample of samples) latency.record(sample);
  return latency;
}

const random = prng(11);
const samples = Array.from({ length: 20_000 }, () => Math.floor(Math.exp(random.float() * 18)));

describe('latency', () => {
  it('gives percentiles within three digits of the sorted samples, and exact extremes', () => {
    const summary = latencyOf(samples).summary();
    const sorted = samples.toSorted((a, b) => a - b);
    for (const [p, got] of [
      [0.5, summary.p50],
      [0.9, summary.p90],
      [0.99, summary.p99],
      [0.999, summary.p999],
    ] as const) {
      const exact = sorted[Math.ceil(p * sorted.length) - 1]!;
      expect(Math.abs(got! - exact)).toBeLessThanOrEqual(1 + exact * 0.001);
    }
    expect(summary.max).toBe(sorted.at(-1));
    expect(summary.mean).toBeCloseTo(sorted.reduce((a, b) => a + b) / sorted.length, 6);
    expect(summary.count).toBe(20_000);
  });

  it.each([
    [0, []],
    [19, []],
    [20, ['p50']],
    [99, ['p50']],
    [100, ['p50', 'p90']],
    [999, ['p50', 'p90']],
    [1_000, ['p50', 'p90', 'p99']],
    [9_999, ['p50', 'p90', 'p99']],
    [10_000, ['p50', 'p90', 'p99', 'p999']],
  ])('of %i samples gives the percentiles that enough stand behind', (count, given) => {
    const { p50, p90, p99, p999 } = latencyOf(samples.slice(0, count)).summary();
    const present = Object.entries({ p50, p90, p99, p999 }).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    );
    expect(present).toEqual(given);
  });

  it('has neither extreme nor mean without samples', () => {
    expect(new Latency().summary()).toMatchObject({ max: undefined, mean: undefined, count: 0 });
  });

  it('counts a negative sample as 0 and says so', () => {
    const summary = latencyOf([-5, 10]).summary();
    expect([summary.negatives, summary.count, summary.mean, summary.max]).toEqual([1, 2, 5, 10]);
  });

  it('takes a sample of many hours', () => {
    expect(latencyOf([4e10]).summary().max).toBe(4e10);
  });

  it('merged is as if all had been recorded in one', () => {
    const merged = latencyOf(samples.slice(0, 9_000));
    merged.merge(latencyOf([...samples.slice(9_000), -1]));
    expect(merged.summary()).toEqual(latencyOf([...samples, -1]).summary());
    expect(merged.ranges()).toEqual(latencyOf([...samples, -1]).ranges());
  });

  it('sorts samples into ranges without gap', () => {
    expect(latencyOf([0, 3, 4, 5, 5, 70]).ranges()).toEqual([
      { below: 1, count: 1 },
      { below: 2, count: 0 },
      { below: 5, count: 2 },
      { below: 10, count: 2 },
      { below: 20, count: 0 },
      { below: 50, count: 0 },
      { below: 100, count: 1 },
    ]);
    for (const sample of [0, 1, 2, 4, 5, 1_023, 1_024, 999_999, 1e6, 5e9, 6e9, 1e12]) {
      const { below } = latencyOf([sample]).ranges()[0]!;
      expect(below === 1e10 || (below > sample && below / 2.5 <= Math.max(1, sample))).toBe(true);
    }
  });

  it('is drawn with its shares', () => {
    expect(drawLatency(latencyOf([900, 900, 900, 1_500]), 10)).toEqual([
      '< 1 ms  ██████████   75.0 %',
      '< 2 ms  ███          25.0 %',
    ]);
    expect(drawLatency(new Latency())).toEqual([]);
  });

  it.each([
    [7, '7 us'],
    [1_234, '1.23 ms'],
    [12_500, '12.5 ms'],
    [1_020_000, '1.02 s'],
  ])('writes %i us as %s', (value, text) => expect(formatLatency(value)).toBe(text));
});
