/** How far results are behind during a recovery: worked out by hand on few results. */
import { describe, expect, it } from 'vitest';
import { addDue, InputLag } from '../../../src/compare/recovery/input-lag.js';
import { LatencySeries } from '../../../src/compare/recovery/latency-series.js';

/** Deliveries in order: when (ms), and when they were due (ms). */
function delivered(...results: readonly (readonly [at: number, due: number])[]): LatencySeries {
  const series = new LatencySeries();
  for (const [at, due] of results.toSorted((a, b) => a[0] - b[0])) series.add(at * 1_000, (at - due) * 1_000);
  return series;
}

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

/** One result due every 10 ms until 4 s. */
const dueTimes = range(0, 4_000, 10);
const due = new Map(dueTimes.map((ms) => [ms * 1_000, 1]));
const whole = { from: 0, to: 4_000_000 };
const fault = { faultAt: 1_000_000, from: undefined, calm: 500_000 };
/** There after 5 ms; those of 1 s to 2 s come from 2 s on, one each 5 ms. */
const crashed = dueTimes.map((ms): readonly [number, number] => {
  if (ms < 1_000) return [ms + 5, ms];
  const behind = 2_000 + (ms - 1_000) / 2;
  return [Math.max(ms + 5, behind), ms];
});

describe('the lag behind the input', () => {
  it('is over when the oldest record that waits is as young as before', () => {
    // 100 results pile up and two are worked off for each new one: 2 s + 1 s.
    const at = new InputLag(delivered(...crashed), due, whole).caughtUp(fault)!;
    expect(at / 1_000).toBeGreaterThan(2_900);
    expect(at / 1_000).toBeLessThanOrEqual(3_000);
  });

  it('does not count what is delivered again: it was done before', () => {
    const again = range(800, 1_000, 10).map((ms): readonly [number, number] => [2_000 + (ms - 800) / 10, ms]);
    const series = delivered(...crashed, ...again);
    const expected = new InputLag(delivered(...crashed), due, whole).caughtUp(fault);
    expect(new InputLag(series, due, whole).caughtUp(fault)).toBe(expected);
  });

  it('leaves out what is lost', () => {
    const some = delivered(...crashed.filter(([, ms]) => ms < 1_200 || ms >= 1_300));
    expect(new InputLag(some, due, whole).caughtUp(fault)).toBeDefined();
  });

  it('is not over when it only grows, nor when there is too little time to see that it lasts', () => {
    const growing = dueTimes.map((ms): readonly [number, number] => [ms < 1_000 ? ms + 5 : ms + (ms - 1_000), ms]);
    expect(new InputLag(delivered(...growing), due, whole).caughtUp(fault)).toBeUndefined();
    const series = delivered(...crashed);
    expect(new InputLag(series, due, { from: 0, to: 3_300_000 }).caughtUp(fault)).toBeUndefined();
  });

  it('is not over at a moment without it: a sawtooth like that of micro-batches is as before only when its peaks are', () => {
    const batches = (from: number, to: number, late: number) =>
      range(from, to, 10).map((ms): readonly [number, number] => [Math.floor(ms / 200) * 200 + 200 + late, ms]);
    const series = delivered(...batches(0, 1_000, 10), ...batches(1_000, 2_000, 150), ...batches(2_000, 4_000, 10));
    const at = new InputLag(series, due, whole).caughtUp({ ...fault, from: 1_100_000 })!;
    expect(at / 1_000).toBeGreaterThan(1_800);
    expect(at / 1_000).toBeLessThan(2_200);
  });

  it('is over when a new process is a little slower: batches that take 10 ms, and then 25 ms, pile nothing up', () => {
    const batches = (from: number, to: number, late: number) =>
      range(from, to, 10).map((ms): readonly [number, number] => [Math.floor(ms / 200) * 200 + 200 + late, ms]);
    const caughtUpWith = (late: number) => {
      const series = delivered(...batches(0, 1_000, 10), ...batches(1_000, 2_000, 150), ...batches(2_000, 4_000, late));
      return new InputLag(series, due, whole).caughtUp({ ...fault, from: 1_100_000 });
    };
    expect(caughtUpWith(25)! / 1_000).toBeLessThan(2_400);
    expect(caughtUpWith(80)).toBeUndefined();
  });

  it('is over at once when nobody was lost and nothing waited', () => {
    expect(new InputLag(delivered(...dueTimes.map((ms) => [ms + 5, ms] as const)), due, whole).caughtUp(fault)).toBe(
      fault.faultAt,
    );
  });
});

it('what is due: results of records at their time, windows at their end, none that only the end of the input closes', () => {
  const [record, window] = [new Map<number, number>(), new Map<number, number>()];
  const results = {
    values: ['a', 'b', 'c', 'd'],
    timestamps: [10, 10, 19, 39],
    windowEnds: [Number.NaN, Number.NaN, 20, 40],
  };
  addDue({ record, window }, results, 30);
  expect([[...record], [...window]]).toEqual([[[10, 2]], [[20, 1]]]);
});
