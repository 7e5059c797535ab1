/** Turns runs with a mode's reliability on and off into what it costs to be prepared. Pure. */
import type { Mode } from '../../runtime/events.js';
import type { LatencySummary, PreparedMeasures } from '../result.js';
import type { DrainRun, PacedRun } from '../runs.js';
import type { Setup } from '../setup.js';
import { median, pairedRatio } from '../statistics.js';
import type { PreparedLatencies } from './latencies.js';
import { namesOfReliability } from './reliability.js';

/** What was run of one mode; rounds of rates in pairs. */
export interface PreparedRuns {
  readonly off: readonly DrainRun[];
  readonly on: readonly DrainRun[];
  readonly latencies: PreparedLatencies | undefined;
  /** Why there is no run with it on. */
  readonly withheld: string | null;
}

/** The cost of one mode; `null` when nothing of it was run. */
export function preparedMeasures(
  { job, seed }: Setup,
  mode: Mode,
  { off, on, latencies, withheld }: PreparedRuns,
  latencySummary: (run: PacedRun, kind: 'record' | 'window') => LatencySummary,
): PreparedMeasures | null {
  if (on.length === 0 && latencies === undefined && withheld === null) return null;
  const costEstimate = pairedRatio(ratesOf(on), ratesOf(off), seed);
  const latency = (kind: 'record' | 'window') =>
    latencies === undefined
      ? null
      : { off: latencySummary(latencies.off, kind), on: latencySummary(latencies.on, kind) };
  const isTold = on.length > 0 && off.length > 0;
  return {
    on: namesOfReliability(mode, job.graph.settings.guarantee),
    recordsPerSecond: isTold ? { off: median(ratesOf(off)), on: median(ratesOf(on)) } : null,
    costRatio: costEstimate?.median ?? null,
    costEstimate,
    latencyMs: latency('record'),
    windowLatencyMs: latency('window'),
    withheld,
  };
}

function ratesOf(drains: readonly DrainRun[]): readonly number[] {
  return drains.map(({ recordsPerSecond }) => recordsPerSecond);
}
