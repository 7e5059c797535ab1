/** Keys: primitives and tuples of them, one canonical encoding and one hash for both modes. */
import { StreamError } from './errors.js';

/** What may be a key. A tuple counts by its contents; other objects are refused, since equal ones would never match. */
export type Key = string | number | bigint | boolean | null | undefined | readonly Key[];

/** Tuples within tuples of a key. One that contains itself is deeper than any. */
const TUPLE_DEPTH_MAX = 100;

const KEY_GROUP_BITS = 7;

/** Key groups: the unit in which keyed state moves between tasks. Fixed, so that a checkpoint fits any parallelism. A power of two. */
export const KEY_GROUPS = 1 << KEY_GROUP_BITS;

/**
 * Encodes a key as text: equal keys, and only they, have equal text. -0 equals 0, NaN equals NaN.
 *
 * @throws StreamError `RG033` for an object, a function, a symbol, or a tuple that contains itself.
 */
export function encodeKey(key: unknown): string {
  switch (typeof key) {
    case 'string':
      return `s${key.length}:${key}`;
    case 'number':
      return `n${key === 0 ? 0 : key};`;
    case 'bigint':
      return `b${key};`;
    case 'boolean':
      return key ? 't' : 'f';
    case 'undefined':
      return 'u';
    default:
      if (key === null) return '0';
      if (Array.isArray(key)) return encodeTuple(key, 1);
      throw badKey(key);
  }
}

function encodeTuple(tuple: readonly unknown[], depth: number): string {
  if (depth > TUPLE_DEPTH_MAX) throw tooDeep();
  const parts = tuple.map((part) => (Array.isArray(part) ? encodeTuple(part, depth + 1) : encodeKey(part)));
  return `[${parts.join('')}]`;
}

/** A number of 32 bits with a sign: with a larger one V8 would turn the hash into a floating-point number and back at each character (bench `partitionBy`). */
const HASH_SEED = 0x9747b28c | 0;

/** A 32-bit hash of a key; the same on every machine and in every mode. @throws StreamError `RG033` as `encodeKey`. */
function hashKey(key: unknown): number {
  return hashString(typeof key === 'string' ? key : encodeKey(key));
}

/** The key group of a key, in [0, KEY_GROUPS). By its bits: V8 divides what may be above 2^31 as floating-point numbers. */
function keyGroup(key: unknown): number {
  return hashKey(key) & (KEY_GROUPS - 1);
}

/** The task, in [0, parallelism), that owns a key: contiguous ranges of key groups. */
export function taskOfKey(key: unknown, parallelism: number): number {
  return parallelism === 1 ? 0 : Math.imul(keyGroup(key), parallelism) >>> KEY_GROUP_BITS;
}

function hashString(text: string): number {
  let hash = HASH_SEED;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 12);
}

function tooDeep(): StreamError {
  return new StreamError(
    'RG033',
    `a key is a tuple that is nested deeper than ${TUPLE_DEPTH_MAX}, or contains itself`,
    'return a string, a number or a flat tuple of them',
  );
}

function badKey(key: unknown): StreamError {
  const shown = typeof key === 'object' ? 'an object' : `a ${typeof key}`;
  return new StreamError(
    'RG033',
    `a key is ${shown}, so equal keys would never match`,
    'return a string, a number or a tuple of them: keyBy((order) => order.customerId)',
  );
}
