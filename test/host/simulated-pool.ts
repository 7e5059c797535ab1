/** A pool of simulated task workers with echo hosts, and a log of all that it tells. */
import { expect } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import { millis } from '../../src/core/time.js';
import { type CompileOptions, compileJob } from '../../src/host/compile-job.js';
import { simulatedTaskWorkers } from '../../src/host/simulated-workers.js';
import type { TaskHosts } from '../../src/host/task-worker.js';
import { startWorkerPool, type WorkerPool, type WorkerPoolOptions } from '../../src/host/worker-pool.js';
import { jobSetup } from '../../src/host/worker-setup.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { ECHO_HOSTS } from './echo-hosts.js';

export const job = topology('words', { batchInterval: millis(100) }, (t) => {
  t.source('lines', memory(['rain gauge']))
    .flatMap((line) => line.split(' '), { uid: 'split' })
    .countByValue()
    .to('counts', none());
});

export interface PoolCase {
  readonly theirs?: typeof job;
  readonly hosts?: TaskHosts;
  readonly run?: Partial<CompileOptions>;
  readonly options?: Partial<WorkerPoolOptions>;
}

/** A simulated World with task workers, and a log of all that is told, with its time in ms. */
export function simulation({ theirs = job, hosts = ECHO_HOSTS, run = {}, options = {} }: PoolCase = {}) {
  const world = createSimulatedWorld({ workers: { 'task-worker': simulatedTaskWorkers(theirs, hosts) } });
  const log: string[] = [];
  const say = (what: string): void => void log.push(`${world.clock.now() / 1_000} ${what}`);
  const compileOptions = { mode: 'record' as const, ...run };
  const starting = startWorkerPool({
    world,
    count: 2,
    setup: jobSetup(undefined, compileOptions),
    hash: compileJob(job, compileOptions).plan.hash,
    ...options,
  });
  const listen = (pool: WorkerPool): void =>
    pool.listen({
      message: (worker, message) => say(`${worker} says ${JSON.stringify(message)}`),
      lost: (worker, reason) => say(`${worker} lost: ${reason.split('\n')[0]}`),
      ready: (worker) => say(`${worker} ready`),
      failed: ({ code, message }) => say(`failed ${code}: ${message.split('\n')[0]}`),
    });
  return { world, starting, log, say, listen };
}

export async function started(options: PoolCase = {}) {
  const parts = simulation(options);
  const pool = await parts.world.complete(parts.starting);
  parts.listen(pool);
  return { ...parts, pool };
}

/** Runs for so many ms. */
export const run = (world: SimulatedWorld, ms: number): Promise<void> => world.run(world.clock.now() + ms * 1_000);

export async function refusal(options: PoolCase): Promise<StreamError> {
  const { world, starting } = simulation(options);
  const error = await world.complete(
    starting.then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  );
  expect(error).toBeInstanceOf(StreamError);
  // Nothing is left behind: no heartbeat, no restart.
  await world.runUntilIdle(100);
  return error as StreamError;
}
