/** Channels of a simulation: messages arrive as copies, in order, at the virtual time at which they were sent. */
import type { Channel, Scheduler } from './world.js';

/** The two ends of one channel. */
export function pairOfChannels(scheduler: Scheduler): readonly [Channel, Channel] {
  const a = new End(scheduler);
  const b = new End(scheduler);
  a.other = b;
  b.other = a;
  return [a, b];
}

class End implements Channel {
  other!: End;
  readonly #scheduler: Scheduler;
  readonly #early: unknown[] = [];
  #receive: ((message: unknown) => void) | undefined;
  #closed: ((reason: string) => void) | undefined;
  #isClosed = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  send(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    const copy = structuredClone(message, { transfer: [...transfer] });
    this.#scheduler.soon(() => this.other.#take(copy));
  }

  onMessage(receive: (message: unknown) => void): void {
    this.#receive = receive;
    for (const message of this.#early.splice(0)) receive(message);
  }

  onClose(closed: (reason: string) => void): void {
    this.#closed = closed;
  }

  close(): void {
    for (const end of [this, this.other]) this.#scheduler.soon(() => end.#end());
  }

  #take(message: unknown): void {
    if (this.#isClosed) return;
    if (this.#receive === undefined) this.#early.push(message);
    else this.#receive(message);
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed?.('ended');
  }
}
