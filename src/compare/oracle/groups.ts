/** The oracle's operators on lists of values: partitions, whole intervals, joins, tables. */
import { encodeKey } from '../../core/keys.js';
import type { JoinKind } from '../../topology/graph.js';
import { byArrival, byKey, groupBy, type Item, type Pair, type Whole } from './item.js';
import { ends, keyedWindows, lastEnd, result, windowsOf } from './windows.js';

/** What `give` makes of all values of each window that has any. */
export function listEach(
  input: Whole,
  length: number,
  slide: number,
  give: (values: readonly unknown[]) => Iterable<unknown>,
): readonly Item[] {
  return windowsOf(input, length, slide).flatMap(([end, items]) =>
    Array.from(give(items.map((item) => item.value)), (value) => result(value, end, items)),
  );
}

/** A stream by source partition. Behind a grouping there is no telling: then it is one. */
export function partitionsOf(input: Whole): readonly Whole[] {
  return [...groupBy(input.items, (item) => item.partition).values()].map((items) => ({ ...input, items }));
}

/** `give` once per interval, also an empty one, for the values of each stream. */
export function transformEach(
  inputs: readonly Whole[],
  slide: number,
  emptyMax: number,
  give: (values: readonly unknown[][], end: number) => Iterable<unknown>,
): readonly Item[] {
  const all = meeting(inputs);
  // An interval closes for both: a timer's result may lie above all that its own stream says of time.
  const { highest, final } = all;
  const windows = inputs.map((input) => new Map(windowsOf({ ...input, highest, final }, slide, slide)));
  const withData = windowsOf(all, slide, slide).map(([end]) => end);
  return ends(withData, slide, lastEnd(all, slide), emptyMax).flatMap((end) => {
    const lists = windows.map((window) => window.get(end) ?? []);
    const values = lists.map((items) => items.map((item) => item.value));
    return Array.from(give(values, end), (value) => result(value, end, lists.flat()));
  });
}

/** `[key, [values, others]]` for each key and interval of two streams. */
export function cogroup(inputs: readonly Whole[], slide: number): readonly Item[] {
  const sided = inputs.map((input, side) => ({ ...input, items: input.items.map((item) => withSide(item, side)) }));
  return keyedWindows(meeting(sided), slide, slide, (values) => {
    const of = (wanted: number) =>
      values.flatMap((value) => ((value as Sided)[0] === wanted ? [(value as Sided)[1]] : []));
    return [of(0), of(1)];
  });
}

/** Every value with every other, by what a join keeps without partner. */
export function join(groups: readonly Item[], kind: JoinKind): readonly Item[] {
  const keepsLeft = kind === 'leftOuterJoin' || kind === 'fullOuterJoin';
  const keepsRight = kind === 'rightOuterJoin' || kind === 'fullOuterJoin';
  return groups.flatMap((item) => {
    const [key, [left, right]] = item.value as readonly [unknown, readonly [unknown[], unknown[]]];
    const lefts = left.length === 0 && keepsRight ? [undefined] : left;
    const rights = right.length === 0 && keepsLeft ? [undefined] : right;
    return lefts.flatMap((a) => rights.map((b): Item => ({ ...item, value: [key, [a, b]] })));
  });
}

/** A pair with each row of its key. */
export function joinRows(
  [key, value]: Pair,
  rows: ReadonlyMap<string, readonly unknown[]>,
  keepsAll: boolean,
): unknown[] {
  const found = [...rows].flatMap(([name, values]) => (name === encodeKey(key) ? values : []));
  return (found.length === 0 && keepsAll ? [undefined] : found).map((row) => [key, [value, row]]);
}

/** All values sorted, and the first ones taken. */
export function top(
  values: readonly unknown[],
  by: (value: never) => number,
  text: (value: never) => string,
  max: number,
) {
  const order = (a: never, b: never) => by(b) - by(a) || (text(a) < text(b) ? -1 : 1);
  return (values as readonly never[]).toSorted(order).slice(0, max);
}

/** Each two of both streams that are near in time. */
export function intervalJoin([left, right]: readonly Whole[], before: number, after: number): readonly Item[] {
  const partners = groupBy(right!.items, (item) => encodeKey((item.value as Pair)[0]));
  const met = left!.items.flatMap((a) => {
    const [key, value] = a.value as Pair;
    const near = (partners.get(encodeKey(key)) ?? []).filter(
      (b) => b.timestamp >= a.timestamp - before && b.timestamp <= a.timestamp + after,
    );
    return near.map((b): Item => {
      const times = { timestamp: Math.max(a.timestamp, b.timestamp), arrival: Math.max(a.arrival, b.arrival) };
      return {
        ...a,
        ...times,
        windowEnd: Number.NaN,
        value: [key, [value, (b.value as Pair)[1]]],
        scale: a.scale + b.scale,
      };
    });
  });
  return byArrival(met);
}

/** A key's values in order of time, cut where a gap is. */
export function sessions(input: Whole, gap: number, reduce: (a: never, b: never) => unknown): readonly Item[] {
  const closed = byKey(input.items).flatMap((items) => {
    const inTime = items.toSorted((a, b) => a.timestamp - b.timestamp);
    const starts = inTime.flatMap(({ timestamp }, i) =>
      i > 0 && timestamp - inTime[i - 1]!.timestamp < gap ? [] : [i],
    );
    return starts.map((start, i) => {
      const members = inTime.slice(start, starts[i + 1]);
      const values = members.map((item) => (item.value as Pair)[1]);
      const total = values.reduce((a, b) => reduce(a, b) as never);
      return result([(items[0]!.value as Pair)[0], total], members.at(-1)!.timestamp + gap, members);
    });
  });
  return byArrival(closed);
}

type Sided = readonly [side: number, value: unknown];

function withSide(item: Item, side: number): Item {
  const [key, value] = item.value as Pair;
  return { ...item, value: [key, [side, value]] };
}

function meeting(inputs: readonly Whole[]): Whole {
  const highest = Math.max(...inputs.map((input) => input.highest));
  const final = Math.max(...inputs.map((input) => input.final));
  return { ...inputs[0]!, items: byArrival(inputs.flatMap((input) => input.items)), highest, final };
}
