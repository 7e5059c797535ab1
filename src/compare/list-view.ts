/** Results that hold lists whose order nobody promises, as they are compared. */
import type { ListView } from '../plan/stream-facts.js';
import { canonical } from './canonical.js';
import type { ResultList } from './result-list.js';

/** The same results, with lists in an order of their own. */
export function viewed(list: ResultList, view: ListView): ResultList {
  if (view !== 'elements') return { ...list, values: list.values.map((value) => reordered(value, view)) };
  const rows = list.values.flatMap((value, at) => (value as readonly unknown[]).map((element) => ({ element, at })));
  return {
    values: rows.map(({ element }) => element),
    timestamps: rows.map(({ at }) => list.timestamps[at]!),
    windowEnds: rows.map(({ at }) => list.windowEnds[at]!),
    ...(list.scales === undefined ? {} : { scales: rows.map(({ at }) => list.scales![at]!) }),
  };
}

function reordered(value: unknown, view: Exclude<ListView, 'elements'>): unknown {
  if (view === 'list in any order') return sorted(value);
  const [key, lists] = value as readonly [unknown, unknown];
  return [key, view === 'value in any order' ? sorted(lists) : (lists as readonly unknown[]).map(sorted)];
}

/** The side of a join that is no list stays as it is. */
function sorted(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  return (list as readonly unknown[])
    .map((element) => [canonical(element), element] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, element]) => element);
}
