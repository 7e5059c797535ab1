/** What is asked of each operator of the vocabulary: a row says how it is used, and what must come of a few small inputs. */
import { type Duration, millis } from '../../../src/core/time.js';
import type { TopologyBuilder } from '../../../src/topology/builder.js';
import type { KeyedStream, Stream } from '../../../src/topology/streams.js';

/** The batch interval of all rows. */
export const B = millis(10);
export const times = (count: number) => (count * B) as Duration;
export const add = (a: number, b: number): number => a + b;
export const subtract = (total: number, left: number): number => total - left;

/** A record, with a time of its own (in intervals) where it does not come when it happened. */
export type Entry = readonly [key: string, n: number, at?: number];
/** A record as a source gives it; `at` in us. */
export interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
/** What comes in, or out, in each interval. */
export type Intervals<T> = readonly (readonly T[])[];

/** What a row builds with. */
export interface Parts {
  readonly t: TopologyBuilder;
  /** The input as it comes, without times of its own. */
  readonly events: () => Stream<Event>;
  readonly pairs: () => KeyedStream<string, number>;
  readonly numbers: () => Stream<number>;
  /** Another source with the same records, each ten times as great. */
  readonly others: () => KeyedStream<string, number>;
  /** Marks a function of the user, by its name: it can be made to throw for what is `BAD`. */
  readonly call: <F extends (...values: never[]) => unknown>(name: string, call: F) => F;
}

/** One operator, and its results, as `shown` writes them. */
export interface Row {
  /** Uses the operator, which has the uid `op` where it can have one. */
  readonly build: (parts: Parts) => Stream<never> | Stream<unknown> | undefined;
  /** Of `ONE`. */
  readonly one: string;
  /** Of `EMPTY`. */
  readonly empty: string;
  /** Of `TWICE`. */
  readonly twice: string;
  /** Of `FAULTY` with dead letters, for each function that `build` marks when that one throws. */
  readonly errors: Readonly<Record<string, string>>;
}

/** Results of each interval, in an order of their own since none is promised: `[a,1], [b,2] |  | [a,3]`. */
export function shown(outputs: Intervals<unknown>): string {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? 'none' : inner)).replaceAll('"', '');
  return outputs.map((values) => values.map(text).toSorted().join(', ')).join(' | ');
}

/** A single record. */
export const ONE: Intervals<Entry> = [[['a', 1]], [], [], []];
/** Intervals without records before, between and behind those with some. */
export const EMPTY: Intervals<Entry> = [[], [['a', 1]], [], [], [['a', 2]], []];
/** A key several times in an interval and in several, one value twice. */
export const TWICE: Intervals<Entry> = [
  [
    ['a', 1],
    ['a', 2],
    ['b', 5],
    ['a', 1],
  ],
  [['a', 4]],
  [],
  [],
];
/** What a marked function throws for, also where it is in a list, a sum or a state. */
export const BAD = 1e6;
export const FAULTY: Intervals<Entry> = [
  [
    ['a', 1],
    ['a', BAD],
    ['b', 2],
  ],
  [['a', 3]],
  [['a', BAD]],
  [
    ['b', 4],
    ['a', 5],
  ],
  [],
];
/** As text comes: three keys in disorder, silent for a while, and one of them only once. */
export const MANY: Intervals<Entry> = Array.from({ length: 9 }, (_, interval) =>
  Array.from({ length: interval % 5 === 3 ? 0 : 1 + ((interval * 7) % 4) }, (_, i): Entry => {
    const chance = (interval * 31 + i * 17) % 11;
    return [chance === 10 ? 'c' : 'ab'[chance % 2]!, chance - 3];
  }),
);
/** In order of arrival, and each with its time; one is late. */
export const LATE: Intervals<Entry> = [
  [
    ['a', 1, 0],
    ['b', 2, 0.5],
  ],
  [
    ['a', 3, 1],
    ['b', 4, 1.25],
    ['a', 100, 0.75],
    ['b', 5, 1.25],
  ],
  [['a', 6, 2.5]],
  [],
  [['a', 7, 4]],
];
