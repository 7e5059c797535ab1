/** Operators that act once per interval. An interval has a tenth of all records. */
import { type OperatorCase, onLines, onPairs, type Pair } from './operator-case.js';

const add = (a: number, b: number): number => a + b;

export const PER_INTERVAL: readonly OperatorCase[] = [
  onPairs('reduce', {
    job: (pairs) => pairs.map(([, value]) => value).reduce(add),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        let sum = 0;
        for (const [, value] of pairs) sum = add(sum, value);
        emit(sum);
      }
    },
    weigh: (sum) => sum,
  }),
  onPairs('aggregate', {
    job: (pairs) =>
      pairs
        .map(([, value]) => value)
        .aggregate<readonly [sum: number, count: number]>({
          createCombiner: (value) => [value, 1],
          mergeValue: (known, value) => [known[0] + value, known[1] + 1],
          mergeCombiners: (x, y) => [x[0] + y[0], x[1] + y[1]],
        }),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        let known: readonly [number, number] | undefined;
        for (const [, value] of pairs) known = known === undefined ? [value, 1] : [known[0] + value, known[1] + 1];
        emit(known!);
      }
    },
    weigh: ([sum, count]) => sum + count,
  }),
  onPairs('count', {
    job: (pairs) => pairs.count(),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        let count = 0;
        for (const _ of pairs) count += 1;
        emit(count);
      }
    },
    weigh: (count) => count,
  }),
  onPairs('countByValue', {
    job: (pairs) => pairs.map(([key]) => key).countByValue(),
    loop: (intervals, emit) => {
      for (const pairs of intervals) for (const { key, n } of countsOf(pairs).values()) emit([key, n]);
    },
    weigh: ([key, n]) => key.length + n,
  }),
  onPairs('distinct', {
    job: (pairs) => pairs.map(([key]) => key).distinct(),
    loop: (intervals, emit) => {
      for (const pairs of intervals) for (const key of new Set(pairs.map(([each]) => each))) emit(key);
    },
    weigh: (key) => key.length,
  }),
  onPairs('reduceByKey', {
    job: (pairs) => pairs.reduceByKey(add),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        const totals = new Map<string, { n: number }>();
        for (const [key, value] of pairs) {
          const total = totals.get(key);
          if (total === undefined) totals.set(key, { n: value });
          else total.n = add(total.n, value);
        }
        for (const [key, { n }] of totals) emit([key, n]);
      }
    },
    weigh: ([key, n]) => key.length + n,
  }),
  onPairs('combineByKey', {
    job: (pairs) =>
      pairs.combineByKey<readonly [sum: number, count: number]>({
        createCombiner: (value) => [value, 1],
        mergeValue: (known, value) => [known[0] + value, known[1] + 1],
        mergeCombiners: (a, b) => [a[0] + b[0], a[1] + b[1]],
      }),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        const combiners = new Map<string, { of: readonly [number, number] }>();
        for (const [key, value] of pairs) {
          const known = combiners.get(key);
          if (known === undefined) combiners.set(key, { of: [value, 1] });
          else known.of = [known.of[0] + value, known.of[1] + 1];
        }
        for (const [key, { of }] of combiners) emit([key, of]);
      }
    },
    weigh: ([, [sum, count]]) => sum + count,
  }),
  onPairs('groupByKey', {
    job: (pairs) => pairs.groupByKey(),
    loop: (intervals, emit) => {
      for (const pairs of intervals) for (const group of groupsOf(pairs)) emit(group);
    },
    weigh: ([, values]) => values.length + values[0]!,
  }),
  onPairs('top', {
    job: (pairs) => pairs.top({ max: 10, by: ([, value]) => value }),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        const best: Pair[] = [];
        for (const pair of pairs) {
          if (best.length === 10 && pair[1] <= best[9]![1]) continue;
          best.push(pair);
          best.sort((a, b) => b[1] - a[1]);
          best.length = Math.min(best.length, 10);
        }
        emit(best);
      }
    },
    weigh: (best) => best.reduce((sum, [, value]) => sum + value, 0),
  }),
  onLines('glom', {
    job: (lines) => lines.glom(),
    loop: (intervals, emit) => {
      for (const lines of intervals) emit(gathered(lines));
    },
    weigh: (lines) => lines.length,
  }),
  onLines('mapPartitions', {
    job: (lines) => lines.mapPartitions((all) => [all.reduce((sum, line) => sum + line.length, 0)]),
    loop: (intervals, emit) => {
      for (const lines of intervals) emit(gathered(lines).reduce((sum, line) => sum + line.length, 0));
    },
    weigh: (length) => length,
  }),
  onLines('transform', {
    job: (lines) => lines.transform((all) => [all.reduce((sum, line) => sum + line.length, 0)]),
    loop: (intervals, emit) => {
      for (const lines of intervals) emit(gathered(lines).reduce((sum, line) => sum + line.length, 0));
    },
    weigh: (length) => length,
  }),
  onLines('transformWith', {
    job: (lines, others) => lines.transformWith(others(), (some, more) => [some.length * 3 + more.length]),
    loop: (intervals, emit, others) => {
      for (const [i, lines] of intervals.entries()) emit(gathered(lines).length * 3 + gathered(others[i]!).length);
    },
    weigh: (length) => length,
  }),
];

/** One element after another, as whoever waits for the interval's end must do. */
function gathered<T>(values: readonly T[]): readonly T[] {
  const all: T[] = [];
  for (const value of values) all.push(value);
  return all;
}

/** How often each key occurs. */
export function countsOf(pairs: readonly Pair[]): ReadonlyMap<string, { readonly key: string; n: number }> {
  const counts = new Map<string, { readonly key: string; n: number }>();
  for (const [key] of pairs) {
    const count = counts.get(key);
    if (count === undefined) counts.set(key, { key, n: 1 });
    else count.n += 1;
  }
  return counts;
}

/** Each key's values. */
export function groupsOf(pairs: readonly Pair[]): ReadonlyMap<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
