/** A World without chance: virtual time, seeded numbers, files in memory, workers as functions. Never reads the real clock. */
import { assert } from '../core/assert.js';
import { prng } from '../core/prng.js';
import { EventQueue } from './event-queue.js';
import { type SimulatedWorker, startSimulated } from './simulated-channel.js';
import { SimulatedFiles } from './simulated-files.js';
import type { World } from './world.js';

/** What a simulated World starts from. */
export interface SimulatedWorldOptions {
  /** Default 1. */
  readonly seed?: number;
  /** The clock's first reading (us). Default 0. */
  readonly start?: number;
  /** Content of files by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** What stands for each worker module. */
  readonly workers?: Readonly<Record<string, SimulatedWorker>>;
}

/** The process of the simulation's driver; its worker processes count on from there. */
const DRIVER_PID = 1;
/** Events that a simulation may take before it counts as endless. */
const SIMULATED_STEPS_MAX = 10_000_000;

/**
 * A World whose clock stands still until `run` moves it from event to event.
 *
 * 1. The earliest event runs; of several at one time, the one that was scheduled first.
 * 2. Every promise that it settled is followed to its end, so that `await` in connectors and executors just works.
 *    A promise that waits for the real world (a real file, a real timer) is not waited for: use none.
 * 3. The next event runs, at its own virtual time.
 *
 * Equal seeds, files and calls give equal runs, event by event.
 */
export interface SimulatedWorld extends World {
  readonly files: SimulatedFiles;
  /** Runs events up to `until` (us, inclusive) and leaves the clock there; without it, until no event is left. */
  run(until?: number): Promise<void>;
  /** Runs until no event is left. @throws AssertionError after `stepsMax` events. */
  runUntilIdle(stepsMax?: number): Promise<void>;
  /** Runs until the promise settles, and gives its value. @throws AssertionError when no event is left before, or after `stepsMax`. */
  complete<T>(promise: PromiseLike<T>, stepsMax?: number): Promise<T>;
}

/** Makes a simulated World. */
export function createSimulatedWorld(options: SimulatedWorldOptions = {}): SimulatedWorld {
  const { seed = 1, start = 0, workers = {} } = options;
  const queue = new EventQueue();
  const lost = prng(seed).fork('lost messages');
  let now = start;
  let lastPid = DRIVER_PID;

  const scheduler: World['scheduler'] = {
    soon: (run) => {
      queue.add(now, run);
    },
    at: (time, run) => queue.add(Math.max(time, now), run),
  };

  async function runWhile(goesOn: () => boolean, until: number, stepsMax: number): Promise<void> {
    await settled();
    for (let steps = 0; goesOn(); steps++) {
      const event = queue.takeUpTo(until);
      if (event === undefined) return;
      assert(steps < stepsMax, `the simulation has not come to rest after ${stepsMax} events, at ${now} us`);
      now = event.time;
      event.run();
      await settled();
    }
  }

  return {
    clock: { now: () => now },
    scheduler,
    prng: prng(seed),
    files: new SimulatedFiles(scheduler, options.files),
    workers: {
      start: (name, data, isolation = 'thread') => {
        const worker = workers[name];
        assert(worker !== undefined, `the simulated World has no worker '${name}'`);
        const pid = isolation === 'process' ? ++lastPid : DRIVER_PID;
        return startSimulated(worker, data, { scheduler, prng: lost, pid });
      },
    },
    run: async (until = Number.POSITIVE_INFINITY) => {
      await runWhile(() => true, until, SIMULATED_STEPS_MAX);
      if (until !== Number.POSITIVE_INFINITY) now = Math.max(now, until);
    },
    runUntilIdle: (stepsMax = SIMULATED_STEPS_MAX) => runWhile(() => true, Number.POSITIVE_INFINITY, stepsMax),
    complete: async (promise, stepsMax = SIMULATED_STEPS_MAX) => {
      let isPending = true;
      const settle = (): void => {
        isPending = false;
      };
      promise.then(settle, settle);
      await runWhile(() => isPending, Number.POSITIVE_INFINITY, stepsMax);
      assert(!isPending, `no event is left at ${now} us, and what was waited for has not happened`);
      return promise;
    },
  };
}

/** A turn of the event loop: all microtasks, however long their chain, are done when it comes. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
