/** How sinks commit a batch: nothing of it is seen before all hold it. It knows neither tasks nor sources. */

import type { Durability } from '../../runtime/durability.js';
import type { SinkTransactions, SinkWriter } from '../../runtime/sink.js';
import type { Wait } from './batch.js';

/** The sinks of a job that commit by epoch; none unless it is exactly-once. */
export class SinkCommits {
  readonly #sinks: readonly SinkTransactions[];
  readonly #durability: Durability | undefined;

  constructor(writers: Iterable<SinkWriter>, durability: Durability | undefined) {
    this.#sinks = [...writers].flatMap(({ transactions }) => (transactions === undefined ? [] : [transactions]));
    this.#durability = durability;
  }

  /** Finishes what was committed before a restart, and throws away the rest. */
  *recover(epoch: number): Generator<Wait, void, void> {
    if (this.#sinks.length > 0) yield Promise.all(this.#sinks.map((sink) => sink.recover(epoch)));
  }

  /**
   * 1. Every sink prepares: it holds the batch durably.
   * 2. `prepared` is logged: from here on the batch is committed, and a restart gives no result of it again.
   * 3. Every sink commits: results are seen.
   */
  *commit(batch: number): Generator<Wait, void, void> {
    if (this.#sinks.length === 0) return;
    yield Promise.all(this.#sinks.map((sink) => sink.prepare(batch)));
    if (this.#durability !== undefined) yield this.#durability.log({ kind: 'prepared', batch });
    yield Promise.all(this.#sinks.map((sink) => sink.commit(batch)));
  }
}
