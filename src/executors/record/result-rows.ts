/** Results of a worker's task for one sink, gathered for one message. */
import type { RecordContext } from '../../kernels/kernel.js';
import type { SinkRows } from './messages.js';

export class ResultRows {
  readonly #sink: string;
  readonly #task: number;
  #values: unknown[] = [];
  #times = new Float64Array(128);

  constructor(sink: string, task: number) {
    this.#sink = sink;
    this.#task = task;
  }

  add(value: unknown, { timestamp, windowEnd }: RecordContext): void {
    const at = 2 * this.#values.length;
    if (at === this.#times.length) {
      const grown = new Float64Array(at * 2);
      grown.set(this.#times);
      this.#times = grown;
    }
    this.#times[at] = timestamp;
    this.#times[at + 1] = windowEnd;
    this.#values.push(value);
  }

  /** What there is; none when there is nothing. */
  take(): readonly SinkRows[] {
    const values = this.#values;
    if (values.length === 0) return [];
    this.#values = [];
    return [{ sink: this.#sink, task: this.#task, values, times: this.#times.slice(0, 2 * values.length) }];
  }
}
