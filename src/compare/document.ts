/** Puts the result document together from the runs and the verdict. */
import { driverMeasures, microBatchMeasures, type Runs, recordMeasures, throughputRatio } from './measures.js';
import type { RecoveryCost } from './recovery/cost.js';
import type { FaultVerdict } from './recovery/judge-fault-run.js';
import { COMPARE_SCHEMA, type CompareResult, type Environment, type LatencySummary, type Verdict } from './result.js';
import { recordCount, recordsOf } from './trace.js';
import { DRIVER_LATENESS_MS_MAX, INTERRUPTED, invalidReasons } from './validity.js';

/** The whole result. */
export function documentOf(runs: Runs, verdict: Verdict, environment: Environment): CompareResult {
  const { setup } = runs;
  const modes = { 'micro-batch': microBatchMeasures(runs), record: recordMeasures(runs) } as const;
  const driver = driverMeasures(runs, DRIVER_LATENESS_MS_MAX);
  const interrupted = setup.options.signal?.aborted === true;
  const isFaulty = (setup.options.faults ?? []).length > 0;
  // A run with a fault is behind for a while, and that is what is measured.
  const reasons = isFaulty
    ? interrupted
      ? [INTERRUPTED]
      : []
    : invalidReasons({ verdict, modes, driver, drainsDiffer: runs.drains.differ, interrupted });
  const [a, b] = [modes['micro-batch'], modes.record];
  return {
    schema: COMPARE_SCHEMA,
    job: setup.job.graph.name,
    seed: setup.seed,
    command: setup.options.command ?? null,
    valid: reasons.length === 0,
    reasons,
    interrupted,
    input: inputOf(runs),
    verdict,
    modes,
    ratios: {
      latencyP50: ratio(a.latencyMs, b.latencyMs, 'p50'),
      latencyP99: ratio(a.latencyMs, b.latencyMs, 'p99'),
      windowLatencyP50: ratio(a.windowLatencyMs, b.windowLatencyMs, 'p50'),
      throughput: throughputRatio(runs),
    },
    lowerBounds: [
      ...(b.latencyMs.atMost.includes('p50') ? (['latencyP50'] as const) : []),
      ...(b.latencyMs.atMost.includes('p99') ? (['latencyP99'] as const) : []),
      ...(b.windowLatencyMs.atMost.includes('p50') ? (['windowLatencyP50'] as const) : []),
    ],
    driver,
    environment,
  };
}

/** What was found out about each mode's run with a fault. */
export interface Recoveries {
  readonly 'micro-batch': { readonly cost: RecoveryCost; readonly verdict: FaultVerdict };
  readonly record: { readonly cost: RecoveryCost; readonly verdict: FaultVerdict };
}

/** The result with what a fault did: the guarantee is held where it held in both modes. */
export function withRecovery(result: CompareResult, fault: string, recoveries: Recoveries): CompareResult {
  const { 'micro-batch': microBatch, record } = recoveries;
  const verdicts = [microBatch.verdict.verdict, record.verdict.verdict];
  const guarantee = verdicts.includes('broken') ? 'broken' : verdicts.includes('not checked') ? 'not checked' : 'held';
  const recoveryOf = ({ cost, verdict }: Recoveries['record']) => ({ recovery: { ...cost, verdict } });
  return {
    ...result,
    fault,
    verdict: { ...result.verdict, guarantee, declaredGuarantee: record.verdict.guarantee },
    modes: {
      'micro-batch': { ...result.modes['micro-batch'], ...recoveryOf(microBatch) },
      record: { ...result.modes.record, ...recoveryOf(record) },
    },
  };
}

function inputOf({ trace, rate, setup }: Runs): CompareResult['input'] {
  const sources = trace.sources.map((source) => ({
    name: source.name,
    partitions: source.partitions.length,
    records: recordsOf(source),
  }));
  return {
    sources,
    records: recordCount(trace),
    rate,
    spanSeconds: (trace.end - trace.start) / 1e6,
    batchIntervalMs: setup.job.graph.settings.batchInterval / 1_000,
    parallelism: setup.parallelism,
    state: setup.options.state ?? 'memory',
  };
}

function ratio(a: LatencySummary, b: LatencySummary, percentile: 'p50' | 'p99'): number | null {
  const [above, below] = [a[percentile], b[percentile]];
  return above === null || below === null || below === 0 ? null : above / below;
}
