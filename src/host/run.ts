/** The composition root: opens what a topology names, starts the executor of a mode, and closes everything again. */
import { StreamError } from '../core/errors.js';
import type {
  ChannelDecorator,
  JobResult,
  MicroBatchOptions,
  RecordOptions,
  RunningJob,
  Services,
} from '../executors/executor.js';
import { startMicroBatch } from '../executors/micro-batch/executor.js';
import { startRecord } from '../executors/record/executor.js';
import { compile } from '../plan/compile.js';
import type { Plan } from '../plan/plan.js';
import type { Listener, Mode } from '../runtime/events.js';
import { createRealWorld } from '../runtime/real-world.js';
import type { SinkWriter } from '../runtime/sink.js';
import type { SourceReader } from '../runtime/source.js';
import type { World } from '../runtime/world.js';
import { withSettings } from '../topology/builder.js';
import type { JobSettings, Topology } from '../topology/graph.js';
import type { SinkSpec, SourceSpec } from '../topology/specs.js';
import { withEnds } from '../topology/with-ends.js';
import { type OpenEnds, openEnds } from './open-ends.js';

/** How a job is run. */
export interface RunOptions {
  readonly mode: Mode;
  /** Tasks of each keyed stage. Default 1. */
  readonly parallelism?: number;
  /** False: exchanges between single tasks are kept. Default true. */
  readonly chaining?: boolean;
  /** Seeds ids, shuffle groupings and generators. Default 1. */
  readonly seed?: number;
  /** In place of the topology's own settings. */
  readonly settings?: Partial<JobSettings>;
  readonly microBatch?: Partial<MicroBatchOptions>;
  readonly record?: Partial<RecordOptions>;
  /** Records a second of each source, by their intended times. Default: as fast as they come. */
  readonly rate?: number;
  /** Ends each source after so many records. */
  readonly records?: number;
  /** Stops the job gracefully after so much time (us). */
  readonly duration?: number;
  /** Specs in place of the topology's, by name. */
  readonly sources?: Readonly<Record<string, SourceSpec<unknown>>>;
  readonly sinks?: Readonly<Record<string, SinkSpec<never>>>;
  /** Ends that are open already, by name; they win over specs. `run` closes them too. */
  readonly readers?: ReadonlyMap<string, SourceReader>;
  readonly writers?: ReadonlyMap<string, SinkWriter>;
  /** Default: the real World. */
  readonly world?: World;
  readonly listener?: Listener;
  /** How a fault plan gets into the record model's channels. */
  readonly channels?: ChannelDecorator;
}

/** Runs a job to its end. @throws StreamError, StreamErrors for a job that cannot start; a failed job is in the result. */
export async function run(topology: Topology, options: RunOptions): Promise<JobResult> {
  const job = await start(topology, options);
  return job.done;
}

/** Starts a job. `done` settles after every source and sink is closed. @throws StreamError, StreamErrors as `run`. */
export async function start(topology: Topology, options: RunOptions): Promise<RunningJob> {
  const job = withSettings(withEnds(topology, options), options.settings ?? {});
  const plan = compile(
    job,
    defined({ parallelism: options.parallelism, chaining: options.chaining, mode: options.mode }),
  );
  const world = options.world ?? createRealWorld({ seed: options.seed ?? 1 });
  const ends = await openEnds(job, plan, world, options);
  const services: Services = {
    world,
    ...ends,
    functions: job.functions,
    ...defined({ listener: options.listener, channels: options.channels }),
  };
  const running = await startOrClose(() => startIn(plan, services, options), ends);
  const timer =
    options.duration === undefined
      ? undefined
      : world.scheduler.at(world.clock.now() + options.duration, () => running.stop());
  return {
    done: running.done
      .then(
        (result) => closed(result, ends),
        (bug: unknown) => closedAfter(bug, ends),
      )
      .finally(() => timer?.cancel()),
    stop: () => running.stop(),
    progress: () => running.progress(),
  };
}

function startIn(plan: Plan, services: Services, options: RunOptions): RunningJob {
  switch (options.mode) {
    case 'micro-batch':
      return startMicroBatch(plan, services, options.microBatch);
    case 'record': {
      const isAtMostOnce = plan.settings.guarantee === 'at-most-once';
      return startRecord(plan, services, { ...(isAtMostOnce ? { acking: false } : {}), ...options.record });
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

/** A component that throws as it is opened leaves no end open. */
async function startOrClose(begin: () => RunningJob, ends: OpenEnds): Promise<RunningJob> {
  try {
    return begin();
  } catch (thrown) {
    return closedAfter(thrown, ends);
  }
}

/** Closes every end. A sink that cannot write the rest fails a job that was fine until then. */
async function closed(result: JobResult, { sources, sinks }: OpenEnds): Promise<JobResult> {
  const sourceCounters = countersOf(sources);
  const closings = await Promise.allSettled([...sources.values()].map((source) => source.close()));
  const failures = await Promise.all(
    [...sinks.values()].map((sink) => sink.close().then(nothing, (error: unknown) => error)),
  );
  const broken = closings.find((closing) => closing.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  const failure = failures.find((error) => error !== undefined);
  if (failure === undefined || result.error !== undefined) return { ...result, sourceCounters };
  if (!(failure instanceof StreamError)) throw failure;
  return { ...result, sourceCounters, outcome: 'failed', error: failure };
}

/** A job that could not start, or met a bug of ours, has no result; its ends are closed all the same. */
async function closedAfter(thrown: unknown, { sources, sinks }: OpenEnds): Promise<never> {
  await Promise.allSettled([...sources.values(), ...sinks.values()].map((end) => end.close()));
  throw thrown;
}

function nothing(): undefined {}

/** The given properties without those that are undefined. */
function defined<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
