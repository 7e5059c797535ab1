/** Those who hear a job's events; they come and go while it runs. */
import type { JobEvent, Listener } from '../runtime/events.js';

/** One listener for executors, which tells all others. */
export class Listeners {
  readonly #heard = new Set<Listener>();
  readonly all: Listener;

  constructor(first: Listener | undefined) {
    if (first !== undefined) this.#heard.add(first);
    const heard = this.#heard;
    this.all = Object.defineProperty(
      (event: JobEvent): void => {
        for (const listener of heard) listener(event);
      },
      'isIdle',
      { get: () => heard.size === 0 },
    );
  }

  /** Once, however often it is added. */
  add(listener: Listener): void {
    this.#heard.add(listener);
  }

  remove(listener: Listener): void {
    this.#heard.delete(listener);
  }
}
