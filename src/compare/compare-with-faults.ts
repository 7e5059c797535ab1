/** A comparison with faults: both modes meet the same, and are judged record by record by what they promised. */
import type { Mode } from '../runtime/events.js';
import { showFault } from '../runtime/faults/fault-plan.js';
import { documentOf, withRecovery } from './document.js';
import { Drains, NO_RUNS } from './drains.js';
import { describeEnvironment } from './environment.js';
import { expectationOf, type FaultedRun, judgeFaulted, runWithFaults } from './fault-run.js';
import { noVerdict } from './judge.js';
import type { ExpectedPhase, Progress } from './progress.js';
import type { CompareResult } from './result.js';
import type { Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';

/** The phases of a comparison with faults, for its progress. */
export interface FaultPhases {
  readonly warmUp: ExpectedPhase;
  readonly microBatch: ExpectedPhase;
  readonly record: ExpectedPhase;
  readonly oracle: ExpectedPhase;
}

const NO_DRAINS: Pick<Drains, 'telling' | 'withheld' | 'differ' | 'unprepared'> = {
  telling: NO_RUNS,
  unprepared: new Map(),
  withheld: 'not measured where something is broken on purpose',
  differ: false,
};

/** Runs both modes with the setup's faults, and judges them. @throws StreamError of a job that failed. */
export async function compareWithFaults(
  setup: Setup,
  trace: TimedTrace,
  rate: number,
  phases: FaultPhases,
  progress: Progress,
): Promise<CompareResult> {
  const { signal } = setup.options;
  const environment = describeEnvironment();
  const records = recordCount(trace);
  const faulted = async (phase: ExpectedPhase, mode: Mode): Promise<FaultedRun | undefined> => {
    if (signal?.aborted === true) return undefined;
    progress.begin(phase);
    return runWithFaults(setup, trace, mode, { signal, onProgress: (read) => progress.at(read / records, read) });
  };
  // Not told as the highest rate, for which one run is too few: only what the ideal recovery is reckoned with.
  progress.begin(phases.warmUp);
  const drains = new Drains(setup, trace, { signal, onProgress: () => {} });
  await drains.warmUp(true);
  const microBatch = await faulted(phases.microBatch, 'micro-batch');
  const record = await faulted(phases.record, 'record');
  progress.begin(phases.oracle);
  const verdict = noVerdict(setup, records, 'with faults the answers are judged record by record');
  const runs = {
    trace,
    microBatch: microBatch?.run,
    record: record?.run,
    drains: NO_DRAINS,
    prepared: new Map(),
    setup,
    rate,
  };
  const document = documentOf(runs, verdict, environment);
  const text = (setup.options.faults ?? []).map(showFault).join(', ');
  if (microBatch?.run.isComplete !== true || record?.run.isComplete !== true) return { ...document, fault: text };
  const expected = await expectationOf(setup, trace);
  const recoveries = {
    'micro-batch': judgeFaulted(setup, trace, expected, microBatch, drains.warmRates.get('micro-batch')),
    record: judgeFaulted(setup, trace, expected, record, drains.warmRates.get('record')),
  };
  const result = withRecovery(document, text, recoveries);
  progress.at(1, 0);
  return result;
}
