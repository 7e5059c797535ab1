/** `compare`: proves that both modes gave the same answer, and measures what each paid for it. */
import type { Topology } from '../topology/graph.js';
import { Drains } from './drains.js';
import { describeEnvironment } from './environment.js';
import { judge, noVerdict, type Opinion } from './judge.js';
import { driverMeasures, microBatchMeasures, type Runs, recordMeasures, throughputRatio } from './measures.js';
import { type CompareOptions, DRAIN_ROUNDS_DEFAULT } from './options.js';
import { evaluate } from './oracle/evaluate.js';
import { type ExpectedPhase, Progress } from './progress.js';
import { recordInput } from './record-input.js';
import { COMPARE_SCHEMA, type CompareResult, type LatencySummary, type Verdict } from './result.js';
import { type PacedRun, runPaced } from './runs.js';
import { prepare, rateOf, recordsMaxOf, type Setup } from './setup.js';
import { layOut, recordCount, recordsOf, type TimedTrace } from './trace.js';
import { DRIVER_LATENESS_MS_MAX, invalidReasons } from './validity.js';

/**
 * Runs a job in both modes on the same recorded input, and judges both answers by the oracle.
 *
 * 1. The sources are recorded, and every record gets its intended time.
 * 2. Each mode runs at that pace on a driver of its own thread; all results are captured with their latency.
 * 3. Each mode drains the same input as fast as it can, in interleaved rounds.
 * 4. Both answers are compared with each other and with the oracle's.
 *
 * ```ts
 * import { compare, topology } from 'raingauge';
 * import { memory } from 'raingauge/sources';
 * import { none } from 'raingauge/sinks';
 *
 * const job = topology('lengths', (t) => {
 *   t.source('words', memory(['rain', 'gauge'])).map((word) => word.length).to('lengths', none());
 * });
 * const { verdict } = await compare(job, { drainRounds: 0 });
 * console.log(verdict.same);
 * ```
 *
 * @throws StreamError, StreamErrors for a job that cannot start or that failed. Disagreement is a result, not an error.
 */
export async function compare(topology: Topology, options: CompareOptions = {}): Promise<CompareResult> {
  const setup = prepare(topology, options);
  const environment = describeEnvironment();
  const { drainRounds = DRAIN_ROUNDS_DEFAULT, signal } = options;
  const pacedWeight = setup.duration / 1e6 + 1;
  const phases = {
    recording: { phase: 'record input', weight: 1 },
    oracle: { phase: 'oracle', weight: 1 },
    warmUp: { phase: 'warm up', weight: 2 },
    microBatch: { phase: 'micro-batch', weight: pacedWeight },
    record: { phase: 'record', weight: pacedWeight },
    drains: { phase: 'highest rate', weight: drainRounds * 3 },
    judging: { phase: 'compare answers', weight: 1 },
  } as const satisfies Readonly<Record<string, ExpectedPhase>>;
  const progress = new Progress(Object.values(phases), options.onProgress);
  const isInterrupted = (): boolean => signal?.aborted === true;

  progress.begin(phases.recording);
  const recorded = await recordInput(setup.job, {
    recordsMax: (source) => recordsMaxOf(setup, source),
    world: setup.world,
    signal,
    onRecords: (count) => progress.at(0, count),
  });
  const rate = rateOf(setup, recorded);
  const { batchInterval } = setup.job.graph.settings;
  const trace = layOut(recorded, { rate, batchInterval, slides: setup.slides, seed: setup.seed });

  progress.begin(phases.oracle);
  const opinion = isInterrupted() ? { absence: 'interrupted' } : opinionOf(setup, trace);

  progress.begin(phases.warmUp);
  const drains = new Drains(setup, trace, { signal, onProgress: () => {} });
  if (!isInterrupted()) await drains.warmUp(drainRounds > 0);

  const records = recordCount(trace);
  const paced = async (phase: ExpectedPhase, mode: 'micro-batch' | 'record'): Promise<PacedRun | undefined> => {
    if (isInterrupted()) return undefined;
    progress.begin(phase);
    return runPaced(setup, trace, mode, { signal, onProgress: (read) => progress.at(read / records, read) });
  };
  const microBatch = await paced(phases.microBatch, 'micro-batch');
  const record = await paced(phases.record, 'record');

  progress.begin(phases.drains);
  for (let round = 0; round < drainRounds && !isInterrupted(); round++) {
    await drains.round();
    progress.at((round + 1) / drainRounds, 0);
  }

  progress.begin(phases.judging);
  const bothComplete = microBatch?.isComplete === true && record?.isComplete === true;
  const verdict = bothComplete
    ? judge(setup, trace, microBatch, record, opinion)
    : noVerdict(setup, records, 'the runs were interrupted before both had finished');
  const runs = { trace, batchInterval, microBatch, record, drains: drains.runs, seed: setup.seed };
  const result = resultOf(setup, runs, verdict, drains.differ);
  progress.at(1, 0);
  const input = {
    sources: trace.sources.map((source) => ({
      name: source.name,
      partitions: source.partitions.length,
      records: recordsOf(source),
    })),
    records,
    rate,
    spanSeconds: (trace.end - trace.start) / 1e6,
    batchIntervalMs: batchInterval / 1_000,
    parallelism: setup.parallelism,
  };
  return { ...result, command: options.command ?? null, interrupted: isInterrupted(), input, environment };
}

/** The oracle's answer, or why there is none: a user function that throws fails the job too, with a better error. */
function opinionOf({ job }: Setup, trace: TimedTrace): Opinion {
  try {
    return { answer: evaluate(job, trace) };
  } catch (error) {
    return { absence: `a user function threw: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function resultOf(setup: Setup, runs: Runs, verdict: Verdict, drainsDiffer: boolean) {
  const modes = { 'micro-batch': microBatchMeasures(runs), record: recordMeasures(runs) } as const;
  const driver = driverMeasures(runs, DRIVER_LATENESS_MS_MAX);
  const reasons = invalidReasons({ verdict, modes, driver, drainsDiffer });
  const { latencyMs: a, windowLatencyMs: aWindow } = modes['micro-batch'];
  const { latencyMs: b, windowLatencyMs: bWindow } = modes.record;
  const lowerBounds = [
    ...(b.atMost.includes('p50') ? (['latencyP50'] as const) : []),
    ...(b.atMost.includes('p99') ? (['latencyP99'] as const) : []),
    ...(bWindow.atMost.includes('p50') ? (['windowLatencyP50'] as const) : []),
  ];
  return {
    schema: COMPARE_SCHEMA,
    job: setup.job.graph.name,
    seed: setup.seed,
    valid: reasons.length === 0,
    reasons,
    verdict,
    modes,
    ratios: {
      latencyP50: ratio(a, b, 'p50'),
      latencyP99: ratio(a, b, 'p99'),
      windowLatencyP50: ratio(aWindow, bWindow, 'p50'),
      throughput: throughputRatio(runs),
    },
    lowerBounds,
    driver,
  } as const;
}

function ratio(a: LatencySummary, b: LatencySummary, percentile: 'p50' | 'p99'): number | null {
  const [above, below] = [a[percentile], b[percentile]];
  return above === null || below === null || below === 0 ? null : above / below;
}
