/** What order is promised of each stream, and which operators give values that depend on more than that: read from the graph, for plans and for `compare`. */
import { type BoltNode, type Graph, inputsOf, type Node, type StreamRef } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import { asksTheTime, clockBehind } from './spout-clock.js';

/** A list as a whole, a pair's value, both lists of a cogroup; or only what is in the lists of a window, wherever. */
export type ListView = 'list in any order' | 'value in any order' | 'values in any order' | 'elements';

/** What is known of a stream. */
export interface StreamFacts {
  /** Source partitions upstream, over all paths. */
  readonly partitions: number;
  /** What order is promised: of all records (one partition, no paths that meet), of each key's, or none. */
  readonly order: 'all' | 'per key' | 'none';
  /** Results come once per window or interval. */
  readonly isWindowed: boolean;
  /** Its partitions are those of a source, and no matter of tasks. */
  readonly isOfSource: boolean;
  /** The spout whose clock is its stream time. */
  readonly clock: string | undefined;
  /** The operator whose values depend on an order, or on partitions, that nobody promises. */
  readonly sensitive: Sensitive | undefined;
  /** The operator whose results hold lists in no promised order, as long as they are as it made them. */
  readonly lists: { readonly node: Node; readonly view: ListView } | undefined;
  /** Operators up to here whose functions count as free of an order that nobody promises, since they do not say `orderSensitive`. */
  readonly assumed: readonly Node[];
}

/** Why values of an operator are not promised. */
export interface Sensitive {
  readonly node: Node;
  readonly kind: 'order-sensitive' | 'batch-sensitive' | 'clock-sensitive';
  readonly why: string;
}

/** What is known of each node's stream, by node. `partitionsOf` says how many partitions a source has. */
export function streamFacts(graph: Graph, partitionsOf: (source: string) => number): readonly StreamFacts[] {
  const facts: StreamFacts[] = [];
  for (const node of graph.nodes) facts.push(factsOf(node, inputFacts(node, facts), partitionsOf));
  return facts;
}

/** The operators whose values depend on more than is promised, each by itself. */
export function sensitiveNodes(graph: Graph): readonly Sensitive[] {
  const partitions = new Map(
    graph.nodes.flatMap((node) =>
      node.kind === 'source' ? [[node.name, node.spec.capabilities.partitions] as const] : [],
    ),
  );
  const facts = streamFacts(graph, (name) => partitions.get(name)!);
  return graph.nodes.flatMap((node) => sensitivity(node, inputFacts(node, facts)) ?? []);
}

/** Of an input that is a stream of another graph: `graph` draws what is not valid too. */
const NOTHING: StreamFacts = {
  partitions: 0,
  order: 'none',
  isWindowed: false,
  isOfSource: false,
  clock: undefined,
  sensitive: undefined,
  lists: undefined,
  assumed: [],
};

function inputFacts(node: Node, facts: readonly StreamFacts[]): readonly StreamFacts[] {
  return inputsOf(node).map((ref) => factsOfOutput(facts[ref.node] ?? NOTHING, ref));
}

/** The states of each interval are windowed, whatever the results are. */
function factsOfOutput(facts: StreamFacts, { output }: StreamRef): StreamFacts {
  return output === 'snapshots' ? { ...facts, isWindowed: true, order: 'per key' } : facts;
}

function factsOf(node: Node, inputs: readonly StreamFacts[], partitionsOf: (source: string) => number): StreamFacts {
  const partitions = inputs.reduce((sum, input) => sum + input.partitions, 0);
  const sensitive = inputs.find((input) => input.sensitive !== undefined)?.sensitive ?? sensitivity(node, inputs);
  const isWindowed = inputs.some((input) => input.isWindowed);
  const order = inputs.length > 1 ? 'none' : (inputs[0]?.order ?? 'none');
  const isOfSource = inputs.length === 1 && inputs[0]!.isOfSource;
  const passed = {
    partitions,
    order,
    isWindowed,
    isOfSource,
    sensitive,
    clock: clockBehind(
      node,
      inputs.map(({ clock }) => clock),
    ),
    lists: inputs.find(({ lists }) => lists)?.lists,
    assumed: [...inputs.flatMap(({ assumed }) => assumed), ...(isAssumed(node, inputs) ? [node] : [])],
  };
  switch (node.kind) {
    case 'source': {
      const own = partitionsOf(node.name);
      return { ...passed, partitions: own, order: own === 1 ? 'all' : 'none', isOfSource: true };
    }
    case 'spout':
      return {
        ...passed,
        partitions: node.parallelism,
        order: node.parallelism === 1 && node.streams.length === 1 ? 'all' : 'none',
      };
    case 'bolt': {
      const isInOrder = seesOneOrder(node, inputs) && node.parallelism === 1 && node.streams.length === 1;
      return { ...passed, isOfSource: false, order: isInOrder ? 'all' : 'none', lists: undefined };
    }
    case 'runningReduce':
    case 'mapWithState':
    case 'process':
      return {
        ...passed,
        isOfSource: false,
        order: node.kind === 'runningReduce' ? 'per key' : 'none',
        lists: undefined,
      };
    case 'map':
    case 'flatMap':
    case 'keyBy':
    case 'joinTable':
    case 'leftOuterJoinTable':
      // They may give results of several keys the same key.
      return { ...passed, order: order === 'all' ? 'all' : 'none', lists: undefined };
    case 'mapValues':
    case 'flatMapValues':
      return { ...passed, lists: undefined };
    case 'mapAsync':
      return { ...passed, order: node.ordered && order === 'all' ? 'all' : 'none', lists: undefined };
    case 'mapValuesAsync':
      return { ...passed, order: node.ordered ? order : 'none', lists: undefined };
    case 'repartition':
    case 'partitionBy':
    case 'intervalJoin':
      return { ...passed, isOfSource: false, order: 'none', lists: undefined };
    default:
      if (nodeTraits(node).emits === 'per record') return passed;
      return {
        ...passed,
        isWindowed: true,
        isOfSource: false,
        order: orderOf(node, inputs),
        lists: listsOf(node, inputs),
      };
  }
}

/** What order an operator's results per interval have: windows come in order. */
function orderOf({ kind }: Node, inputs: readonly StreamFacts[]): StreamFacts['order'] {
  const isOrdered = inputs.every(({ order }) => order !== 'none');
  switch (kind) {
    case 'window':
      return isOrdered ? 'per key' : 'none';
    case 'join':
    case 'leftOuterJoin':
    case 'rightOuterJoin':
    case 'fullOuterJoin':
      return isOrdered ? 'per key' : 'none';
    case 'glom':
    case 'mapPartitions':
    case 'transform':
    case 'transformWith':
    case 'distinct':
      return 'none';
    default:
      // One result for a key and a window.
      return 'per key';
  }
}

/** Lists in an order that nobody promises. */
function listsOf(node: Node, inputs: readonly StreamFacts[]): StreamFacts['lists'] {
  switch (node.kind) {
    case 'groupByKey':
    case 'groupByKeyAndWindow':
      return inputs[0]!.order === 'none' ? { node, view: 'value in any order' } : undefined;
    case 'cogroup':
      return inputs.some(({ order }) => order === 'none') ? { node, view: 'values in any order' } : undefined;
    case 'glom':
      if (!inputs[0]!.isOfSource) return { node, view: 'elements' };
      return inputs[0]!.order === 'all' ? undefined : { node, view: 'list in any order' };
    default:
      return undefined;
  }
}

/** Whether an operator makes values of an order, or of partitions, that nobody promises. */
function sensitivity(node: Node, inputs: readonly StreamFacts[]): Sensitive | undefined {
  const partitions = inputs.reduce((sum, input) => sum + input.partitions, 0);
  const clock = inputs.find((input) => input.clock !== undefined)?.clock;
  if (clock !== undefined && asksTheTime(node)) return byClock(node, clock);
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

/** Operators that give their function one element at a time: it can look at an order in lists only. */
const NARROW: ReadonlySet<Node['kind']> = new Set(['map', 'flatMap', 'filter', 'mapValues', 'flatMapValues']);
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
  if (NARROW.has(kind)) return false;
  return !inputs.every(({ order }) => order === 'all' || (!OF_ALL.has(kind) && order === 'per key'));
}

function isAssumed(node: Node, inputs: readonly StreamFacts[]): boolean {
  const mayLook = NARROW.has(node.kind) || OF_ALL.has(node.kind) || OF_KEY.has(node.kind);
  return mayLook && node.orderSensitive !== true && meetsAnyOrder(node, inputs);
}

/** Each task of the bolt gets the same tuples in the same order in both modes. Between them and its ticks there may be another. */
function seesOneOrder({ parallelism, inputs: read, tickEvery }: BoltNode, inputs: readonly StreamFacts[]): boolean {
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
  return partitions > 1
    ? `reads ${partitions} partitions or paths, between which no order is promised`
    : 'reads what comes in no promised order';
}

function byClock(node: Node, spout: string): Sensitive {
  const why = `goes by the time of its tuples, which is the clock at which the spout '${spout}' was asked`;
  return { node, kind: 'clock-sensitive', why };
}
