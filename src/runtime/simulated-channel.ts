/** Workers of a simulation: messages arrive as copies, in order, at the virtual time at which they were sent. */
import type { Prng } from '../core/prng.js';
import { Inbox } from './inbox.js';
import type { Channel, Scheduler, Timer, Worker } from './world.js';

/** What stands for a worker module: it gets its data, its end of the channel, and a scheduler that lives and halts with it. */
export type SimulatedWorker = (data: unknown, channel: Channel, scheduler: Scheduler) => void;

/** What a simulated worker needs of its World. `prng` decides how much of what was under way at a kill still arrives. */
export interface SimulatedWorkerParts {
  readonly scheduler: Scheduler;
  readonly prng: Prng;
  readonly pid: number;
}

/** Starts a function as a worker. */
export function startSimulated(worker: SimulatedWorker, data: unknown, parts: SimulatedWorkerParts): Worker {
  const link = new Link(parts.scheduler, parts.prng);
  const copy = structuredClone(data);
  parts.scheduler.soon(() => link.act(() => worker(copy, link.workersEnd, link.scheduler)));
  return {
    ...link.driversEnd,
    pid: parts.pid,
    signal: (signal) => link.signal(signal),
  };
}

/** The two ends of one channel, and whether the worker runs. */
class Link {
  /** The worker's: nothing that it was given runs when the worker is gone, and while it is stopped it waits. */
  readonly scheduler: Scheduler;
  readonly driversEnd: Channel;
  readonly workersEnd: Channel;
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #driver = new Inbox();
  readonly #worker = new Inbox();
  /** Copies that the worker sent and the driver has not received. */
  readonly #underWay: unknown[] = [];
  readonly #held: (() => void)[] = [];
  #state: 'running' | 'stopped' | 'ended' = 'running';

  constructor(scheduler: Scheduler, prng: Prng) {
    this.#scheduler = scheduler;
    this.#prng = prng;
    this.scheduler = {
      soon: (run) => scheduler.soon(() => this.act(run)),
      at: (time, run) => this.#timer(time, run),
    };
    const close = (): void => scheduler.soon(() => this.#end());
    this.driversEnd = {
      send: (message, transfer = []) => {
        const copy = structuredClone(message, { transfer: [...transfer] });
        scheduler.soon(() => this.act(() => this.#worker.take(copy)));
      },
      onMessage: (receive) => this.#driver.onMessage(receive),
      onClose: (closed) => this.#driver.onClose(closed),
      close,
    };
    this.workersEnd = {
      send: (message, transfer = []) => {
        const copy = structuredClone(message, { transfer: [...transfer] });
        this.act(() => this.#sendToDriver(copy));
      },
      onMessage: (receive) => this.#worker.onMessage(receive),
      onClose: (closed) => this.#worker.onClose(closed),
      close: () => this.act(close),
    };
  }

  /** Runs what the worker does, now or when it is continued; never when it is gone. */
  act(run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'stopped') this.#held.push(run);
  }

  signal(signal: 'kill' | 'stop' | 'continue'): void {
    if (this.#state === 'ended') return;
    switch (signal) {
      case 'kill':
        return this.#kill();
      case 'stop':
        this.#state = 'stopped';
        return;
      case 'continue':
        if (this.#state === 'stopped') this.#scheduler.soon(() => this.#continue());
        return;
    }
  }

  /** From here on the worker is silent. Of what is under way, a part from its beginning still arrives. */
  #kill(): void {
    this.#state = 'ended';
    this.#held.length = 0;
    this.#underWay.length = this.#prng.below(this.#underWay.length + 1);
    this.#scheduler.soon(() => this.#driver.close('killed'));
  }

  #continue(): void {
    if (this.#state === 'stopped') this.#state = 'running';
    while (this.#state === 'running' && this.#held.length > 0) this.#held.shift()!();
  }

  #end(): void {
    const wasEnded = this.#state === 'ended';
    this.#state = 'ended';
    this.#held.length = 0;
    if (!wasEnded) this.#worker.close('ended');
    this.#driver.close('ended');
  }

  #sendToDriver(copy: unknown): void {
    this.#underWay.push(copy);
    this.#scheduler.soon(() => {
      if (this.#underWay.length > 0) this.#driver.take(this.#underWay.shift());
    });
  }

  #timer(time: number, run: () => void): Timer {
    let isCancelled = false;
    const timer = this.#scheduler.at(time, () =>
      this.act(() => {
        if (!isCancelled) run();
      }),
    );
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }
}
