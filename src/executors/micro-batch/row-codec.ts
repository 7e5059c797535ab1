/** Rows on their way between threads or processes: columns, which are copied several times faster than a small array for each record. */
import type { Key } from '../../core/keys.js';
import { Partial } from '../../kernels/partial.js';
import { isPair } from '../../kernels/shapes.js';
import { type Column, cellsOf, columnOf, kept, valuesOf } from './column-codec.js';
import { Rows } from './rows.js';

/** Values as they are, pairs as two columns, or partials, which would lose their prototype. */
type Columns =
  | { readonly kind: 'values'; readonly values: Column }
  | { readonly kind: 'pairs'; readonly keys: Column; readonly values: Column }
  | { readonly kind: 'partials'; readonly keys: Column; readonly values: Column; readonly counts: Float64Array };

export interface SentRows {
  readonly length: number;
  readonly columns: Columns;
  readonly timestamps: Float64Array;
  /** Undefined where no row has one. */
  readonly windowEnds: Float64Array | undefined;
}

/** Copies rows into columns. `buffers` gets what may be transferred. */
export function sentRows(rows: Rows, buffers: ArrayBuffer[]): SentRows {
  const { length } = rows;
  const columns = columnsOf(rows.values, length, buffers);
  const timestamps = kept(rows.timestamps.slice(0, length), buffers);
  const windowEnds = hasNumber(rows.windowEnds, length) ? kept(rows.windowEnds.slice(0, length), buffers) : undefined;
  return { length, columns, timestamps, windowEnds };
}

export function rowsOf({ length, columns, timestamps, windowEnds }: SentRows): Rows {
  return new Rows(unpacked(columns), timestamps, windowEnds ?? new Float64Array(length).fill(Number.NaN));
}

function hasNumber(numbers: Float64Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (!Number.isNaN(numbers[i])) return true;
  return false;
}

function columnsOf(rows: readonly unknown[], length: number, buffers: ArrayBuffer[]): Columns {
  return (
    pairsOf(rows, length, buffers) ??
    partialsOf(rows, length, buffers) ?? { kind: 'values', values: columnOf(rows.slice(0, length), buffers) }
  );
}

/** Undefined when not all are pairs. */
function pairsOf(rows: readonly unknown[], length: number, buffers: ArrayBuffer[]): Columns | undefined {
  if (length === 0 || !isPair(rows[0])) return undefined;
  const keys = new Array<unknown>(length);
  const values = new Array<unknown>(length);
  for (let i = 0; i < length; i++) {
    const row = rows[i];
    if (!isPair(row)) return undefined;
    keys[i] = row[0];
    values[i] = row[1];
  }
  return { kind: 'pairs', keys: columnOf(keys, buffers), values: columnOf(values, buffers) };
}

/** Undefined when not all are partials. */
function partialsOf(rows: readonly unknown[], length: number, buffers: ArrayBuffer[]): Columns | undefined {
  if (length === 0 || !(rows[0] instanceof Partial)) return undefined;
  const keys = new Array<unknown>(length);
  const values = new Array<unknown>(length);
  const counts = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const row = rows[i];
    if (!(row instanceof Partial)) return undefined;
    keys[i] = row.key;
    values[i] = row.value;
    counts[i] = row.count;
  }
  kept(counts, buffers);
  return { kind: 'partials', keys: columnOf(keys, buffers), values: columnOf(values, buffers), counts };
}

function unpacked(columns: Columns): unknown[] {
  if (columns.kind === 'values') return valuesOf(columns.values);
  const keys = cellsOf(columns.keys);
  const values = cellsOf(columns.values);
  const rows = new Array<unknown>(keys.length);
  if (columns.kind === 'pairs') for (let i = 0; i < rows.length; i++) rows[i] = [keys[i], values[i]];
  else for (let i = 0; i < rows.length; i++) rows[i] = new Partial(keys[i] as Key, values[i], columns.counts[i]!);
  return rows;
}
