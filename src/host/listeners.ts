/** Those who hear a job's events; they come and go while it runs. */
import type { JobEvent, Listener } from '../runtime/events.js';

/** One listener for executors, which tells all others. */
export class Listeners {
  readonly #heard = new Set<Listener>();
  /** `isIdle` is a plain property: it is read for each result. */
  readonly all: ((event: JobEvent) => void) & { isIdle: boolean };

  constructor(first: Listener | undefined) {
    if (first !== undefined) this.#heard.add(first);
    const heard = this.#heard;
    const tell = (event: JobEvent): void => {
      for (const listener of heard) listener(event);
    };
    this.all = Object.assign(tell, { isIdle: first === undefined });
  }

  /** Once, however often it is added. */
  add(listener: Listener): void {
    this.#heard.add(listener);
    this.all.isIdle = false;
  }

  remove(listener: Listener): void {
    this.#heard.delete(listener);
    this.all.isIdle = this.#heard.size === 0;
  }
}
