/** Records with their times, as a struct of growing arrays. It knows neither tasks nor shuffles. */
import type { RecordContext } from '../../kernels/kernel.js';

/** Rows to read. */
export interface ReadableRows {
  readonly length: number;
  readonly timestamps: Float64Array;
  readonly windowEnds: Float64Array;
  /** The value of a row; it may be made anew at each call. */
  at(index: number): unknown;
  /** They have been read. */
  clear(): void;
}

export class Rows implements ReadableRows {
  /** Its first `length` values count; the array keeps its size from batch to batch. */
  readonly values: unknown[];
  length: number;
  timestamps: Float64Array;
  windowEnds: Float64Array;
  /** Rows that the times have room for: as a field, since the length of a typed array is slower to compare with. */
  private capacity: number;

  constructor(
    values: unknown[] = [],
    timestamps: Float64Array = new Float64Array(64),
    windowEnds: Float64Array = new Float64Array(64),
  ) {
    this.values = values;
    this.length = values.length;
    this.timestamps = timestamps;
    this.windowEnds = windowEnds;
    this.capacity = timestamps.length;
  }

  add(value: unknown, context: RecordContext): void {
    const at = this.length;
    if (at === this.capacity) this.#grow();
    this.length = at + 1;
    this.values[at] = value;
    this.timestamps[at] = context.timestamp;
    this.windowEnds[at] = context.windowEnd;
  }

  at(index: number): unknown {
    return this.values[index];
  }

  /** A value in place of a row of others, with all that is known of that row beside its value. */
  addAs(value: unknown, others: ReadableRows, index: number): void {
    const at = this.length;
    if (at === this.capacity) this.#grow();
    this.length = at + 1;
    this.values[at] = value;
    this.timestamps[at] = others.timestamps[index]!;
    this.windowEnds[at] = others.windowEnds[index]!;
  }

  /** Puts rows `from` to `to` (exclusive) of others behind these. */
  append(others: ReadableRows, from = 0, to = others.length): void {
    for (let i = from; i < to; i++) this.addAs(others.at(i), others, i);
  }

  clear(): void {
    this.cutTo(0);
  }

  /** Takes back what came after the first `length`. */
  cutTo(length: number): void {
    this.values.fill(undefined, length, this.length);
    this.length = length;
  }

  #grow(): void {
    this.capacity *= 2;
    const timestamps = new Float64Array(this.capacity);
    const windowEnds = new Float64Array(this.capacity);
    timestamps.set(this.timestamps);
    windowEnds.set(this.windowEnds);
    this.timestamps = timestamps;
    this.windowEnds = windowEnds;
  }
}

/** Rows that are kept for a batch that is larger than most would be held for the life of the job. */
const SPARE_ROWS_MAX = 65_536;

/**
 * Rows that were read, to be used again: those of the next batch need not grow. First in, first out, so that tasks of equal batches get their own
 * rows back.
 */
export class SpareRows {
  readonly #spare: Rows[] = [];

  take(): Rows {
    return this.#spare.shift() ?? new Rows();
  }

  /** Nobody reads them any more. */
  give(rows: Rows): void {
    if (rows.timestamps.length > SPARE_ROWS_MAX) return;
    rows.clear();
    this.#spare.push(rows);
  }
}
