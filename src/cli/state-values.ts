/** State as people and tools read it: values in a line, values as JSON, and keys as they are typed. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { encodeKey, type Key } from '../core/keys.js';
import type { StateCell } from './state-folder.js';

/** The longest value in a table. */
const SHOWN_MAX = 60;

/** A value in a few words of JavaScript. */
export function shownValue(value: unknown): string {
  const text = inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true, depth: 6, maxArrayLength: 20 });
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX - 1)}…`;
}

/** A value as JSON has it: what JSON lacks becomes text, maps and sets become arrays. For reading; a checkpoint keeps it exactly. */
export function plainValue(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? null : plainObject(value);
    default:
      return value ?? null;
  }
}

function plainObject(value: object): unknown {
  if (value instanceof Map) return [...value].map(([key, inner]) => [plainValue(key), plainValue(inner)]);
  if (value instanceof Set || Array.isArray(value)) return Array.from(value, plainValue);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array, plainValue);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp || value instanceof Error) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]));
}

/** Whether a key is the one that was typed: as JSON (`7`, `["a",1]`), or as it stands. */
export function keyMatcher(typed: string): (key: Key) => boolean {
  const wanted = new Set([encodeKey(typed)]);
  try {
    wanted.add(encodeKey(JSON.parse(typed) as Key));
  } catch {
    // It is no JSON, or JSON of what is no key: then it can only be text.
  }
  return (key) => wanted.has(encodeKey(key));
}

/** A cell that is in one checkpoint only, or differs. */
export interface ChangedCell {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: StateCell | undefined;
  readonly after: StateCell | undefined;
}

/** What became of the cells: in the order of the later checkpoint, then those that are gone. */
export function changesBetween(before: Iterable<StateCell>, after: Iterable<StateCell>): readonly ChangedCell[] {
  const left = new Map<string, StateCell>();
  for (const cell of before) left.set(nameOf(cell), cell);
  const changes: ChangedCell[] = [];
  for (const cell of after) {
    const name = nameOf(cell);
    const old = left.get(name);
    left.delete(name);
    if (old === undefined) changes.push({ kind: 'added', before: undefined, after: cell });
    else if (old.count !== cell.count || !isDeepStrictEqual(old.value, cell.value)) {
      changes.push({ kind: 'changed', before: old, after: cell });
    }
  }
  for (const cell of left.values()) changes.push({ kind: 'removed', before: cell, after: undefined });
  return changes;
}

function nameOf({ uid, task, space, key }: StateCell): string {
  return encodeKey([uid, task, space, key]);
}
