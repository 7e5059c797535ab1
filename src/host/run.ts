/** The composition root: opens what a topology names, starts the executor of a mode, and closes everything again. */
import { defined } from '../core/defined.js';
import { StreamError } from '../core/errors.js';
import type { JobResult, RunningJob, Services } from '../executors/executor.js';
import { microBatchOptions } from '../executors/micro-batch/options.js';
import { openAt } from '../executors/micro-batch/restart.js';
import type { Plan } from '../plan/plan.js';
import { connectorsFolder } from '../runtime/checkpoint-folder.js';
import type { Recovered } from '../runtime/durability.js';
import type { Mode } from '../runtime/events.js';
import { faultyFiles } from '../runtime/faults/faulty-files.js';
import { Journal } from '../runtime/journalled-source.js';
import { createRealWorld } from '../runtime/real-world.js';
import { Reservations } from '../runtime/reserved-source.js';
import type { SourceReader } from '../runtime/source.js';
import type { World } from '../runtime/world.js';
import type { Topology } from '../topology/graph.js';
import { Activation } from './activation.js';
import { compileJob } from './compile-job.js';
import { checkMode, executorOf, loadExecutor } from './executors.js';
import { Listeners } from './listeners.js';
import { isByExpiry, type OpenDurability, openDurability } from './open-durability.js';
import { type EndsParts, type OpenEnds, openEnds } from './open-ends.js';
import { openState, type StateKind } from './open-state.js';
import { requestsOf } from './requests.js';
import { resolvedSources } from './resolve-sources.js';
import { type RunFaults, runFaults } from './run-faults.js';
import type { RunOptions } from './run-options.js';
import { SetAsides } from './set-asides.js';
import { type StartedJob, startedJob } from './started-job.js';
import { startWorkerPool, TASK_WORKER_MODULE, type WorkerPool } from './worker-pool.js';
import { jobSetup } from './worker-setup.js';

export type { RunOptions } from './run-options.js';
export type { JobStatus, StartedJob } from './started-job.js';

/** Everything that was opened for one run, to be closed again. */
interface Opened {
  readonly durability: OpenDurability | undefined;
  readonly pool: WorkerPool | undefined;
  readonly faults: RunFaults | undefined;
  readonly ends: OpenEnds | undefined;
  readonly setAsides: SetAsides;
}

/** Runs a job to its end. @throws StreamError, StreamErrors for a job that cannot start; a failed job is in the result. */
export async function run(topology: Topology, options: RunOptions): Promise<JobResult> {
  const job = await start(topology, options);
  return job.done;
}

/** Starts a job. `done` settles after every source and sink is closed. @throws StreamError, StreamErrors as `run`. */
export async function start(topology: Topology, given: RunOptions): Promise<StartedJob> {
  checkMode((given as RunOptions | undefined)?.mode);
  const loading = loadExecutor(given.mode);
  if (loading !== undefined) await loading;
  const world = given.world ?? realWorldOf(given);
  const options = await resolvedOptions(topology, given, world);
  const { job, plan } = compileJob(topology, options);
  // Before anything is opened.
  if (options.mode === 'micro-batch') microBatchOptions(options.microBatch ?? {}, options.workers?.count ?? 0);
  const listeners = new Listeners(options.listener);
  const activation = new Activation();
  const setAsides = new SetAsides(listeners.all);
  let opened: Opened = { durability: undefined, pool: undefined, faults: undefined, ends: undefined, setAsides };
  try {
    const faults = options.faults && runFaults(job, plan, world, options.workers?.count ?? 0, options.faults);
    opened = { ...opened, faults };
    const durability = await openDurability(plan, world, options);
    opened = { ...opened, durability };
    const isReserved =
      durability !== undefined && options.mode === 'record' && plan.settings.guarantee === 'at-most-once';
    // In memory nothing survives that a journal would serve.
    const isJournalled = options.mode === 'record' && !isReserved && options.checkpoint?.folder !== undefined;
    const reservations = isReserved ? new Reservations(durability) : undefined;
    const ends = await openEnds({
      job,
      plan,
      world,
      options,
      isTransactional: durability !== undefined && plan.settings.guarantee === 'exactly-once',
      isRewindable:
        options.mode === 'record' &&
        plan.settings.guarantee !== 'at-most-once' &&
        (durability !== undefined || isByExpiry(options.mode, options.record ?? {})),
      reservations,
      journal: isJournalled && durability !== undefined ? new Journal(durability) : undefined,
      placeOf: placesIn(durability?.recovered, plan, options.mode),
      tell: (event) => {
        listeners.all(event);
        options.onReceiver?.(event);
      },
      requests: requestsOf(plan, options, world, listeners),
      decorated: (name: string, reader: SourceReader) =>
        activation.source(name, faults?.source(name, reader) ?? reader),
      setAsides,
    });
    opened = { ...opened, ends };
    const createStore = await openState(options.state);
    const pool = await startWorkers(plan, world, options);
    opened = { ...opened, pool };
    const channels = faults?.channels ?? options.channels;
    const services: Services = {
      world,
      ...ends,
      functions: activation.functions(job.graph, faults?.functions ?? job.functions),
      listener: listeners.all,
      // At most once, record at a time, reservations are kept, and the state when the job is stopped.
      ...defined({
        channels,
        durability: reservations?.atStop() ?? durability,
        workers: pool,
        createStore,
      }),
    };
    const running = startIn(plan, services, options);
    faults?.begin(pool);
    const { recovered, warnings = [] } = durability ?? {};
    const done = closedAtEnd(running, opened);
    const handle = startedJob({ running, done, activation, listeners, recovered, warnings, world });
    stopAfter(options.duration, handle, world);
    return handle;
  } catch (thrown) {
    return closedAfter(thrown, opened);
  }
}

/** With what only the outside knows of sources. Where all ends are opened from outside, nobody is asked. */
async function resolvedOptions(topology: Topology, options: RunOptions, { files }: World): Promise<RunOptions> {
  if (options.openers !== undefined) return options;
  const { folder, fromScratch } = options.checkpoint ?? {};
  const earlier =
    folder === undefined || fromScratch === true ? undefined : { folder: connectorsFolder(folder), files };
  return { ...options, sources: await resolvedSources(topology, { ...options, opened: options.readers, earlier }) };
}

/** A World that is given has its faults from whoever made it. */
function realWorldOf({ seed = 1, faults }: RunOptions): World {
  const world = createRealWorld({ seed, workers: { 'task-worker': TASK_WORKER_MODULE } });
  return faults === undefined ? world : { ...world, files: faultyFiles(world.files, faults.plan) };
}

function closedAtEnd(running: RunningJob, opened: Opened): Promise<JobResult> {
  return running.done.then(
    (result) => closed(result, opened),
    (bug: unknown) => closedAfter(bug, opened),
  );
}

function stopAfter(duration: number | undefined, job: StartedJob, { clock, scheduler }: World): void {
  if (duration === undefined) return;
  const timer = scheduler.at(clock.now() + duration, () => job.stop());
  const cancel = (): void => timer.cancel();
  job.done.then(cancel, cancel);
}

/** Where sources go on after a restart. Micro-batches that are logged and not run again are behind them. */
function placesIn(recovered: Recovered | undefined, plan: Plan, mode: Mode): EndsParts['placeOf'] {
  if (recovered === undefined) return () => undefined;
  const isAtMostOnce = plan.settings.guarantee === 'at-most-once';
  return ({ name: source, spec }, partition) => {
    if (mode === 'micro-batch' || isAtMostOnce)
      return openAt(recovered, { source, partition, isReplayable: spec.capabilities.replayable && !isAtMostOnce });
    return recovered.snapshot?.meta.sources.find((place) => place.source === source && place.partition === partition);
  };
}

async function startWorkers(plan: Plan, world: World, options: RunOptions): Promise<WorkerPool | undefined> {
  const { workers, seed } = options;
  if (workers === undefined || workers.count === 0) return undefined;
  const { count, isolation, job, decorators, heartbeatTimeout, onEvent } = workers;
  const setup = {
    ...jobSetup(job, options, seed),
    ...defined({ decorators, faults: options.faults?.plan, state: kindOf(options.state) }),
  };
  return startWorkerPool({
    world,
    count,
    setup,
    hash: plan.hash,
    ...defined({ isolation, heartbeatTimeout, onEvent }),
  });
}

/** A worker opens its own stores; what makes those of the driver stays here. */
function kindOf(state: RunOptions['state']): StateKind | undefined {
  return typeof state === 'function' ? undefined : state;
}

function startIn(plan: Plan, services: Services, options: RunOptions): RunningJob {
  switch (options.mode) {
    case 'micro-batch':
      return executorOf('micro-batch')(plan, services, options.microBatch);
    case 'record': {
      const isAtMostOnce = plan.settings.guarantee === 'at-most-once';
      return executorOf('record')(plan, services, { ...(isAtMostOnce ? { acking: false } : {}), ...options.record });
    }
  }
}

/** What sources counted, but for zeros. */
function countersOf(sources: OpenEnds['sources']): JobResult['sourceCounters'] {
  const counted = [...sources].map(([name, source]) => {
    const counters = Object.entries(source.counters?.() ?? {}).filter(([, count]) => count > 0);
    return [name, Object.fromEntries(counters)] as const;
  });
  return Object.fromEntries(counted.filter(([, counters]) => Object.keys(counters).length > 0));
}

/** Closes everything. A sink that cannot write the rest fails a job that was fine until then. */
async function closed(executed: JobResult, { durability, pool, faults, ends, setAsides }: Opened): Promise<JobResult> {
  const { sources, sinks } = ends!;
  faults?.end();
  pool?.close();
  const sourceCounters = countersOf(sources);
  const closings = await Promise.allSettled([...sources.values()].map((source) => source.close()));
  const failures = await Promise.all(
    [...sinks.values()].map((sink) => sink.close().then(nothing, (error: unknown) => error)),
  );
  const broken = closings.find((closing) => closing.status === 'rejected');
  failures.push(await durability?.close().then(nothing, (error: unknown) => error));
  if (broken !== undefined) throw broken.reason;
  const result = setAsides.in(executed);
  const failure = failures.find((error) => error !== undefined);
  if (failure === undefined || result.error !== undefined) return { ...result, sourceCounters };
  if (!(failure instanceof StreamError)) throw failure;
  return { ...result, sourceCounters, outcome: 'failed', error: failure };
}

/** A job that could not start, or met a bug of ours, has no result; what was opened is closed all the same. */
async function closedAfter(thrown: unknown, { durability, pool, faults, ends }: Opened): Promise<never> {
  faults?.end();
  pool?.close();
  const open = [...(ends?.sources.values() ?? []), ...(ends?.sinks.values() ?? [])];
  await Promise.allSettled(open.map((end) => end.close()));
  await durability?.close().catch(() => undefined);
  throw thrown;
}

function nothing(): undefined {}
