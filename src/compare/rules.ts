/** What is demanded of each sink and each state: read from the graph, by DESIGN's section on what `compare` demands. */
import type { ListView, StreamFacts } from '../plan/stream-facts.js';
import { streamFacts } from '../plan/stream-order.js';
import { type Graph, inputsOf, type Node, type SinkNode, type StreamRef } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import type { CompareRule } from './result.js';

/** The rule of one sink or state, and why it is no stronger. */
export interface Demand {
  readonly rule: CompareRule;
  readonly note: string | null;
  /** Set where results hold lists in an order that nobody promises: what of them is compared. */
  readonly view?: ListView;
  /** Set where times are those of a clock, and not compared. */
  readonly isUntimed?: boolean;
  /** Operators whose functions count as free of an order that nobody promises: what to look at where answers differ. */
  readonly assumed?: readonly string[];
}

/** The demands on a graph's sinks by name, and on its keyed states by uid. */
export interface Demands {
  readonly sinks: ReadonlyMap<string, Demand>;
  readonly states: ReadonlyMap<string, Demand>;
}

/** Reads the demands. `partitionsOf` says how many partitions a source really has. */
export function demandsOf(graph: Graph, partitionsOf: (source: string) => number): Demands {
  const facts = streamFacts(graph, partitionsOf);
  const sinks = new Map<string, Demand>();
  const states = new Map<string, Demand>();
  for (const node of graph.nodes) {
    const own = facts[node.id]!;
    if (node.kind === 'sink') sinks.set(node.name, withAssumed(sinkDemand(node, own), own));
    else if (isKeyedState(node)) states.set(node.uid, withAssumed(stateDemand(node, own), own));
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

function withAssumed(demand: Demand, { assumed }: StreamFacts): Demand {
  if (demand.rule === 'not demanded' || assumed.length === 0) return demand;
  return { ...demand, assumed: assumed.map(({ kind, uid }) => `${kind} '${uid}'`) };
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
