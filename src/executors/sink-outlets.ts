/** Outlets: how results get from chains into opened sinks, counted and observed. */
import { readableJson } from '../core/json.js';
import type { Emit, RecordContext } from '../kernels/kernel.js';
import type { Listener } from '../runtime/events.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';

/** One sink of a job. */
export class SinkOutlet {
  readonly name: string;
  readonly writer: SinkWriter;
  written = 0;
  /** The job has ended: what still comes, of a turn that was under way when it failed, is dropped. */
  isClosed = false;
  readonly #listener: Listener | undefined;
  readonly #idsFrom: string | undefined;

  /** `idsFrom`: of a sink that asks for ids, what they begin with. */
  constructor(name: string, writer: SinkWriter, listener: Listener | undefined, idsFrom: string | undefined) {
    this.name = name;
    this.writer = writer;
    this.#listener = listener;
    this.#idsFrom = idsFrom;
  }

  /** Hands results of one task over; their times stand in the task's context. */
  emit(context: RecordContext, partition: number): Emit {
    const { writer } = this;
    const idsFrom = this.#idsFrom;
    const result: ResultContext = { timestamp: 0, windowEnd: Number.NaN, partition };
    const listener = this.#listener;
    return (value) => {
      if (this.isClosed) return;
      result.timestamp = context.timestamp;
      result.windowEnd = context.windowEnd;
      if (idsFrom !== undefined) {
        const id = context.identity?.next();
        result.id = id === undefined ? undefined : `${idsFrom}${id}`;
      }
      this.written++;
      writer.accept(value, result);
      if (listener !== undefined && listener.isIdle !== true)
        listener({
          kind: 'result',
          sink: this.name,
          partition,
          timestamp: result.timestamp,
          value: readableJson(value),
        });
    };
  }
}
