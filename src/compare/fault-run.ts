/** One mode's paced run with faults: on traced records, with everything that happened in time. */

import type { WorkerPoolEvent } from '../host/worker-pool.js';
import type { JobEvent, Mode } from '../runtime/events.js';
import { runsBeyondOracle } from './beyond-oracle.js';
import { withIds } from './provenance/record-ids.js';
import { withProvenance } from './provenance/with-provenance.js';
import { type RecoveryCost, recoveryCost } from './recovery/cost.js';
import { expectedParts, stateList } from './recovery/expected-parts.js';
import { addDue, type DueResults } from './recovery/input-lag.js';
import { type ExpectedPart, type FaultVerdict, judgeFaultRun } from './recovery/judge-fault-run.js';
import { LatencySeries } from './recovery/latency-series.js';
import { RecordNames } from './recovery/record-names.js';
import type { ResultList } from './result-list.js';
import { type PacedRun, type RunWatch, runPaced } from './runs.js';
import type { Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';

/** What happened in a run with faults, in stream time (us), in order. */
export interface FaultEvents {
  readonly struck: number[];
  readonly workers: WorkerPoolEvent[];
  /** Events of the job that have to do with recovery. */
  readonly job: { readonly event: JobEvent; readonly time: number }[];
}

/** A mode's run with faults. */
export interface FaultedRun {
  readonly run: PacedRun;
  readonly events: FaultEvents;
  /** Latencies of per-record and of windowed results in order. */
  readonly series: { readonly record: LatencySeries; readonly window: LatencySeries };
}

/** Events that recovery is read from. */
const TOLD: ReadonlySet<string> = new Set([
  'workerLost',
  'taskRecomputed',
  'jobRestored',
  'tupleReplayed',
  'snapshotSaved',
]);

/** The module that decorates the job in a worker as it is decorated here. */
const PROVENANCE_MODULE = new URL(
  import.meta.url.endsWith('.ts') ? './provenance/decorate.ts' : './provenance/decorate.js',
  import.meta.url,
).href;

/** Runs one mode with the setup's faults. */
export async function runWithFaults(setup: Setup, trace: TimedTrace, mode: Mode, watch: RunWatch): Promise<FaultedRun> {
  const events: FaultEvents = { struck: [], workers: [], job: [] };
  const series = { record: new LatencySeries(), window: new LatencySeries() };
  const run = await runPaced({ ...setup, job: withProvenance(setup.job) }, withIds(trace), mode, watch, {
    extrasOf: (clock) => ({
      series,
      isTransactional: setup.job.graph.settings.guarantee === 'exactly-once' && setup.isAcking,
      options: {
        ...(setup.options.workers === undefined
          ? {}
          : {
              workers: {
                ...setup.options.workers,
                decorators: [PROVENANCE_MODULE],
                onEvent: (event) => events.workers.push(event),
              },
            }),
        faults: {
          plan: setup.options.faults ?? [],
          total: recordCount(trace),
          onStrike: (_fault, time) => events.struck.push(time),
        },
        listener: (event) => {
          if (TOLD.has(event.kind)) events.job.push({ event, time: clock.now() });
        },
      },
    }),
  });
  return { run, events, series };
}

/** What a run with faults is judged by: the same for both modes. */
export interface Expectation {
  readonly parts: readonly ExpectedPart[];
  /** By when they are due. Windows tell the cost only where there are no results of single records. */
  readonly due: DueResults;
  readonly kind: 'record' | 'window';
}

/** Evaluates the job on its trace. @throws whatever a user function throws. */
export async function expectationOf(setup: Setup, trace: TimedTrace): Promise<Expectation> {
  const parts = await expectedParts(setup.job, trace, setup.sinks);
  const due = { record: new Map<number, number>(), window: new Map<number, number>() };
  for (const { name, isTimed } of setup.sinks) {
    if (isTimed) addDue(due, parts.find((part) => part.name === `sink ${name}`)!.results, trace.end);
  }
  const kind = due.record.size > 0 ? 'record' : 'window';
  return { parts, due: due[kind], kind };
}

/** What came of it: the guarantee, and the cost. `drainPerSecond`: the mode's highest rate, where it was measured. */
export function judgeFaulted(
  setup: Setup,
  trace: TimedTrace,
  { parts: expected, due, kind }: Expectation,
  { run, events, series: all }: FaultedRun,
  drainPerSecond?: number,
): { readonly cost: RecoveryCost; readonly verdict: FaultVerdict } {
  const series = all[kind];
  const actual = new Map<string, ResultList>();
  for (const [name, capture] of run.captures) actual.set(`sink ${name}`, capture);
  for (const { name } of expected) {
    if (!name.startsWith('state of ')) continue;
    const states = [...run.job.state(name.slice('state of '.length))].map(([key, value]) => ({ key, value }));
    actual.set(name, stateList(states));
  }
  const { replayed, reexecuted } = doneAgain(events);
  const { guarantee } = setup.job.graph.settings;
  const verdict = judgeFaultRun({
    guarantee: setup.isAcking ? guarantee : 'at-most-once',
    expected,
    actual,
    names: new RecordNames(trace),
    replayed,
    reexecuted,
    faults: setup.options.faults?.length ?? 0,
    unjudged: runsBeyondOracle(run.job),
  });
  const lost = events.workers.find(({ kind }) => kind === 'workerLost');
  const faultAt = events.struck[0] ?? trace.end;
  const restoredAt = restoredIn(events);
  const cost = recoveryCost({
    faultAt,
    detectedAt: lost?.time,
    restoredAt,
    replayedAt: restoredAt === undefined ? undefined : replayedIn(series, restoredAt, faultAt),
    baselineFrom: trace.start + Math.min(1_000_000, (faultAt - trace.start) / 4),
    endedAt: Math.max(run.finishedAt, trace.end),
    series,
    due,
    bin: Math.max(setup.job.graph.settings.batchInterval, 100_000),
    calm: 2 * Math.max(setup.job.graph.settings.batchInterval, 100_000),
    offeredPerSecond: (recordCount(trace) * 1e6) / (trace.end - trace.start),
    drainPerSecond,
    replayed,
    reexecuted,
    lost: verdict.lost.count,
    duplicated: verdict.duplicated.count,
  });
  return { cost, verdict };
}

function doneAgain({ job }: FaultEvents): { readonly replayed: number; readonly reexecuted: number } {
  let [replayed, reexecuted] = [0, 0];
  for (const { event } of job) {
    if (event.kind === 'tupleReplayed') replayed += 1;
    if (event.kind === 'jobRestored') replayed += event.records ?? 0;
    if (event.kind === 'taskRecomputed') reexecuted += event.records;
  }
  return { replayed, reexecuted };
}

/** When everything that was lost was back: the worker, and the state of its tasks. */
function restoredIn({ workers, job }: FaultEvents): number | undefined {
  const lost = workers.find(({ kind }) => kind === 'workerLost');
  if (lost === undefined) return undefined;
  const ready = workers.find(({ kind, time }) => kind === 'workerReady' && time > lost.time);
  const restored = job.filter(({ event, time }) => event.kind === 'jobRestored' && time > lost.time).at(-1);
  const recomputed = job.filter(({ event, time }) => event.kind === 'taskRecomputed' && time > lost.time).at(-1);
  const times = [restored?.time, recomputed?.time].filter((time) => time !== undefined);
  return times.length > 0 ? Math.max(...times) : ready?.time;
}

/** When the first record that was due after the fault had its result: by then those before it had theirs. */
function replayedIn(series: LatencySeries, restoredAt: number, faultAt: number): number | undefined {
  for (let i = 0; i < series.count; i++) {
    const time = series.times[i]!;
    if (time >= restoredAt && time - series.latencies[i]! >= faultAt) return time;
  }
  return undefined;
}
