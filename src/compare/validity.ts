/** When figures must not be quoted: each rule of DESIGN's section on measurement, in words. */
import type { DriverMeasures, ModeMeasures, Verdict } from './result.js';

/** The least share of the offered rate that a mode must get through. */
const ACHIEVED_MIN = 0.99;
/** The most that the driver's p99 may be late (ms). */
export const DRIVER_LATENESS_MS_MAX = 5;

/** The reason when somebody stopped it: what was measured until then is of a part only. */
export const INTERRUPTED = 'interrupted';

/** What can make a comparison invalid. */
export interface Evidence {
  readonly verdict: Verdict;
  readonly modes: { readonly 'micro-batch': ModeMeasures; readonly record: ModeMeasures };
  readonly driver: DriverMeasures;
  /** Results of each drain run, when they differ between runs. */
  readonly drainsDiffer: boolean;
  readonly interrupted: boolean;
}

/** The reasons, as sentences; empty for a valid comparison. */
export function invalidReasons({ verdict, modes, driver, drainsDiffer, interrupted }: Evidence): readonly string[] {
  const reasons: string[] = interrupted ? [INTERRUPTED] : [];
  if (verdict.oracle === 'fail')
    reasons.push('the oracle does not confirm the answer, so the figures are of a wrong answer');
  if (verdict.same === false && verdict.oracle !== 'fail') reasons.push('the modes gave different answers');
  for (const [mode, { offeredPerSecond, achievedPerSecond }] of Object.entries(modes)) {
    const share = achievedPerSecond / offeredPerSecond;
    if (share < ACHIEVED_MIN)
      reasons.push(
        `${mode} got through ${(share * 100).toFixed(1)} % of the offered rate; at least ${ACHIEVED_MIN * 100} % is needed: lower --rate`,
      );
  }
  if (driver.dropped > 0) reasons.push(`the driver dropped ${driver.dropped} records`);
  if (!driver.valid) {
    const late = driver.latenessMsP99 ?? driver.latenessMsMax ?? 0;
    reasons.push(
      `the load driver was ${late.toFixed(1)} ms late at p99; at most ${DRIVER_LATENESS_MS_MAX} ms is allowed: the machine was busy with something else`,
    );
  }
  if (drainsDiffer) reasons.push('runs at the highest rate gave different numbers of results');
  return reasons;
}
