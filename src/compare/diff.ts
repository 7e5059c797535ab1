/** Compares what both modes and the oracle said of one sink, or of one operator's final state. */
import type { Key } from '../core/keys.js';
import { canonical, isPair, isSame } from './canonical.js';
import { viewed } from './list-view.js';
import type { OracleState } from './oracle/answer.js';
import { countsOf, type DiffOptions, type Dispute, type PartOutcome, verdict } from './outcome.js';
import { type Place, placesOf, sameMultiset, type Testimonies } from './places.js';
import type { ResultList } from './result-list.js';
import type { Demand } from './rules.js';

/** Compares a sink's results by its rule. */
export function diffSink(
  name: string,
  demand: Demand,
  given: Testimonies<ResultList>,
  options: DiffOptions,
): PartOutcome {
  const lists = asCompared(given, demand);
  const reference = lists.oracle ?? lists.record!;
  const outcome = { name: `sink ${name}`, demand, lists, results: reference.values.length, ...countsOf(reference) };
  if (demand.rule === 'not demanded') return verdict(outcome, [], options);
  if (demand.rule === 'equal final value and count per key')
    return verdict(outcome, differing(finalPlaces(lists)), options);
  const wrong = differing(openPlaces(lists));
  if (wrong.length > 0) return verdict(outcome, wrong, options, (place) => wholePlace(place, lists));
  return verdict(outcome, demand.rule === 'equal sequence' ? outOfOrder(lists) : [], options);
}

function asCompared(
  { microBatch, record, oracle }: Testimonies<ResultList>,
  { rule, view, isUntimed }: Demand,
): Testimonies<ResultList> {
  const of = (list: ResultList | undefined): ResultList | undefined => {
    if (list === undefined) return undefined;
    const seen = view === undefined ? list : viewed(list, view);
    const untimed = isUntimed === true ? { ...seen, ...withoutTimes(seen.values.length) } : seen;
    return rule === 'equal set' ? once(untimed) : untimed;
  };
  return { microBatch: of(microBatch), record: of(record), oracle: of(oracle) };
}

/** Each value once, however often it came. */
function once({ values }: ResultList): ResultList {
  const distinct = [...new Map(values.map((value) => [canonical(value), value])).values()];
  return { values: distinct, ...withoutTimes(distinct.length) };
}

function withoutTimes(count: number): Pick<ResultList, 'timestamps' | 'windowEnds'> {
  const none = new Float64Array(count).fill(Number.NaN);
  return { timestamps: none, windowEnds: none };
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
  return verdict(outcome, demand.rule === 'not demanded' ? [] : differing(placesOf(lists, () => false)), options);
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

/** Where results of the same index differ: mostly nowhere, since the modes mostly keep the order as well. */
function openPlaces(lists: Testimonies<ResultList>): Iterable<Place> {
  const { microBatch, record, oracle } = lists;
  const first = record!;
  const others = oracle === undefined ? [microBatch!] : [microBatch!, oracle];
  const common = Math.min(first.values.length, ...others.map((list) => list.values.length));
  const settled = new Uint8Array(common);
  let open = 0;
  for (let i = 0; i < common; i++) {
    settled[i] = others.every((other) => sameAt(other, first, i)) ? 1 : 0;
    open += 1 - settled[i]!;
  }
  const lengths = [first, ...others].map((list) => list.values.length);
  return open === 0 && lengths.every((length) => length === common) ? [] : placesOf(lists, (i) => settled[i] === 1);
}

/** A place with all its values, also those that agreed at their index. */
function wholePlace(place: Place, lists: Testimonies<ResultList>): Place {
  const name = canonical(place.key);
  const all = (list: ResultList | undefined): unknown[] =>
    (list?.values ?? []).flatMap((value, i) => {
      if (list!.timestamps[i] !== place.timestamp || !Object.is(list!.windowEnds[i], place.windowEnd)) return [];
      if (isPair(value) !== place.hasKey) return [];
      if (!isPair(value)) return [value];
      return canonical(value[0]) === name ? [value[1]] : [];
    });
  const values = { microBatch: all(lists.microBatch), record: all(lists.record), oracle: all(lists.oracle) };
  return { ...place, values };
}

function sameAt(a: ResultList, b: ResultList, i: number): boolean {
  const scale = a.scales?.[i] ?? b.scales?.[i] ?? 0;
  return (
    Object.is(a.timestamps[i], b.timestamps[i]) &&
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
  const all = { microBatch: finals(lists.microBatch), record: finals(lists.record), oracle: finals(lists.oracle) };
  return placesOf(all, () => false);
}

function stateList(states: Iterable<readonly [Key, unknown]>): ResultList {
  const values = [...states];
  const none = values.map(() => Number.NaN);
  return { values, timestamps: none, windowEnds: none };
}
