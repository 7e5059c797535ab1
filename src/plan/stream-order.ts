/** What order is promised of each stream, read from the graph, for plans and for `compare`. */
import { type Graph, inputsOf, type Node, type SourceNode, type StreamRef } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import { isAssumed, JOINS, seesOneOrder, sensitivity } from './sensitivity.js';
import { clockBehind } from './spout-clock.js';
import type { Sensitive, StreamFacts } from './stream-facts.js';

/** What is known of each node's stream, by node. `partitionsOf` says how many partitions a source has. */
export function streamFacts(graph: Graph, partitionsOf: (source: string) => number): readonly StreamFacts[] {
  const facts: StreamFacts[] = [];
  for (const node of graph.nodes) facts.push(factsOf(node, inputFacts(node, facts), partitionsOf));
  return facts;
}

/** Those of a topic are known when a job starts. */
function partitionsKnown({ spec }: SourceNode): number {
  const isKnown = spec.kind !== 'kafka' || spec.options['isResolved'] === true;
  return isKnown ? spec.capabilities.partitions : Number.POSITIVE_INFINITY;
}

/** The operators whose values depend on more than is promised, each by itself. */
export function sensitiveNodes(graph: Graph): readonly Sensitive[] {
  const partitions = new Map(
    graph.nodes.flatMap((node) => (node.kind === 'source' ? [[node.name, partitionsKnown(node)] as const] : [])),
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
    assumed: [...new Set([...inputs.flatMap(({ assumed }) => assumed), ...(isAssumed(node, inputs) ? [node] : [])])],
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
      return { ...passed, isOfSource: false, order: 'none' };
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
    case 'window':
      return inputs[0]!.lists;
    default: {
      const lists = JOINS.has(node.kind) ? inputs.find((input) => input.lists !== undefined)?.lists : undefined;
      return lists && { node: lists.node, view: 'values in any order' };
    }
  }
}
