/** The real World of Node.js: its clock, its event loop, its disk, its threads and processes. Knows no job. */
import { assert } from '../core/assert.js';
import { prng } from '../core/prng.js';
import { startProcess } from './child-process.js';
import { realFiles } from './real-files.js';
import { startThread } from './thread.js';
import type { Clock, Scheduler, Timer, World } from './world.js';

/** What the real World needs to be told. */
export interface RealWorldOptions {
  /** Seed of `world.prng`. Default 1. */
  readonly seed?: number;
  /** The module of each worker that may be started, by name. */
  readonly workers?: Readonly<Record<string, URL>>;
}

/** Makes the World that a job runs in outside of simulation. */
export function createRealWorld({ seed = 1, workers = {} }: RealWorldOptions = {}): World {
  return {
    clock: realClock,
    scheduler: realScheduler,
    prng: prng(seed),
    files: realFiles,
    workers: {
      start: (name, data, isolation = 'thread') => {
        const url = workers[name];
        assert(url !== undefined, `the World was made without a module for the worker '${name}'`);
        return isolation === 'process' ? startProcess(url, data) : startThread(url, data);
      },
    },
  };
}

/** Microseconds since the epoch, monotonic, the same on every thread of this process. */
export const realClock: Clock = { now: () => (performance.timeOrigin + performance.now()) * 1_000 };

/** The longest wait that `setTimeout` can hold, in ms; a longer one is armed again. */
const TIMEOUT_MS_MAX = 0x7fff_ffff;

/** The event loop. A timer may be late by what the loop is busy, and is never early. */
export const realScheduler: Scheduler = {
  soon: (run) => {
    setImmediate(run);
  },
  at: (time, run) => new RealTimer(time, run),
};

class RealTimer implements Timer {
  readonly #time: number;
  readonly #run: () => void;
  #handle: NodeJS.Timeout | undefined;

  constructor(time: number, run: () => void) {
    this.#time = time;
    this.#run = run;
    this.#arm();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(): void {
    const waitMs = Math.ceil((this.#time - realClock.now()) / 1_000);
    this.#handle = setTimeout(this.#fire, Math.min(TIMEOUT_MS_MAX, Math.max(0, waitMs)));
  }

  /** `setTimeout` counts whole milliseconds of another clock, so it can fire early: then the rest is waited for. */
  readonly #fire = (): void => {
    if (realClock.now() < this.#time) this.#arm();
    else this.#run();
  };
}
