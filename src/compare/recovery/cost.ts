/** What a fault cost: how long each phase of the recovery took, and what results waited meanwhile. Pure arithmetic on a timeline. */
import { hasSamplesFor, quantile } from '../statistics.js';
import { AS_BEFORE_FACTOR, type DueResults, InputLag } from './input-lag.js';
import type { LatencySeries } from './latency-series.js';

/** What happened when, in stream time (us). What never happened is undefined. */
export interface RecoveryTimeline {
  readonly faultAt: number;
  /** The driver knew of it. */
  readonly detectedAt: number | undefined;
  /** The worker is back with its state. */
  readonly restoredAt: number | undefined;
  /** All that was under way at the fault has been worked on again. */
  readonly replayedAt: number | undefined;
  /** From where latencies count as those before the fault: behind the start-up. */
  readonly baselineFrom: number;
  /** The last result, or the end of the input. */
  readonly endedAt: number;
  readonly series: LatencySeries;
  /** The results that should be in `series`, by when they were due. */
  readonly due: DueResults;
  /** How long a piece of time is that has one p99 (us): at least a batch interval. */
  readonly bin: number;
  /** How long it must stay as before until that counts (us). */
  readonly calm: number;
  readonly offeredPerSecond: number;
  /** The highest rate without a fault; undefined when it was not measured. */
  readonly drainPerSecond: number | undefined;
  readonly replayed: number;
  readonly reexecuted: number;
  readonly lost: number;
  readonly duplicated: number;
}

/** Milliseconds. `null`: it did not happen, or cannot be told. */
export interface RecoveryCost {
  /** Fault to detection, to the worker's return, to the end of the replay: one after the other. */
  readonly detectMs: number | null;
  readonly restoreMs: number | null;
  readonly replayMs: number | null;
  /** From the fault until results were no further behind their input than before. `null`: not before the end, so more than `observedMs`. */
  readonly catchUpMs: number | null;
  /** From the fault until latency was what it had been before: later, since a new process is slow at first. `null` as above. */
  readonly latencyRecoveryMs: number | null;
  readonly observedMs: number;
  /** Outage, and then the time in which the spare rate works off what had piled up. */
  readonly idealCatchUpMs: number | null;
  /** Measured divided by ideal. */
  readonly catchUpRatio: number | null;
  readonly reexecuted: number;
  readonly replayed: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Of results handed over from the fault until it was caught up, or the end. */
  readonly latencyMs: RecoveryLatency;
  /** Of those before the fault. */
  readonly baselineMs: RecoveryLatency;
}

/** `null`: too few samples. */
export interface RecoveryLatency {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly count: number;
}

/** How far above the p99 before the fault a p99 may be at least and still count as the same (us): timers are no better. */
const LATENCY_SLACK = 1_000;

/** Reads the cost off a timeline. Source: reference "recovery cost": detect, restore, replay, catch-up against the ideal. */
export function recoveryCost(timeline: RecoveryTimeline): RecoveryCost {
  const { faultAt, detectedAt, restoredAt, replayedAt, baselineFrom, endedAt, series } = timeline;
  const caughtUpAt = caughtUp(timeline);
  const usualAt = latencyRecovered(timeline);
  const catchUpMs = between(faultAt, caughtUpAt);
  const idealCatchUpMs = idealOf(timeline);
  const { reexecuted, replayed, lost, duplicated } = timeline;
  return {
    detectMs: between(faultAt, detectedAt),
    restoreMs: between(detectedAt, restoredAt),
    replayMs: between(restoredAt, replayedAt),
    catchUpMs,
    latencyRecoveryMs: between(faultAt, usualAt),
    observedMs: (endedAt - faultAt) / 1_000,
    idealCatchUpMs,
    catchUpRatio:
      catchUpMs === null || idealCatchUpMs === null || idealCatchUpMs === 0 ? null : catchUpMs / idealCatchUpMs,
    reexecuted,
    replayed,
    lost,
    duplicated,
    latencyMs: latencyOf(series.between(faultAt, caughtUpAt ?? Number.POSITIVE_INFINITY)),
    baselineMs: latencyOf(series.between(baselineFrom, faultAt)),
  };
}

/** When results were no further behind than before. A worker that never came back left its share where it was. */
function caughtUp({ faultAt, detectedAt, restoredAt, baselineFrom, endedAt, series, due, calm }: RecoveryTimeline) {
  if (detectedAt !== undefined && restoredAt === undefined) return undefined;
  const lag = new InputLag(series, due, { from: baselineFrom, to: endedAt });
  return lag.caughtUp({ faultAt, from: restoredAt, calm });
}

/**
 * The time from which each piece of time has a p99 as before the fault, for at least `calm`; the highest latency stands for the p99
 * where there are too few. A piece without results says nothing, except before the first result after the fault: then nothing comes.
 */
function latencyRecovered(timeline: RecoveryTimeline): number | undefined {
  const { faultAt, restoredAt, baselineFrom, endedAt, series, bin, calm } = timeline;
  const before = series.between(baselineFrom, faultAt);
  if (before.length === 0) return undefined;
  const usual = quantile(before, 0.99);
  const limit = Math.max(usual * AS_BEFORE_FACTOR, usual + LATENCY_SLACK);
  let since: number | undefined;
  // Before the worker is back, results of the others may be in time: that is not yet the end of it.
  for (let from = restoredAt ?? Number.POSITIVE_INFINITY; from < endedAt; from += bin) {
    const latencies = series.between(from, Math.min(from + bin, endedAt));
    if (latencies.length > 0) since = quantile(latencies, 0.99) > limit ? undefined : (since ?? from);
    if (since !== undefined && Math.min(from + bin, endedAt) - since >= calm) return since;
  }
  return undefined;
}

/** Outage + (offered x outage + done again) / (highest rate - offered). */
function idealOf({ faultAt, restoredAt, offeredPerSecond, drainPerSecond, reexecuted, replayed }: RecoveryTimeline) {
  if (restoredAt === undefined || drainPerSecond === undefined || drainPerSecond <= offeredPerSecond) return null;
  const outage = (restoredAt - faultAt) / 1e6;
  const piledUp = offeredPerSecond * outage + reexecuted + replayed;
  return (outage + piledUp / (drainPerSecond - offeredPerSecond)) * 1_000;
}

function latencyOf(sorted: Float64Array): RecoveryLatency {
  const at = (p: number): number | null => (hasSamplesFor(p, sorted.length) ? quantile(sorted, p) / 1_000 : null);
  return {
    p50: at(0.5),
    p99: at(0.99),
    max: sorted.length === 0 ? null : sorted.at(-1)! / 1_000,
    count: sorted.length,
  };
}

function between(from: number | undefined, to: number | undefined): number | null {
  return from === undefined || to === undefined ? null : (to - from) / 1_000;
}
