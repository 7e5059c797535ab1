/** What came out of comparing one part: what was checked, who disagrees, and the first difference in words. */
import { canonical, isPair, show } from './canonical.js';
import type { Place, Testimonies } from './places.js';
import type { ComparedPart, Difference } from './result.js';
import type { ResultList } from './result-list.js';
import type { Demand } from './rules.js';

/** The outcome for one part, with what the totals of the verdict are made of. */
export interface PartOutcome {
  readonly part: ComparedPart;
  readonly first: Difference | null;
  /** Canonical keys. */
  readonly keys: ReadonlySet<string>;
}

/** Stream time of the input's beginning: differences tell times from there (us). */
export interface DiffOptions {
  readonly start: number;
}

/** A part before its verdict. */
export interface Outcome {
  readonly name: string;
  readonly demand: Demand;
  readonly lists: Testimonies<ResultList>;
  readonly results: number;
  readonly keys: ReadonlySet<string>;
  readonly windows: number;
}

/** A place where somebody disagrees. */
export interface Dispute {
  readonly place: Place;
  readonly modesAgree: boolean;
  readonly oracleAgrees: boolean;
}

/** Keys and windows of a list. */
export function countsOf({ values, windowEnds }: ResultList): {
  readonly keys: ReadonlySet<string>;
  readonly windows: number;
} {
  const keys = new Set<unknown>();
  const windows = new Set<number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (isPair(value)) keys.add(value[0]);
    if (!Number.isNaN(windowEnds[i])) windows.add(windowEnds[i]!);
  }
  // Tuples are new objects each time: only their text says whether they are the same key.
  return { keys: new Set(Array.from(keys, (key) => canonical(key))), windows: windows.size };
}

/** Puts a part's outcome together. `complete` fills in the values of the place that is named. */
export function verdict(
  outcome: Outcome,
  disputes: readonly Dispute[],
  { start }: DiffOptions,
  complete = (place: Place) => place,
): PartOutcome {
  const { name, demand, lists, results, keys, windows } = outcome;
  const hasOracle = lists.oracle !== undefined;
  const counted = hasOracle ? disputes : disputes.filter(({ modesAgree }) => !modesAgree);
  const judged =
    demand.rule === 'not demanded' || !hasOracle
      ? 'not available'
      : counted.some((dispute) => !dispute.oracleAgrees)
        ? 'fail'
        : 'pass';
  const part = {
    name,
    rule: demand.rule,
    note: demand.note,
    ...(demand.assumed === undefined ? {} : { assumed: demand.assumed }),
    same: counted.every(({ modesAgree }) => modesAgree),
    oracle: judged,
    results,
    keys: keys.size,
    windows,
    differences: counted.length,
  } as const;
  const first = counted.toSorted(
    (a, b) => timeOf(a.place) - timeOf(b.place) || (nameOf(a.place) < nameOf(b.place) ? -1 : 1),
  )[0];
  return { part, first: first === undefined ? null : describe(name, complete(first.place), start, hasOracle), keys };
}

function describe(part: string, place: Place, start: number, hasOracle: boolean): Difference {
  const said = (values: readonly unknown[]) =>
    values.length === 0
      ? 'nothing'
      : values.map(show).slice(0, 3).join(' and ') + (values.length > 3 ? ` and ${values.length - 3} more` : '');
  const time = (value: number) => (Number.isNaN(value) ? null : value - start);
  return {
    part,
    key: place.hasKey ? show(place.key) : null,
    windowEnd: time(place.windowEnd),
    timestamp: time(place.timestamp),
    microBatch: said(place.values.microBatch),
    record: said(place.values.record),
    oracle: hasOracle ? said(place.values.oracle) : 'not available',
  };
}

function timeOf({ windowEnd, timestamp }: Place): number {
  if (!Number.isNaN(windowEnd)) return windowEnd;
  return Number.isNaN(timestamp) ? 0 : timestamp;
}

function nameOf({ key }: Place): string {
  return canonical(key);
}
