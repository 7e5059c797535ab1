/** Random jobs of bolts and operators on one source: a recipe is plain data, so that a failure can be shrunk and read. */
import fc from 'fast-check';
import { micros, seconds } from '../../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { BoltDeclarer } from '../../../src/topology/component-streams.js';
import { type Bolt, isTick, type Streams } from '../../../src/topology/components.js';
import type { Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { memory as source } from '../../../src/topology/source-specs.js';
import type { KeyValueState } from '../../../src/topology/stateful-bolt.js';
import type { Stream } from '../../../src/topology/streams.js';
import { joined, orderedWindows, timeWindows } from './random-windows.js';

export interface Item {
  readonly k: number;
  readonly n: number;
}

const KINDS = [
  'relay',
  'twice',
  'count',
  'buckets',
  'window',
  'running',
  'merge',
  'flush',
  'call',
  'windows',
  'ordered-windows',
  'joined',
] as const;

/** One step: what is made of which streams before it. */
export interface Step {
  readonly kind: (typeof KINDS)[number];
  /** Chooses streams among those that are there; the second only for `merge` and `joined`. */
  readonly from: number;
  readonly other: number;
  readonly grouping: number;
  readonly tasks: number;
  /** Of `buckets` and windows: microseconds. */
  readonly tick: number;
  /** Of `call`: whether it is ordered. Of `joined`: whether a row must have both sides. */
  readonly keepsState: boolean;
}

export interface Recipe {
  readonly steps: readonly Step[];
  readonly input: readonly (readonly Item[])[];
  readonly parallelism: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  from: fc.nat(20),
  other: fc.nat(20),
  grouping: fc.nat(20),
  tasks: fc.integer({ min: 1, max: 3 }),
  tick: fc.constantFrom(250_000, 500_000, 1_000_000, 2_000_000),
  keepsState: fc.boolean(),
});

export const recipe: fc.Arbitrary<Recipe> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  input: fc.array(fc.array(fc.record({ k: fc.nat(3), n: fc.nat(9) }), { maxLength: 6 }), {
    minLength: 1,
    maxLength: 5,
  }),
  parallelism: fc.integer({ min: 1, max: 3 }),
});

interface Made {
  readonly stream: Stream<Item>;
  /** The times of its tuples are the same however tuples of several tasks are mixed. */
  readonly isTimed: boolean;
  /** All tasks on its way are single, so that its tuples and ticks have one order. */
  readonly isSingle: boolean;
  /** A join of joins of joins would have too many results. */
  readonly isJoined?: boolean;
}

/** What an answer that depends on the order of tuples, or on their times, may come of. */
const NEEDS: Partial<Record<Step['kind'], (made: Made) => boolean>> = {
  flush: ({ isTimed, isSingle }) => isTimed && isSingle,
  'ordered-windows': ({ isTimed, isSingle }) => isTimed && isSingle,
  buckets: ({ isTimed }) => isTimed,
  window: ({ isTimed }) => isTimed,
  windows: ({ isTimed }) => isTimed,
  joined: (made) => isJoinable(made),
};

function isJoinable({ stream, isTimed, isJoined }: Made): boolean {
  return isTimed && isJoined !== true && stream.origin !== undefined;
}

/** The job of a recipe; sink i has what step i made. Sinks whose name begins with `timed` have results of certain times. */
export function jobOf({ steps }: Recipe): Topology {
  return topology('random', { batchInterval: seconds(1) }, (t) => {
    const first = t.source('in', source<Item>([])) as Stream<Item>;
    const streams: Made[] = [{ stream: first, isTimed: true, isSingle: true }];
    for (const [index, each] of steps.entries())
      for (const [output, made] of build(t, `step${index}`, each, streams).entries()) {
        streams.push(made);
        made.stream.to(`${made.isTimed ? 'timed' : 'any'}${index}-${output}`, memory());
      }
  });
}

function build(t: TopologyBuilder, name: string, each: Step, streams: readonly Made[]): readonly Made[] {
  const among = streams.filter(NEEDS[each.kind] ?? (() => true));
  const { stream, isTimed, ...from } = among[each.from % among.length]!;
  const options = { parallelism: each.tasks };
  const isSingle = from.isSingle && each.tasks === 1;
  switch (each.kind) {
    case 'relay': {
      const bolt = t.setBolt<Item, Item, { odd: Item }>(
        name,
        () => ({
          execute: (tuple, out) => {
            const { k, n } = tuple.values;
            if (n % 2 === 0) out.emit({ k, n: n / 2 }, tuple);
            else out.emitTo('odd', { k: k + 1, n }, tuple);
            out.ack(tuple);
          },
        }),
        { ...options, streams: { odd: 'grouped' } },
      );
      return [grouped(bolt, stream, each.grouping), bolt.stream('odd')].map((made) => ({
        stream: made,
        isTimed,
        isSingle,
      }));
    }
    case 'twice': {
      const bolt = t.setBasicBolt<Item, Item>(
        name,
        () => ({
          execute: ({ values }, out) => {
            out.emit(values);
            out.emit({ ...values, n: values.n + 1 });
          },
        }),
        options,
      );
      return [{ stream: grouped(bolt, stream, each.grouping), isTimed, isSingle }];
    }
    case 'merge': {
      const other = streams[each.other % streams.length]!;
      const bolt = t.setBolt<Item, Item>(
        name,
        () => ({
          execute: (tuple, out) => {
            out.emit({ ...tuple.values, n: tuple.values.n + 10 }, [tuple, tuple]);
            out.ack(tuple);
          },
        }),
        options,
      );
      grouped(grouped(bolt, stream, each.grouping), other.stream, each.grouping + 1);
      return [{ stream: bolt, isTimed: isTimed && other.isTimed, isSingle: false }];
    }
    case 'count': {
      const bolt = t.setStatefulBolt<Item, number, number, Item>(
        name,
        () => {
          let state: KeyValueState<number, number>;
          return {
            initState: (given) => {
              state = given;
            },
            execute: (tuple, out) => {
              const { k } = tuple.values;
              state.put(k, state.get(k, 0) + 1);
              out.emit({ k, n: state.get(k)! }, tuple);
              out.ack(tuple);
            },
          };
        },
        options,
      );
      return [{ stream: bolt.fieldsGrouping(stream, 'k'), isTimed: false, isSingle }];
    }
    case 'buckets':
      return [{ stream: buckets(t, name, each).fieldsGrouping(stream, 'k'), isTimed, isSingle: false }];
    case 'flush': {
      const bolt = t.setBolt<Item, Item>(name, flushing, { tick: micros(each.tick) });
      return [{ stream: bolt.shuffleGrouping(stream), isTimed: true, isSingle: true }];
    }
    case 'windows': {
      // Where the same task has the same tuples: by fields, global, all.
      const bolt = grouped(timeWindows(t, name, each), stream, [1, 3, 6][each.grouping % 3]!);
      return [{ stream: bolt, isTimed, isSingle: false }];
    }
    case 'ordered-windows': {
      const bolt = orderedWindows(t, name, { ...each, tasks: 1 }).shuffleGrouping(stream);
      return [bolt, bolt.stream('late')].map((made) => ({ stream: made, isTimed: true, isSingle: true }));
    }
    case 'joined': {
      const right = among[each.other % among.length]!.stream;
      return [{ stream: joined(t, name, [stream, right], each), isTimed, isSingle: false, isJoined: true }];
    }
    case 'call':
      return [{ stream: called(name, stream, each), isTimed, isSingle: from.isSingle && each.keepsState }];
    case 'window':
      return [
        {
          stream: stream
            .map(({ k, n }) => [k, n] as const)
            .reduceByKeyAndWindow({ uid: name, window: seconds(2), slide: seconds(1), reduce: (a, b) => a + b })
            .map(([k, n]) => ({ k, n })),
          isTimed,
          isSingle: false,
        },
      ];
    case 'running':
      return [
        {
          stream: stream
            .map(({ k }) => [k, 1] as const)
            .runningReduce({ uid: name, reduce: (a, b) => a + b })
            .map(([k, n]) => ({ k, n })),
          isTimed: false,
          isSingle: false,
        },
      ];
  }
}

/**
 * Intervals without input until all windows have closed. A job that is stopped before closes them record at a time, since it waits for their tuples;
 * as micro-batches it leaves them open.
 */
export function silenceOf(steps: readonly Pick<Step, 'kind' | 'tick' | 'grouping'>[]): number {
  const ofEach = steps.map(({ kind, tick, grouping }) => {
    if (kind === 'ordered-windows') return 3;
    const ticks = kind === 'windows' ? 1 + (grouping % 3) : kind === 'joined' ? 2 : 0;
    return Math.ceil((ticks * tick) / seconds(1));
  });
  return ofEach.reduce((sum, silence) => sum + silence, 3);
}

/** Sums by key and tick: at each tick, those of the tuples before it. */
function buckets(t: TopologyBuilder, name: string, { tick, tasks, keepsState }: Step): BoltDeclarer<Item, Item> {
  const options = { parallelism: tasks, tick: micros(tick) };
  if (!keepsState) return t.setBolt<Item, Item>(name, () => bucketsIn(new Map(), tick), options);
  return t.setStatefulBolt<Item, string, number, Item>(
    name,
    () => {
      let bolt: ReturnType<typeof bucketsIn>;
      return {
        initState: (state) => {
          const sums = { get: (key: string) => state.get(key), set: (key: string, sum: number) => state.put(key, sum) };
          const rest = {
            delete: (key: string) => state.delete(key),
            keys: () => [...state.entries()].map(([key]) => key),
          };
          bolt = bucketsIn({ ...sums, ...rest }, tick);
        },
        execute: (tuple, out) => bolt.execute(tuple, out),
      };
    },
    options,
  );
}

/** Calls of several lengths; results come in the order of their records, or as calls end. */
function called(uid: string, stream: Stream<Item>, { tasks, keepsState: ordered }: Step): Stream<Item> {
  const call = async ({ k, n }: Item): Promise<Item> => {
    for (let turn = 0; turn < n; turn++) await undefined;
    return { k, n: n + 1 };
  };
  return stream.mapAsync(call, { uid, concurrency: tasks, ordered });
}

/** Tells at each tick how many tuples came since the last, and of which keys, in order. */
function flushing(): Bolt<Item, Item> {
  let since: Item[] = [];
  return {
    execute: (tuple, out) => {
      if (!isTick(tuple)) {
        since.push(tuple.values);
        return out.ack(tuple);
      }
      for (const [place, { k, n }] of since.entries()) out.emitUnanchored({ k, n: 100 * place + n });
      since = [];
    },
  };
}

interface Sums {
  get(key: string): number | undefined;
  set(key: string, sum: number): unknown;
  delete(key: string): unknown;
  keys(): Iterable<string>;
}

function bucketsIn(sums: Sums, tick: number) {
  return {
    execute: (
      tuple: Parameters<typeof isTick>[0],
      out: { emitUnanchored(values: Item): void; ack(tuple: Parameters<typeof isTick>[0]): void },
    ) => {
      if (isTick(tuple)) {
        for (const key of [...sums.keys()].sort()) {
          const [end, k] = key.split(':').map(Number) as [number, number];
          if (end > tuple.timestamp) continue;
          out.emitUnanchored({ k, n: sums.get(key)! });
          sums.delete(key);
        }
        return;
      }
      const { k, n } = tuple.values as Item;
      const key = `${(Math.floor(tuple.timestamp / tick) + 1) * tick}:${k}`;
      sums.set(key, (sums.get(key) ?? 0) + n);
      out.ack(tuple);
    },
  };
}

function grouped<S extends Streams>(bolt: BoltDeclarer<Item, Item, S>, from: Stream<Item>, which: number) {
  switch (which % 8) {
    case 0:
      return bolt.shuffleGrouping(from);
    case 1:
      return bolt.fieldsGrouping(from, 'k', 'n');
    case 2:
      return bolt.partialKeyGrouping(from, 'k');
    case 3:
      return bolt.globalGrouping(from);
    case 4:
      return bolt.noneGrouping(from);
    case 5:
      return bolt.localOrShuffleGrouping(from);
    case 6:
      return bolt.allGrouping(from);
    default:
      return bolt.customGrouping(from, () => {
        let tasks = 1;
        return {
          prepare: (info) => {
            tasks = info.tasks;
          },
          chooseTasks: ({ n }) => (n === 3 ? [] : [Math.abs(n) % tasks, 0]),
        };
      });
  }
}
