/** Compares what both modes and the oracle said of one sink, or of one operator's final state. */
import type { Key } from '../core/keys.js';
import { canonical, isPair, isSame, show } from './canonical.js';
import type { OracleState } from './oracle/answer.js';
import { type Place, placesOf, sameMultiset, type Testimonies } from './places.js';
import type { ComparedPart, CompareRule, Difference } from './result.js';
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

/** Compares a sink's results by its rule. */
export function diffSink(
  name: string,
  demand: Demand,
  lists: Testimonies<ResultList>,
  options: DiffOptions,
): PartOutcome {
  const reference = lists.oracle ?? lists.record!;
  const outcome = { name: `sink ${name}`, demand, lists, results: reference.values.length, ...countsOf(reference) };
  if (demand.rule === 'not demanded') return verdict(outcome, [], options);
  if (demand.rule === 'equal final value and count per key')
    return verdict(outcome, differing(finalPlaces(lists)), options);
  // The modes mostly keep the order too; then no place needs to be named.
  if (
    sameOrder(lists.microBatch!, lists.record!) &&
    (lists.oracle === undefined || sameOrder(lists.oracle, lists.record!))
  )
    return verdict(outcome, [], options);
  const wrong = differing(placesOf(lists).values());
  if (wrong.length > 0 || demand.rule !== 'equal sequence') return verdict(outcome, wrong, options);
  return verdict(outcome, outOfOrder(lists), options);
}

/** Compares an operator's final state, key by key. */
export function diffState(
  uid: string,
  demand: Demand,
  states: Testimonies<Iterable<readonly [Key, unknown]>>,
  oracle: ReadonlyMap<string, OracleState> | undefined,
  options: DiffOptions,
): PartOutcome {
  const scales = [...(oracle?.values() ?? [])];
  const lists: Testimonies<ResultList> = {
    microBatch: stateList(states.microBatch!),
    record: stateList(states.record!),
    oracle: oracle && {
      ...stateList(scales.map(({ key, value }) => [key, value] as const)),
      scales: scales.map((state) => state.scale),
    },
  };
  const reference = lists.oracle ?? lists.record!;
  const outcome = { name: `state of ${uid}`, demand, lists, results: reference.values.length, ...countsOf(reference) };
  return verdict(outcome, demand.rule === 'not demanded' ? [] : differing(placesOf(lists).values()), options);
}

interface Outcome {
  readonly name: string;
  readonly demand: { readonly rule: CompareRule; readonly note: string | null };
  readonly lists: Testimonies<ResultList>;
  readonly results: number;
  readonly keys: ReadonlySet<string>;
  readonly windows: number;
}

/** A place where somebody disagrees. */
interface Dispute {
  readonly place: Place;
  readonly modesAgree: boolean;
  readonly oracleAgrees: boolean;
}

function differing(places: Iterable<Place>): readonly Dispute[] {
  const disputes: Dispute[] = [];
  for (const place of places) {
    const { microBatch, record, oracle } = place.values;
    const modesAgree = sameMultiset(microBatch, record, place.scale);
    const oracleAgrees = sameMultiset(oracle, record, place.scale) && sameMultiset(oracle, microBatch, place.scale);
    if (!modesAgree || !oracleAgrees) disputes.push({ place, modesAgree, oracleAgrees });
  }
  return disputes;
}

/** Equal as multisets, so the first position that differs is the dispute. */
function outOfOrder(lists: Testimonies<ResultList>): readonly Dispute[] {
  const { microBatch, record, oracle } = lists as { readonly [witness: string]: ResultList };
  const reference = oracle ?? record!;
  const isWrong = (i: number) => [microBatch, record].some((list) => !sameAt(list!, reference, i));
  for (let i = 0; i < reference.values.length; i++) {
    if (!isWrong(i)) continue;
    const at = (list: ResultList | undefined) => (list === undefined ? [] : [list.values[i]]);
    const values = { microBatch: at(microBatch), record: at(record), oracle: at(oracle) };
    const place = {
      key: undefined,
      hasKey: false,
      timestamp: reference.timestamps[i]!,
      windowEnd: Number.NaN,
      values,
      scale: 0,
    };
    return [{ place, modesAgree: sameAt(microBatch!, record!, i), oracleAgrees: oracle === undefined }];
  }
  return [];
}

function sameOrder(a: ResultList, b: ResultList): boolean {
  if (a.values.length !== b.values.length) return false;
  for (let i = 0; i < a.values.length; i++) if (!sameAt(a, b, i)) return false;
  return true;
}

function sameAt(a: ResultList, b: ResultList, i: number): boolean {
  const scale = a.scales?.[i] ?? b.scales?.[i] ?? 0;
  return (
    a.timestamps[i] === b.timestamps[i] &&
    Object.is(a.windowEnds[i], b.windowEnds[i]) &&
    isSame(a.values[i], b.values[i], scale)
  );
}

/** For each key how many results it has, and its last value: all that is promised when partitions mix. */
function finalPlaces(lists: Testimonies<ResultList>): Iterable<Place> {
  const finals = (list: ResultList | undefined): ResultList | undefined => {
    if (list === undefined) return undefined;
    const last = new Map<string, { count: number; at: number }>();
    list.values.forEach((value, at) => {
      const name = canonical((value as readonly unknown[])[0]);
      last.set(name, { count: (last.get(name)?.count ?? 0) + 1, at });
    });
    const kept = [...last.values()];
    const values = kept.map(({ count, at }) => {
      const [key, value] = list.values[at] as readonly [unknown, unknown];
      return [key, { count, value }];
    });
    const none = values.map(() => Number.NaN);
    return { values, timestamps: none, windowEnds: none, scales: kept.map(({ at }) => list.scales?.[at] ?? 0) };
  };
  return placesOf({
    microBatch: finals(lists.microBatch),
    record: finals(lists.record),
    oracle: finals(lists.oracle),
  }).values();
}

function stateList(states: Iterable<readonly [Key, unknown]>): ResultList {
  const values = [...states];
  const none = values.map(() => Number.NaN);
  return { values, timestamps: none, windowEnds: none };
}

function countsOf({ values, windowEnds }: ResultList): {
  readonly keys: ReadonlySet<string>;
  readonly windows: number;
} {
  const keys = new Set<string>();
  const windows = new Set<number>();
  values.forEach((value, i) => {
    if (isPair(value)) keys.add(canonical(value[0]));
    if (!Number.isNaN(windowEnds[i])) windows.add(windowEnds[i]!);
  });
  return { keys, windows: windows.size };
}

function verdict(outcome: Outcome, disputes: readonly Dispute[], { start }: DiffOptions): PartOutcome {
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
  return { part, first: first === undefined ? null : describe(name, first.place, start, hasOracle), keys };
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
