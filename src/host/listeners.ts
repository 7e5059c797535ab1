/** Those who hear a job's events; they come and go while it runs. */
import type { JobEvent, Listener } from '../runtime/events.js';

/** One listener for executors, which tells all others. */
export class Listeners {
  readonly #heard = new Set<Listener>();
  /** Of the host: for them alone no event is made that costs something. */
  readonly #watching = new Set<Listener>();
  /** `isIdle` is a plain property: it is read for each result. */
  readonly all: ((event: JobEvent) => void) & { isIdle: boolean };

  constructor(first: Listener | undefined) {
    if (first !== undefined) this.#heard.add(first);
    const [heard, watching] = [this.#heard, this.#watching];
    const tell = (event: JobEvent): void => {
      for (const watcher of watching) watcher(event);
      for (const listener of heard) listener(event);
    };
    this.all = Object.assign(tell, { isIdle: first === undefined });
  }

  /** Hears what is told in any case. */
  watch(watcher: Listener): void {
    this.#watching.add(watcher);
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
