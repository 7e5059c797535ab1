/** Columns of values on their way between threads or processes: numbers in one buffer, short texts in one string, the rest as it is. */

import { NumberColumn, type NumberValues } from './number-column.js';

/** Short texts joined, or their bytes (latin1), with the length of each in order; `LONG` stands for the next of the others. */
export interface Texts {
  readonly text: string | Uint8Array;
  readonly lengths: Uint8Array;
  readonly long: readonly string[];
}

export type Column = readonly unknown[] | NumberValues | Texts;

/**
 * Texts below this are joined: to copy each alone costs four times as much (`running` of 600,000 lines on one worker: 10 s, joined 4 s).
 * V8 copies so short a part of a string; a longer one would keep all that was sent with it from being freed.
 */
export const SHORT_BELOW = 13;
export const LONG = 255;

/** `buffers` gets what may be transferred. */
export function columnOf(values: readonly unknown[], buffers: ArrayBuffer[]): Column {
  switch (typeof values[0]) {
    case 'number':
      return numericOf(values, buffers) ?? values;
    case 'string':
      return textsOf(values, buffers) ?? values;
    default:
      return values;
  }
}

/** The values as an array of their own. */
export function valuesOf(column: Column): unknown[] {
  const cells = cellsOf(column);
  if (cells !== column && Array.isArray(cells)) return cells;
  const values = new Array<unknown>(cells.length);
  for (let i = 0; i < cells.length; i++) values[i] = cells[i];
  return values;
}

/** The values to read only: they may be the column itself. */
export function cellsOf(column: Column): ArrayLike<unknown> {
  if ('same' in column) return new Array<unknown>(column.length).fill(column.same);
  if (!('text' in column)) return column;
  const { lengths, long } = column;
  const text = typeof column.text === 'string' ? column.text : latin1(column.text);
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

/** `Buffer` is the one that can: what `TextDecoder` calls latin1 is windows-1252. */
export function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

/** Undefined when not all are numbers. */
function numericOf(values: readonly unknown[], buffers: ArrayBuffer[]): NumberValues | undefined {
  const numbers = new NumberColumn();
  for (const value of values) {
    if (typeof value !== 'number') return undefined;
    numbers.add(value);
  }
  return numbers.sentValues(buffers);
}

/** Undefined when there is nothing to join. `+=` makes a rope that sending flattens once, in half the time of `join`. */
function textsOf(values: readonly unknown[], buffers: ArrayBuffer[]): Texts | undefined {
  const lengths = new Uint8Array(values.length);
  const long: string[] = [];
  let text = '';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'string') return undefined;
    if (value.length < SHORT_BELOW) {
      lengths[i] = value.length;
      text += value;
    } else {
      lengths[i] = LONG;
      long.push(value);
    }
  }
  if (long.length === values.length) return undefined;
  buffers.push(lengths.buffer);
  return { text, lengths, long };
}
