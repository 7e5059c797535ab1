/** What is demanded of each sink and each state: read from the graph, by DESIGN's section on what `compare` demands. */
import { type Graph, inputsOf, type Node, type SinkNode, type StreamRef } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import type { CompareRule } from './result.js';

/** The rule of one sink or state, and why it is no stronger. */
export interface Demand {
  readonly rule: CompareRule;
  readonly note: string | null;
}

/** What is known of a stream. */
interface StreamFacts {
  /** Source partitions upstream, over all paths. */
  readonly partitions: number;
  /** What order is promised: of all records (one partition, no paths that meet), of each key's, or none. */
  readonly order: 'all' | 'per key' | 'none';
  /** Results come once per window or interval. */
  readonly isWindowed: boolean;
  /** The operator whose values depend on an order that nobody promises. */
  readonly orderSensitive: Node | undefined;
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
      inputsOf(node).map((ref) => facts[ref.node]!),
      partitionsOf,
    );
    facts.push(own);
    if (node.kind === 'sink') sinks.set(node.name, sinkDemand(node, own));
    else if (isKeyedState(node)) states.set(node.uid, stateDemand(node, own));
  }
  return { sinks, states };
}

/** True when the latency of a sink's results can be told: `timestamps` puts event time in place of the intended time. */
export function hasIntendedTime(graph: Graph, ref: StreamRef): boolean {
  const node = graph.nodes[ref.node]!;
  return node.kind !== 'timestamps' && inputsOf(node).every((input) => hasIntendedTime(graph, input));
}

function factsOf(node: Node, inputs: readonly StreamFacts[], partitionsOf: (source: string) => number): StreamFacts {
  const partitions = inputs.reduce((sum, input) => sum + input.partitions, 0);
  const orderSensitive = inputs.find((input) => input.orderSensitive !== undefined)?.orderSensitive;
  const isWindowed = inputs.some((input) => input.isWindowed);
  const order = node.kind === 'union' || node.kind === 'bolt' ? 'none' : (inputs[0]?.order ?? 'none');
  switch (node.kind) {
    case 'source': {
      const own = partitionsOf(node.name);
      return { partitions: own, order: own === 1 ? 'all' : 'none', isWindowed: false, orderSensitive: undefined };
    }
    case 'spout':
      return { partitions: node.parallelism, order: 'none', isWindowed: false, orderSensitive: undefined };
    case 'runningReduce':
    case 'process': {
      const own = order === 'none' ? node : undefined;
      return {
        partitions,
        order: node.kind === 'process' ? 'none' : 'per key',
        isWindowed,
        orderSensitive: orderSensitive ?? own,
      };
    }
    case 'map':
    case 'flatMap':
    case 'keyBy':
      // They may give results of several keys the same key.
      return { partitions, order: order === 'all' ? 'all' : 'none', isWindowed, orderSensitive };
    default: {
      if (nodeTraits(node).emits === 'per record') return { partitions, order, isWindowed, orderSensitive };
      // One result for a key and a window, and windows come in order.
      return { partitions, order: 'per key', isWindowed: true, orderSensitive };
    }
  }
}

function sinkDemand(sink: SinkNode, { orderSensitive, partitions, isWindowed, order }: StreamFacts): Demand {
  if (orderSensitive !== undefined) {
    const origin = `${orderSensitive.kind} '${orderSensitive.uid}' reads ${partitions} partitions or paths, between which no order is promised`;
    // An interval sink sorts totals by their time, so the last one told need not be the final one.
    const isTold = sink.spec.capabilities.delivery !== 'interval';
    if (orderSensitive.kind === 'runningReduce' && sink.input.node === orderSensitive.id && isTold)
      return { rule: 'equal final value and count per key', note: `order-sensitive: ${origin}` };
    return { rule: 'not demanded', note: `order-sensitive: ${origin}` };
  }
  if (isWindowed) return { rule: 'equal windows', note: null };
  return { rule: order === 'all' ? 'equal sequence' : 'equal multiset', note: null };
}

function stateDemand(node: Node, { orderSensitive }: StreamFacts): Demand {
  const isOwn = orderSensitive?.id === node.id && node.kind === 'runningReduce';
  if (orderSensitive === undefined || isOwn) return { rule: 'equal final state per key', note: null };
  return { rule: 'not demanded', note: `order-sensitive through '${orderSensitive.uid}'` };
}

function isKeyedState(node: Node): boolean {
  return nodeTraits(node).keeps === 'keyed state';
}
