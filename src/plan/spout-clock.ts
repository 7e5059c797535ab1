/** What a spout's stream time, which is the clock at which its tuple is taken, does to an answer. It reads the graph only. */
import type { BoltWindows, Node } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';

/** The spout whose clock is the stream time behind a node, given those before it. `timestamps`, which could replace it, reads sources only. */
export function clockBehind(node: Node, clocks: readonly (string | undefined)[]): string | undefined {
  return node.kind === 'spout' ? node.name : clocks.find((clock) => clock !== undefined);
}

/** True where stream time decides which tuples belong together, or is told to a function of the user's. */
export function asksTheTime(node: Node): boolean {
  switch (node.kind) {
    case 'bolt':
      return node.stateless !== true && (node.tickEvery !== undefined || isTimed(node.windows));
    case 'intervalJoin':
    case 'mapWithState':
    case 'process':
      return true;
    default:
      return nodeTraits(node).emits === 'per interval';
  }
}

function isTimed(windows: BoltWindows | undefined): boolean {
  return windows?.unit === 'time' || windows?.slideUnit === 'time';
}
