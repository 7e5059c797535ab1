/** Turns runs into the figures of the result: latencies, rates, Spark's and Storm's own numbers. */
import type { JobResult } from '../executors/executor.js';
import type { Mode } from '../runtime/events.js';
import type { MeasuredLatency } from './capture.js';
import type { Drains } from './drains.js';
import type { PreparedLatencies } from './prepared/latencies.js';
import { type PreparedRuns, preparedMeasures } from './prepared/measures.js';
import { NO_USE } from './probe.js';
import type {
  DriverMeasures,
  Estimate,
  LatencySummary,
  MicroBatchMeasures,
  ModeMeasures,
  RecordMeasures,
} from './result.js';
import type { DrainRun, PacedRun } from './runs.js';
import type { Setup } from './setup.js';
import { estimate, hasSamplesFor, median, pairedRatio, quantile } from './statistics.js';
import { recordCount, type TimedTrace } from './trace.js';

/** All that was run of a comparison; what was interrupted is missing. */
export interface Runs {
  readonly setup: Setup;
  readonly trace: TimedTrace;
  /** Records a second of each source. */
  readonly rate: number;
  readonly microBatch: PacedRun | undefined;
  readonly record: PacedRun | undefined;
  readonly drains: Pick<Drains, 'telling' | 'withheld' | 'differ' | 'unprepared'>;
  /** Latency with each mode's reliability on and off, where it was measured. */
  readonly prepared: ReadonlyMap<Mode, PreparedLatencies>;
}

/** The percentiles that are told. */
const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;

export function microBatchMeasures(runs: Runs): MicroBatchMeasures {
  const job = runs.microBatch?.job;
  const all = job?.batches ?? [];
  const batches = all.some((batch) => batch.numRecords > 0) ? all.filter((batch) => batch.numRecords > 0) : all;
  const middle = (field: 'numRecords' | 'schedulingDelay' | 'processingDelay' | 'totalDelay') =>
    batches.length === 0 ? 0 : median(batches.map((batch) => batch[field]));
  const { microBatch: asked, microBatchPrepared } = runs.drains.telling;
  return {
    ...modeMeasures(runs, 'micro-batch', asked, { off: asked, on: microBatchPrepared }),
    batches: {
      count: job?.batchCount ?? 0,
      numRecords: middle('numRecords'),
      schedulingDelayMs: middle('schedulingDelay') / 1_000,
      processingDelayMs: middle('processingDelay') / 1_000,
      totalDelayMs: middle('totalDelay') / 1_000,
      totalDelayMsMax: Math.max(0, ...batches.map((batch) => batch.totalDelay)) / 1_000,
      taskRetries: job?.taskRetries ?? 0,
    },
  };
}

export function recordMeasures(runs: Runs): RecordMeasures {
  const { acked, failed, replayed } = runs.record?.job ?? ({ acked: 0, failed: 0, replayed: 0 } as JobResult);
  const { record, unacked, recordPrepared } = runs.drains.telling;
  const costEstimate = pairedRatio(ratesOf(record), ratesOf(unacked), runs.setup.seed);
  const off = runs.setup.isAcking ? unacked : record;
  return {
    ...modeMeasures(runs, 'record', record, { off, on: recordPrepared }),
    acking: { acked, failed, replayed, costRatio: costEstimate?.median ?? null, costEstimate },
  };
}

/** How punctual the driver was in all paced runs together. A driver of no run counts as valid. */
export function driverMeasures({ microBatch, record }: Runs, latenessMsMax: number): DriverMeasures {
  const sorted = sortedLateness([microBatch, record]);
  const at = (p: number): number | null => (hasSamplesFor(p, sorted.length) ? quantile(sorted, p) / 1_000 : null);
  const max = sorted.length === 0 ? null : sorted.at(-1)! / 1_000;
  // With too few records for a p99 the worst one stands for it.
  const p99 = at(PERCENTILES.p99);
  return {
    latenessMsP50: at(PERCENTILES.p50),
    latenessMsP90: at(PERCENTILES.p90),
    latenessMsP99: p99,
    latenessMsMax: max,
    dropped: 0,
    valid: (p99 ?? max ?? 0) <= latenessMsMax,
  };
}

/** Micro-batch over record mode, by paired rounds. */
export function throughputRatio({ drains, setup }: Runs): Estimate | null {
  return pairedRatio(ratesOf(drains.telling.microBatch), ratesOf(drains.telling.record), setup.seed);
}

function modeMeasures(
  runs: Runs,
  mode: Mode,
  drains: readonly DrainRun[],
  prepared: Pick<PreparedRuns, 'off' | 'on'>,
): ModeMeasures {
  const run = mode === 'record' ? runs.record : runs.microBatch;
  const rates = estimate(ratesOf(drains), runs.setup.seed);
  const cpu = drains.map((drain) => drain.cpuSecondsPerMillion);
  return {
    latencyMs: latencySummary(run?.latencies.record, run),
    windowLatencyMs: latencySummary(run?.latencies.window, run),
    throughput: {
      recordsPerSecond: rates?.median ?? null,
      estimate: rates,
      withheld: runs.drains.withheld,
      cpuSecondsPerMillion: cpu.length === 0 ? null : median(cpu),
    },
    ...pacedRates(runs, run),
    results: run === undefined ? 0 : Object.values(run.job.resultsWritten).reduce((sum, count) => sum + count, 0),
    lateRecords: run?.job.lateRecords ?? 0,
    deadLetters: run?.job.deadLetterCount ?? 0,
    resources: run?.resources ?? NO_USE,
    prepared: preparedMeasures(
      runs.setup,
      mode,
      { ...prepared, latencies: runs.prepared.get(mode), withheld: runs.drains.unprepared.get(mode) ?? null },
      (paced, kind) => latencySummary(paced.latencies[kind], paced),
    ),
  };
}

/** What a mode may lag behind the last record without having failed the rate: the model's own wait, and a start-up. */
const LAG_ALLOWED = 100_000;

function pacedRates({ trace, setup }: Runs, run: PacedRun | undefined) {
  const isOffered = !setup.job.graph.nodes.some(({ kind }) => kind === 'spout');
  if (run === undefined || !isOffered) return { offeredPerSecond: 0, achievedPerSecond: 0 };
  const taken = Object.values(run.job.recordsRead).reduce((sum, count) => sum + count, 0);
  // Until when an interrupted run was offered anything is not known: it counts for what it took.
  const offered = run.isComplete ? recordCount(trace) : taken;
  const allowed = LAG_ALLOWED + (run.mode === 'micro-batch' ? setup.job.graph.settings.batchInterval : 0);
  const lag = Number.isFinite(run.finishedAt) ? Math.max(0, run.finishedAt - trace.end - allowed) : 0;
  const span = trace.end - trace.start;
  return { offeredPerSecond: (offered * 1e6) / span, achievedPerSecond: (taken * 1e6) / (span + lag) };
}

function latencySummary(latency: MeasuredLatency | undefined, run: PacedRun | undefined): LatencySummary {
  if (latency === undefined || run === undefined)
    return { p50: null, p90: null, p99: null, p999: null, max: null, count: 0, buckets: [], atMost: [] };
  const summary = latency.histogram.summary();
  const ms = (micros: number | undefined): number | null => (micros === undefined ? null : micros / 1_000);
  const lateness = sortedLateness([run]);
  const names = Object.keys(PERCENTILES) as (keyof typeof PERCENTILES)[];
  const isAtMost = (name: keyof typeof PERCENTILES): boolean =>
    lateness.length > 0 && quantile(lateness, PERCENTILES[name]) * 10 > (summary[name] ?? Number.POSITIVE_INFINITY);
  return {
    p50: ms(summary.p50),
    p90: ms(summary.p90),
    p99: ms(summary.p99),
    p999: ms(summary.p999),
    max: ms(summary.max),
    count: summary.count,
    buckets: latency.picture.counts,
    atMost: names.filter(isAtMost),
  };
}

function ratesOf(drains: readonly DrainRun[]): readonly number[] {
  return drains.map((drain) => drain.recordsPerSecond);
}

function sortedLateness(runs: readonly (PacedRun | undefined)[]): Float32Array {
  const all = runs.flatMap((run) => (run === undefined ? [] : [run.lateness]));
  const joined = new Float32Array(all.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of all) {
    joined.set(each, at);
    at += each.length;
  }
  return joined.sort();
}
