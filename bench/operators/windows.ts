/** Operators on windows of four intervals that slide by one. By hand a window is what a careful programmer keeps: a pane for each slide. */
import { seconds } from 'raingauge';
import { type Emit, type OperatorCase, onLines, onPairs, type Pair } from './operator-case.js';
import { countsOf, groupsOf } from './per-interval.js';

const PANES = 4;
const SPAN = { window: seconds(PANES), slide: seconds(1) } as const;
const add = (a: number, b: number): number => a + b;

export const WINDOWS: readonly OperatorCase[] = [
  onLines('window', {
    job: (lines) => lines.window(SPAN),
    loop: (intervals, emit) => {
      eachWindow(intervals, (panes) => {
        for (const lines of panes) for (const line of lines) emit(line);
      });
    },
    weigh: (line) => line.length,
  }),
  onPairs('reduceByWindow', {
    job: (pairs) => pairs.map(([, value]) => value).reduceByWindow({ ...SPAN, reduce: add }),
    loop: (intervals, emit) => {
      const sums = intervals.map((pairs) => {
        let sum = 0;
        for (const [, value] of pairs) sum = add(sum, value);
        return sum;
      });
      eachWindow(sums, (panes) => emit(panes.reduce(add)));
    },
    weigh: (sum) => sum,
  }),
  onPairs('countByWindow', {
    job: (pairs) => pairs.countByWindow(SPAN),
    loop: (intervals, emit) => {
      const counts = intervals.map((pairs) => {
        let count = 0;
        for (const _ of pairs) count += 1;
        return count;
      });
      eachWindow(counts, (panes) => emit(panes.reduce(add)));
    },
    weigh: (count) => count,
  }),
  onPairs('countByValueAndWindow', {
    job: (pairs) => pairs.map(([key]) => key).countByValueAndWindow(SPAN),
    loop: (intervals, emit) => {
      const counts = intervals.map((pairs) => new Map([...countsOf(pairs)].map(([key, { n }]) => [key, n])));
      mergedWindows(counts, add, emit);
    },
    weigh: ([key, n]) => key.length + n,
  }),
  onPairs('reduceByKeyAndWindow', {
    job: (pairs) => pairs.reduceByKeyAndWindow({ ...SPAN, reduce: add }),
    loop: (intervals, emit) => mergedWindows(intervals.map(totalsOf), add, emit),
    weigh: ([key, n]) => key.length + n,
  }),
  onPairs('reduceByKeyAndWindow with inverse', {
    job: (pairs) => pairs.reduceByKeyAndWindow({ ...SPAN, reduce: add, inverse: (a, b) => a - b }),
    loop: slidingTotals,
    weigh: ([key, n]) => key.length + n,
  }),
  onPairs('groupByKeyAndWindow', {
    job: (pairs) => pairs.groupByKeyAndWindow(SPAN),
    loop: (intervals, emit) => joinedWindows(intervals.map(groupsOf), emit),
    weigh: ([, values]) => values.length,
  }),
];

/** Calls for each slide with the panes of its window. */
function eachWindow<P>(panes: readonly P[], call: (panes: readonly P[]) => void): void {
  for (let last = 0; last < panes.length; last++) call(panes.slice(Math.max(0, last - PANES + 1), last + 1));
}

function totalsOf(pairs: readonly Pair[]): Map<string, number> {
  const boxes = new Map<string, { n: number }>();
  for (const [key, value] of pairs) {
    const box = boxes.get(key);
    if (box === undefined) boxes.set(key, { n: value });
    else box.n = add(box.n, value);
  }
  return new Map([...boxes].map(([key, { n }]) => [key, n]));
}

function mergedWindows<V>(
  panes: readonly ReadonlyMap<string, V>[],
  merge: (a: V, b: V) => V,
  emit: Emit<readonly [string, V]>,
): void {
  eachWindow(panes, (window) => {
    const merged = new Map<string, V>();
    for (const pane of window)
      for (const [key, value] of pane) {
        const known = merged.get(key);
        merged.set(key, known === undefined ? value : merge(known, value));
      }
    for (const result of merged) emit(result);
  });
}

/** Each key's values of all panes, in an array of its own. */
function joinedWindows(
  panes: readonly ReadonlyMap<string, readonly number[]>[],
  emit: Emit<readonly [string, number[]]>,
): void {
  eachWindow(panes, (window) => {
    const joined = new Map<string, number[]>();
    for (const pane of window)
      for (const [key, values] of pane) {
        const known = joined.get(key);
        if (known === undefined) joined.set(key, values.slice());
        else for (const value of values) known.push(value);
      }
    for (const result of joined) emit(result);
  });
}

/** The pane that enters is added and the one that leaves is taken off; a key whose records have all left is forgotten. */
function slidingTotals(intervals: readonly (readonly Pair[])[], emit: Emit<readonly [string, number]>): void {
  const totals = new Map<string, Total>();
  const panes = intervals.map(paneOf);
  const slide = (pane: ReadonlyMap<string, Total>, sign: 1 | -1): void => {
    for (const [key, { n, records }] of pane) {
      const total = totals.get(key);
      if (total === undefined) totals.set(key, { n: sign * n, records: sign * records });
      else {
        total.n += sign * n;
        total.records += sign * records;
      }
    }
  };
  for (const [i, pane] of panes.entries()) {
    slide(pane, 1);
    if (i >= PANES) slide(panes[i - PANES]!, -1);
    for (const [key, { n, records }] of totals) {
      if (records === 0) totals.delete(key);
      else emit([key, n]);
    }
  }
}

interface Total {
  n: number;
  records: number;
}

function paneOf(pairs: readonly Pair[]): ReadonlyMap<string, Total> {
  const pane = new Map<string, Total>();
  for (const [key, value] of pairs) {
    const total = pane.get(key);
    if (total === undefined) pane.set(key, { n: value, records: 1 });
    else {
      total.n = add(total.n, value);
      total.records += 1;
    }
  }
  return pane;
}
