/** Rows on their way between threads or processes: columns, which are copied several times faster than a small array for each record. */
import type { Key } from '../../core/keys.js';
import { Partial } from '../../kernels/partial.js';
import { type Column, cellsOf, columnOf } from '../column-codec.js';
import { type Numbers, numbersOf, spread } from '../number-column.js';
import { type PairColumns, pairColumnsOf } from '../values-codec.js';
import { type ReadableTraced, TracedRows } from './in-band.js';
import { type KnownMessages, type SentOrigins, sentOrigins } from './origin-codec.js';
import type { ReadableRows, Rows } from './rows.js';

/** `numbers`: of each pair, its key among `keys`; undefined: one after another. */
type PairRows = PairColumns & { readonly numbers?: Uint32Array | undefined };

/** Values as they are, pairs as two columns, or partials, which would lose their prototype. */
type Columns =
  | { readonly kind: 'values'; readonly values: Column }
  | PairRows
  | { readonly kind: 'partials'; readonly keys: Column; readonly values: Column; readonly counts: Column };

export interface SentRows {
  readonly length: number;
  readonly columns: Columns;
  readonly timestamps: Numbers;
  readonly windowEnds: Numbers;
  /** Undefined where no row came of a spout's message. */
  readonly origins?: SentOrigins | undefined;
}

/** Copies rows into columns. `buffers` gets what may be transferred. */
export function sentRows(rows: Rows, buffers: ArrayBuffer[]): SentRows {
  const { length } = rows;
  const columns = columnsOf(rows.values(), length, buffers);
  const timestamps = numbersOf(rows.timestamps, length, buffers);
  const windowEnds = numbersOf(rows.windowEnds, length, buffers);
  const origins = rows instanceof TracedRows ? sentOrigins(rows.origins, length, buffers) : undefined;
  return { length, columns, timestamps, windowEnds, ...(origins && { origins }) };
}

/** Rows to read in place: a pair is made when it is read, so that it dies young. */
export function readable({ length, columns, timestamps, windowEnds }: SentRows): ReadableRows {
  return {
    length,
    at: readerOf(columns),
    timestamps: spread(timestamps),
    windowEnds: spread(windowEnds),
    clear: () => undefined,
  };
}

/** The same, with the messages that rows came of. */
export function readableTraced(sent: SentRows, known: KnownMessages): ReadableTraced {
  return { ...readable(sent), origins: known.originsOf(sent.origins, sent.length) };
}

function readerOf(columns: Columns): (index: number) => unknown {
  if (columns.kind === 'pairs' && 'same' in columns.values) return sameValueReaderOf(columns, columns.values.same);
  const values = cellsOf(columns.values);
  if (columns.kind === 'values') return (i) => values[i];
  const keys = cellsOf(columns.keys);
  if (columns.kind === 'partials') {
    const counts = cellsOf(columns.counts);
    return (i) => new Partial(keys[i] as Key, values[i], counts[i] as number);
  }
  const { numbers } = columns;
  return numbers === undefined ? (i) => [keys[i], values[i]] : (i) => [keys[numbers[i]!], values[i]];
}

/** Of pairs that have one and the same value, as those that are counted: it need not be spread (8 bytes a pair, bench `keyed-workers`). */
function sameValueReaderOf({ keys: sent, numbers }: PairRows, value: unknown): (index: number) => unknown {
  const keys = cellsOf(sent);
  return numbers === undefined ? (i) => [keys[i], value] : (i) => [keys[numbers[i]!], value];
}

function columnsOf(rows: readonly unknown[], length: number, buffers: ArrayBuffer[]): Columns {
  return (
    pairColumnsOf(rows, length, buffers) ??
    partialsOf(rows, length, buffers) ?? { kind: 'values', values: columnOf(rows, buffers) }
  );
}

/** Undefined when not all are partials. */
function partialsOf(rows: readonly unknown[], length: number, buffers: ArrayBuffer[]): Columns | undefined {
  if (length === 0 || !(rows[0] instanceof Partial)) return undefined;
  const keys = new Array<unknown>(length);
  const values = new Array<unknown>(length);
  const counts = new Array<number>(length);
  for (let i = 0; i < length; i++) {
    const row = rows[i];
    if (!(row instanceof Partial)) return undefined;
    keys[i] = row.key;
    values[i] = row.value;
    counts[i] = row.count;
  }
  return {
    kind: 'partials',
    keys: columnOf(keys, buffers),
    values: columnOf(values, buffers),
    counts: columnOf(counts, buffers),
  };
}
