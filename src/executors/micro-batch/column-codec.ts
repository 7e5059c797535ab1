/** Columns of values on their way between threads or processes: numbers in one buffer, short texts in one string, the rest as it is. */

/** Short texts joined, with the length of each in order; `LONG` stands for the next of the others. */
interface Texts {
  readonly text: string;
  readonly lengths: Uint8Array;
  readonly long: readonly string[];
}

export type Column = readonly unknown[] | Float64Array | Texts;

/**
 * Texts below this are joined: to copy each alone costs four times as much (`running` of 600,000 lines on one worker: 10 s, joined 4 s).
 * V8 copies so short a part of a string; a longer one would keep all that was sent with it from being freed.
 */
const SHORT_BELOW = 13;
const LONG = 255;

/** `buffers` gets what may be transferred. */
export function columnOf(values: readonly unknown[], buffers: ArrayBuffer[]): Column {
  const type = typeof values[0];
  if (type !== 'number' && type !== 'string') return values;
  for (let i = 1; i < values.length; i++) if (typeof values[i] !== type) return values;
  if (type === 'number') return kept(Float64Array.from(values as readonly number[]), buffers);
  const lengths = new Uint8Array(values.length);
  const short: string[] = [];
  const long: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string;
    const isShort = value.length < SHORT_BELOW;
    lengths[i] = isShort ? value.length : LONG;
    (isShort ? short : long).push(value);
  }
  buffers.push(lengths.buffer);
  return { text: short.join(''), lengths, long };
}

export function valuesOf(column: Column): unknown[] {
  if (!('text' in column)) return Array.from(column);
  const { text, lengths, long } = column;
  const values = new Array<unknown>(lengths.length);
  let at = 0;
  let nextLong = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!;
    values[i] = length === LONG ? long[nextLong++] : text.slice(at, at + length);
    if (length !== LONG) at += length;
  }
  return values;
}

export function kept(array: Float64Array<ArrayBuffer>, buffers: ArrayBuffer[]): Float64Array {
  buffers.push(array.buffer);
  return array;
}
