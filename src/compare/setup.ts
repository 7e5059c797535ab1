/** What a comparison is about to do: the job with its settings, how long it runs, and what will be demanded of it. */
import { StreamError } from '../core/errors.js';
import { checkFaults } from '../host/run-faults.js';
import { TASK_WORKER_MODULE } from '../host/worker-pool.js';
import { compile } from '../plan/compile.js';
import type { SinkOperator } from '../plan/plan.js';
import { slidesOf } from '../plan/slides.js';
import { showFault } from '../runtime/faults/fault-plan.js';
import { createRealWorld } from '../runtime/real-world.js';
import type { World } from '../runtime/world.js';
import { withSettings } from '../topology/builder.js';
import type { SourceNode, Topology } from '../topology/graph.js';
import type { SinkSpec } from '../topology/specs.js';
import { withEnds } from '../topology/with-ends.js';
import { DRIVER_MODULE } from './driver.js';
import { type CompareOptions, DURATION_MAX, DURATION_MIN, RATE_DEFAULT, RATE_MIN, RECORDS_MAX } from './options.js';
import { oracleAbsence } from './oracle/evaluate.js';
import { hasIntendedTime } from './rules.js';
import type { RecordedSource } from './trace.js';

/** A sink as it is captured. */
export interface CapturedSink {
  readonly name: string;
  /** Its results' latency can be told. */
  readonly isTimed: boolean;
  /** With real sinks, an interval sink gets intervals of this length (us). */
  readonly interval: number | undefined;
}

/** A comparison that may begin. */
export interface Setup {
  readonly job: Topology;
  readonly options: CompareOptions;
  readonly seed: number;
  readonly parallelism: number;
  readonly world: World;
  readonly slides: readonly number[];
  /** How long a paced run should take (us). */
  readonly duration: number;
  readonly sinks: readonly CapturedSink[];
  /** False: event time cannot go on when the input is repeated. */
  readonly canRepeat: boolean;
  /** False: record mode does not ack at all, so acking costs nothing. */
  readonly isAcking: boolean;
}

/** Checks the job as the user wrote it, which must run in both modes. @throws StreamErrors of the plan, `RG005`, `RG019`, `RG063`. */
export function prepare(topology: Topology, options: CompareOptions): Setup {
  const { sources, sinks: replaced } = options;
  const ends = { ...(sources && { sources }), ...(replaced && { sinks: replaced }) };
  const job = withSettings(withEnds(topology, ends), options.settings ?? {});
  const { parallelism = 1, chaining = true, seed = 1, realSinks = false } = options;
  // What is captured is asked for no more than a capture sink can give.
  const names = job.graph.nodes.flatMap((node) => (node.kind === 'sink' ? [node.name] : []));
  const captured = Object.fromEntries(names.map((name) => [name, CAPTURE_SPEC]));
  const mode = 'micro-batch';
  const plan = compile(realSinks ? job : withEnds(job, { sinks: captured }), { parallelism, chaining, mode });
  refuseComponents(job, options);
  // How long the input is will be known when it is recorded.
  const total = Number.POSITIVE_INFINITY;
  if (options.faults !== undefined) checkFaults(plan, options.workers?.count ?? 0, { plan: options.faults, total });
  const slides = slidesOf(job.graph);
  const sinks = plan.operators.filter((operator): operator is SinkOperator => operator.kind === 'sink');
  return {
    job,
    options,
    seed,
    parallelism,
    world:
      options.world ??
      createRealWorld({ seed, workers: { 'load-driver': DRIVER_MODULE, 'task-worker': TASK_WORKER_MODULE } }),
    slides,
    duration: options.duration ?? defaultDuration(job),
    sinks: sinks.map(({ name, node, delivery, slide }) => ({
      name,
      isTimed: hasIntendedTime(job.graph, { node, output: 'default' }),
      interval: realSinks && delivery === 'interval' ? slide : undefined,
    })),
    canRepeat: !job.graph.nodes.some((node) => node.kind === 'timestamps'),
    isAcking: options.acking !== false && job.graph.settings.guarantee !== 'at-most-once',
  };
}

/** Only the oracle can judge faults and crashes, and both modes must be given the same input. */
function refuseComponents(job: Topology, { faults, crash }: CompareOptions): void {
  const spout = job.graph.nodes.find((node) => node.kind === 'spout' && node.repeatable !== true);
  if (spout !== undefined)
    throw new StreamError(
      'RG019',
      `compare runs a job once in each mode, and nothing says that the spout '${spout.uid}' emits the same both times`,
      'declare it { repeatable: true } if neither the clock nor chance nor anything outside decides what it emits; else read a source in its place (t.source)',
      { place: spout.place },
    );
  const absence = oracleAbsence(job);
  if (absence === undefined || (faults === undefined && crash === undefined)) return;
  const what = faults === undefined ? 'a crash' : 'faults';
  const onWorker = faults?.find((fault) => WORKER_FAULTS.has(fault.kind) && fault.target !== 'driver');
  const broken = onWorker === undefined ? '' : ` --workers 2 --fault ${showFault(onWorker)}`;
  throw new StreamError(
    'RG019',
    `compare judges ${what} by the oracle: ${absence}`,
    `compare without ${what}, or use raingauge simulate JOB${broken} with --mode record or micro-batch, which judges such a job by runs without a fault`,
  );
}

const WORKER_FAULTS: ReadonlySet<string> = new Set(['kill', 'terminate', 'stop']);

/** How many records of a source are recorded. */
export function recordsMaxOf({ options, duration }: Setup, source: SourceNode): number {
  const { records = Number.POSITIVE_INFINITY, rate } = options;
  const isBounded = source.spec.capabilities.bounded;
  const byTime = rate === undefined && isBounded ? RECORDS_MAX : Math.ceil(((rate ?? RATE_DEFAULT) * duration) / 1e6);
  return records === Number.POSITIVE_INFINITY || options.duration !== undefined ? Math.min(records, byTime) : records;
}

/** Records a second of each source: what was asked for, or what spreads the largest source over the duration. */
export function rateOf({ options, duration, job }: Setup, sources: readonly RecordedSource[]): number {
  if (options.rate !== undefined) return options.rate;
  const isLive = job.graph.nodes.some((node) => node.kind === 'source' && !node.spec.capabilities.bounded);
  if (isLive) return RATE_DEFAULT;
  const most = Math.max(...sources.map(({ partitions }) => partitions.reduce((sum, values) => sum + values.length, 0)));
  return Math.max(RATE_MIN, Math.ceil((most * 1e6) / duration));
}

/** Stands in for a sink: takes each result by itself, with its times. */
export const CAPTURE_SPEC: SinkSpec<never> = {
  role: 'sink',
  kind: 'none',
  options: {},
  capabilities: { guarantee: 'exactly-once', delivery: 'record' },
};

/** Three of the longest window, within limits. */
function defaultDuration({ graph }: Topology): number {
  const windows = graph.nodes.flatMap((node) => ('window' in node ? [3 * (node.window ?? 0)] : []));
  return Math.min(DURATION_MAX, Math.max(DURATION_MIN, ...windows));
}
