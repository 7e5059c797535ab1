/** Slides: how often each stream of a graph can change its interval results. Pure arithmetic on the graph. */
import { type Graph, inputsOf, type Node, type StreamRef } from '../topology/graph.js';

/** The slide (us) of each node's output, by node id. A node with a broken input gets the batch interval. */
export function slidesOf(graph: Graph): readonly number[] {
  const slides: number[] = [];
  for (const node of graph.nodes) slides.push(slideOf(node, slides, graph.settings.batchInterval));
  return slides;
}

function slideOf(node: Node, slides: readonly number[], batchInterval: number): number {
  const parent = (input: StreamRef | undefined): number =>
    (input === undefined ? undefined : slides[input.node]) ?? batchInterval;
  switch (node.kind) {
    case 'source':
    case 'spout':
      return batchInterval;
    case 'bolt':
      return parent(node.inputs[0]?.stream);
    default: {
      const inherited = parent(inputsOf(node)[0]);
      return 'slide' in node ? (node.slide ?? inherited) : inherited;
    }
  }
}

/** The greatest common divisor: panes, and the step of watermarks. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
