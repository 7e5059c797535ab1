/** Values that know which source records they were made of: plain data, so that they cross channels and checkpoints as they are. */

/**
 * A multiset of source records as three numbers: how many there are, and the sum and the xor of their ids. All three can be taken back
 * exactly, so a window with an inverse keeps them too.
 */
export interface Provenance {
  readonly count: number;
  /** Modulo `SUM_MODULUS`. */
  readonly sum: number;
  /** A signed 32-bit number. */
  readonly xor: number;
}

/** A value with its provenance. A record that is a pair is `[key, traced value]`; any other is traced as a whole. */
export interface Traced<V = unknown> extends Provenance {
  readonly value: V;
}

/** A prime, so that `count x id` leads back to the id; and below 2^31, so that no sum needs a number on the heap. */
export const SUM_MODULUS = 0x7fff_ffff;

/** Made of nothing: what an empty window is made of. */
export const NO_RECORDS: Provenance = { count: 0, sum: 0, xor: 0 };

/** What is made of both. */
export function added(a: Provenance, b: Provenance): Provenance {
  return { count: a.count + b.count, sum: (a.sum + b.sum) % SUM_MODULUS, xor: a.xor ^ b.xor };
}

/** What is left of `a` without `b`; also with a negative count, as a difference. */
export function subtracted(a: Provenance, b: Provenance): Provenance {
  return { count: a.count - b.count, sum: (a.sum - b.sum + SUM_MODULUS) % SUM_MODULUS, xor: a.xor ^ b.xor };
}

/** True when both are made of the same records, as far as three numbers can tell. */
export function isSameProvenance(a: Provenance, b: Provenance): boolean {
  return a.count === b.count && a.sum === b.sum && a.xor === b.xor;
}

/** A value made of these records. */
export function traced<V>(value: V, { count, sum, xor }: Provenance): Traced<V> {
  return { value, count, sum, xor };
}

/** A record as it flows: a pair keeps its key where keyed operators look for it. */
export function tracedRecord(record: unknown, from: Provenance): unknown {
  return isTwo(record) ? [record[0], traced(record[1], from)] : traced(record, from);
}

/** The record as the user knows it. */
export function plainRecord(record: unknown): unknown {
  return isTwo(record) ? [record[0], (record[1] as Traced).value] : (record as Traced).value;
}

/** What a record is made of. */
export function provenanceOf(record: unknown): Provenance {
  return (isTwo(record) ? record[1] : record) as Traced;
}

/** An array of two elements: what a keyed operator takes for a pair. A traced value is never an array. */
function isTwo(record: unknown): record is readonly [unknown, unknown] {
  return Array.isArray(record) && record.length === 2;
}
