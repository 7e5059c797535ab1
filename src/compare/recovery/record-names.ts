/** Finds out which source records a difference in provenance stands for. */
import { idOf, type RecordPlace } from '../provenance/record-ids.js';
import { type Provenance, SUM_MODULUS } from '../provenance/traced.js';
import type { Trace } from '../trace.js';

/** A record that is there too seldom (`times` below 0) or too often. */
export interface NamedDifference {
  /** Number of the record, counted over all sources and partitions: see `placeOf`. */
  readonly record: number;
  readonly times: number;
}

/** Searches for two records at once go through all of them, so they are limited. What is not found counts as unnamed. */
const PAIR_SEARCHES_MAX = 300;

/** The records of a trace by their ids. */
export class RecordNames {
  readonly #partitions: readonly { readonly source: string; readonly partition: number; readonly from: number }[];
  readonly #sums: Int32Array;
  readonly #xors: Int32Array;
  readonly #bySum = new Map<number, number[]>();
  #searches = 0;

  constructor(trace: Trace) {
    let from = 0;
    const partitions: { source: string; partition: number; from: number }[] = [];
    const ids: Provenance[] = [];
    for (const { name: source, partitions: sequences } of trace.sources) {
      sequences.forEach(({ values }, partition) => {
        partitions.push({ source, partition, from });
        for (let offset = 0; offset < values.length; offset++) ids.push(idOf({ source, partition, offset }));
        from += values.length;
      });
    }
    this.#partitions = partitions;
    this.#sums = Int32Array.from(ids, (id) => id.sum);
    this.#xors = Int32Array.from(ids, (id) => id.xor);
    ids.forEach(({ sum }, record) => {
      const known = this.#bySum.get(sum);
      if (known === undefined) this.#bySum.set(sum, [record]);
      else known.push(record);
    });
  }

  /** Where a numbered record stands. */
  placeOf(record: number): RecordPlace {
    const { source, partition, from } = this.#partitions.findLast((each) => each.from <= record)!;
    return { source, partition, offset: record - from };
  }

  /** The one record that a result is made of, or undefined. */
  recordOf({ count, sum, xor }: Provenance): number | undefined {
    return count === 1 ? this.#find(sum, xor) : undefined;
  }

  /** The records that make a difference, one however often or two once each. Undefined: it takes more, or none is known. */
  name(difference: Provenance): readonly NamedDifference[] | undefined {
    const { count } = difference;
    if (count !== 0) {
      const record = this.#one(difference);
      if (record !== undefined) return [{ record, times: count }];
    }
    if (Math.abs(count) !== 2 && count !== 0) return undefined;
    if (this.#searches >= PAIR_SEARCHES_MAX) return undefined;
    this.#searches++;
    return this.#two(difference);
  }

  #one({ count, sum, xor }: Provenance): number | undefined {
    const times = Math.abs(count);
    const once = multiplied(count < 0 ? negated(sum) : sum, inverseOf(times));
    if (times % 2 === 1) return this.#find(once, xor);
    return xor === 0 ? this.#bySum.get(once)?.[0] : undefined;
  }

  #two({ count, sum, xor }: Provenance): readonly NamedDifference[] | undefined {
    const sign = Math.sign(count);
    const target = sign < 0 ? negated(sum) : sum;
    for (let first = 0; first < this.#sums.length; first++) {
      // Both too seldom or too often: their sums add up. One of each: the second's less the first's.
      const rest = sign === 0 ? target + this.#sums[first]! : target - this.#sums[first]! + SUM_MODULUS;
      const second = this.#find(rest % SUM_MODULUS, xor ^ this.#xors[first]!);
      if (second === undefined || second === first) continue;
      return [
        { record: first, times: sign === 0 ? -1 : sign },
        { record: second, times: sign === 0 ? 1 : sign },
      ];
    }
    return undefined;
  }

  #find(sum: number, xor: number): number | undefined {
    return this.#bySum.get(sum)?.find((record) => this.#xors[record] === xor);
  }
}

function negated(sum: number): number {
  return (SUM_MODULUS - sum) % SUM_MODULUS;
}

function multiplied(a: number, b: number): number {
  return Number((BigInt(a) * BigInt(b)) % BigInt(SUM_MODULUS));
}

/** The number by which `a` times it is 1, by Fermat's little theorem: the modulus is a prime. */
function inverseOf(a: number): number {
  if (a === 1) return 1;
  let [result, base] = [1, a % SUM_MODULUS];
  for (let exponent = SUM_MODULUS - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result = multiplied(result, base);
    base = multiplied(base, base);
  }
  return result;
}
