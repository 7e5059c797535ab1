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
  /**
   * Reads a file from `from` bytes on, chunk by chunk. With `of` only that file, whatever has its name by now.
   *
   * @throws StreamError `RG040`, `RG041`; `RG064` when the name leads to another file.
   */
  read(path: string, from?: number, of?: FilePlaceOnDisk): AsyncIterable<Uint8Array>;
  /** The length in bytes. @throws StreamError `RG040`, `RG041`. */
  size(path: string): Promise<number>;
  /** Which file a name leads to at the moment. @throws StreamError `RG040`, `RG041`. */
  identify(path: string): Promise<FileIdentity>;
  /** Writes to a temporary name, syncs, renames: readers see the old content or the new one. @throws StreamError `RG046`. */
  writeAtomically(path: string, content: string | Uint8Array): Promise<void>;
  append(path: string, content: string | Uint8Array): Promise<void>;
  /** Calls `changed` when the file may have grown, until cancelled. */
  watch(path: string, changed: () => void): Timer;
  /** Makes an empty file for writing; its folder must exist. @throws StreamError `RG057`, also when the file exists. */
  create(path: string): Promise<OpenFile>;
  /** A whole file. @throws StreamError `RG040`, `RG041`; `RG044` above `max` bytes. */
  readWhole(path: string, max: number): Promise<Uint8Array>;
  /** Names in a folder, sorted; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Makes a folder and those above it, durably. */
  makeFolder(path: string): Promise<void>;
  /** Over an existing file, atomically. Durable after `syncFolder` of the folder. */
  rename(from: string, to: string): Promise<void>;
  /** A file, or a folder with all in it; nothing when it is missing. */
  remove(path: string): Promise<void>;
  /** Cuts a file to at most that length. Its content is durable when it resolves, also when nothing was cut. */
  truncate(path: string, bytes: number): Promise<void>;
  /** Names that were made, renamed or removed in the folder are durable when it resolves. */
  syncFolder(path: string): Promise<void>;
  /** Holds `path` for this process until released or the process is gone. @throws StreamError `RG052` with the holder's pid. */
  lock(path: string): Promise<FileLock>;
}

/** Where a file lies: the same after it was renamed. Both numbers can be used again once it is gone. */
export interface FilePlaceOnDisk {
  readonly device: number;
  readonly inode: number;
}

/** What tells a file from others that have, or had, its name. */
export interface FileIdentity extends FilePlaceOnDisk {
  /** Bytes. */
  readonly size: number;
  /** When its content changed last (us since the epoch; in a simulation, a number that grows with each change). */
  readonly modified: number;
}

/** A file that is being written from its beginning. */
export interface OpenFile {
  /** Appends. Nothing is durable before `sync`. @throws StreamError `RG057`. */
  write(bytes: Uint8Array): Promise<void>;
  /** What was written before the call is durable. After a failure the file must not be used again. @throws StreamError `RG057`. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A held lock. */
export interface FileLock {
  release(): Promise<void>;
}

/** A channel to a worker: ordered, batched messages of structured-cloneable data. */
export interface Channel {
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(receive: (message: unknown) => void): void;
  onClose(closed: (reason: string) => void): void;
  close(): void;
}

/** How a worker is kept apart from the driver. Only a process can be killed with SIGKILL or stopped with SIGSTOP. */
export type Isolation = 'thread' | 'process';

/** A started worker. */
export interface Worker extends Channel {
  /** Its process; the driver's own for a thread. */
  readonly pid: number;
  /**
   * Ends or halts it from outside. `kill`: at once (SIGKILL, or `terminate` of a thread). `stop`, `continue`: SIGSTOP and SIGCONT of a
   * process; for a thread its messages are held back both ways.
   */
  signal(signal: 'kill' | 'stop' | 'continue'): void;
}

/** Starts workers: threads or processes of their own. */
export interface Workers {
  /** Starts the named worker module with this data. */
  start(name: 'load-driver' | 'task-worker', data: unknown, isolation?: Isolation): Worker;
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
