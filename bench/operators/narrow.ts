/** Operators that take one record at a time. The work of the user's function is that of a real one: a look at each letter. */
import { seconds } from 'raingauge';
import { type OperatorCase, onLines, onPairs, type Pair } from './operator-case.js';

/** A hash of a line: some sixty steps. */
function hash(line: string): number {
  let sum = 0;
  for (let i = 0; i < line.length; i++) sum = (Math.imul(sum, 31) + line.charCodeAt(i)) | 0;
  return sum;
}

/** As a call whose answer is there at once. */
const hashLater = async (line: string): Promise<number> => hash(line);
/** Calls under way. */
const CALLS = 16;

const isEven = (line: string): boolean => (hash(line) & 1) === 0;
const twice = (value: number): number => value * 2;
/** Tasks. */
const PARTITIONS = 2;
const TABLE = Array.from({ length: 1_000 }, (_, i) => [`key ${i}`, i] as const);

const HALF_TABLE = TABLE.slice(0, 500);
const NO_ROW = [undefined];

export const NARROW: readonly OperatorCase[] = [
  onLines('map', {
    job: (lines) => lines.map(hash),
    loop: (intervals, emit) => {
      for (const lines of intervals) for (const line of lines) emit(hash(line));
    },
    weigh: (sum) => sum,
  }),
  onLines('flatMap', {
    job: (lines) => lines.flatMap((line) => line.split(' ')),
    loop: (intervals, emit) => {
      for (const lines of intervals) for (const line of lines) for (const word of line.split(' ')) emit(word);
    },
    weigh: (word) => word.length,
  }),
  onLines('filter', {
    job: (lines) => lines.filter(isEven),
    loop: (intervals, emit) => {
      for (const lines of intervals) for (const line of lines) if (isEven(line)) emit(line);
    },
    weigh: (line) => line.length,
  }),
  onLines('peek', {
    job: (lines) => lines.peek(hash),
    loop: (intervals, emit) => {
      for (const lines of intervals)
        for (const line of lines) {
          hash(line);
          emit(line);
        }
    },
    weigh: (line) => line.length,
  }),
  onLines('mapAsync', {
    job: (lines) => lines.mapAsync(hashLater, { concurrency: CALLS }),
    loop: async (intervals, emit) => {
      for (const lines of intervals)
        for (let i = 0; i < lines.length; i += CALLS)
          for (const sum of await Promise.all(lines.slice(i, i + CALLS).map(hashLater))) emit(sum);
    },
    weigh: (sum) => sum,
  }),
  onLines('keyBy', {
    job: (lines) => lines.keyBy((line) => hash(line) % 1_000),
    loop: (intervals, emit) => {
      for (const lines of intervals) for (const line of lines) emit([hash(line) % 1_000, line]);
    },
    weigh: ([key, line]) => key + line.length,
  }),
  onLines('keyBy and mapValues', {
    job: (lines) => lines.keyBy((line) => line.length).mapValues(hash),
    loop: (intervals, emit) => {
      for (const lines of intervals) for (const line of lines) emit([line.length, hash(line)]);
    },
    weigh: ([key, value]) => key + value,
  }),
  onLines('keyBy and flatMapValues', {
    job: (lines) => lines.keyBy((line) => line.length).flatMapValues((line) => line.split(' ')),
    loop: (intervals, emit) => {
      for (const lines of intervals)
        for (const line of lines) for (const word of line.split(' ')) emit([line.length, word]);
    },
    weigh: ([key, word]) => key + word.length,
  }),
  onLines('keyBy and mapValuesAsync', {
    job: (lines) => lines.keyBy((line) => line.length).mapValuesAsync(hashLater, { concurrency: CALLS }),
    loop: async (intervals, emit) => {
      for (const lines of intervals)
        for (let i = 0; i < lines.length; i += CALLS) {
          const some = lines.slice(i, i + CALLS);
          const values = await Promise.all(some.map(hashLater));
          for (const [j, line] of some.entries()) emit([line.length, values[j]!]);
        }
    },
    weigh: ([key, value]) => key + value,
  }),
  onLines('union', {
    job: (lines, others) => lines.union(others()).map(hash),
    loop: (intervals, emit, others) => {
      for (const all of [intervals, others]) for (const lines of all) for (const line of lines) emit(hash(line));
    },
    weigh: (sum) => sum,
  }),
  onLines('branch', {
    job: (lines) => {
      const { even, odd } = lines.branch({ even: isEven, odd: () => true });
      return even.map((line) => line.length).union(odd.map((line) => -line.length));
    },
    loop: (intervals, emit) => {
      for (const lines of intervals) for (const line of lines) emit(isEven(line) ? line.length : -line.length);
    },
    weigh: (length) => length,
  }),
  onLines('repartition', {
    job: (lines) => lines.repartition(2).map(hash),
    loop: (intervals, emit) => {
      for (const lines of intervals) {
        const parts: [string[], string[]] = [[], []];
        for (let i = 0; i < lines.length; i++) parts[(i & 1) as 0 | 1].push(lines[i]!);
        for (const part of parts) for (const line of part) emit(hash(line));
      }
    },
    weigh: (sum) => sum,
  }),
  onPairs('partitionBy', {
    job: (pairs) => pairs.partitionBy({ partitions: PARTITIONS }).mapValues(twice),
    loop: (intervals, emit) => {
      for (const pairs of intervals) {
        const parts = Array.from({ length: PARTITIONS }, (): Pair[] => []);
        for (const pair of pairs) parts[Math.abs(hash(pair[0])) % PARTITIONS]!.push(pair);
        for (const part of parts) for (const [key, value] of part) emit([key, twice(value)]);
      }
    },
    weigh: ([key, value]) => key.length + value,
  }),
  onLines('timestamps', {
    job: (lines) => lines.timestamps({ extract: hashTime, maxOutOfOrderness: seconds(1) }).map((line) => line.length),
    loop: (intervals, emit) => {
      let highest = Number.NEGATIVE_INFINITY;
      for (const lines of intervals)
        for (const line of lines) {
          const time = hashTime(line);
          if (time > highest) highest = time;
          if (time >= highest - 1_000_000) emit(line.length);
        }
    },
    weigh: (length) => length,
  }),
  onPairs('joinTable', {
    job: (pairs) => pairs.joinTable(TABLE),
    loop: (intervals, emit) => {
      const rows = new Map<string, number[]>(TABLE.map(([key, row]) => [key, [row]]));
      for (const pairs of intervals)
        for (const [key, value] of pairs) for (const row of rows.get(key) ?? []) emit([key, [value, row]]);
    },
    weigh: ([, [value, row]]) => value + row,
  }),
  onPairs('leftOuterJoinTable', {
    job: (pairs) => pairs.leftOuterJoinTable(HALF_TABLE),
    loop: (intervals, emit) => {
      const rows = new Map<string, (number | undefined)[]>(HALF_TABLE.map(([key, row]) => [key, [row]]));
      for (const pairs of intervals)
        for (const [key, value] of pairs) for (const row of rows.get(key) ?? NO_ROW) emit([key, [value, row]]);
    },
    weigh: ([, [value, row = -1]]) => value + row,
  }),
];

/** A time within one second, so that nothing is late. */
function hashTime(line: string): number {
  return (hash(line) >>> 0) % 1_000_000;
}
