/** Stream time and durations: integer microseconds with names for their units. Knows no clock. */
import { StreamError } from './errors.js';

declare const durationBrand: unique symbol;

/** A length of time in whole microseconds. Made by `seconds(0.5)` and its siblings, never a bare number. */
export type Duration = number & { readonly [durationBrand]: 'Duration, made by seconds(5) or millis(250)' };

/** A point in stream time: whole microseconds since the epoch. */
export type Timestamp = number;

/** Below every timestamp: the watermark of a partition that has sent nothing yet. */
export const BEGINNING: Timestamp = Number.NEGATIVE_INFINITY;

/** Makes a duration from microseconds. @throws StreamError `RG010` unless it is a whole number >= 0. */
export function micros(count: number): Duration {
  return duration(count, 'micros', 1);
}

/** Makes a duration from milliseconds. @throws StreamError `RG010` unless it is whole microseconds >= 0. */
export function millis(count: number): Duration {
  return duration(count, 'millis', 1_000);
}

/** Makes a duration from seconds: `seconds(0.5)`. @throws StreamError `RG010` unless it is whole microseconds >= 0. */
export function seconds(count: number): Duration {
  return duration(count, 'seconds', 1_000_000);
}

/** Makes a duration from minutes. @throws StreamError `RG010` unless it is whole microseconds >= 0. */
export function minutes(count: number): Duration {
  return duration(count, 'minutes', 60_000_000);
}

function duration(count: number, unit: string, microsPerUnit: number): Duration {
  const exact = count * microsPerUnit;
  const value = Math.round(exact);
  // A part of a second has no exact number, and a product of fifteen digits and more is off by itself.
  const inexact = microsPerUnit === 1 ? 0 : Math.max(1e-3, exact * Number.EPSILON);
  if (!Number.isSafeInteger(value) || value < 0 || Math.abs(value - exact) > inexact) {
    throw new StreamError(
      'RG010',
      `${unit}(${String(count)}) is no duration: it must be a whole number of microseconds, 0 or more`,
      'use for example millis(250) or seconds(0.5)',
    );
  }
  return value as Duration;
}

const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
};

/** Reads `500ms`, `2s`, `1.5m`, and what `formatDuration` writes. @throws StreamError `RG010` naming the text, when the unit is missing or unknown. */
export function parseDuration(text: string): Duration {
  const match = /^(\d+(?:\.\d+)?) ?(us|ms|s|m|min|h)$/.exec(text.trim());
  if (match === null) {
    throw new StreamError(
      'RG010',
      `'${text}' is no duration: a number and a unit are needed`,
      `write it with a unit: ${/^\d+(\.\d+)?$/.test(text.trim()) ? `${text.trim()}s or ${text.trim()}ms` : '500ms, 2s, 1m or 1h'}`,
    );
  }
  return duration(Number(match[1]), match[2]!, UNITS[match[2]!]!);
}

/** Below it a part of a second is read back as it was (us). */
const PARTS_EXACT = 1e15;

/** Writes a duration the way `parseDuration` reads it: `500 ms`, `5 s`, `2 min`. */
export function formatDuration(value: number): string {
  if (value % 60_000_000 === 0 && value !== 0) return `${value / 60_000_000} min`;
  if (value % 1_000_000 === 0) return `${value / 1_000_000} s`;
  if (value >= 1_000_000 && value % 1_000 === 0 && value < PARTS_EXACT) return `${value / 1_000_000} s`;
  if (value >= 1_000 && (value % 1_000 === 0 || value < PARTS_EXACT)) return `${value / 1_000} ms`;
  return `${value} us`;
}

/** The largest multiple of `step` that is not above `time`. */
export function floorTo(time: Timestamp, step: number): Timestamp {
  return Math.floor(time / step) * step;
}

/** The smallest multiple of `step` that is above `time`: where a bounded input's last interval ends. */
export function firstMultipleAbove(time: Timestamp, step: number): Timestamp {
  return (Math.floor(time / step) + 1) * step;
}
