/** Statistics over repeated runs: medians, and ratios with an interval by seeded bootstrap. Pure. */
import { prng } from '../core/prng.js';
import type { Estimate } from './result.js';

/** Resamples of a bootstrap. */
const RESAMPLES = 10_000;

/** The middle of the sorted values, or the mean of the middle two. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that the share `p` of the sorted values does not exceed. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
}

/** True when a percentile has enough samples behind it: 10 / (1 - p), so that about ten lie above. */
export function hasSamplesFor(p: number, count: number): boolean {
  return count >= Math.ceil(10 / (1 - p) - 1e-6);
}

/** The median of a run's statistic, with the 95 % interval of that median by bootstrap over runs. `null` for none. */
export function estimate(runs: readonly number[], seed: number): Estimate | null {
  if (runs.length === 0) return null;
  const chance = prng(seed).fork('bootstrap');
  const medians = Float64Array.from({ length: RESAMPLES }, () =>
    median(runs.map(() => runs[chance.below(runs.length)]!)),
  ).sort();
  return { median: median(runs), low: quantile(medians, 0.025), high: quantile(medians, 0.975), rounds: runs.length };
}

/** The median of paired ratios `a[i] / b[i]`: rounds are interleaved, so a slow minute of the machine hits both. */
export function pairedRatio(a: readonly number[], b: readonly number[], seed: number): Estimate | null {
  const pairs = Math.min(a.length, b.length);
  return estimate(
    Array.from({ length: pairs }, (_, i) => a[i]! / b[i]!),
    seed,
  );
}
