/** Rates of a meter, on a clock of the test. */
import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../src/runtime/meter.js';

const SECOND = 1_000_000;

/** A meter at 10 events a second for so long, then silence. */
function metered(busySeconds: number, silentSeconds: number) {
  let now = 3 * SECOND;
  const meter = new RateMeter(() => now);
  for (let second = 0; second < busySeconds; second++) {
    meter.mark(10);
    now += SECOND;
  }
  now += silentSeconds * SECOND;
  return meter.summary();
}

describe('a meter', () => {
  it('has no rate before there is time', () => {
    expect(metered(0, 0)).toEqual({
      count: 0,
      meanRate: 0,
      oneMinuteRate: 0,
      fiveMinuteRate: 0,
      fifteenMinuteRate: 0,
    });
  });

  it('has the mean rate in place of the others for the first five seconds', () => {
    expect(metered(2, 0)).toEqual({
      count: 20,
      meanRate: 10,
      oneMinuteRate: 10,
      fiveMinuteRate: 10,
      fifteenMinuteRate: 10,
    });
  });

  it('stays at a rate that does not change', () => {
    const { oneMinuteRate, fiveMinuteRate, fifteenMinuteRate } = metered(600, 0);
    for (const rate of [oneMinuteRate, fiveMinuteRate, fifteenMinuteRate]) expect(rate).toBeCloseTo(10, 9);
  });

  it('forgets by minutes: after one silent minute the one-minute rate is 1/e of what it was', () => {
    const { count, meanRate, oneMinuteRate, fiveMinuteRate, fifteenMinuteRate } = metered(60, 60);
    expect([count, meanRate]).toEqual([600, 5]);
    expect(oneMinuteRate).toBeCloseTo(10 * Math.exp(-1), 9);
    expect(fiveMinuteRate).toBeCloseTo(10 * Math.exp(-1 / 5), 9);
    expect(fifteenMinuteRate).toBeCloseTo(10 * Math.exp(-1 / 15), 9);
  });

  it('works a silence of years out at once', () => {
    const { oneMinuteRate, fifteenMinuteRate } = metered(60, 10 * 365 * 86_400);
    expect([oneMinuteRate, fifteenMinuteRate].every((rate) => rate >= 0 && rate < 1e-9)).toBe(true);
  });
});
