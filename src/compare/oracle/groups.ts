/** The oracle's operators on lists of values: partitions, whole intervals, joins, tables. */
import { encodeKey } from '../../core/keys.js';
import type { JoinKind } from '../../topology/graph.js';
import { byArrival, groupBy, type Item, type Pair, type Whole } from './item.js';
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
  const [windows, all] = [inputs.map((input) => new Map(windowsOf(input, slide, slide))), meeting(inputs)];
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
