/** Rows on their way between threads or processes: columns, which are copied several times faster than a small array for each record. */
import type { Key } from '../../core/keys.js';
import { Partial } from '../../kernels/partial.js';
import { isPair } from '../../kernels/shapes.js';
import { type Column, columnOf, kept, valuesOf } from './column-codec.js';
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
  const hasEnds = rows.windowEnds.subarray(0, length).some((end) => !Number.isNaN(end));
  const windowEnds = hasEnds ? kept(rows.windowEnds.slice(0, length), buffers) : undefined;
  return { length, columns, timestamps, windowEnds };
}

export function rowsOf({ length, columns, timestamps, windowEnds }: SentRows): Rows {
  return new Rows(unpacked(columns), timestamps, windowEnds ?? new Float64Array(length).fill(Number.NaN));
}

function columnsOf(rows: readonly unknown[], length: number, buffers: ArrayBuffer[]): Columns {
  const first = length === 0 ? undefined : rows[0];
  if (isPair(first) && all(rows, length, isPair)) {
    const keys = new Array<unknown>(length);
    const values = new Array<unknown>(length);
    for (let i = 0; i < length; i++) [keys[i], values[i]] = rows[i] as readonly [unknown, unknown];
    return { kind: 'pairs', keys: columnOf(keys, buffers), values: columnOf(values, buffers) };
  }
  if (first instanceof Partial && all(rows, length, (value) => value instanceof Partial)) {
    const partials = rows.slice(0, length) as readonly Partial[];
    const keys = partials.map(({ key }) => key);
    const values = partials.map(({ value }) => value);
    const counts = Float64Array.from(partials, ({ count }) => count);
    return {
      kind: 'partials',
      keys: columnOf(keys, buffers),
      values: columnOf(values, buffers),
      counts: kept(counts, buffers),
    };
  }
  return { kind: 'values', values: columnOf(rows.slice(0, length), buffers) };
}

function all(rows: readonly unknown[], length: number, holds: (value: unknown) => boolean): boolean {
  for (let i = 0; i < length; i++) if (!holds(rows[i])) return false;
  return true;
}

function unpacked(columns: Columns): unknown[] {
  const rows = valuesOf(columns.values);
  if (columns.kind === 'values') return rows;
  const keys = valuesOf(columns.keys);
  for (let i = 0; i < rows.length; i++)
    rows[i] = columns.kind === 'pairs' ? [keys[i], rows[i]] : new Partial(keys[i] as Key, rows[i], columns.counts[i]!);
  return rows;
}
