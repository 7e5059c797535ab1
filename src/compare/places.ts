/** Groups results by where they belong: a key and a time. The unit in which answers are compared and differences named. */
import { canonical, hasFraction, isNear, isPair, isSame } from './canonical.js';
import type { ResultList } from './result-list.js';

/** Who is heard, in this order everywhere. */
export const WITNESSES = ['microBatch', 'record', 'oracle'] as const;
export type Witness = (typeof WITNESSES)[number];

/** What each said; the oracle may be missing. */
export type Testimonies<T> = { readonly [W in Witness]: T | undefined };

/** The results of one key at one time (window end, or timestamp), as each witness has them. */
export interface Place {
  readonly key: unknown;
  readonly hasKey: boolean;
  readonly timestamp: number;
  readonly windowEnd: number;
  readonly values: { readonly [W in Witness]: unknown[] };
  /** The greatest scale among its results. */
  scale: number;
}

/** Groups results. `isSettled` says at which indices all witnesses agree: these are left out. */
export function placesOf(lists: Testimonies<ResultList>, isSettled: (index: number) => boolean): Iterable<Place> {
  const places = new Places();
  for (const witness of WITNESSES) {
    const list = lists[witness];
    if (list === undefined) continue;
    const { values, timestamps, windowEnds, scales } = list;
    for (let i = 0; i < values.length; i++) {
      if (isSettled(i)) continue;
      const value = values[i];
      const hasKey = isPair(value);
      const place = places.at(timestamps[i]!, windowEnds[i]!, hasKey, hasKey ? value[0] : undefined);
      place.values[witness].push(hasKey ? value[1] : value);
      if (scales !== undefined && scales[i]! > place.scale) place.scale = scales[i]!;
    }
  }
  return places.all;
}

/** Finds places by numbers and raw keys: making one text of each result took most of the time of a comparison. */
class Places {
  readonly all: Place[] = [];
  readonly #byTime = new Map<number, Map<unknown, Place>>();

  at(timestamp: number, windowEnd: number, hasKey: boolean, key: unknown): Place {
    const atTime = this.#byTime.get(timestamp) ?? new Map<unknown, Place>();
    if (atTime.size === 0) this.#byTime.set(timestamp, atTime);
    const isPlain = Number.isNaN(windowEnd) && hasKey && typeof key !== 'object';
    // A text that begins with this character is no key of a user's.
    const name = isPlain ? key : `\0${windowEnd}|${hasKey ? canonical(key) : ''}`;
    const known = atTime.get(name);
    if (known !== undefined) return known;
    const values = { microBatch: [], record: [], oracle: [] };
    const place: Place = { key, hasKey, timestamp, windowEnd, values, scale: 0 };
    atTime.set(name, place);
    this.all.push(place);
    return place;
  }
}

/** True when two lists hold the same values as often, in any order; fractional numbers within the tolerance. */
export function sameMultiset(a: readonly unknown[], b: readonly unknown[], scale: number): boolean {
  if (a.length !== b.length) return false;
  if (a.length === 1) return isSame(a[0], b[0], scale);
  if (!a.some((value) => hasFraction(value)) && !b.some((value) => hasFraction(value))) {
    const others = b.map((value) => canonical(value)).sort();
    return a
      .map((value) => canonical(value))
      .sort()
      .every((text, i) => text === others[i]);
  }
  const others = sortedNumbers(b);
  return sortedNumbers(a).every(({ text, numbers }, i) => {
    const other = others[i]!;
    return text === other.text && numbers.every((number, j) => isNear(number, other.numbers[j]!, scale));
  });
}

/** Texts without their numbers, and the numbers: sorted, so that near ones stand at the same index. */
function sortedNumbers(
  values: readonly unknown[],
): readonly { readonly text: string; readonly numbers: readonly number[] }[] {
  const split = values.map((value) => {
    const numbers: number[] = [];
    return { text: canonical(value, numbers), numbers };
  });
  return split.sort((a, b) => {
    if (a.text !== b.text) return a.text < b.text ? -1 : 1;
    const at = a.numbers.findIndex((number, i) => number !== b.numbers[i]);
    return at < 0 ? 0 : a.numbers[at]! - b.numbers[at]!;
  });
}
