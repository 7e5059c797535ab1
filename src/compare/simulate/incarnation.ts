/** One life of a driver in a simulated World: at its death nothing that it began goes on, and nothing reaches it any more. */
import type { Prng } from '../../core/prng.js';
import type { SimulatedWorld } from '../../runtime/simulated-world.js';
import type { Files, OpenFile, Timer, Worker, World } from '../../runtime/world.js';
import { type Network, networked } from './network.js';

/** What a life is made of. */
export interface LifeParts {
  readonly world: SimulatedWorld;
  readonly number: number;
  readonly files: Files;
  /** How far its clock is ahead of the simulation's (us). */
  readonly ahead: number;
  readonly network: Network;
  /** The longest that the disk takes for what it is asked (us). 0: none of it takes any time. */
  readonly diskDelayMax: number;
  /** Steps at which it is killed. */
  readonly crashes: readonly number[];
  /** Called behind each event, while it lives. */
  readonly onEvent: () => void;
}

/** A timer of this life. */
interface Pending extends Timer {
  readonly time: number;
  readonly run: () => void;
  timer: Timer;
}

/** A driver's view of the World, which can be taken from it. */
export class Incarnation {
  readonly world: World;
  /** Settles when it is killed. */
  readonly killed: Promise<'killed'>;
  readonly #parts: LifeParts;
  readonly #workers = new Set<Worker>();
  readonly #timers = new Set<Pending>();
  readonly #disk: Prng;
  #ahead: number;
  #steps = 0;
  #isAlive = true;
  #tell!: (how: 'killed') => void;

  constructor(parts: LifeParts) {
    const { world, number, files, ahead, network } = parts;
    this.#parts = parts;
    this.#ahead = ahead;
    this.#disk = world.prng.fork(`disk of ${number}`);
    this.killed = new Promise((resolve) => {
      this.#tell = resolve;
    });
    this.world = {
      clock: { now: () => world.clock.now() + this.#ahead },
      prng: world.prng.fork(`incarnation ${number}`),
      scheduler: {
        soon: (run) => world.scheduler.soon(this.#event(run)),
        at: (time, run) => this.#at(time, run),
      },
      files: this.#mortal(files),
      workers: {
        start: (name, data, isolation) => {
          const worker = world.workers.start(name, data, isolation);
          this.#workers.add(worker);
          const alive = (run: () => void) => this.#event(run);
          return this.#mortalWorker(networked(worker, network, world, alive));
        },
      },
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Steps so far: events, and beginnings and ends of what it asked of files. */
  get steps(): number {
    return this.#steps;
  }

  /** How far its clock is ahead of the simulation's (us). */
  get ahead(): number {
    return this.#ahead;
  }

  /** Workers notice that their driver is gone, and end. */
  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const worker of this.#workers) worker.signal('kill');
    this.#tell('killed');
  }

  /** The clock goes forward: what was due on the way is due now. */
  jump(span: number): void {
    this.#ahead += span;
    for (const pending of [...this.#timers].sort((a, b) => a.time - b.time)) {
      pending.timer.cancel();
      pending.timer = this.#schedule(pending);
    }
  }

  #at(time: number, run: () => void): Timer {
    const pending: Pending = { time, run: this.#event(run), timer: NO_TIMER, cancel: NO_TIMER.cancel };
    this.#timers.add(pending);
    pending.timer = this.#schedule(pending);
    return {
      cancel: () => {
        this.#timers.delete(pending);
        pending.timer.cancel();
      },
    };
  }

  #schedule(pending: Pending): Timer {
    return this.#parts.world.scheduler.at(pending.time - this.#ahead, () => {
      this.#timers.delete(pending);
      pending.run();
    });
  }

  #event(run: () => void): () => void {
    return () => {
      if (!this.#isAlive || this.#diesHere()) return;
      run();
      if (this.#isAlive) this.#parts.onEvent();
    };
  }

  #diesHere(): boolean {
    this.#steps += 1;
    if (this.#parts.crashes.includes(this.#steps)) this.kill();
    return !this.#isAlive;
  }

  /** When the disk comes to it: never, where the driver is gone by then. */
  #diskTurn(): Promise<void> {
    const { diskDelayMax, world } = this.#parts;
    if (diskDelayMax === 0) return Promise.resolve();
    const delay = this.#disk.below(diskDelayMax + 1);
    return new Promise((resolve) => world.scheduler.at(world.clock.now() + delay, this.#event(resolve)));
  }

  #mortalWorker(worker: Worker): Worker {
    return {
      pid: worker.pid,
      signal: (signal) => worker.signal(signal),
      send: (message, transfer) => {
        if (this.#isAlive) worker.send(message, transfer);
      },
      onMessage: (receive) =>
        worker.onMessage((message) => {
          if (this.#isAlive) receive(message);
        }),
      onClose: (closed) =>
        worker.onClose((reason) => {
          if (this.#isAlive) closed(reason);
        }),
      close: () => worker.close(),
    };
  }

  /** What was asked of the disk before the death may have happened; nobody hears of it. */
  #mortal(files: Files): Files {
    const guarded = <T>(work: () => Promise<T>): Promise<T> => {
      if (!this.#isAlive || this.#diesHere()) return never();
      const isHeard = (): boolean => this.#isAlive && !this.#diesHere();
      return this.#diskTurn()
        .then(work)
        .then(
          (value) => (isHeard() ? value : never<T>()),
          (error: unknown) => {
            if (isHeard()) throw error;
            return never<T>();
          },
        );
    };
    const mortalFile = (file: OpenFile): OpenFile => ({
      write: (bytes) => guarded(() => file.write(bytes)),
      sync: () => guarded(() => file.sync()),
      close: () => guarded(() => file.close()),
    });
    return {
      read: (path, from, of) => files.read(path, from, of),
      watch: (path, changed) => files.watch(path, changed),
      size: (path) => guarded(() => files.size(path)),
      identify: (path) => guarded(() => files.identify(path)),
      writeAtomically: (path, content) => guarded(() => files.writeAtomically(path, content)),
      append: (path, content) => guarded(() => files.append(path, content)),
      create: (path) => guarded(async () => mortalFile(await files.create(path))),
      readWhole: (path, max) => guarded(() => files.readWhole(path, max)),
      list: (folder) => guarded(() => files.list(folder)),
      makeFolder: (path) => guarded(() => files.makeFolder(path)),
      rename: (from, to) => guarded(() => files.rename(from, to)),
      remove: (path) => guarded(() => files.remove(path)),
      truncate: (path, bytes) => guarded(() => files.truncate(path, bytes)),
      syncFolder: (path) => guarded(() => files.syncFolder(path)),
      lock: (path) => guarded(() => files.lock(path)),
    };
  }
}

const NO_TIMER: Timer = { cancel: () => {} };

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
