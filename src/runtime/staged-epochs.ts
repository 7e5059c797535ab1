/** Results in memory that wait for the commit of their epoch. */
import type { SinkTransactions } from './sink.js';

/** Commits by epoch for a sink that lives in this process. What is prepared is as durable as the process. */
export class StagedEpochs<T> implements SinkTransactions {
  readonly #release: (result: T) => void;
  #accepted: T[] = [];
  readonly #prepared = new Map<number, T[]>();

  /** `release` makes one result visible. */
  constructor(release: (result: T) => void) {
    this.#release = release;
  }

  /** Takes a result into the epoch that is prepared next. */
  add(result: T): void {
    this.#accepted.push(result);
  }

  async prepare(epoch: number): Promise<void> {
    const before = this.#prepared.get(epoch);
    this.#prepared.set(epoch, before === undefined ? this.#accepted : [...before, ...this.#accepted]);
    this.#accepted = [];
  }

  async commit(epoch: number): Promise<void> {
    const results = this.#prepared.get(epoch) ?? [];
    this.#prepared.delete(epoch);
    for (const result of results) this.#release(result);
  }

  async recover(epoch: number): Promise<void> {
    this.#accepted = [];
    for (const prepared of [...this.#prepared.keys()].sort((a, b) => a - b)) {
      if (prepared <= epoch) await this.commit(prepared);
      else this.#prepared.delete(prepared);
    }
  }
}
