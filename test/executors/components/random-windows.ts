/** Windowed and join bolts of random jobs. */
import { micros, seconds } from '../../../src/core/time.js';
import type { TopologyBuilder } from '../../../src/topology/builder.js';
import type { BoltDeclarer } from '../../../src/topology/component-streams.js';
import { joinBolt } from '../../../src/topology/join-bolt.js';
import type { KeyValueState } from '../../../src/topology/stateful-bolt.js';
import type { Stream } from '../../../src/topology/streams.js';
import type { TupleWindow, WindowCollector, WindowOptions } from '../../../src/topology/windowed-bolt.js';

interface Item {
  readonly k: number;
  readonly n: number;
}

type Late = { late: Item };
type Options = WindowOptions<Item, Late>;

/** What a step says of its windows. */
interface WindowStep {
  readonly grouping: number;
  readonly tasks: number;
  /** Microseconds. */
  readonly tick: number;
  readonly keepsState: boolean;
}

/** Tells of each window what is in it, new and out of it, whatever their order. */
function telling({ events, newEvents, expiredEvents, start, end }: TupleWindow<Item>, each: WindowStep): Item {
  const [all, fresh, old] = [events, newEvents, expiredEvents].map((tuples) =>
    tuples.reduce((sum, { values }) => sum + 1 + 3 * (values.n % 1_000) + 7 * values.k, 0),
  ) as [number, number, number];
  return { k: events.length % 4, n: all + 101 * fresh + 10_007 * old + ((end - start) % each.tick) };
}

/** A bolt on windows by stream time, whatever the order of tuples is. */
export function timeWindows(t: TopologyBuilder, name: string, each: WindowStep): BoltDeclarer<Item, Item, Late> {
  const slide = micros(each.tick);
  const window = micros(each.tick * (1 + (each.grouping % 3)));
  return windows(t, name, each, { window, slide });
}

/**
 * A bolt on windows that depend on the order of tuples and ticks: by count, by both, or by the tuples' own time. Record at a time the last
 * tuples wait for a window that never comes, so after two seconds of silence all that is there is one.
 */
export function orderedWindows(t: TopologyBuilder, name: string, each: WindowStep): BoltDeclarer<Item, Item, Late> {
  const tick = micros(Math.min(each.tick, 500_000));
  const length = 1 + (each.grouping % 5);
  const idle = { idleTimeout: seconds(1) };
  const all: readonly Options[] = [
    { count: length, ...idle },
    { count: length, slideCount: each.tasks, ...idle },
    { count: length, slide: tick, ...idle },
    { window: micros(2 * tick), slideCount: each.tasks, ...idle },
    {
      window: micros(3 * tick),
      slide: tick,
      timestamp: ({ n, k }) => micros(((n % 50) + k) * 200_000),
      lag: tick,
      watermarkInterval: tick,
      lateStream: 'late',
      ...idle,
    },
  ];
  return windows(t, name, each, all[each.grouping % all.length]!);
}

function windows(t: TopologyBuilder, name: string, each: WindowStep, options: Options): BoltDeclarer<Item, Item, Late> {
  const all = { ...options, parallelism: each.tasks, streams: { late: 'grouped' } } as const;
  if (!each.keepsState) {
    const execute = (window: TupleWindow<Item>, out: WindowCollector<Item, Late>) =>
      out.emit(telling(window, each), each.grouping % 2 === 0 ? window.newEvents : window.events);
    return t.setWindowedBolt<Item, Item, Late>(name, () => ({ execute }), all);
  }
  return t.setStatefulWindowedBolt<Item, number, number, Item, Late>(
    name,
    () => {
      let told: KeyValueState<number, number>;
      return {
        initState: (given) => {
          told = given;
        },
        execute: (window, out) => {
          const { k, n } = telling(window, each);
          told.put(k, told.get(k, 0) + n);
          out.emit({ k, n });
        },
      };
    },
    all,
  );
}

/** Pairs of two streams, by key, within windows of two ticks. */
export function joined(
  t: TopologyBuilder,
  name: string,
  [left, right]: readonly [Stream<Item>, Stream<Item>],
  each: WindowStep,
): BoltDeclarer<Item, Item> {
  const join = joinBolt('left', left, 'k');
  const bolt = each.keepsState
    ? join.join('right', right, 'k', 'left').select((row) => ({ k: row.left.k, n: row.left.n + 10 * row.right.n }))
    : join.leftJoin('right', right, 'k', 'left').select((row) => ({ k: row.left.k, n: row.right?.n ?? -1 }));
  const made = t.setWindowedBolt<Item, Item>(name, bolt, {
    window: micros(2 * each.tick),
    slide: micros(each.tick),
    parallelism: each.tasks,
  });
  made.fieldsGrouping(left, 'k');
  return left.origin === right.origin ? made : made.fieldsGrouping(right, 'k');
}
