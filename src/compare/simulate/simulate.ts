/** `simulate`: a job under every kind of fault, in virtual time, seed by seed, until one breaks what the job promises. */

import { StreamError } from '../../core/errors.js';
import { componentsOf } from '../../host/run-faults.js';
import { compile } from '../../plan/compile.js';
import { slidesOf } from '../../plan/slides.js';
import type { Mode } from '../../runtime/events.js';
import { type FaultPlan, showFault } from '../../runtime/faults/fault-plan.js';
import { createRealWorld } from '../../runtime/real-world.js';
import { withSettings } from '../../topology/builder.js';
import { functionId, type Topology } from '../../topology/graph.js';
import { GUARANTEES, type Guarantee, type SourceSpec } from '../../topology/specs.js';
import { withEnds } from '../../topology/with-ends.js';
import { oracleAbsence } from '../oracle/evaluate.js';
import { recordInput } from '../record-input.js';
import { CAPTURE_SPEC } from '../setup.js';
import { layOut, type RecordedSource, type TimedTrace } from '../trace.js';
import { type JudgedRun, judgedRun } from './judge-scenario.js';
import { type Scenario, scenarioOf, type Target } from './scenario.js';
import { shrink } from './shrink.js';

/** Options of `simulate`. Everything has a default. */
export interface SimulateOptions {
  /** How many seeds. Default 100. */
  readonly seeds?: number;
  /** The first of them. Default 1. */
  readonly seed?: number;
  /** Only this mode. Default: drawn for each seed. */
  readonly mode?: Mode;
  /** Only this guarantee. Default: drawn for each seed. */
  readonly guarantee?: Guarantee;
  /** These faults in place of drawn ones. */
  readonly faults?: FaultPlan;
  /** Workers, parallelism or records in place of what is drawn. */
  readonly workers?: number;
  readonly parallelism?: number;
  readonly records?: number;
  /** Share of the seeds that run twice, to see that both runs are equal event by event. Default 0.02. */
  readonly twice?: number;
  readonly sources?: Readonly<Record<string, SourceSpec<unknown>>>;
  readonly batchInterval?: number;
  readonly onSeed?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/** A seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  /** As drawn, and the shortest that still fails. */
  readonly scenario: Scenario;
  readonly shortest: Scenario;
  /** What was wrong, the first first. */
  readonly violations: readonly string[];
}

/** What came of it. */
export interface SimulateResult {
  readonly job: string;
  /** Seeds that ran. */
  readonly seeds: number;
  readonly failure: Failure | null;
  /** What the seeds covered: runs by mode, guarantee and kind of fault. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Runs that were repeated to compare their traces. */
  readonly repeated: number;
  readonly crashes: number;
  /** A hash over the traces of all seeds. */
  readonly traceHash: string;
}

/** Records that are taken from the job's own source. */
const RECORDS_MAX = 200;

/** Runs the seeds one after another, and stops at the first that fails. @throws StreamError for a job that cannot be simulated. */
export async function simulate(topology: Topology, options: SimulateOptions = {}): Promise<SimulateResult> {
  const { seeds = 100, seed: first = 1, twice = 0.02 } = options;
  const job = simulated(topology, options);
  const recorded = await record(topology, options);
  const target = targetOf(job, options);
  const coverage: Record<string, number> = {};
  const every = twice === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(1 / twice));
  let [ran, repeated, crashes, traceHash] = [0, 0, 0, ''];
  let failure: Failure | null = null;
  for (let seed = first; seed < first + seeds && failure === null && options.signal?.aborted !== true; seed++) {
    const scenario = scenarioOf(seed, target, givenBy(options));
    for (const what of [scenario.mode, scenario.guarantee, ...new Set(scenario.faults.map(({ kind }) => kind))])
      coverage[what] = (coverage[what] ?? 0) + 1;
    const run = await once(job, recorded, scenario);
    let { violations } = run;
    if (violations.length === 0 && seed % every === 0) {
      repeated += 1;
      const again = await once(job, recorded, scenario);
      if (again.run.traceHash !== run.run.traceHash) violations = ['the same seed gave another trace'];
    }
    ran += 1;
    crashes += run.run.lives - 1;
    traceHash = run.run.traceHash;
    if (violations.length > 0) {
      const fails = async (candidate: Scenario) => (await once(job, recorded, candidate)).violations.length > 0;
      const shortest = await shrink(scenario, fails);
      failure = { seed, scenario, shortest, violations };
    }
    options.onSeed?.(ran, seeds);
  }
  return { job: topology.graph.name, seeds: ran, failure, coverage, repeated, crashes, traceHash };
}

/** The command that repeats a failure, without the job. */
export function repeatFlags({ shortest }: Failure): readonly string[] {
  const { seed, mode, guarantee, workers, parallelism, records, faults } = shortest;
  return [
    '--seeds 1',
    `--seed ${seed}`,
    `--mode ${mode}`,
    `--guarantee ${guarantee}`,
    `--workers ${workers}`,
    `--parallelism ${parallelism}`,
    `--records ${records}`,
    ...(faults.length === 0 ? ['--no-faults'] : faults.map((fault) => `--fault ${showFault(fault)}`)),
  ];
}

function once(job: Topology, recorded: readonly RecordedSource[], scenario: Scenario): Promise<JudgedRun> {
  return judgedRun(job, traceOf(job, recorded, scenario), scenario);
}

/** The job with ends that are outside of it: any guarantee can be asked of them. */
function simulated(topology: Topology, { sources, batchInterval }: SimulateOptions): Topology {
  const settings = batchInterval === undefined ? {} : { batchInterval: batchInterval as never };
  const job = withSettings(withEnds(topology, sources === undefined ? {} : { sources }), settings);
  const absence = oracleAbsence(job);
  if (absence !== undefined)
    throw new StreamError(
      'RG019',
      `simulate needs a job that the oracle can judge: ${absence}`,
      'build it from the operators of streams',
    );
  const { nodes } = job.graph;
  const ends = {
    sources: Object.fromEntries(
      nodes.flatMap((node) => (node.kind === 'source' ? [[node.name, outside(node.spec)] as const] : [])),
    ),
    sinks: Object.fromEntries(
      nodes.flatMap((node) => (node.kind === 'sink' ? [[node.name, CAPTURE_SPEC] as const] : [])),
    ),
  };
  return withEnds(job, ends);
}

function outside(spec: {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly capabilities: SourceSpec<unknown>['capabilities'];
}): SourceSpec<unknown> {
  return {
    role: 'source',
    kind: spec.kind,
    options: spec.options,
    capabilities: { ...spec.capabilities, replayable: true, bounded: true },
  };
}

async function record(topology: Topology, { sources, signal }: SimulateOptions): Promise<readonly RecordedSource[]> {
  const job = withEnds(topology, sources === undefined ? {} : { sources });
  return recordInput(job, { recordsMax: () => RECORDS_MAX, world: createRealWorld(), signal });
}

/** The first records, at a rate at which they span enough intervals and windows. */
function traceOf(job: Topology, recorded: readonly RecordedSource[], { records, seed }: Scenario): TimedTrace {
  const { batchInterval } = job.graph.settings;
  const windows = job.graph.nodes.flatMap((node) => ('window' in node ? [node.window as number] : []));
  const span = Math.max(INTERVALS_MIN * batchInterval, ...windows.map((window) => 1.5 * window));
  const sources = recorded.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((values) => values.slice(0, Math.ceil(records / partitions.length))),
  }));
  return layOut(sources, { rate: (records * 1e6) / span, batchInterval, slides: slidesOf(job.graph), seed });
}

const INTERVALS_MIN = 8;

/** Operators whose functions are called as windows close. */
const ON_TIME: ReadonlySet<string> = new Set(['reduceByKey', 'reduceByKeyAndWindow', 'updateStateByKey', 'process']);

function targetOf(job: Topology, { guarantee }: SimulateOptions): Target {
  const plan = compile(job, { chaining: false });
  const owners = job.graph.nodes.filter((node) =>
    [...job.functions.keys()].some((id) => id.startsWith(functionId(node.id, '')) && !id.includes('spec:')),
  );
  const sources = job.graph.nodes.flatMap((node) => (node.kind === 'source' ? [node.name] : []));
  return {
    guarantees: guarantee === undefined ? GUARANTEES : [guarantee],
    components: componentsOf(plan).filter((name) =>
      plan.operators.some((each) => each.uid === name && each.kind !== 'source' && each.kind !== 'sink'),
    ),
    operators: owners.map(({ uid }) => uid),
    perRecord: owners.filter(({ kind }) => !ON_TIME.has(kind)).map(({ uid }) => uid),
    sources,
    batchInterval: job.graph.settings.batchInterval,
    attemptsMax: job.graph.settings.attemptsMax,
  };
}

function givenBy({ mode, workers, parallelism, records, faults }: SimulateOptions): Partial<Scenario> {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(workers === undefined ? {} : { workers }),
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(records === undefined ? {} : { records }),
    ...(faults === undefined ? {} : { faults }),
  };
}
