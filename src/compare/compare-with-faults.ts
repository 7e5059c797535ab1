/** A comparison with faults: both modes meet the same, and are judged record by record by what they promised. */
import type { Mode } from '../runtime/events.js';
import { showFault } from '../runtime/faults/fault-plan.js';
import { documentOf, withRecovery } from './document.js';
import type { Drains } from './drains.js';
import { describeEnvironment } from './environment.js';
import { type FaultedRun, judgeFaulted, runWithFaults } from './fault-run.js';
import { noVerdict } from './judge.js';
import type { ExpectedPhase, Progress } from './progress.js';
import type { CompareResult } from './result.js';
import type { Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';

/** The phases of a comparison with faults, for its progress. */
export interface FaultPhases {
  readonly microBatch: ExpectedPhase;
  readonly record: ExpectedPhase;
  readonly oracle: ExpectedPhase;
}

const NO_DRAINS: Pick<Drains, 'telling' | 'withheld' | 'differ'> = {
  telling: { microBatch: [], record: [], unacked: [] },
  withheld: 'runs with faults',
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
  const microBatch = await faulted(phases.microBatch, 'micro-batch');
  const record = await faulted(phases.record, 'record');
  progress.begin(phases.oracle);
  const verdict = noVerdict(setup, records, 'with faults the answers are judged record by record');
  const runs = { trace, microBatch: microBatch?.run, record: record?.run, drains: NO_DRAINS, setup, rate };
  const document = documentOf(runs, verdict, environment);
  const text = (setup.options.faults ?? []).map(showFault).join(', ');
  if (microBatch?.run.isComplete !== true || record?.run.isComplete !== true) return { ...document, fault: text };
  const result = withRecovery(document, text, {
    'micro-batch': judgeFaulted(setup, trace, microBatch),
    record: judgeFaulted(setup, trace, record),
  });
  progress.at(1, 0);
  return result;
}
