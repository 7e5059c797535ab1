/** Which operators give values that depend on an order, on partitions or on a clock that nobody promises, and which are taken not to. */
import type { BoltNode, Node } from '../topology/graph.js';
import { asksTheTime } from './spout-clock.js';
import type { Sensitive, StreamFacts } from './stream-facts.js';

/** Whether an operator makes values of an order, or of partitions, that nobody promises. */
export function sensitivity(node: Node, inputs: readonly StreamFacts[]): Sensitive | undefined {
  const partitions = inputs.reduce((sum, input) => sum + input.partitions, 0);
  const clock = inputs.find((input) => input.clock !== undefined)?.clock;
  if (clock !== undefined && asksTheTime(node)) return byClock(node, clock);
  const hidden = hiddenLists(node, inputs);
  if (hidden !== undefined) return byLists(node, hidden);
  switch (node.kind) {
    case 'runningReduce':
    case 'mapWithState':
    case 'process': {
      const { order, lists } = inputs[0]!;
      const looksAtLists = node.orderSensitive === true && lists !== undefined;
      return order === 'none' || looksAtLists ? byOrder(node, partitions, inputs) : undefined;
    }
    case 'glom':
    case 'mapPartitions': {
      if (inputs[0]!.isOfSource) return undefined;
      const why = 'depends on which task has which element, which is no part of the answer';
      return { node, kind: 'batch-sensitive', why };
    }
    case 'bolt':
      return node.stateless === true || seesOneOrder(node, inputs) ? undefined : byOrder(node, partitions, inputs);
    default:
      return node.orderSensitive === true && meetsAnyOrder(node, inputs)
        ? byOrder(node, partitions, inputs)
        : undefined;
  }
}

/** Operators that give their function one element at a time, or a key's in order: it can look at another order in lists only. */
const OF_ONE: ReadonlySet<Node['kind']> = new Set([
  'map',
  'flatMap',
  'filter',
  'mapValues',
  'flatMapValues',
  'branch',
  'mapAsync',
  'mapValuesAsync',
  'runningReduce',
  'mapWithState',
  'process',
  'bolt',
]);
/** Operators that give their function several values, all of an interval or window. */
const OF_ALL: ReadonlySet<Node['kind']> = new Set([
  'reduce',
  'aggregate',
  'reduceByWindow',
  'transform',
  'transformWith',
]);
/** The same, by key. */
const OF_KEY: ReadonlySet<Node['kind']> = new Set([
  'reduceByKey',
  'combineByKey',
  'reduceByKeyAndWindow',
  'sessionWindow',
  'updateStateByKey',
]);

/** What its function is given may come in another order in the other mode. */
function meetsAnyOrder({ kind }: Node, inputs: readonly StreamFacts[]): boolean {
  if (inputs.some(({ lists }) => lists !== undefined)) return true;
  if (OF_ONE.has(kind)) return false;
  return !inputs.every(({ order }) => order === 'all' || (!OF_ALL.has(kind) && order === 'per key'));
}

/** Whether it counts as free of an order that nobody promises, since it does not say `orderSensitive`. */
export function isAssumed(node: Node, inputs: readonly StreamFacts[]): boolean {
  const mayLook = OF_ONE.has(node.kind) || OF_ALL.has(node.kind) || OF_KEY.has(node.kind);
  return mayLook && node.orderSensitive !== true && meetsAnyOrder(node, inputs);
}

/** Operators that put an element into another value as it is, with the lists that it may have. */
const HIDING: ReadonlySet<Node['kind']> = new Set([
  'keyBy',
  'joinTable',
  'leftOuterJoinTable',
  'intervalJoin',
  'groupByKey',
  'groupByKeyAndWindow',
  'cogroup',
  'glom',
  'top',
  'distinct',
  'countByValue',
  'countByValueAndWindow',
]);

/** Lists in no promised order that are inside the results, where no view finds them. */
function hiddenLists(node: Node, inputs: readonly StreamFacts[]): StreamFacts['lists'] {
  const lists = inputs.flatMap((input) => input.lists ?? []);
  const isJoin = JOINS.has(node.kind) && lists.every(({ view }) => view === 'value in any order');
  return isJoin || !(HIDING.has(node.kind) || JOINS.has(node.kind)) ? undefined : lists[0];
}

/** Joins by interval: a value is a pair of both sides. */
export const JOINS: ReadonlySet<Node['kind']> = new Set(['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin']);

/** Each task of the bolt gets the same tuples in the same order in both modes. Between them and its ticks there may be another. */
export function seesOneOrder(
  { parallelism, inputs: read, tickEvery }: BoltNode,
  inputs: readonly StreamFacts[],
): boolean {
  const [only] = read;
  const isShared = ['shuffle', 'localOrShuffle', 'none', 'partialKey'].includes(only?.grouping.kind ?? 'none');
  return tickEvery === undefined && read.length === 1 && inputs[0]!.order === 'all' && (parallelism === 1 || !isShared);
}

function byOrder(node: Node, partitions: number, inputs: readonly StreamFacts[]): Sensitive {
  return { node, kind: 'order-sensitive', why: whyByOrder(node, partitions, inputs) };
}

function whyByOrder(node: Node, partitions: number, inputs: readonly StreamFacts[]): string {
  if (node.kind === 'bolt')
    return 'may depend on the order of its tuples, or on which task has them, and neither is promised; if it does not, declare it stateless';
  const lists = inputs.find((input) => input.lists !== undefined)?.lists;
  if (lists !== undefined && node.orderSensitive === true)
    return `looks into the lists of ${lists.node.kind} '${lists.node.uid}', in which no order is promised`;
  if (partitions === Number.POSITIVE_INFINITY)
    return 'may read several partitions: how many there are is known when the job starts';
  return partitions > 1
    ? `reads ${partitions} partitions or paths, between which no order is promised`
    : 'reads what comes in no promised order';
}

function byLists(node: Node, { node: of }: NonNullable<StreamFacts['lists']>): Sensitive {
  const why = `puts into its results the lists of ${of.kind} '${of.uid}', in which no order is promised`;
  return { node, kind: 'order-sensitive', why };
}

function byClock(node: Node, spout: string): Sensitive {
  const why = `goes by the time of its tuples, which is the clock at which the spout '${spout}' was asked`;
  return { node, kind: 'clock-sensitive', why };
}
