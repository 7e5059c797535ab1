/** The work of a task behind a shuffle, in a job with bolts: rows of all producers, with watermarks between them. */
import { recordOf } from '../../kernels/map-async.js';
import type { Chain } from '../chain.js';
import { NO_RECORD, type TaskInput } from './batch-task.js';
import type { RowCaller } from './called-rows.js';
import { type InBand, type ReadableTraced, TracedRows } from './in-band.js';
import { messagesOf, type TaskContext } from './task-context.js';
import type { RecordPlace } from './task-result.js';

export class InBandInput implements TaskInput {
  readonly length: number;
  /** By producer. */
  readonly #rows: readonly ReadableTraced[];
  readonly #order: InBand;
  readonly #origin: { readonly source: string; readonly partition: number };
  /** Rises that were told, now and when what ran was kept. */
  #told = 0;
  #kept = 0;

  constructor(
    rows: readonly ReadableTraced[],
    order: InBand,
    origin: { readonly source: string; readonly partition: number },
  ) {
    this.#rows = rows;
    this.#order = order;
    this.#origin = origin;
    this.length = order.spans.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  run(chain: Chain, context: TaskContext, from: number, to: number, at: (index: number) => void): void {
    const { rises } = this.#order;
    let start = from;
    for (let rise = rises[this.#told]; rise !== undefined && rise.at <= to; rise = rises[this.#told]) {
      this.#span(chain, context, start, rise.at, at);
      start = rise.at;
      at(NO_RECORD);
      this.#tell(chain, context);
    }
    this.#span(chain, context, start, to, at);
  }

  finish(chain: Chain, context: TaskContext): void {
    while (this.#told < this.#order.rises.length) this.#tell(chain, context);
    const { end } = this.#order;
    if (end !== undefined) chain.head.end(end.finalWatermark, end.highest);
  }

  rewind(): void {
    this.#told = this.#kept;
  }

  keep(): void {
    this.#kept = this.#told;
  }

  /** The same with what came of the records' calls in their places: whatever call ends first, never across a rise. */
  async called(caller: RowCaller): Promise<InBandInput> {
    const pieces = await Promise.all(this.#pieces().map((piece) => caller.call([piece], new TracedRows())));
    const rows = new TracedRows();
    for (const piece of pieces) rows.append(piece);
    const spans = [{ producer: 0, from: 0, to: rows.length }];
    return new InBandInput([rows], { ...this.#order, spans }, this.#origin);
  }

  describe(index: number): RecordPlace {
    const found = this.#find(index);
    if (found === undefined) return { ...this.#origin, offset: -1, value: undefined };
    const [message] = messagesOf(found.rows.origins[found.row]);
    if (message === undefined) return { ...this.#origin, offset: index, value: recordOf(found.rows.at(found.row)) };
    return { source: message.spout, partition: message.task, offset: message.id ?? -1, value: undefined, message };
  }

  /** The records between two rises, in the order in which they are read: no rise stands within a span. */
  #pieces(): readonly TracedRows[] {
    const { spans, rises } = this.#order;
    const pieces: TracedRows[] = [];
    let at = 0;
    let risen = -1;
    for (const { producer, from, to } of spans) {
      const before = risen;
      while (risen + 1 < rises.length && rises[risen + 1]!.at <= at) risen++;
      if (pieces.length === 0 || risen > before) pieces.push(new TracedRows());
      pieces.at(-1)!.append(this.#rows[producer]!, from, to);
      at += to - from;
    }
    return pieces;
  }

  #tell(chain: Chain, context: TaskContext): void {
    context.origin = undefined;
    chain.head.advance(this.#order.rises[this.#told]!.watermark);
    this.#told++;
  }

  #span(chain: Chain, context: TaskContext, from: number, to: number, at: (index: number) => void): void {
    const { push } = chain.head;
    let base = 0;
    for (const span of this.#order.spans) {
      const rows = this.#rows[span.producer]!;
      const { timestamps, windowEnds, origins } = rows;
      const shift = span.from - base;
      const end = base + span.to - span.from;
      for (let i = Math.max(from, base); i < Math.min(to, end); i++) {
        const row = i + shift;
        at(i);
        context.timestamp = timestamps[row]!;
        context.windowEnd = windowEnds[row]!;
        context.producer = span.producer;
        context.origin = origins[row];
        push(rows.at(row));
      }
      base = end;
    }
  }

  #find(index: number): { readonly rows: ReadableTraced; readonly row: number } | undefined {
    let base = 0;
    for (const { producer, from, to } of this.#order.spans) {
      if (index < base + to - from) return { rows: this.#rows[producer]!, row: index - base + from };
      base += to - from;
    }
    return undefined;
  }
}
