/** What each operator gives for whole streams: one case an operator, of at most ten lines with what it calls. */
import { unreachable } from '../../core/assert.js';
import type { Key } from '../../core/keys.js';
import type {
  BoltNode,
  CallNode,
  Node,
  SinkNode,
  SourceNode,
  SpoutNode,
  TimestampsNode,
} from '../../topology/graph.js';
import {
  cogroup,
  intervalJoin,
  join,
  joinRows,
  listEach,
  partitionsOf,
  sessions,
  top,
  transformEach,
} from './groups.js';
import { mapStateKey, processKey, runKey } from './in-order.js';
import { byArrival, byKey, derive, groupBy, type Item, type KeyRun, type Pair, type Whole } from './item.js';
import {
  countWindows,
  keyedWindows,
  reduceKeepingKeys,
  reduceWindows,
  type UserFunction,
  updateKey,
} from './windows.js';

/** The nodes that need no more than their inputs. */
export type OperatorNode = Exclude<Node, SinkNode | SourceNode | TimestampsNode | SpoutNode | BoltNode | CallNode>;

/** A node's output streams by name. `user` finds the user's functions; `byEachKey` runs each key by itself and keeps its state. */
export function outputsOf(
  node: OperatorNode,
  inputs: readonly Whole[],
  user: (role: string) => UserFunction,
  byEachKey: (run: (items: readonly Item[]) => KeyRun) => readonly Item[],
  emptyMax: number,
): Readonly<Record<string, Whole>> {
  const input = inputs[0]!;
  const give = (items: readonly Item[], more: Partial<Whole> = {}) => ({ default: { ...input, ...more, items } });
  const narrow = (expand: (value: never) => Iterable<unknown>) =>
    give(input.items.flatMap((item) => Array.from(expand(item.value as never), (value) => derive(item, value))));
  const slide = ('slide' in node ? node.slide : undefined) ?? input.slide;
  const length = ('window' in node ? node.window : undefined) ?? slide;

  const initial = user('initialState') as unknown as ReadonlyMap<string, unknown> | undefined;

  switch (node.kind) {
    case 'map':
      return narrow((value) => [user('map')(value)]);
    case 'flatMap':
      return narrow((value) => user('flatMap')(value));
    case 'filter':
      return narrow((value) => (user('filter')(value) ? [value] : []));
    case 'peek':
    case 'repartition':
      return give(input.items);
    case 'partitionBy':
      return narrow(([key, value]: Pair) => [[key, value]]);
    case 'keyBy':
      return narrow((value) => [[user('keyBy')(value), value]]);
    case 'mapValues':
      return narrow(([key, value]: Pair) => [[key, user('mapValues')(value)]]);
    case 'flatMapValues':
      return narrow(([key, value]: Pair) => pairWithEach(key, user('flatMapValues')(value)));
    case 'joinTable':
    case 'leftOuterJoinTable':
      return narrow((pair) => joinRows(pair, user('rows') as never, node.kind === 'leftOuterJoinTable'));
    case 'union': {
      const { items, ...progress } = together(inputs);
      return give(items, progress);
    }
    case 'branch': {
      const arms = groupBy(input.items, (item) => node.arms.find((arm) => user(`arm:${arm}`)(item.value)));
      return Object.fromEntries(node.arms.map((arm) => [arm, { ...input, items: arms.get(arm) ?? [] }]));
    }
    case 'reduceByKey':
      return give(reduceWindows(input, length, slide, user('reduce')));
    case 'reduce':
      return give(
        withoutKeys(
          reduceWindows(
            withKeys(input, () => null),
            length,
            slide,
            user('reduce'),
          ),
        ),
      );
    case 'countByValue':
      return give(reduceWindows(countable(input), length, slide, sum));
    case 'count':
      return give(countWindows(input, length, slide, emptyMax));
    case 'combineByKey':
    case 'aggregate': {
      const combine = ([first, ...others]: readonly unknown[]) =>
        others.reduce(
          (combiner, value) => user('mergeValue')(combiner, value),
          user('createCombiner')(first) as unknown,
        );
      const isWhole = node.kind === 'aggregate';
      const combined = keyedWindows(isWhole ? withKeys(input, () => null) : input, length, slide, combine);
      return give(isWhole ? withoutKeys(combined) : combined, { slide });
    }
    case 'distinct': {
      const each = keyedWindows(
        withKeys(input, (value) => value as Key),
        length,
        slide,
        () => undefined,
      );
      return give(
        each.map((item) => derive(item, (item.value as Pair)[0])),
        { slide },
      );
    }
    case 'top': {
      const whole = withKeys(input, () => null);
      const best = keyedWindows(whole, length, slide, (values) => top(values, user('by'), user('text'), node.max!));
      return give(withoutKeys(best), { slide });
    }
    case 'groupByKey':
    case 'groupByKeyAndWindow':
      return give(
        keyedWindows(input, length, slide, (values) => values),
        { slide },
      );
    case 'cogroup':
      return give(cogroup(inputs, slide), together(inputs));
    case 'join':
    case 'leftOuterJoin':
    case 'rightOuterJoin':
    case 'fullOuterJoin':
      return give(join(cogroup(inputs, slide), node.kind), together(inputs));
    case 'intervalJoin':
      return give(intervalJoin(inputs, node.before, node.after), together(inputs));
    case 'sessionWindow':
      // Results may lie a gap above the highest timestamp, less 1 us.
      return give(sessions(input, node.gap, user('reduce')), { highest: input.highest + node.gap - 1 });
    case 'window':
      return give(
        listEach(input, length, slide, (values) => values),
        { slide },
      );
    case 'glom':
      return give(
        byArrival(partitionsOf(input).flatMap((each) => listEach(each, length, slide, (values) => [values]))),
      );
    case 'mapPartitions':
      return give(
        byArrival(
          partitionsOf(input).flatMap((each) => {
            const partition = each.items[0]!.partition - (input.firstPartition ?? 0);
            return listEach(each, length, slide, (values) => user('mapPartitions')(values, partition));
          }),
        ),
      );
    case 'transform':
      return give(transformEach([input], slide, emptyMax, ([values], end) => user('transform')(values, end)));
    case 'transformWith': {
      const whole = together(inputs);
      const call = ([values, others]: readonly unknown[][], end: number) => user('transform')(values, others, end);
      return give(transformEach(inputs, slide, emptyMax, call), { highest: whole.highest, final: whole.final });
    }
    case 'countByWindow':
      return give(countWindows(input, length, slide, emptyMax), { slide });
    case 'countByValueAndWindow':
      return give(reduceWindows(countable(input), length, slide, sum), { slide });
    case 'reduceByKeyAndWindow':
    case 'reduceByWindow': {
      const whole = node.kind === 'reduceByWindow' ? withKeys(input, () => null) : input;
      const all =
        node.keepEmptyKeys && node.inverse
          ? reduceKeepingKeys(whole, [length, slide], user('reduce'), user('inverse'), emptyMax)
          : reduceWindows(whole, length, slide, user('reduce'));
      const told = node.isFiltered ? all.filter((item) => user('filter')(item.value)) : all;
      return give(node.kind === 'reduceByWindow' ? withoutKeys(told) : told, { slide });
    }
    case 'runningReduce':
      return give(byEachKey((items) => runKey(items, user('reduce'))));
    case 'updateStateByKey':
      return give(byEachKey((items) => updateKey(input, items, user('update'), emptyMax, initial)));
    case 'mapWithState': {
      const timeout = node.timeout ?? Number.POSITIVE_INFINITY;
      const told = byEachKey((items) => mapStateKey(items, user('mapWithState'), timeout, input.final, initial));
      const of = (wanted: number) =>
        told.flatMap((item) => {
          const [side, value] = item.value as readonly [number, unknown];
          return side === wanted ? [{ ...item, value }] : [];
        });
      const latest = byKey(of(1)).flatMap((items) => updateKey(input, items, latestState, emptyMax).results);
      return { ...give(of(0)), snapshots: { ...input, items: byArrival(latest) } };
    }
    case 'process':
      return give(byEachKey((items) => processKey(items, user('onRecord'), user('onTimer'), input.final)));
    default:
      return unreachable(node);
  }
}

/** All of several streams as one. */
function together(inputs: readonly Whole[]): Whole {
  const highest = Math.max(...inputs.map((each) => each.highest));
  const final = Math.max(...inputs.map((each) => each.final));
  return { ...inputs[0]!, items: byArrival(inputs.flatMap((each) => each.items)), highest, final };
}

function pairWithEach(key: Key, values: Iterable<unknown>): readonly unknown[] {
  return Array.from(values, (value) => [key, value]);
}

function withKeys(input: Whole, keyOf: (value: unknown) => Key): Whole {
  return { ...input, items: input.items.map((item) => ({ ...item, value: [keyOf(item.value), item.value] })) };
}

function withoutKeys(items: readonly Item[]): readonly Item[] {
  return items.map((item) => ({ ...item, value: (item.value as Pair)[1] }));
}

function countable(input: Whole): Whole {
  return { ...input, items: input.items.map((item) => ({ ...item, value: [item.value, 1], scale: 1 })) };
}

/** The last of the states that came, each in a list of one, or of none when it is gone. */
function latestState(values: readonly unknown[], state: unknown): unknown {
  return values.length === 0 ? state : (values.at(-1) as readonly unknown[])[0];
}

function sum(a: number, b: number): number {
  return a + b;
}
