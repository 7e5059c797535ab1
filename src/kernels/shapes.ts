/** Cheap checks of what reaches a kernel, and the errors for what must not. The executor adds the operator's name. */
import { StreamError } from '../core/errors.js';
import type { Key } from '../core/keys.js';

/** What a keyed operator takes: an array of exactly two elements. */
export type Pair<V = unknown> = readonly [Key, V];

/** True for an array of two elements. */
export function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2;
}

/** The error for a record of a keyed operator that is no pair. */
export function notAPair(value: unknown): StreamError {
  return new StreamError(
    'RG032',
    `a keyed operator got ${shown(value)}, not a pair [key, value]`,
    'return [key, value] from the map before it, or use keyBy',
  );
}

/** True for what no function may return in place of a value. Numbers and text pay two comparisons. */
export function isNoValue(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value instanceof Promise);
}

/** True for a promise: an `async` function where a plain one is needed. */
export function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value instanceof Promise;
}

/** The error for a function of that role which returned `undefined` or a promise. */
export function noValue(role: string, value: unknown): StreamError {
  if (value === undefined) {
    return new StreamError('RG032', `${role} returned undefined, not a value`, 'return a value on every path');
  }
  return new StreamError(
    'RG031',
    `${role} returned a promise; operators are synchronous`,
    'await in mapAsync, or remove async',
  );
}

/** A value in a few words. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 20 ? `${value.slice(0, 20)}…` : value)}`;
  if (typeof value === 'object') return value instanceof Promise ? 'a promise' : 'an object';
  return typeof value === 'function' ? 'a function' : `the ${typeof value} ${String(value)}`;
}
