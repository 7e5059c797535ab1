/** `compare`: proves that both modes gave the same answer, and measures what each paid for it. */

import { resolvedSources } from '../host/resolve-sources.js';
import type { Mode } from '../runtime/events.js';
import type { SourceNode, Topology } from '../topology/graph.js';
import { runsBeyondOracle } from './beyond-oracle.js';
import { compareSpouts, spoutsOf } from './compare-spouts.js';
import { compareWithFaults } from './compare-with-faults.js';
import { crashOf } from './crash.js';
import { documentOf } from './document.js';
import { Drains } from './drains.js';
import { describeEnvironment } from './environment.js';
import { judge, noVerdict, type Opinion } from './judge.js';
import {
  type CompareOptions,
  DRAIN_ROUNDS_DEFAULT,
  DRAIN_ROUNDS_WITH_CRASH,
  DRAIN_TIME_MAX,
  PREPARED_DURATION_MAX,
  PREPARED_DURATION_MIN,
} from './options.js';
import { evaluate, oracleAbsence } from './oracle/evaluate.js';
import { type PreparedLatencies, preparedLatencies } from './prepared/latencies.js';
import { type ExpectedPhase, Progress } from './progress.js';
import { recordInput } from './record-input.js';
import type { CompareResult } from './result.js';
import { type PacedRun, runPaced } from './runs.js';
import { prepare, rateOf, recordsMaxOf, type Setup } from './setup.js';
import { median } from './statistics.js';
import { layOut, recordCount, type TimedTrace } from './trace.js';

/**
 * Runs a job in both modes on the same recorded input, and judges both answers by the oracle.
 *
 * 1. The sources are recorded, and every record gets its intended time.
 * 2. Each mode runs at that pace on a driver of its own thread; all results are captured with their latency.
 * 3. Each mode drains the same input as fast as it can, in interleaved rounds, also prepared for a crash.
 * 4. Each mode runs for a moment prepared for a crash, and not: what that does to latency.
 * 5. The oracle evaluates the job, and both answers are compared with each other and with its own.
 *
 * Of a job with spouts, which must be `repeatable`, it runs the two paced runs of step 2 only: the ledger of messages judges.
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
  const setup = prepare(topology, {
    ...options,
    sources: await resolvedSources(topology, { ...options, isBounded: true }),
  });
  const environment = describeEnvironment();
  const hasCrash = options.crash !== undefined;
  const { drainRounds = hasCrash ? DRAIN_ROUNDS_WITH_CRASH : DRAIN_ROUNDS_DEFAULT, signal } = options;
  const pacedWeight = setup.duration / 1e6 + 1;
  const phases = {
    recording: { phase: 'record input', weight: 1 },
    warmUp: { phase: 'warm up', weight: 2 },
    microBatch: { phase: 'micro-batch', weight: pacedWeight },
    record: { phase: 'record', weight: pacedWeight },
    drains: { phase: 'highest rate', weight: drainRounds * 4 },
    prepared: { phase: 'cost of being prepared', weight: hasCrash || drainRounds === 0 ? 0 : PREPARED_WEIGHT },
    crashMicroBatch: { phase: 'micro-batch, with a crash', weight: options.crash === undefined ? 0 : CRASH_WEIGHT },
    crashRecord: { phase: 'record, with a crash', weight: options.crash === undefined ? 0 : CRASH_WEIGHT },
    oracle: { phase: 'oracle', weight: 1 },
    judging: { phase: 'compare answers', weight: 1 },
  } as const satisfies Readonly<Record<string, ExpectedPhase>>;
  const progress = new Progress(Object.values(phases), options.onProgress);

  progress.begin(phases.recording);
  const { recorded, trace, rate } = await recordTrace(setup, (count) => progress.at(0, count));
  const records = recordCount(trace);

  if (options.faults !== undefined && options.faults.length > 0)
    return compareWithFaults(setup, trace, rate, phases, progress);

  if (spoutsOf(setup).length > 0) return compareSpouts(setup, trace, phases, progress);

  progress.begin(phases.warmUp);
  const drains = new Drains(setup, trace, { signal, onProgress: () => {} });
  await drains.warmUp(drainRounds > 0);

  const paced = async (phase: ExpectedPhase, mode: Mode): Promise<PacedRun | undefined> => {
    if (signal?.aborted === true) return undefined;
    progress.begin(phase);
    return runPaced(setup, trace, mode, { signal, onProgress: (read) => progress.at(read / records, read) });
  };
  const microBatch = await paced(phases.microBatch, 'micro-batch');
  const record = await paced(phases.record, 'record');

  progress.begin(phases.drains);
  const { clock } = setup.world;
  const until = clock.now() + (options.drainRounds === undefined ? DRAIN_TIME_MAX : Number.POSITIVE_INFINITY);
  for (let round = 0; round < drainRounds && signal?.aborted !== true; round++) {
    if (round > 0 && clock.now() > until) break;
    await drains.round();
    progress.at((round + 1) / drainRounds, 0);
  }

  const prepared = new Map<Mode, PreparedLatencies>();
  const preparedFor = Math.min((trace.end - trace.start) / 4, PREPARED_DURATION_MAX);
  if (phases.prepared.weight > 0 && preparedFor >= PREPARED_DURATION_MIN && signal?.aborted !== true) {
    progress.begin(phases.prepared);
    for (const [mode, runs] of await preparedLatencies(setup, recorded, { rate, duration: preparedFor }))
      prepared.set(mode, runs);
  }

  const crash =
    options.crash === undefined || signal?.aborted === true
      ? undefined
      : await crashOf(setup, recorded, rate, options.crash, drainRateOf(drains), (mode) => {
          progress.begin(mode === 'record' ? phases.crashRecord : phases.crashMicroBatch);
          return (share, count) => progress.at(share, count);
        });

  // Only now: the oracle holds whole streams in memory, and would have the collector disturb what is measured.
  progress.begin(phases.oracle);
  const bothComplete = microBatch?.isComplete === true && record?.isComplete === true;
  const opinion = bothComplete
    ? await opinionOf(setup, trace, runsBeyondOracle(microBatch.job, record.job))
    : undefined;

  progress.begin(phases.judging);
  const verdict = opinion
    ? judge(setup, trace, microBatch!, record!, opinion)
    : noVerdict(setup, records, 'the runs were interrupted before both had finished');
  const runs = { trace, microBatch, record, drains, prepared, setup, rate };
  const document = documentOf(runs, verdict, environment);
  const result = crash === undefined ? document : { ...document, crash };
  progress.at(1, 0);
  return result;
}

/** The four runs that tell what being prepared does to latency take so long (s). */
const PREPARED_WEIGHT = 10;
/** A run with a crash takes so long, with the start of its workers (s). */
const CRASH_WEIGHT = 10;

/** The middle of the highest rates; undefined where none may be told. In one thread: with workers it may be higher. */
function drainRateOf({ telling }: Drains): (mode: Mode) => number | undefined {
  return (mode) => {
    const rates = (mode === 'record' ? telling.record : telling.microBatch).map(
      ({ recordsPerSecond }) => recordsPerSecond,
    );
    return rates.length === 0 ? undefined : median(rates);
  };
}

async function recordTrace(setup: Setup, onRecords: (count: number) => void) {
  const { job, world, options, slides, seed } = setup;
  const recordsMax = (source: SourceNode): number => recordsMaxOf(setup, source);
  const recorded = await recordInput(job, { recordsMax, world, signal: options.signal, onRecords });
  const rate = rateOf(setup, recorded);
  const { batchInterval } = job.graph.settings;
  return { recorded, rate, trace: layOut(recorded, { rate, batchInterval, slides, seed }) };
}

/** The oracle's answer, or why there is none: a user function that throws fails the job too, with a better error. */
async function opinionOf({ job }: Setup, trace: TimedTrace, beyond: string | undefined): Promise<Opinion> {
  const absence = oracleAbsence(job) ?? beyond;
  if (absence !== undefined) return { absence };
  try {
    return { answer: await evaluate(job, trace) };
  } catch (error) {
    return { absence: `a user function threw: ${error instanceof Error ? error.message : String(error)}` };
  }
}
