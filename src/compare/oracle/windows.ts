/** Windowed and interval operators of the oracle: each window is computed anew from all its records. */
import { encodeKey, type Key } from '../../core/keys.js';
import { firstMultipleAbove, floorTo } from '../../core/time.js';
import type { UpdateContext } from '../../topology/state-spec.js';
import { byKey, groupBy, type Item, type KeyRun, type Pair, type Whole } from './item.js';

/** A function of the user's, whose types the fluent API has checked. */
export type UserFunction = (...values: readonly unknown[]) => never;
type Reduce = (a: never, b: never) => unknown;

/** One result for each window and each key that has records in it. */
export function reduceWindows(input: Whole, length: number, slide: number, reduce: Reduce): readonly Item[] {
  return keyedWindows(input, length, slide, (values) => fold(values, reduce));
}

/** What `give` makes of the values of each window and key. */
export function keyedWindows(
  input: Whole,
  length: number,
  slide: number,
  give: (values: readonly unknown[]) => unknown,
): readonly Item[] {
  return windowsOf(input, length, slide).flatMap(([end, items]) =>
    byKey(items).map((ofKey) => result([pairKey(ofKey), give(ofKey.map(pairValue))], end, ofKey)),
  );
}

/** With `keepEmptyKeys` a key stays, for `emptyMax` ends: its value is all that ever came, less what has left. */
export function reduceKeepingKeys(
  input: Whole,
  [length, slide]: readonly [length: number, slide: number],
  reduce: Reduce,
  inverse: Reduce,
  emptyMax: number,
): readonly Item[] {
  // Where the window is shorter than its slide, what lies between two windows never comes in.
  const items = input.items.filter(({ timestamp }) => firstMultipleAbove(timestamp, slide) - length <= timestamp);
  return windowsOf({ ...input, items }, Number.POSITIVE_INFINITY, slide).flatMap(([end, ever]) =>
    byKey(ever).flatMap((ofKey) => {
      const latest = ofKey.reduce((top, item) => Math.max(top, item.timestamp), Number.NEGATIVE_INFINITY);
      const emptyFrom = firstMultipleAbove(latest + length, slide);
      if (end >= emptyFrom + emptyMax * slide) return [];
      const left = ofKey.filter((item) => item.timestamp < end - length).map(pairValue);
      const total = fold([fold(ofKey.map(pairValue), reduce), ...left], inverse);
      return [result([pairKey(ofKey), total], end, ofKey)];
    }),
  );
}

/** The number of records of each window, also 0, but at most `emptyMax` times 0 in a row. */
export function countWindows(input: Whole, length: number, slide: number, emptyMax: number): readonly Item[] {
  const windows = new Map(windowsOf(input, length, slide));
  // Where the window is shorter than its slide, what lies between two windows still says that there are data.
  const withData = windowsOf(input, Math.max(length, slide), slide).map(([end]) => end);
  return ends(withData, slide, lastEnd(input, slide), emptyMax).map((end) =>
    result(windows.get(end)?.length ?? 0, end, windows.get(end) ?? []),
  );
}

/** `update` once per interval for a key with values or state; silent after `emptyMax` intervals without values. */
export function updateKey(
  input: Whole,
  items: readonly Item[],
  update: (values: unknown[], state: unknown, context: UpdateContext) => unknown,
  emptyMax: number,
  initial?: ReadonlyMap<string, unknown>,
): KeyRun {
  const intervals = new Map(windowsOf({ ...input, items }, input.slide, input.slide));
  const results: Item[] = [];
  const key = pairKey(items);
  let state = initial?.get(encodeKey(key));
  for (const end of ends([...intervals.keys()], input.slide, lastEnd(input, input.slide), emptyMax)) {
    const values = intervals.get(end) ?? [];
    if (values.length === 0 && state === undefined) continue;
    state = update(values.map(pairValue), state, { key, end });
    if (state !== undefined) results.push(result([key, state], end, items));
  }
  // A key whose values all lie in intervals that never close has not taken its initial state.
  return { results, state: intervals.size === 0 ? undefined : state };
}

/** Every window that has records and fires, by its end, ascending. */
export function windowsOf(
  input: Whole,
  length: number,
  slide: number,
): readonly (readonly [end: number, items: readonly Item[]])[] {
  const last = lastEnd(input, slide);
  const placed = input.items.flatMap((item) => {
    const copies: Item[] = [];
    for (
      let end = firstMultipleAbove(item.timestamp, slide);
      end <= last && end - length <= item.timestamp;
      end += slide
    )
      copies.push({ ...item, arrival: end });
    return copies;
  });
  return [...groupBy(placed, (item) => item.arrival)].toSorted(([a], [b]) => a - b);
}

/** The last window end that fires: up to the final watermark, and the first multiple above the highest timestamp. */
export function lastEnd(input: Whole, slide: number): number {
  return Math.max(floorTo(input.final, slide), firstMultipleAbove(input.highest, slide));
}

/** Window ends from the first with data to the last that fires, with at most `emptyMax` without data in a row. */
export function ends(withData: readonly number[], slide: number, last: number, emptyMax: number): readonly number[] {
  return withData.flatMap((end, i) => {
    const next = Math.min(withData[i + 1] ?? last + slide, end + (emptyMax + 1) * slide);
    return Array.from({ length: Math.round((next - end) / slide) }, (_, j) => end + j * slide);
  });
}

export function result(value: unknown, end: number, from: readonly Item[]): Item {
  const scale = from.reduce((sum, item) => sum + item.scale, 0);
  return { value, timestamp: end - 1, windowEnd: end, arrival: end, partition: -1, sequence: 0, scale };
}

function fold(values: readonly unknown[], combine: Reduce): unknown {
  return values.reduce((a, b) => combine(a as never, b as never));
}

function pairKey(items: readonly Item[]): Key {
  return (items[0]!.value as Pair)[0];
}

function pairValue(item: Item): unknown {
  return (item.value as Pair)[1];
}
