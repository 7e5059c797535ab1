/** A sink that keeps every result with its time. */
import type { ResultContext, SinkWriter } from '../runtime/sink.js';
import type { Interval } from '../topology/specs.js';

/** One captured result. */
export interface CapturedResult {
  readonly value: unknown;
  /** Stream time (us). */
  readonly timestamp: number;
  /** End of its window (us), or NaN. */
  readonly windowEnd: number;
}

/** Stands for any sink of a topology; one that acts per interval gives up its intervals' values. */
export class CapturedSink implements SinkWriter {
  readonly results: CapturedResult[] = [];
  readonly ready = true;
  readonly failure = undefined;
  readonly #delivery: 'record' | 'interval';

  constructor(delivery: 'record' | 'interval') {
    this.#delivery = delivery;
  }

  accept(value: unknown, { timestamp, windowEnd }: ResultContext): void {
    if (this.#delivery === 'record') {
      this.results.push({ value, timestamp, windowEnd });
      return;
    }
    const { end, values } = value as Interval<unknown>;
    for (const each of values) this.results.push({ value: each, timestamp: end - 1, windowEnd: end });
  }

  flush(): void {}

  onReady(wake: () => void): void {
    wake();
  }

  async close(): Promise<void> {}
}
