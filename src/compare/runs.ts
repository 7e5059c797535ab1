/** The two kinds of measured runs: paced by the driver with captured results, and a drain at the highest rate. */
import { openSink } from '../connectors/open-sink.js';
import type { JobResult, RunningJob } from '../executors/executor.js';
import { type RunOptions, start } from '../host/run.js';
import type { Mode } from '../runtime/events.js';
import type { SinkWriter } from '../runtime/sink.js';
import { type Clock, shifted } from '../runtime/world.js';
import { functionId, type SinkNode } from '../topology/graph.js';
import { Capture, type CaptureOptions, CountingSink, type LatencySinks, MeasuredLatency } from './capture.js';
import { type Driver, startDriver } from './driver.js';
import { type Reliability, type ReliabilityOptions, withReliability } from './prepared/reliability.js';
import { startProbe } from './probe.js';
import type { LatencySeries } from './recovery/latency-series.js';
import type { ResourceUse } from './result.js';
import { CAPTURE_SPEC, type Setup } from './setup.js';
import { recordCount, type TimedTrace } from './trace.js';
import { openDrain } from './trace-reader.js';

/** What a paced run of one mode gave. */
export interface PacedRun {
  readonly mode: Mode;
  readonly job: JobResult;
  readonly captures: ReadonlyMap<string, Capture>;
  readonly latencies: LatencySinks;
  /** How late the driver released each record (us). */
  readonly lateness: Float32Array;
  /** Stream time of the latest hand-over, or of the run's end. */
  readonly finishedAt: number;
  readonly resources: ResourceUse;
  readonly isComplete: boolean;
}

/** What a drain run gave. */
export interface DrainRun {
  /** Over all repetitions of the trace. */
  readonly records: number;
  /** From start to end (us). */
  readonly took: number;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly results: number;
}

/** Watches a run that is under way. */
export interface RunWatch {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (recordsRead: number) => void;
}

/** From the driver's readiness to the first record (us): the executor has started by then. */
const LEAD = 250_000;
/** Workers load the job first (us). */
const WORKERS_LEAD = 1_000_000;
const PROGRESS_EVERY_MS = 200;

/** What a run has beside the ordinary, given its stream clock. */
export interface PacedExtras {
  /** Takes the latency of every result in order. */
  readonly series: { readonly record: LatencySeries; readonly window: LatencySeries } | undefined;
  readonly isTransactional: boolean;
  readonly options: Partial<RunOptions>;
}

/** How a paced run differs from an ordinary one. */
export interface PacedVariant {
  /** Default: as the job asks for. */
  readonly reliability?: Reliability;
  readonly extrasOf?: (clock: Clock) => PacedExtras;
}

/** Runs one mode at the trace's own pace, and captures everything. */
export async function runPaced(
  setup: Setup,
  trace: TimedTrace,
  mode: Mode,
  watch: RunWatch,
  { reliability = 'asked', extrasOf }: PacedVariant = {},
): Promise<PacedRun> {
  return withReliability(reliability, setup, setup.world.files, async (reliable, isTransactional) => {
    const driver = await startDriver(trace, setup.world);
    try {
      const plainExtras = () => plainExtrasOf(setup, isTransactional);
      return await runOn(driver, setup, trace, mode, watch, { reliable, extrasOf: extrasOf ?? plainExtras });
    } finally {
      driver.close();
    }
  });
}

function plainExtrasOf({ options: { workers } }: Setup, isTransactional: boolean): PacedExtras {
  return { series: undefined, isTransactional, options: workers === undefined ? {} : { workers } };
}

async function runOn(
  driver: Driver,
  setup: Setup,
  trace: TimedTrace,
  mode: Mode,
  watch: RunWatch,
  { reliable, extrasOf }: { readonly reliable: ReliabilityOptions; readonly extrasOf: (clock: Clock) => PacedExtras },
): Promise<PacedRun> {
  const lead = setup.options.workers === undefined ? LEAD : LEAD + WORKERS_LEAD;
  const startAt = setup.world.clock.now() + lead;
  const world = shifted(setup.world, trace.start - startAt);
  const { series, isTransactional, options } = extrasOf(world.clock);
  const latencies = { record: new MeasuredLatency(series?.record), window: new MeasuredLatency(series?.window) };
  const timed = { clock: world.clock, latencies, lastHeartbeat: trace.end, transactional: isTransactional };
  const captures = await openCaptures(setup, timed);
  const probe = startProbe();
  const job = await start(setup.job, {
    ...common(setup, mode),
    ...reliable,
    ...options,
    readers: driver.readers,
    writers: captures,
    world,
  });
  driver.begin(startAt);
  const result = await watched(job, watch, () => driver.stop());
  const resources = probe.stop();
  driver.stop();
  return {
    mode,
    job: result,
    captures,
    latencies,
    lateness: await driver.lateness,
    finishedAt: Math.max(...Array.from(captures.values(), (capture) => capture.lastHandOver)),
    resources,
    isComplete: result.outcome === 'finished' && driver.progress().taken === recordCount(trace),
  };
}

async function openCaptures(setup: Setup, options: CaptureOptions & { readonly latencies: LatencySinks }) {
  const captures = new Map<string, Capture>();
  for (const { name, isTimed, interval } of setup.sinks) {
    const next = setup.options.realSinks === true ? await openReal(setup, name, interval) : undefined;
    const latencies = isTimed ? options.latencies : undefined;
    captures.set(name, new Capture({ ...options, latencies, next, interval }));
  }
  return captures;
}

/** Runs one mode as fast as it goes, `repeat` times the trace in a row. Undefined when it was interrupted. */
export function runDrain(
  setup: Setup,
  trace: TimedTrace,
  variant: { readonly mode: Mode; readonly reliability: Reliability; readonly repeat: number },
  watch: RunWatch,
): Promise<DrainRun | undefined> {
  const { mode, reliability, repeat } = variant;
  return withReliability(reliability, setup, setup.world.files, async (reliable, isTransactional) => {
    const writers = new Map(setup.sinks.map(({ name }) => [name, new CountingSink(isTransactional)]));
    const world = shifted(setup.world, trace.start - setup.world.clock.now());
    const cpuBefore = process.cpuUsage();
    const from = setup.world.clock.now();
    const job = await start(setup.job, {
      ...common(setup, mode),
      ...reliable,
      readers: openDrain(trace, repeat),
      writers,
      world,
      microBatch: { trigger: 'available' },
      sinks: captureSpecs(setup),
    });
    const result = await watched(job, watch, () => {});
    const took = setup.world.clock.now() - from;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (result.outcome !== 'finished') return undefined;
    const records = recordCount(trace) * repeat;
    return {
      records,
      took,
      recordsPerSecond: (records * 1e6) / took,
      cpuSecondsPerMillion: (user + system) / records,
      results: [...writers.values()].reduce((sum, writer) => sum + writer.count, 0),
    };
  });
}

function common(setup: Setup, mode: Mode) {
  const { seed, parallelism, options } = setup;
  const chaining = options.chaining ?? true;
  // The job has these already; workers, which load it anew, must hear of them.
  const { settings = {}, sources = {}, state = 'memory' } = options;
  const sinks = options.realSinks === true ? (options.sinks ?? {}) : captureSpecs(setup);
  return { mode, seed, parallelism, chaining, settings, sources, sinks, state };
}

function captureSpecs({ sinks }: Setup) {
  return Object.fromEntries(sinks.map(({ name }) => [name, CAPTURE_SPEC]));
}

/** Waits for a job, tells how far it is, and stops it when asked. @throws the job's error when it failed. */
async function watched(job: RunningJob, { signal, onProgress }: RunWatch, onStop: () => void): Promise<JobResult> {
  const stop = (): void => {
    onStop();
    job.stop();
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const timer = setInterval(() => onProgress(job.progress().recordsRead), PROGRESS_EVERY_MS);
  try {
    const result = await job.done;
    if (result.error !== undefined) throw result.error;
    return result;
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function openReal({ job, world }: Setup, name: string, interval: number | undefined): Promise<SinkWriter> {
  const { id, spec } = job.graph.nodes.find((node): node is SinkNode => node.kind === 'sink' && node.name === name)!;
  const role = (key: string): unknown => job.functions.get(functionId(id, `spec:${key}`));
  const delivery = interval === undefined ? 'record' : 'interval';
  return openSink({ name, kind: spec.kind, options: spec.options, delivery }, role, { world });
}
