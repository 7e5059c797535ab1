/** One numbered worker through its incarnations: started, heard, lost, started again. It knows neither plan nor job. */
import type { StreamError } from '../core/errors.js';
import type { Isolation, Timer, Worker, World } from '../runtime/world.js';
import { errorOf, type FromWorker, type Proof, sendCopy, type ToWorker } from './worker-protocol.js';
import type { JobSetup, WorkerSetup } from './worker-setup.js';

/** When a worker counts as lost, and when it is started again. Times are durations (us). */
export interface WorkerLimits {
  /** How often a worker is asked for a sign of life. Default 250 ms. */
  readonly heartbeatInterval: number;
  /** A worker without one for so long is lost: longer than any user function may take at a time. Default 10 s. */
  readonly heartbeatTimeout: number;
  /** How long a worker may take to load the job. Default 60 s. */
  readonly startTimeout: number;
  /** The wait before a lost worker is started again; it doubles with each loss, up to the longest. Default 100 ms and 5 s. */
  readonly restartDelay: number;
  readonly restartDelayMax: number;
  /** So many losses of one worker within the window fail the job. Default 5 in 60 s. */
  readonly lossesMax: number;
  readonly lossWindow: number;
}

/** What a slot tells its pool. */
export interface SlotEvents {
  ready(slot: WorkerSlot, proof: Proof): void;
  message(slot: WorkerSlot, message: unknown): void;
  /** `since`: when it last gave a sign of life, or was signalled by `kill`. */
  lost(slot: WorkerSlot, reason: string, since: number): void;
  /** It was lost too often. */
  exhausted(slot: WorkerSlot, reason: string): void;
  /** It cannot load the job. */
  refused(slot: WorkerSlot, error: StreamError): void;
  /** Its host met an error of the world: trying again would not help. */
  failed(slot: WorkerSlot, error: StreamError): void;
}

export interface SlotParts {
  readonly world: World;
  readonly setup: JobSetup;
  readonly isolation: Isolation;
  readonly limits: WorkerLimits;
  readonly events: SlotEvents;
}

export class WorkerSlot {
  readonly number: number;
  readonly #parts: SlotParts;
  #state: 'starting' | 'running' | 'lost' | 'ended' = 'lost';
  #worker: Worker | undefined;
  #incarnation = 0;
  #startedAt = 0;
  /** When it was last heard, and when the ping that it has not answered was sent. */
  #heardAt = 0;
  #pingedAt: number | undefined;
  #killedAt: number | undefined;
  /** Times of its losses within the window. */
  #losses: number[] = [];
  #restart: Timer | undefined;

  constructor(number: number, parts: SlotParts) {
    this.number = number;
    this.#parts = parts;
  }

  /** The process of the running incarnation. */
  get pid(): number | undefined {
    return this.#worker?.pid;
  }

  /** Starts the next incarnation. What an earlier one may still say is not heard: each has a channel of its own. */
  start(): void {
    const { world, setup, isolation } = this.#parts;
    const data: WorkerSetup = { ...setup, worker: this.number, incarnation: ++this.#incarnation };
    this.#state = 'starting';
    this.#startedAt = this.#heardAt = world.clock.now();
    this.#pingedAt = this.#killedAt = undefined;
    const worker = world.workers.start('task-worker', data, isolation);
    this.#worker = worker;
    worker.onMessage((message) => {
      if (this.#worker === worker) this.#hear(message as FromWorker);
    });
    worker.onClose((reason) => {
      if (this.#worker === worker) this.#lose(reason);
    });
  }

  /** Dropped while it is not running. @throws StreamError `RG056`. */
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    const worker = this.#state === 'running' ? this.#worker : undefined;
    if (worker !== undefined) sendCopy(() => worker.send({ kind: 'task', message } satisfies ToWorker, transfer));
  }

  signal(signal: 'kill' | 'stop' | 'continue'): void {
    if (signal === 'kill' && this.#worker !== undefined) this.#killedAt ??= this.#now();
    this.#worker?.signal(signal);
  }

  /** Looks for a sign of life, and asks for one. `stalled`: for so long the driver itself was held up, and heard nobody. */
  beat(stalled: number): void {
    const { limits } = this.#parts;
    this.#heardAt += stalled;
    this.#startedAt += stalled;
    if (this.#pingedAt !== undefined) this.#pingedAt += stalled;
    const now = this.#now();
    if (this.#state === 'starting' && now - this.#startedAt >= limits.startTimeout) {
      this.#lose(`it was not ready after ${limits.startTimeout / 1e6} s`);
    }
    if (this.#state !== 'running') return;
    if (this.#pingedAt === undefined) {
      this.#pingedAt = now;
      this.#worker?.send({ kind: 'ping' } satisfies ToWorker);
    } else if (now - Math.max(this.#pingedAt, this.#heardAt) >= limits.heartbeatTimeout) {
      this.#lose(`it gave no sign of life for ${limits.heartbeatTimeout / 1e6} s`);
    }
  }

  /** Ends it for good; nothing is heard of it any more. */
  end(): void {
    this.#state = 'ended';
    this.#restart?.cancel();
    this.#dismiss();
  }

  #hear(message: FromWorker): void {
    this.#heardAt = this.#now();
    switch (message.kind) {
      case 'ready':
        this.#state = 'running';
        return this.#parts.events.ready(this, message.proof);
      case 'pong':
        this.#pingedAt = undefined;
        return;
      case 'task':
        return this.#parts.events.message(this, message.message);
      case 'failed':
        if (message.error === undefined) return this.#lose(message.reason);
        return this.#parts.events.failed(this, errorOf(message.error));
      case 'refused':
        return this.#parts.events.refused(this, errorOf(message.error));
    }
  }

  /** Fences it off, whatever it does meanwhile, and starts the next one or gives up. */
  #lose(reason: string): void {
    const { world, limits, events } = this.#parts;
    const now = this.#now();
    this.#state = 'lost';
    this.#dismiss();
    this.#losses = [...this.#losses.filter((time) => now - time < limits.lossWindow), now];
    events.lost(this, reason, Math.min(now, this.#killedAt ?? this.#heardAt));
    // Whoever heard of the loss may have ended everything.
    if (this.#state !== 'lost') return;
    if (this.#losses.length >= limits.lossesMax) return events.exhausted(this, reason);
    const delay = Math.min(limits.restartDelay * 2 ** (this.#losses.length - 1), limits.restartDelayMax);
    this.#restart = world.scheduler.at(now + delay, () => this.start());
  }

  #dismiss(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.close();
  }

  #now(): number {
    return this.#parts.world.clock.now();
  }
}
