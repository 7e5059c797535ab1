/** Operators that keep something of each key for as long as the job runs, or for a session. */
import { seconds } from 'raingauge';
import { type OperatorCase, onPairs } from './operator-case.js';
import { groupsOf } from './per-interval.js';

const add = (a: number, b: number): number => a + b;
/** A key has records in one of so many intervals. */
const EVERY = 4;

export const KEYED_STATE: readonly OperatorCase[] = [
  onPairs('runningReduce', {
    job: (pairs) => pairs.runningReduce(add),
    loop: (intervals, emit) => {
      const totals = new Map<string, { n: number }>();
      for (const pairs of intervals) for (const [key, value] of pairs) emit([key, added(totals, key, value)]);
    },
    weigh: ([, n]) => n,
  }),
  onPairs('mapWithState', {
    job: (pairs) =>
      pairs.mapWithState<number, number>({
        map: (_key, value, state) => {
          const total = (state.getOption() ?? 0) + value!;
          state.update(total);
          return total;
        },
      }),
    loop: (intervals, emit) => {
      const totals = new Map<string, { n: number }>();
      for (const pairs of intervals) for (const [key, value] of pairs) emit(added(totals, key, value));
    },
    weigh: (n) => n,
  }),
  onPairs('stateSnapshots', {
    job: (pairs) =>
      pairs
        .mapWithState<number, number>({
          map: (_key, value, state) => state.update((state.getOption() ?? 0) + value!) as undefined,
        })
        .stateSnapshots(),
    loop: (intervals, emit) => {
      const totals = new Map<string, { n: number }>();
      for (const pairs of intervals) {
        for (const [key, value] of pairs) added(totals, key, value);
        for (const [key, { n }] of totals) emit([key, n]);
      }
    },
    weigh: ([, n]) => n,
  }),
  onPairs('process', {
    job: (pairs) =>
      pairs.process<number, number>({
        uid: 'process',
        onRecord: (value, context) => {
          const total = (context.state ?? 0) + value;
          context.setState(total);
          context.emit(total);
        },
      }),
    loop: (intervals, emit) => {
      const totals = new Map<string, { n: number }>();
      for (const pairs of intervals) for (const [key, value] of pairs) emit(added(totals, key, value));
    },
    weigh: (n) => n,
  }),
  onPairs('updateStateByKey', {
    job: (pairs) => pairs.updateStateByKey<number>((values, state) => values.reduce(add, state ?? 0)),
    loop: (intervals, emit) => {
      const states = new Map<string, number>();
      for (const pairs of intervals) {
        const groups = groupsOf(pairs);
        for (const key of groups.keys()) if (!states.has(key)) states.set(key, 0);
        for (const [key, state] of states) {
          const next = (groups.get(key) ?? []).reduce(add, state);
          states.set(key, next);
          emit([key, next]);
        }
      }
    },
    weigh: ([, n]) => n,
  }),
  onPairs(
    'sessionWindow',
    {
      job: (pairs) => pairs.sessionWindow({ gap: seconds(2), reduce: add }),
      // The records of a key come in one interval of four, so a session is a key's records of an interval.
      loop: (intervals, emit) => {
        const open: ReadonlyMap<string, { n: number }>[] = [];
        const close = (): void => {
          for (const [key, { n }] of open.shift()!) emit([key, n]);
        };
        for (const pairs of intervals) {
          const totals = new Map<string, { n: number }>();
          for (const [key, value] of pairs) added(totals, key, value);
          open.push(totals);
          if (open.length > 2) close();
        }
        while (open.length > 0) close();
      },
      weigh: ([key, n]) => key.length + n,
    },
    (random, interval) => (random() % 250) * EVERY + (interval % EVERY),
  ),
];

/** Adds to a key's total, with one look-up, and gives the total. */
function added(totals: Map<string, { n: number }>, key: string, value: number): number {
  const total = totals.get(key);
  if (total === undefined) {
    totals.set(key, { n: value });
    return value;
  }
  total.n = add(total.n, value);
  return total.n;
}
