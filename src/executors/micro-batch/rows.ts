/** Records with their times, as a struct of arrays. It knows neither tasks nor shuffles. */
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

/** Values lie in arrays of so many. */
const PIECE_BITS = 10;
const PIECE_LENGTH = 1 << PIECE_BITS;
const IN_PIECE = PIECE_LENGTH - 1;
/** The first of them grows to that length: many rows are few. */
const PIECE_BEGIN = 16;
const NO_VALUES: readonly unknown[] = [];

/**
 * The times keep their room from batch to batch, since they are numbers. The values do not: what is put into an array that has survived a collection
 * V8 notes for the next one, value by value, so they get small arrays of their own each time, which die as young as they do (bench `flatMap: micro-batch`).
 */
export class Rows implements ReadableRows {
  length = 0;
  timestamps = new Float64Array(64);
  windowEnds = new Float64Array(64);
  // Plain fields and not `#private` ones: `add` is the hot path.
  /** Rows that the times have room for: the length of a typed array is slower to compare with. */
  private room = 64;
  private pieces: unknown[][] = [];
  /** The last of them. */
  private piece: unknown[] = [];

  add(value: unknown, context: RecordContext): void {
    const at = this.put(value);
    this.timestamps[at] = context.timestamp;
    this.windowEnds[at] = context.windowEnd;
  }

  at(index: number): unknown {
    return this.pieces[index >> PIECE_BITS]![index & IN_PIECE];
  }

  /** All values, as an array of its own. */
  values(): readonly unknown[] {
    const values = NO_VALUES.concat(...this.pieces);
    values.length = this.length;
    return values;
  }

  /** A value in place of a row of others, with all that is known of that row beside its value. */
  addAs(value: unknown, others: ReadableRows, index: number): void {
    const at = this.put(value);
    this.timestamps[at] = others.timestamps[index]!;
    this.windowEnds[at] = others.windowEnds[index]!;
  }

  /** Another value in a row. */
  set(index: number, value: unknown): void {
    this.pieces[index >> PIECE_BITS]![index & IN_PIECE] = value;
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
    this.pieces.length = (length + IN_PIECE) >> PIECE_BITS;
    this.piece = this.pieces.at(-1) ?? [];
    this.piece.length = Math.min(this.piece.length, length & IN_PIECE || PIECE_LENGTH);
    this.length = length;
  }

  /** The place of a new row, whose times are still to be set. */
  private put(value: unknown): number {
    const at = this.length;
    if (at === this.room) this.grow();
    const inPiece = at & IN_PIECE;
    if (inPiece === 0) this.begin();
    this.piece[inPiece] = value;
    this.length = at + 1;
    return at;
  }

  private begin(): void {
    this.piece = new Array<unknown>(this.length === 0 ? PIECE_BEGIN : PIECE_LENGTH);
    this.pieces.push(this.piece);
  }

  private grow(): void {
    this.room *= 2;
    const timestamps = new Float64Array(this.room);
    const windowEnds = new Float64Array(this.room);
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
