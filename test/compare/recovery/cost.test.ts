/** What a crash cost, on timelines that are worked out by hand. */
import { describe, expect, it } from 'vitest';
import { type RecoveryTimeline, recoveryCost } from '../../../src/compare/recovery/cost.js';
import type { DueResults } from '../../../src/compare/recovery/input-lag.js';
import { LatencySeries } from '../../../src/compare/recovery/latency-series.js';

/** A result each millisecond from `from` to `to` (ms), with the latency (ms) that `at` gives it. */
function results(spans: readonly (readonly [from: number, to: number, latency: (ms: number) => number])[]) {
  const series = new LatencySeries();
  for (const [from, to, latency] of spans) {
    for (let ms = from; ms < to; ms++) series.add(ms * 1_000, latency(ms) * 1_000);
  }
  return series;
}

/** As many results as there are, all of them due. */
function dueOf(series: LatencySeries): DueResults {
  const due = new Map<number, number>();
  for (let i = 0; i < series.count; i++) {
    const time = series.times[i]! - series.latencies[i]!;
    due.set(time, (due.get(time) ?? 0) + 1);
  }
  return due;
}

/** The timeline with these results. */
function withResults(series: LatencySeries, change: Partial<RecoveryTimeline> = {}): RecoveryTimeline {
  return { ...timeline, series, due: dueOf(series), ...change };
}

/** Two seconds of 5 ms, a crash at 2 s, back at 2.4 s, latency falls from 400 ms to 5 ms until 3 s. */
const series = results([
  [0, 500, () => 90],
  [500, 2_000, () => 5],
  [2_400, 3_000, (ms) => 5 + (400 * (3_000 - ms)) / 600],
  [3_000, 6_000, () => 5],
]);
const timeline: RecoveryTimeline = {
  faultAt: 2_000_000,
  detectedAt: 2_100_000,
  restoredAt: 2_400_000,
  replayedAt: 2_550_000,
  baselineFrom: 500_000,
  endedAt: 6_000_000,
  series,
  due: dueOf(series),
  bin: 100_000,
  calm: 1_000_000,
  offeredPerSecond: 1_000,
  drainPerSecond: 3_000,
  replayed: 20,
  reexecuted: 180,
  lost: 0,
  duplicated: 3,
};

describe('the cost of a recovery', () => {
  it('is told phase by phase', () => {
    expect(recoveryCost(timeline)).toMatchObject({
      detectMs: 100,
      restoreMs: 300,
      replayMs: 150,
      latencyRecoveryMs: 1_000,
      observedMs: 4_000,
      replayed: 20,
      reexecuted: 180,
      lost: 0,
      duplicated: 3,
    });
  });

  it('is set against the ideal: the outage, and the spare rate working off what piled up', () => {
    // 0.4 s of outage piled up 400 records, and 200 are done again: 600 / (3,000 - 1,000) = 0.3 s.
    const { catchUpMs, idealCatchUpMs, catchUpRatio } = recoveryCost(timeline);
    expect(idealCatchUpMs).toBeCloseTo(700, 9);
    expect(catchUpRatio).toBeCloseTo(catchUpMs! / 700, 9);
    expect(recoveryCost({ ...timeline, drainPerSecond: 1_000 }).idealCatchUpMs).toBeNull();
    expect(recoveryCost({ ...timeline, drainPerSecond: undefined })).toMatchObject({
      idealCatchUpMs: null,
      catchUpRatio: null,
    });
  });

  it('has caught up when results are no more than 10 ms further behind: here 405 ms, which fall to 5 ms', () => {
    const { catchUpMs, latencyMs, baselineMs } = recoveryCost(timeline);
    expect(catchUpMs).toBeGreaterThan(975);
    expect(catchUpMs).toBeLessThan(990);
    expect(latencyMs).toMatchObject({ max: 405, p99: null });
    expect(baselineMs).toEqual({ p50: 5, p99: 5, max: 5, count: 1_500 });
  });

  it('has caught up before a new process is as quick as the old one', () => {
    const slow = results([
      [0, 2_000, () => 1],
      [2_400, 3_000, (ms) => 4 + (400 * (3_000 - ms)) / 600],
      [3_000, 6_000, () => 4],
    ]);
    const { catchUpMs, latencyRecoveryMs } = recoveryCost(withResults(slow));
    expect(catchUpMs).toBeLessThan(1_000);
    expect(latencyRecoveryMs).toBeNull();
  });

  it('is not over while latency rises again, and a short calm does not count', () => {
    const again = results([]);
    for (let i = 0; i < series.count; i++) {
      const [time, latency] = [series.times[i]!, series.latencies[i]!];
      again.add(time, time >= 3_500_000 && time < 3_600_000 ? 50_000 : latency);
    }
    expect(recoveryCost({ ...timeline, series: again }).latencyRecoveryMs).toBe(1_600);
  });

  it('is censored when it is not over before the end', () => {
    const { catchUpMs, latencyRecoveryMs, observedMs, latencyMs } = recoveryCost({ ...timeline, endedAt: 3_800_000 });
    expect([catchUpMs, latencyRecoveryMs, observedMs]).toEqual([null, null, 1_800]);
    expect(latencyMs.count).toBe(3_600);
  });

  it('does not take the silence of a lost worker, or other tasks that go on, for an end', () => {
    const silent = results([
      [500, 2_000, () => 5],
      [5_000, 6_500, () => 5],
    ]);
    expect(recoveryCost(withResults(silent, { endedAt: 6_500_000 })).latencyRecoveryMs).toBe(3_000);
    const others = results([[0, 6_000, () => 5]]);
    expect(recoveryCost(withResults(others))).toMatchObject({ catchUpMs: 400, latencyRecoveryMs: 400 });
  });

  it('ends at once when nothing was lost and nothing waited, and never when a worker did not come back', () => {
    const others = withResults(results([[0, 6_000, () => 5]]), { restoredAt: undefined });
    expect(recoveryCost({ ...others, detectedAt: undefined }).catchUpMs).toBe(0);
    expect(recoveryCost(others).catchUpMs).toBeNull();
  });

  it('has no figure for what never happened', () => {
    expect(
      recoveryCost({ ...timeline, detectedAt: undefined, restoredAt: undefined, replayedAt: undefined }),
    ).toMatchObject({ detectMs: null, restoreMs: null, replayMs: null, latencyRecoveryMs: null, idealCatchUpMs: null });
    const none = recoveryCost(withResults(results([])));
    expect(none).toMatchObject({ latencyRecoveryMs: null, latencyMs: { p50: null, p99: null, max: null, count: 0 } });
  });
});
