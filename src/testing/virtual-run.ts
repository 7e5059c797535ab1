/** Runs a job on a simulated World, for so many events at most, so that a test never hangs. */
import { StreamError } from '../core/errors.js';
import type { JobResult } from '../executors/executor.js';
import { loadExecutors } from '../host/executors.js';
import { type RunOptions, type StartedJob, start } from '../host/run.js';
import { createSimulatedWorld, type SimulatedWorld } from '../runtime/simulated-world.js';
import type { World } from '../runtime/world.js';
import type { Topology } from '../topology/graph.js';

/** Events of one run. At the limit the run is given up, and the test fails with `RG061`. */
const EVENTS_MAX = 2_000_000;

/** A job under way on virtual time, which stands still between calls. */
export interface VirtualRun {
  readonly job: StartedJob;
  /** Runs everything up to that virtual time (us). */
  until(time: number): Promise<void>;
  /** Runs until the job has ended. */
  end(): Promise<JobResult>;
}

/** Starts a job at virtual time 0. @throws StreamError, StreamErrors as `start` */
export async function startVirtual(
  topology: Topology,
  options: (world: World) => Omit<RunOptions, 'world'>,
  { seed = 1, eventsMax = EVENTS_MAX }: { readonly seed?: number | undefined; readonly eventsMax?: number } = {},
): Promise<VirtualRun> {
  await loadExecutors();
  const simulated = createSimulatedWorld({ seed });
  const limit = new EventLimit(simulated, eventsMax);
  const job = await limit.race(start(topology, { ...options(limit.world), seed, world: limit.world }));
  return {
    job,
    until: async (time) => {
      await simulated.run(time);
      limit.check();
    },
    end: () => limit.race(job.done),
  };
}

/** Counts events on their way to the World's scheduler, and runs none beyond the limit. */
class EventLimit {
  readonly world: World;
  readonly #simulated: SimulatedWorld;
  readonly #max: number;
  #events = 0;
  #giveUp: ((error: StreamError) => void) | undefined;

  constructor(simulated: SimulatedWorld, max: number) {
    this.#simulated = simulated;
    this.#max = max;
    const { scheduler } = simulated;
    const counted =
      (run: () => void): (() => void) =>
      () => {
        if (++this.#events <= max) run();
        else this.#giveUp?.(this.#error());
      };
    const limited = {
      soon: (run: () => void) => scheduler.soon(counted(run)),
      at: (time: number, run: () => void) => scheduler.at(time, counted(run)),
    };
    this.world = { ...simulated, scheduler: limited };
  }

  /** Runs events until the promise settles. @throws StreamError `RG061` at the limit. */
  race<T>(promise: Promise<T>): Promise<T> {
    const givenUp = new Promise<never>((_resolve, reject) => {
      this.#giveUp = reject;
    });
    return this.#simulated.complete(Promise.race([promise, givenUp]));
  }

  check(): void {
    if (this.#events > this.#max) throw this.#error();
  }

  #error(): StreamError {
    const now = this.#simulated.clock.now();
    return new StreamError(
      'RG061',
      `the job has not come to rest after ${this.#max} events, at ${now / 1_000} virtual ms`,
      'look for a spout that always emits or a tuple that is always failed, or end the run with until: { virtualMs }',
    );
  }
}
