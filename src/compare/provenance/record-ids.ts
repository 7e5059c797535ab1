/** Ids of source records: made of where a record stands in the trace, so that a replay gives the same id again. */
import type { Trace } from '../trace.js';
import { type Provenance, SUM_MODULUS, tracedRecord } from './traced.js';

/** Where a record stands. */
export interface RecordPlace {
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
}

/** The same trace with traced values. Whoever reads or replays it gets the ids with the records. */
export function withIds<T extends Trace>(trace: T): T {
  const sources = trace.sources.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((sequence, partition) => {
      const lanes = lanesOf(name, partition);
      const values = sequence.values.map((value, offset) => tracedRecord(value, idAt(lanes, offset)));
      return { ...sequence, values };
    }),
  }));
  return { ...trace, sources };
}

/** The provenance of one source record. */
export function idOf({ source, partition, offset }: RecordPlace): Provenance {
  return idAt(lanesOf(source, partition), offset);
}

/** Seeds of a partition's sums and xors: two independent hashes, 63 bits together. */
type Lanes = readonly [sum: number, xor: number];

function lanesOf(source: string, partition: number): Lanes {
  let [sum, xor] = [0x811c9dc5, 0x1b873593];
  for (let i = 0; i < source.length; i++) {
    sum = Math.imul(sum ^ source.charCodeAt(i), 0x01000193);
    xor = Math.imul(xor ^ source.charCodeAt(i), 0x85ebca6b);
  }
  return [mix(sum + Math.imul(partition + 1, 0x9e3779b9)), mix(xor ^ Math.imul(partition + 1, 0xc2b2ae35))];
}

function idAt([sum, xor]: Lanes, offset: number): Provenance {
  const low = offset | 0;
  const high = Math.floor(offset / 0x1_0000_0000) | 0;
  return {
    count: 1,
    sum: 1 + ((mix(mix(sum ^ low) + high) >>> 0) % (SUM_MODULUS - 1)),
    xor: mix(mix(xor + Math.imul(low, 0x9e3779b9)) ^ high),
  };
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
