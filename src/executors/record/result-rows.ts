/** Results of a worker's task for one sink, gathered for one message. */
import type { RecordContext } from '../../kernels/kernel.js';
import { sentValues } from '../values-codec.js';
import type { SinkRows } from './messages.js';

export class ResultRows {
  readonly #sink: string;
  readonly #task: number;
  readonly #takesIds: boolean;
  #values: unknown[] = [];
  #ids: (string | undefined)[] = [];
  #times = new Float64Array(128);

  constructor(sink: string, task: number, takesIds: boolean) {
    this.#sink = sink;
    this.#task = task;
    this.#takesIds = takesIds;
  }

  add(value: unknown, { timestamp, windowEnd, identity }: RecordContext): void {
    if (this.#takesIds) this.#ids.push(identity?.next());
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
    const ids = this.#ids;
    this.#values = [];
    this.#ids = [];
    const times = this.#times.slice(0, 2 * values.length);
    return [
      { sink: this.#sink, task: this.#task, values: sentValues(values, []), times, ...(this.#takesIds && { ids }) },
    ];
  }
}
