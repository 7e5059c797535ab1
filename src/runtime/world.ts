/** World: everything that is not decided by plan, input and seed comes through here. One real, one simulated. */
import type { Prng } from '../core/prng.js';

/** Reads time. Executors get a clock whose `now` is stream time. */
export interface Clock {
  /** Microseconds, monotonic, whole or fractional. */
  now(): number;
}

/** A pending timer. */
export interface Timer {
  cancel(): void;
}

/** Runs callbacks later, on the one thread of this World. */
export interface Scheduler {
  /** As soon as other due work had its turn: how an executor yields. */
  soon(run: () => void): void;
  /** At that reading of this World's clock (us), or soon when it has passed. */
  at(time: number, run: () => void): Timer;
}

/** Opens a file for reading, or writes one atomically. Paths are the host's. */
export interface Files {
  /** Reads a file from `from` bytes on, chunk by chunk. @throws StreamError `RG040`, `RG041`. */
  read(path: string, from?: number): AsyncIterable<Uint8Array>;
  /** The length in bytes. @throws StreamError `RG040`, `RG041`. */
  size(path: string): Promise<number>;
  /** Writes to a temporary name, syncs, renames: readers see the old content or the new one. @throws StreamError `RG046`. */
  writeAtomically(path: string, content: string | Uint8Array): Promise<void>;
  append(path: string, content: string | Uint8Array): Promise<void>;
  /** Calls `changed` when the file may have grown, until cancelled. */
  watch(path: string, changed: () => void): Timer;
}

/** A channel to a worker: ordered, batched messages of structured-cloneable data. */
export interface Channel {
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(receive: (message: unknown) => void): void;
  onClose(closed: (reason: string) => void): void;
  close(): void;
}

/** Starts workers. One in-process worker is the default; threads and processes come with their own implementation. */
export interface Workers {
  /** Starts the named worker module with this data. */
  start(name: 'load-driver', data: unknown): Channel;
}

/** What an executor may touch. */
export interface World {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly files: Files;
  readonly workers: Workers;
}

/** The same World on another clock: `now` shifted by `offset` us, timers in step. How `compare` maps wall time to stream time. */
export function shifted(world: World, offset: number): World {
  return {
    ...world,
    clock: { now: () => world.clock.now() + offset },
    scheduler: {
      soon: (run) => world.scheduler.soon(run),
      at: (time, run) => world.scheduler.at(time - offset, run),
    },
  };
}
