/** What is demanded of each sink and each state: read from the graph, by DESIGN's section on what `compare` demands. */
import { type BoltNode, type Graph, inputsOf, type Node, type SinkNode, type StreamRef } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import type { ListView } from './list-view.js';
import type { CompareRule } from './result.js';
import { asksTheTime, clockBehind } from './spouts/spout-clock.js';

/** The rule of one sink or state, and why it is no stronger. */
export interface Demand {
  readonly rule: CompareRule;
  readonly note: string | null;
  /** Set where results hold lists in an order that nobody promises: what of them is compared. */
  readonly view?: ListView;
  /** Set where times are those of a clock, and not compared. */
  readonly isUntimed?: boolean;
}

/** What is known of a stream. */
interface StreamFacts {
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
}

/** Why values of an operator are not promised. */
interface Sensitive {
  readonly node: Node;
  readonly kind: 'order-sensitive' | 'batch-sensitive' | 'clock-sensitive';
  readonly why: string;
}

/** The demands on a graph's sinks by name, and on its keyed states by uid. */
export interface Demands {
  readonly sinks: ReadonlyMap<string, Demand>;
  readonly states: ReadonlyMap<string, Demand>;
}

/** Reads the demands. `partitionsOf` says how many partitions a source really has. */
export function demandsOf(graph: Graph, partitionsOf: (source: string) => number): Demands {
  const facts: StreamFacts[] = [];
  const sinks = new Map<string, Demand>();
  const states = new Map<string, Demand>();
  for (const node of graph.nodes) {
    const own = factsOf(
      node,
      inputsOf(node).map((ref) => factsOfOutput(facts[ref.node]!, ref)),
      partitionsOf,
    );
    facts.push(own);
    if (node.kind === 'sink') sinks.set(node.name, sinkDemand(node, own));
    else if (isKeyedState(node)) states.set(node.uid, stateDemand(node, own));
  }
  return { sinks, states };
}

/** True when the latency of a sink's results can be told: `timestamps` and spouts have times of their own. */
export function hasIntendedTime(graph: Graph, ref: StreamRef): boolean {
  const node = graph.nodes[ref.node]!;
  return (
    node.kind !== 'timestamps' &&
    node.kind !== 'spout' &&
    inputsOf(node).every((input) => hasIntendedTime(graph, input))
  );
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
      return order === 'none' || looksAtLists ? byOrder(node, partitions) : undefined;
    }
    case 'glom':
    case 'mapPartitions': {
      if (inputs[0]!.isOfSource) return undefined;
      const why = 'depends on which task has which element, which is no part of the answer';
      return { node, kind: 'batch-sensitive', why };
    }
    case 'bolt':
      return node.stateless === true || seesOneOrder(node, inputs) ? undefined : byOrder(node, partitions);
    default: {
      if (node.orderSensitive !== true) return undefined;
      const isByKey = !['reduce', 'reduceByWindow', 'transform', 'transformWith'].includes(node.kind);
      const isPromised = inputs.every(({ order }) => order === 'all' || (isByKey && order === 'per key'));
      return isPromised ? undefined : byOrder(node, partitions);
    }
  }
}

/** Each task of the bolt gets the same tuples in the same order in both modes. Between them and its ticks there may be another. */
function seesOneOrder({ parallelism, inputs: read, tickEvery }: BoltNode, inputs: readonly StreamFacts[]): boolean {
  const [only] = read;
  const isShared = ['shuffle', 'localOrShuffle', 'none', 'partialKey'].includes(only?.grouping.kind ?? 'none');
  return tickEvery === undefined && read.length === 1 && inputs[0]!.order === 'all' && (parallelism === 1 || !isShared);
}

function byOrder(node: Node, partitions: number): Sensitive {
  const why =
    node.kind === 'bolt'
      ? 'may depend on the order of its tuples, or on which task has them, and neither is promised; if it does not, declare it stateless'
      : partitions > 1
        ? `reads ${partitions} partitions or paths, between which no order is promised`
        : 'reads what comes in no promised order';
  return { node, kind: 'order-sensitive', why };
}

function byClock(node: Node, spout: string): Sensitive {
  const why = `goes by the time of its tuples, which is the clock at which the spout '${spout}' was asked`;
  return { node, kind: 'clock-sensitive', why };
}

function sinkDemand(sink: SinkNode, facts: StreamFacts): Demand {
  const demand = ofValues(sink, facts);
  if (facts.clock === undefined || demand.rule === 'not demanded') return demand;
  const note =
    demand.note ?? `times are not compared: they are the clock at which the spout '${facts.clock}' was asked`;
  return { ...demand, note, isUntimed: true };
}

function ofValues(sink: SinkNode, { sensitive, isWindowed, order, lists }: StreamFacts): Demand {
  if (sensitive !== undefined) {
    const { node, kind, why } = sensitive;
    const note = `${kind}: ${node.kind} '${node.uid}' ${why}`;
    // An interval sink sorts totals by their time, so the last one told need not be the final one.
    const isTold = sink.spec.capabilities.delivery !== 'interval';
    if (node.kind === 'runningReduce' && sink.input.node === node.id && isTold)
      return { rule: 'equal final value and count per key', note };
    if (lists?.node === node && lists.view === 'elements')
      return { rule: 'equal windows', note: `${note}: compared are the elements of all of them`, view: 'elements' };
    return { rule: 'not demanded', note };
  }
  if (lists !== undefined) {
    const note = `the lists of ${lists.node.kind} '${lists.node.uid}' are compared in any order: between partitions none is promised`;
    return { rule: 'equal windows', note, view: lists.view };
  }
  if (isWindowed) return { rule: 'equal windows', note: null };
  return { rule: order === 'all' ? 'equal sequence' : 'equal multiset', note: null };
}

function stateDemand(node: Node, { sensitive }: StreamFacts): Demand {
  const isOwn = sensitive?.node.id === node.id && node.kind === 'runningReduce';
  if (sensitive === undefined || isOwn) return { rule: 'equal final state per key', note: null };
  return { rule: 'not demanded', note: `${sensitive.kind} through '${sensitive.node.uid}'` };
}

function isKeyedState(node: Node): boolean {
  return nodeTraits(node).keeps === 'keyed state';
}
