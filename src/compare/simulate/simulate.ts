/** `simulate`: a job under every kind of fault, in virtual time, seed by seed, until one breaks what the job promises. */

import { hashText } from '../../core/json.js';
import type { RecordOptions } from '../../executors/executor.js';
import { openState, type StateKind } from '../../host/open-state.js';
import { componentsOf } from '../../host/run-faults.js';
import { compile } from '../../plan/compile.js';
import type { Plan } from '../../plan/plan.js';
import { slidesOf } from '../../plan/slides.js';
import type { Mode } from '../../runtime/events.js';
import { type FaultPlan, showFault } from '../../runtime/faults/fault-plan.js';
import { createRealWorld } from '../../runtime/real-world.js';
import { withSettings } from '../../topology/builder.js';
import { functionId, type Topology } from '../../topology/graph.js';
import { nodeTraits } from '../../topology/node-traits.js';
import { GUARANTEES, type Guarantee, type SourceSpec } from '../../topology/specs.js';
import { withEnds } from '../../topology/with-ends.js';
import { recordInput } from '../record-input.js';
import { layOut, type RecordedSource, type TimedTrace } from '../trace.js';
import { ComponentCase } from './component-case.js';
import { type ComponentRules, componentRules } from './component-rules.js';
import { scenarioOf } from './expand-seed.js';
import { Case, type JudgedRun, judgedRun } from './judge-scenario.js';
import { withOutside } from './outside-ends.js';
import type { Scenario, Target } from './scenario.js';
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
  /** In record mode: when a record counts as done. With `expiry` there are no checkpoints, and only workers are lost. */
  readonly ackOn?: NonNullable<RecordOptions['ackOn']>;
  /** Where state is: in memory, or in lmdb with hardly anything in memory. Both give the same trace. Default: in memory. */
  readonly state?: StateKind;
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
  /** Runs in which batches could overlap, and twins of slow tasks in all runs. */
  readonly overlapping: number;
  readonly twins: number;
  /** A hash over the traces of all seeds. */
  readonly traceHash: string;
}

/** Cells of a store in lmdb that are in memory: so few that most are read again. */
const CELLS_IN_MEMORY = 3;
/** Records that are taken from the job's own source. */
const RECORDS_MAX = 200;

/** Runs the seeds one after another, and stops at the first that fails. @throws StreamError for a job that cannot be simulated. */
export async function simulate(topology: Topology, options: SimulateOptions = {}): Promise<SimulateResult> {
  const { seeds = 100, seed: first = 1, twice = 0.02 } = options;
  const bench = await benchFor(topology, options);
  const coverage: Record<string, number> = {};
  const every = twice === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(1 / twice));
  let [ran, repeated, crashes, overlapping, twins, traceHash] = [0, 0, 0, 0, 0, ''];
  let failure: Failure | null = null;
  for (let seed = first; seed < first + seeds && failure === null && options.signal?.aborted !== true; seed++) {
    const scenario = bench.scenario(seed);
    for (const what of [scenario.mode, scenario.guarantee, ...new Set(scenario.faults.map(({ kind }) => kind))])
      coverage[what] = (coverage[what] ?? 0) + 1;
    const { run, violations } = await bench.run(scenario);
    let broken = violations;
    if (broken.length === 0 && seed % every === 0) {
      repeated += 1;
      const again = await bench.run(scenario);
      if (again.run.traceHash !== run.traceHash) broken = ['the same seed gave another trace'];
    }
    ran += 1;
    crashes += run.lives - 1;
    overlapping += scenario.mode === 'micro-batch' && (scenario.microBatch.concurrentJobs ?? 1) > 1 ? 1 : 0;
    twins += run.twins;
    traceHash = hashText(traceHash + run.traceHash);
    if (broken.length > 0) {
      const fails = async (candidate: Scenario) => (await bench.run(candidate)).violations.length > 0;
      // A plan that was given is what somebody wants to see; and what only a second run shows, no shorter scenario is known to show.
      const isKept = options.faults !== undefined || violations.length === 0;
      const shortest = isKept ? scenario : await shrink(scenario, fails);
      failure = { seed, scenario, shortest, violations: broken };
    }
    options.onSeed?.(ran, seeds);
  }
  return { job: topology.graph.name, seeds: ran, failure, coverage, repeated, crashes, overlapping, twins, traceHash };
}

/** Runs scenarios of one job. */
interface Bench {
  scenario(seed: number): Scenario;
  run(scenario: Scenario): Promise<JudgedRun>;
}

async function benchFor(topology: Topology, options: SimulateOptions): Promise<Bench> {
  const { batchInterval } = options;
  const settings = batchInterval === undefined ? {} : { batchInterval: batchInterval as never };
  const given = withSettings(
    withEnds(topology, options.sources === undefined ? {} : { sources: options.sources }),
    settings,
  );
  const components = componentRules(given, options);
  const hasComponents = components !== undefined;
  const recorded = await recordedOf(given, options);
  const target = targetOf(given, options, hasComponents);
  const jobs = new Map<string, Topology>();
  const cases = new Map<string, Promise<Case>>();
  const ofComponents = new Map<string, ComponentCase>();
  // Opened before virtual time begins.
  const parts = { createStore: await openState(options.state, CELLS_IN_MEMORY) };
  return {
    scenario: (seed) => struckInTime(scenarioOf(seed, target, givenBy(options, components), options.ackOn), target),
    run: async (scenario) => {
      const { isReplayable, intake, records, seed } = scenario;
      const job = once(jobs, `${isReplayable} ${intake}`, () => withOutside(given, scenario));
      const phase = seed % PHASES;
      if (hasComponents) {
        const of = `${isReplayable} ${intake} ${records} ${phase}`;
        const on = (): ComponentCase => new ComponentCase(job, traceOf(job, recorded, records, phase), parts);
        return once(ofComponents, of, on).run(scenario);
      }
      const on = await once(cases, `${records} ${phase}`, () => Case.of(job, traceOf(job, recorded, records, phase)));
      return judgedRun(job, on, scenario, parts);
    },
  };
}

/** The first records of the job's own sources; none where it has only spouts. */
async function recordedOf(job: Topology, { signal }: SimulateOptions): Promise<readonly RecordedSource[]> {
  if (!job.graph.nodes.some(({ kind }) => kind === 'source')) return [];
  return recordInput(job, { recordsMax: () => RECORDS_MAX, world: createRealWorld(), signal });
}

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  let found = made.get(name);
  if (found === undefined) {
    found = make();
    made.set(name, found);
  }
  return found;
}

/** The command that repeats a failure, without the job. */
export function repeatFlags({ shortest }: Failure): readonly string[] {
  const { seed, mode, guarantee, workers, parallelism, records, record, faults } = shortest;
  return [
    '--seeds 1',
    `--seed ${seed}`,
    `--mode ${mode}`,
    `--guarantee ${guarantee}`,
    `--workers ${workers}`,
    `--parallelism ${parallelism}`,
    `--records ${records}`,
    ...(record.ackOn === undefined ? [] : [`--ack-on ${record.ackOn}`]),
    ...(faults.length === 0 ? ['--no-faults'] : faults.map((fault) => `--fault ${showFault(fault)}`)),
  ];
}

/** Without sources nobody knows a share of the input: it counts as a share of the time in which spouts emit. */
function struckInTime(scenario: Scenario, { sources, batchInterval }: Target): Scenario {
  if (sources.length > 0) return scenario;
  const faults = scenario.faults.map((fault) =>
    'at' in fault && fault.at.unit === 'share'
      ? { ...fault, at: { unit: 'time' as const, value: Math.round(fault.at.value * INTERVALS_MIN * batchInterval) } }
      : fault,
  );
  return { ...scenario, faults };
}

/** The first records, at a rate at which they span enough intervals and windows. Seeds share a few phases, so that the oracle is asked seldom. */
function traceOf(job: Topology, recorded: readonly RecordedSource[], records: number, phase: number): TimedTrace {
  const { batchInterval } = job.graph.settings;
  const windows = job.graph.nodes.flatMap((node) => ('window' in node ? [(node.window ?? 0) as number] : []));
  const span = Math.max(INTERVALS_MIN * batchInterval, ...windows.map((window) => 1.5 * window));
  const sources = recorded.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((values) => values.slice(0, Math.ceil(records / partitions.length))),
  }));
  return layOut(sources, { rate: (records * 1e6) / span, batchInterval, slides: slidesOf(job.graph), seed: phase });
}

/** Places of the first record in its batch interval. */
const PHASES = 8;
const INTERVALS_MIN = 8;

function targetOf(job: Topology, { guarantee }: SimulateOptions, hasComponents: boolean): Target {
  const plan = compile(job, { chaining: false });
  // The functions of a spout or bolt make it, and are not called for records.
  const owners = job.graph.nodes.filter(
    ({ id, kind }) =>
      kind !== 'spout' &&
      kind !== 'bolt' &&
      [...job.functions.keys()].some((key) => key.startsWith(functionId(id, '')) && !key.includes('spec:')),
  );
  const sources = job.graph.nodes.flatMap((node) => (node.kind === 'source' ? [node.name] : []));
  return {
    guarantees:
      guarantee === undefined ? GUARANTEES.filter((each) => !hasComponents || each !== 'exactly-once') : [guarantee],
    components: componentsOf(plan).filter((name) =>
      plan.operators.some((each) => each.uid === name && each.kind !== 'source' && each.kind !== 'sink'),
    ),
    operators: owners.map(({ uid }) => uid),
    // Functions that are not called as windows close or timers fire.
    perRecord: owners
      .filter((node) => nodeTraits(node).emits === 'per record' && node.kind !== 'process')
      .map(({ uid }) => uid),
    sources,
    batchInterval: job.graph.settings.batchInterval,
    attemptsMax: job.graph.settings.attemptsMax,
    held: heldBy(plan),
  };
}

function heldBy({ operators }: Plan): NonNullable<Target['held']> {
  const held = operators.flatMap((each) => (each.kind === 'bolt' && each.holdsAtMost ? [each.holdsAtMost] : []));
  return {
    time: Math.max(0, ...held.map((each) => ('time' in each ? each.time : 0))),
    tuples: Math.max(0, ...held.map((each) => ('tuples' in each ? each.tuples : 0))),
  };
}

function givenBy(
  { mode, workers, parallelism, records, faults }: SimulateOptions,
  components: ComponentRules | undefined,
): Partial<Scenario> {
  return {
    ...(components?.canBatch === false ? { mode: 'record' } : mode === undefined ? {} : { mode }),
    ...(workers === undefined ? {} : { workers }),
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(records === undefined ? {} : { records }),
    ...(faults === undefined ? {} : { faults }),
  };
}
