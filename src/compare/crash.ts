/** The crash at the end of a comparison: both modes once more, shorter, on worker processes of which one is killed. */
import type { WorkerOptions } from '../host/run-options.js';
import type { Mode } from '../runtime/events.js';
import { type Fault, showFault } from '../runtime/faults/fault-plan.js';
import type { Topology } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import { expectationOf, judgeFaulted, runWithFaults } from './fault-run.js';
import type { CrashMeasures } from './result.js';
import type { Setup } from './setup.js';
import { beginningOf, type RecordedSource, recordCount, type TimedTrace } from './trace.js';

/** The crash comes early, so that there is time to see the recovery, and not so early that nothing is known of before. */
const CRASH_AT = 0.25;
/**
 * How long a run with a crash takes at most (us): a new process is there after a second and warm after another, and then two batch
 * intervals must be as before.
 */
const CRASH_DURATION_MAX = 4_500_000;

/** Runs both modes with the crash. Undefined when it was interrupted. @throws StreamError of a job that failed. */
export async function crashOf(
  setup: Setup,
  recorded: readonly RecordedSource[],
  rate: number,
  workers: WorkerOptions,
  drainPerSecond: (mode: Mode) => number | undefined,
  begin: (mode: Mode) => (share: number, records: number) => void,
): Promise<CrashMeasures | undefined> {
  const fault: Fault = { kind: 'kill', target: victimOf(setup.job), at: { unit: 'share', value: CRASH_AT }, span: 0 };
  const crashing: Setup = { ...setup, options: { ...setup.options, workers, faults: [fault] } };
  const trace = shortTrace(setup, recorded, rate);
  const { signal } = setup.options;
  const expected = await expectationOf(crashing, trace);
  const recoveries = new Map<Mode, CrashMeasures['modes']['record']>();
  for (const mode of ['micro-batch', 'record'] as const) {
    if (signal?.aborted === true) return undefined;
    const onProgress = begin(mode);
    const faulted = await runWithFaults(crashing, trace, mode, {
      signal,
      onProgress: (read) => onProgress(read / recordCount(trace), read),
    });
    if (!faulted.run.isComplete) return undefined;
    const { cost, verdict } = judgeFaulted(crashing, trace, expected, faulted, drainPerSecond(mode));
    recoveries.set(mode, { ...cost, verdict });
  }
  const modes = { 'micro-batch': recoveries.get('micro-batch')!, record: recoveries.get('record')! };
  const verdicts = Object.values(modes).map(({ verdict }) => verdict.verdict);
  return {
    fault: showFault(fault),
    guarantee: verdicts.includes('broken') ? 'broken' : verdicts.includes('not checked') ? 'not checked' : 'held',
    declaredGuarantee: modes.record.verdict.guarantee,
    modes,
  };
}

/** The first records at the same rate. */
function shortTrace(
  { job, slides, seed, duration }: Setup,
  recorded: readonly RecordedSource[],
  rate: number,
): TimedTrace {
  const { batchInterval } = job.graph.settings;
  return beginningOf(recorded, Math.min(CRASH_DURATION_MAX, duration), { rate, batchInterval, slides, seed });
}

/** The last operator with state, which loses most; without any, the last one at all. */
function victimOf({ graph }: Topology): string {
  const inner = graph.nodes.filter(({ kind }) => kind !== 'source' && kind !== 'sink');
  return (
    inner.findLast((node) => node.kind !== 'timestamps' && nodeTraits(node).keeps !== 'nothing') ??
    inner.at(-1) ??
    graph.nodes[0]!
  ).uid;
}
