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

  constructor(
    values: unknown[] = [],
    timestamps: Float64Array = new Float64Array(64),
    windowEnds: Float64Array = new Float64Array(64),
  ) {
    this.values = values;
    this.length = values.length;
    this.timestamps = timestamps;
    this.windowEnds = windowEnds;
  }

  add(value: unknown, context: RecordContext): void {
    const at = this.length;
    if (at === this.timestamps.length) this.#grow();
    this.timestamps[at] = context.timestamp;
    this.windowEnds[at] = context.windowEnd;
    this.values[at] = value;
    this.length = at + 1;
  }

  at(index: number): unknown {
    return this.values[index];
  }

  /** Puts the rows of another behind these. */
  append(other: Rows): void {
    const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN };
    for (let i = 0; i < other.length; i++) {
      context.timestamp = other.timestamps[i]!;
      context.windowEnd = other.windowEnds[i]!;
      this.add(other.values[i], context);
    }
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
    const timestamps = new Float64Array(this.timestamps.length * 2);
    const windowEnds = new Float64Array(timestamps.length);
    timestamps.set(this.timestamps);
    windowEnds.set(this.windowEnds);
    this.timestamps = timestamps;
    this.windowEnds = windowEnds;
  }
}
