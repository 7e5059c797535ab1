/** Brings a fault plan into one run: into functions, channels, sources, workers and the driver itself. Executors know nothing of it. */
import { StreamError } from '../core/errors.js';
import type { ChannelDecorator } from '../executors/executor.js';
import { workerOf } from '../executors/workers.js';
import type { Plan, Stage } from '../plan/plan.js';
import { countedSpout } from '../runtime/faults/counted-spout.js';
import { type FaultPlan, SIMULATED_KINDS, showFault } from '../runtime/faults/fault-plan.js';
import { faultyChannels } from '../runtime/faults/faulty-channels.js';
import { type CallCounts, faultyFunctions } from '../runtime/faults/faulty-functions.js';
import { faultySource, type Silence } from '../runtime/faults/faulty-source.js';
import { FaultTimes, type TimedFault } from '../runtime/faults/injector.js';
import type { SourceReader } from '../runtime/source.js';
import type { Clock, World } from '../runtime/world.js';
import type { Spout, Values } from '../topology/components.js';
import { type FunctionTable, functionId, type Topology } from '../topology/graph.js';
import { suggest } from './suggest.js';

/** A fault plan, and what a run must know to follow it. */
export interface FaultOptions {
  readonly plan: FaultPlan;
  /** Records of the whole input, and messages of spouts, for faults at a share of it. */
  readonly total?: number;
  /** How the driver dies. Default: SIGKILL of this process. */
  readonly killDriver?: () => void;
  /** Calls counted so far, where a plan goes on over several lives of the driver. */
  readonly counts?: CallCounts;
  /** Told as each timed fault strikes. */
  readonly onStrike?: (fault: TimedFault, time: number) => void;
}

/** What workers can suffer: `WorkerPool` has it. */
export interface Killable {
  readonly count: number;
  kill(worker: number, signal: 'kill' | 'stop' | 'continue'): void;
}

/** The faults of one run. */
export interface RunFaults {
  readonly functions: FunctionTable;
  readonly channels: ChannelDecorator | undefined;
  source(name: string, reader: SourceReader): SourceReader;
  begin(workers: Killable | undefined): void;
  end(): void;
}

/** @throws StreamError `RG063` for a plan that names what the job does not have, or that needs workers where there are none. */
export function runFaults(job: Topology, plan: Plan, world: World, workers: number, options: FaultOptions): RunFaults {
  checkFaults(plan, workers, options);
  const { scheduler, clock } = world;
  const silences = new Map<string, Silence>();
  let pool: Killable | undefined;
  let ingested = 0;
  const strike = (fault: TimedFault): void => {
    options.onStrike?.(fault, clock.now());
    if (fault.kind === 'disconnect') silences.get(fault.target)!.until = clock.now() + fault.span;
    else if (fault.kind === 'lose-acker') channels?.lose(Number(fault.target));
    // A simulated World does it, when it is told.
    else if (SIMULATED_KINDS.has(fault.kind)) return;
    else if (fault.target === 'driver') (options.killDriver ?? killThisProcess)();
    else strikeWorker(pool!, workerIn(plan, fault.target, workers), fault, scheduler, () => clock.now());
  };
  const times = new FaultTimes(options.plan, strike);
  const channels = faultyChannels(options.plan, scheduler, () => clock.now());
  const read = (records: number): void => {
    ingested += records;
    times.ingested(ingested, options.total ?? Number.POSITIVE_INFINITY);
  };
  const functions = functionsWithFaults(job, options.plan, clock, options.counts);
  return {
    functions: withCountedSpouts(job, functions, () => read(1)),
    channels,
    source: (name, reader) => {
      const silence = { until: Number.NEGATIVE_INFINITY };
      silences.set(name, silence);
      return faultySource(reader, silence, clock, scheduler, read);
    },
    begin: (started) => {
      pool = started;
      times.begin(clock, scheduler);
    },
    end: () => times.end(),
  };
}

/** The job's functions, which throw or take long where the plan says so. */
export function functionsWithFaults(
  job: Topology,
  faults: FaultPlan,
  clock: Clock,
  counts?: CallCounts,
): FunctionTable {
  const uids = new Map(job.graph.nodes.map((node) => [String(node.id), nameOf(node)]));
  const owner = (id: string): string | undefined => (id.includes('spec:') ? undefined : uids.get(id.split(':')[0]!));
  return faultyFunctions(job.functions, faults, owner, (span) => spend(clock, span), counts);
}

function withCountedSpouts({ graph }: Topology, functions: FunctionTable, emitted: () => void): FunctionTable {
  const counted = graph.nodes.flatMap(({ kind, id }) => {
    const role = functionId(id, 'create');
    const create = functions.get(role) as () => Spout<Values>;
    return kind === 'spout' ? [[role, () => countedSpout(create(), emitted)] as const] : [];
  });
  return new Map([...functions, ...counted]);
}

/** Uids and names of the components that a fault may name. */
export function componentsOf(plan: Plan): readonly string[] {
  return [...new Set(plan.operators.flatMap((operator) => [operator.uid, nameOf(operator)]))];
}

/** @throws StreamError `RG063`, as `runFaults` would. */
export function checkFaults(plan: Plan, workers: number, { plan: faults, total, killDriver }: FaultOptions): void {
  const components = componentsOf(plan);
  for (const fault of faults) {
    const { kind, target } = fault;
    const isWorker = kind === 'kill' || kind === 'terminate' || kind === 'stop';
    if ('at' in fault && fault.at.unit === 'share' && total === undefined)
      throw new StreamError(
        'RG063',
        `'${kind}:${target}' strikes at a share of an input whose length nobody knows`,
        'say @RECORDS or a time such as @2s',
      );
    if (SIMULATED_KINDS.has(kind) && killDriver === undefined)
      throw new StreamError(
        'RG063',
        `'${kind}:${target}' is possible in a simulated world only`,
        `use raingauge simulate JOB --fault ${showFault(fault)}`,
      );
    if (SIMULATED_KINDS.has(kind) || target === 'driver' || /write|sync|disk|acker/.test(kind)) continue;
    if (!components.includes(target))
      throw new StreamError(
        'RG063',
        `the fault plan names '${target}', which the job does not have`,
        suggest(target, components, 'it has'),
      );
    if (isWorker && workers === 0)
      throw new StreamError(
        'RG063',
        `'${kind}:${target}' needs a worker, and all tasks run in the driver`,
        'add --workers 2 --isolation process',
      );
  }
}

/** The worker that runs the first task of the stage with that component. */
function workerIn(plan: Plan, component: string, workers: number): number {
  const has = (stage: Stage): boolean =>
    stage.operators.some((id) => plan.operators[id]!.uid === component || nameOf(plan.operators[id]!) === component);
  const stage = plan.stages.find(has)!;
  return workerOf(stage.id, 0, workers);
}

function strikeWorker(
  pool: Killable,
  worker: number,
  { kind, span }: Extract<TimedFault, { readonly kind: 'kill' | 'terminate' | 'stop' }> | TimedFault,
  scheduler: World['scheduler'],
  now: () => number,
): void {
  if (kind !== 'stop') return pool.kill(worker, 'kill');
  pool.kill(worker, 'stop');
  scheduler.at(now() + span, () => pool.kill(worker, 'continue'));
}

function nameOf(node: { readonly uid: string; readonly name?: string }): string {
  return node.name ?? node.uid;
}

/** Takes up time as a slow function would. A simulated clock stands still within an event: there it takes none. */
function spend(clock: Clock, span: number): void {
  const until = clock.now() + span;
  let [before, still] = [clock.now(), 0];
  while (before < until && still < STILL_MAX) {
    const now = clock.now();
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

/** Equal readings in a row after which a clock counts as standing still. */
const STILL_MAX = 10_000;

function killThisProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
