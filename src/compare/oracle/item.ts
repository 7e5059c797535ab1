/** What flows through the oracle: whole streams as arrays, each element with where and when it came from. */
import { encodeKey, type Key } from '../../core/keys.js';
import type { OracleResult } from './answer.js';

/** One element of a stream. */
export interface Item extends OracleResult {
  /** When it is there: the stream time of its record at the source, or the end of its window. */
  readonly arrival: number;
  /** The source partition, numbered over all sources; -1 for a windowed result. */
  readonly partition: number;
  /** Offset of its record in that partition. */
  readonly sequence: number;
}

/** A complete stream. */
export interface Whole {
  /** In order of arrival. */
  readonly items: readonly Item[];
  readonly slide: number;
  /** The highest timestamp, and the highest final watermark, of all source partitions upstream. */
  readonly highest: number;
  readonly final: number;
  /** Number of the first partition of the source that it comes from. */
  readonly firstPartition?: number;
}

/** What an operator gives for one key. */
export interface KeyRun {
  readonly results: readonly Item[];
  readonly state: unknown;
}

/** A keyed element. */
export type Pair = readonly [key: Key, value: never];

/** The same element with another value. */
export function derive(item: Item, value: unknown): Item {
  return { ...item, value, scale: Math.max(item.scale, magnitude(value)) };
}

/** In the order in which a sequential run meets them; windowed results come before records of the same time. */
export function byArrival(items: readonly Item[]): readonly Item[] {
  return items.toSorted((a, b) => a.arrival - b.arrival || a.partition - b.partition || a.sequence - b.sequence);
}

/** The items of each group, in order of each group's first. */
export function groupBy<G>(items: readonly Item[], groupOf: (item: Item) => G): ReadonlyMap<G, readonly Item[]> {
  const groups = new Map<G, Item[]>();
  for (const item of items) {
    const group = groupOf(item);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [item]);
    else members.push(item);
  }
  return groups;
}

/** The items of each key. */
export function byKey(items: readonly Item[]): readonly (readonly Item[])[] {
  return [...groupBy(items, (item) => encodeKey((item.value as Pair)[0])).values()];
}

/** The sum of the absolute numbers in a value: itself, or the members of a pair or a flat object. */
export function magnitude(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.abs(value) : 0;
  if (typeof value !== 'object' || value === null) return 0;
  let sum = 0;
  for (const part of Object.values(value)) if (typeof part === 'number' && Number.isFinite(part)) sum += Math.abs(part);
  return sum;
}
