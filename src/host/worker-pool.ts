/** The workers of one job as its executor sees them: all ready at the start, watched, and started again when they are lost. */
import { StreamError } from '../core/errors.js';
import type { TaskWorkers, WorkerEvents } from '../executors/workers.js';
import type { Isolation, Timer, World } from '../runtime/world.js';
import { type Proof, proofOf } from './worker-protocol.js';
import type { JobSetup } from './worker-setup.js';
import { type SlotEvents, type WorkerLimits, WorkerSlot } from './worker-slot.js';

/** The module of a task worker, for `createRealWorld({ workers })`. */
export const TASK_WORKER_MODULE = new URL(
  import.meta.url.endsWith('.ts') ? './task-worker-main.ts' : './task-worker-main.js',
  import.meta.url,
);

/** What workers are started from. */
export interface WorkerPoolOptions extends Partial<WorkerLimits> {
  /** Its clock is the one of all limits and times here. */
  readonly world: World;
  readonly count: number;
  /** Default: threads. */
  readonly isolation?: Isolation;
  readonly setup: JobSetup;
  /** The hash of the driver's plan. */
  readonly hash: string;
  readonly onEvent?: (event: WorkerPoolEvent) => void;
}

/** What happened to a worker, and when (us, the clock of `world`). */
export type WorkerPoolEvent =
  | { readonly kind: 'workerReady'; readonly worker: number; readonly pid: number; readonly time: number }
  | {
      readonly kind: 'workerLost';
      readonly worker: number;
      /** When the loss was detected. */
      readonly time: number;
      /** When it was killed by `kill`, else when it last gave a sign of life. */
      readonly since: number;
      readonly reason: string;
    };

/** Running workers. */
export interface WorkerPool extends TaskWorkers {
  /** Ends or halts a worker from outside, as a fault plan does. Nothing happens to one that is lost already. */
  kill(worker: number, signal: 'kill' | 'stop' | 'continue'): void;
  /** Its process, while it has one. */
  pidOf(worker: number): number | undefined;
  /** Ends all workers at once. Nothing is told any more. */
  close(): void;
}

const LIMITS: WorkerLimits = {
  heartbeatInterval: 250_000,
  heartbeatTimeout: 10_000_000,
  startTimeout: 60_000_000,
  restartDelay: 100_000,
  restartDelayMax: 5_000_000,
  lossesMax: 5,
  lossWindow: 60_000_000,
};

/**
 * Starts workers, and resolves when all are ready and have proved that they have the driver's plan.
 *
 * @throws StreamError `RG058` when one cannot load the job, is lost before it is ready, or comes to another plan.
 */
export function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  return new Promise((resolve, reject) => {
    const pool = new Pool(options, () => resolve(pool), reject);
    pool.start();
  });
}

class Pool implements WorkerPool {
  readonly count: number;
  readonly #options: WorkerPoolOptions;
  readonly #limits: WorkerLimits;
  readonly #proof: Proof;
  readonly #slots: readonly WorkerSlot[];
  readonly #allReady: () => void;
  readonly #notStarted: (error: StreamError) => void;
  /** Workers that have been ready at least once; all of them are when the pool has started. */
  readonly #wereReady = new Set<number>();
  #isOver = false;
  #heartbeat: Timer | undefined;
  #events: WorkerEvents | undefined;
  /** What happened before anyone listened. */
  readonly #early: ((events: WorkerEvents) => void)[] = [];

  constructor(options: WorkerPoolOptions, allReady: () => void, notStarted: (error: StreamError) => void) {
    const { world, setup, count, isolation = 'thread', hash } = options;
    this.count = count;
    this.#options = options;
    this.#limits = limitsOf(options);
    this.#proof = proofOf(hash);
    this.#allReady = allReady;
    this.#notStarted = notStarted;
    const events: SlotEvents = {
      ready: (slot, proof) => this.#ready(slot, proof),
      message: (slot, message) => this.#tell((listener) => listener.message(slot.number, message)),
      lost: (slot, reason, since) => this.#lost(slot, reason, since),
      exhausted: (slot, reason) => this.#fail(this.#lostTooOften(slot, reason)),
      refused: (slot, error) => this.#fail(cannotLoad(slot, error)),
      failed: (_, error) => this.#fail(error),
    };
    const parts = { world, setup, isolation, limits: this.#limits, events };
    this.#slots = Array.from({ length: count }, (_, number) => new WorkerSlot(number, parts));
  }

  start(): void {
    for (const slot of this.#slots) slot.start();
    this.#beatAt(this.#now() + this.#limits.heartbeatInterval);
  }

  send(worker: number, message: unknown, transfer?: readonly ArrayBuffer[]): void {
    this.#slots[worker]!.send(message, transfer);
  }

  listen(events: WorkerEvents): void {
    this.#events = events;
    for (const tell of this.#early.splice(0)) tell(events);
  }

  kill(worker: number, signal: 'kill' | 'stop' | 'continue'): void {
    this.#slots[worker]!.signal(signal);
  }

  pidOf(worker: number): number | undefined {
    return this.#slots[worker]!.pid;
  }

  close(): void {
    this.#isOver = true;
    this.#heartbeat?.cancel();
    for (const slot of this.#slots) slot.end();
  }

  get #isStarted(): boolean {
    return this.#wereReady.size === this.count;
  }

  /** A timer that comes late was held up with the whole driver, which then has heard no worker either. */
  #beatAt(due: number): void {
    const { heartbeatInterval } = this.#limits;
    this.#heartbeat = this.#options.world.scheduler.at(due, () => {
      const late = this.#now() - due;
      const stalled = late > heartbeatInterval ? late : 0;
      for (const slot of this.#slots) if (!this.#isOver) slot.beat(stalled);
      if (!this.#isOver) this.#beatAt(this.#now() + heartbeatInterval);
    });
  }

  #ready(slot: WorkerSlot, proof: Proof): void {
    const difference = differenceOf(slot, proof, this.#proof);
    if (difference !== undefined) return this.#fail(difference);
    this.#options.onEvent?.({ kind: 'workerReady', worker: slot.number, pid: slot.pid!, time: this.#now() });
    if (this.#wereReady.has(slot.number)) return this.#tell((events) => events.ready(slot.number));
    this.#wereReady.add(slot.number);
    if (this.#isStarted) this.#allReady();
  }

  #lost(slot: WorkerSlot, reason: string, since: number): void {
    this.#options.onEvent?.({ kind: 'workerLost', worker: slot.number, time: this.#now(), since, reason });
    if (this.#wereReady.has(slot.number)) this.#tell((events) => events.lost(slot.number, reason));
    else this.#fail(neverReady(slot, reason));
  }

  #fail(error: StreamError): void {
    if (this.#isOver) return;
    const wasStarted = this.#isStarted;
    this.close();
    if (!wasStarted) return this.#notStarted(error);
    if (this.#events === undefined) this.#early.push((events) => events.failed(error));
    else this.#events.failed(error);
  }

  #tell(tell: (events: WorkerEvents) => void): void {
    if (this.#isOver) return;
    if (this.#events === undefined) this.#early.push(tell);
    else tell(this.#events);
  }

  #lostTooOften(slot: WorkerSlot, reason: string): StreamError {
    const { lossesMax, lossWindow } = this.#limits;
    return new StreamError(
      'RG059',
      `worker ${slot.number} was lost ${lossesMax} times within ${lossWindow / 1e6} s, the last time because: ${reason}`,
      'remove the reason; a worker that runs out of memory holds too much state, so use more workers',
    );
  }

  #now(): number {
    return this.#options.world.clock.now();
  }
}

function limitsOf(options: Partial<WorkerLimits>): WorkerLimits {
  const given = Object.keys(LIMITS).flatMap((name) => {
    const value = options[name as keyof WorkerLimits];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...LIMITS, ...Object.fromEntries(given) };
}

function differenceOf(slot: WorkerSlot, its: Proof, ours: Proof): StreamError | undefined {
  const differs = (what: string, its: string, ours: string): string =>
    `worker ${slot.number} has ${what} ${its}, and the driver ${ours}: both must be the same`;
  if (its.raingauge !== ours.raingauge || its.node !== ours.node) {
    const what =
      its.node === ours.node
        ? differs('raingauge', its.raingauge, ours.raingauge)
        : differs('Node.js', its.node, ours.node);
    return new StreamError('RG058', what, 'start the job again, on one installation');
  }
  if (its.hash === ours.hash) return undefined;
  return new StreamError(
    'RG058',
    differs('the plan', its.hash, ours.hash),
    'a job file must give the same topology each time it is loaded; start again if the file was changed meanwhile',
  );
}

function cannotLoad(slot: WorkerSlot, { code, message, hint, place, operator }: StreamError): StreamError {
  const text = code === 'RG058' ? message : `${message} (${code})`;
  return new StreamError('RG058', `worker ${slot.number} cannot load the job: ${text}`, hint, { place, operator });
}

function neverReady(slot: WorkerSlot, reason: string): StreamError {
  return new StreamError(
    'RG058',
    `worker ${slot.number} ended before it was ready: ${reason}`,
    'a job file should only describe, and neither end its process nor run for long while it is loaded',
  );
}
