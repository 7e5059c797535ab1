/** A job with every kind of state: two sources, event time with late records, windows with and without inverse, totals, timers, several sinks. */
import { millis, seconds, topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

interface Order {
  readonly at: number;
  readonly item: string;
  readonly amount: number;
}

interface Click {
  readonly at: number;
  readonly user: string;
}

/** Where simulations begin: 2026-01-01T00:00:00Z (us). */
const START = 1_767_225_600_000_000;
const ITEMS = ['tea', 'cup', 'pot', 'tin', 'jar'];
/** What a stay ends with when nobody clicks (us). */
const STAY = 1_500_000;

/** Event times go on by 40 ms; some are behind the others, a few so far that they are late. */
function timeOf(index: number, count: number): number {
  const behind = index % 7 === 3 ? 250_000 : index % 23 === 11 ? 900_000 : 0;
  return START + Math.max(0, index * Math.floor(8_000_000 / count) - behind);
}

const orders = [0, 1].map((part) =>
  Array.from({ length: 100 }, (_, i): Order => {
    const n = 2 * i + part;
    return { at: timeOf(n, 200), item: ITEMS[(n * 7 + part) % ITEMS.length]!, amount: 1 + ((n * 13) % 50) };
  }),
);
const clicks = Array.from({ length: 200 }, (_, i): Click => ({ at: timeOf(i, 200), user: `u${(i * i) % 6}` }));

export default topology('shop', { batchInterval: seconds(0.5) }, (t) => {
  const ordered = t
    .source('orders', memory.partitions(orders))
    .timestamps({ uid: 'order-time', extract: ({ at }) => at, maxOutOfOrderness: millis(400) });
  const clicked = t.source('clicks', memory(clicks));

  const { large, small } = ordered.branch({ large: ({ amount }) => amount > 20, small: () => true }, { uid: 'size' });
  large
    .map(({ item, amount }) => [item, amount] as const, { uid: 'large-items' })
    .reduceByKeyAndWindow({ uid: 'best', window: seconds(2), slide: seconds(1), reduce: (a, b) => a + b })
    .to('best', none());
  small
    .map(({ item, amount }) => [item, amount] as const, { uid: 'small-items' })
    .updateStateByKey<number>({ uid: 'stock', update: (sold, before = 0) => sold.reduce((a, b) => a + b, before) })
    .to('stock', none());

  const users = clicked.map(({ user, at }) => [user, at] as const, { uid: 'users' });
  users
    .process<number, readonly [string, number]>({
      uid: 'stays',
      onRecord(_at, { state = 0, timestamp, setState, setTimer }) {
        setState(state + 1);
        setTimer((timestamp + STAY) as never);
      },
      onTimer({ key, state = 0, setState, emit }) {
        emit([key, state]);
        setState(undefined);
      },
    })
    .to('stays', none());

  // Two ways of one chain that meet again: a gate within it.
  const { odd, even } = clicked.branch({ odd: ({ user }) => /[135]/.test(user), even: () => true }, { uid: 'parity' });
  const both = odd.map(({ user }) => user, { uid: 'odd-names' }).union(even.map(({ user }) => user, { uid: 'names' }));
  const names = both.union(ordered.late.map(({ item }) => item));
  names.count({ uid: 'rate' }).to('rate', none());
  names
    .map((name) => [name, 1] as const, { uid: 'ones' })
    .runningReduce({ uid: 'seen', reduce: (a, b) => a + b })
    .to('seen', none());
});
