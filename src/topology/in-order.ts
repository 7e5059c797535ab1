/** Puts nodes in topological order: a bolt may be declared before the streams that it reads. */
import { type FunctionTable, functionId, inputsOf, type Node, type StreamRef } from './graph.js';

/** Nodes, and their functions by `functionId`. */
export interface NodesWithFunctions {
  readonly nodes: readonly Node[];
  readonly functions: FunctionTable;
}

/** The same nodes, numbered so that each reads lower ones only. With a cycle they stay as they are: validation tells of it. */
export function inOrder(built: NodesWithFunctions): NodesWithFunctions {
  const { nodes, functions } = built;
  if (nodes.every((node) => inputsOf(node).every((input) => input.node < node.id))) return built;
  const order = topologicalOrder(nodes);
  if (order === undefined) return built;
  const newIds = new Map(order.map((node, id) => [node.id, id]));
  const renumbered = (ref: StreamRef): StreamRef => ({ ...ref, node: newIds.get(ref.node) ?? ref.node });
  return {
    nodes: order.map((node, id) => withInputs({ ...node, id }, renumbered)),
    functions: new Map([...functions].map(([name, value]) => [renamed(name, newIds), value])),
  };
}

/** Each node behind what it reads, otherwise in the order of the ids. Undefined with a cycle. */
function topologicalOrder(nodes: readonly Node[]): readonly Node[] | undefined {
  const states = new Map<Node, 'open' | 'placed'>();
  const order: Node[] = [];
  const place = (node: Node | undefined): boolean => {
    if (node === undefined || states.get(node) === 'placed') return true;
    if (states.get(node) === 'open') return false;
    states.set(node, 'open');
    if (!inputsOf(node).every((input) => place(nodes[input.node]))) return false;
    states.set(node, 'placed');
    order.push(node);
    return true;
  };
  return nodes.every(place) ? order : undefined;
}

function withInputs(node: Node, renumbered: (ref: StreamRef) => StreamRef): Node {
  switch (node.kind) {
    case 'source':
    case 'spout':
      return node;
    case 'bolt':
      return { ...node, inputs: node.inputs.map((input) => ({ ...input, stream: renumbered(input.stream) })) };
    default:
      return 'inputs' in node
        ? ({ ...node, inputs: node.inputs.map(renumbered) } as Node)
        : { ...node, input: renumbered(node.input) };
  }
}

function renamed(name: string, newIds: ReadonlyMap<number, number>): string {
  const colon = name.indexOf(':');
  return functionId(newIds.get(Number(name.slice(0, colon)))!, name.slice(colon + 1));
}
