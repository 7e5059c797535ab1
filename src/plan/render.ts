/** Draws a graph as text, Mermaid, DOT or JSON. It draws what the user wrote; `explain` shows what is made of it. */
import { formatDuration } from '../core/time.js';
import { type Graph, inputsOf, type Node } from '../topology/graph.js';
import { nodeTraits } from '../topology/node-traits.js';
import { describeGrouping, describeNode } from './describe.js';
import { slidesOf } from './slides.js';
import { sensitiveNodes } from './stream-order.js';

/** The formats of `raingauge graph --format`. */
export type GraphFormat = 'text' | 'mermaid' | 'dot' | 'json';

/** Draws a graph, whether it is valid or not. */
export function renderGraph(graph: Graph, format: GraphFormat): string {
  switch (format) {
    case 'text':
      return renderText(graph);
    case 'mermaid':
      return renderMermaid(graph);
    case 'dot':
      return renderDot(graph);
    case 'json':
      return `${JSON.stringify(graph, null, 2)}\n`;
  }
}

/** One edge of the drawing: from a node to a reader, with what is written on it. */
interface Edge {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

function edgesOf(graph: Graph): readonly Edge[] {
  return graph.nodes.flatMap((node) =>
    inputsOf(node).map((input, index) => ({
      from: input.node,
      to: node.id,
      label: labelOf(node, input.output, index),
    })),
  );
}

/** The grouping of a bolt, and the stream unless it is the default one. */
function labelOf(node: Node, output: string, index: number): string {
  const grouping = node.kind === 'bolt' ? [describeGrouping(node.inputs[index]!.grouping)] : [];
  return [...(output === 'default' ? [] : [output]), ...grouping].join(': ');
}

/** A node's text, and what its answer depends on beside its input: by its kind, declared, or because the graph promises no order there. */
type Marked = (node: Node, slide: number) => string;

function markedBy(graph: Graph): Marked {
  const kinds = new Map(sensitiveNodes(graph).map(({ node, kind }) => [node.id, kind]));
  return (node, slide) => {
    const always =
      node.orderSensitive === true ? 'order-sensitive' : ofPartitions(node) ? 'batch-sensitive' : undefined;
    const mark = kinds.get(node.id) ?? always;
    return `${describeNode(node, slide)}${mark === undefined ? '' : `, ${mark}`}`;
  };
}

function ofPartitions({ kind }: Node): boolean {
  return kind === 'glom' || kind === 'mapPartitions';
}

function renderText(graph: Graph): string {
  const { batchInterval, guarantee } = graph.settings;
  const edges = edgesOf(graph);
  const slides = slidesOf(graph);
  const marked = markedBy(graph);
  const lines: string[] = [`${graph.name}   batch interval ${formatDuration(batchInterval)}, ${guarantee}`];
  const drawn = new Set<number>();
  const draw = (id: number, first: string, rest: string, label: string): void => {
    const node = graph.nodes[id]!;
    const text = `${label === '' ? '' : `[${label}] `}${marked(node, slides[id]!)}`;
    if (drawn.has(id)) {
      lines.push(`${first}${text}   (see above)`);
      return;
    }
    drawn.add(id);
    lines.push(`${first}${text}`);
    const out = edges.filter((edge) => edge.from === id);
    out.forEach((edge, index) => {
      const isLast = index === out.length - 1;
      draw(edge.to, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`, edge.label);
    });
  };
  for (const node of graph.nodes) {
    if (inputsOf(node).length > 0) continue;
    lines.push('');
    draw(node.id, '', '', '');
  }
  // What hangs on no source, in a graph that is not valid.
  for (const node of graph.nodes) if (!drawn.has(node.id)) draw(node.id, '? ', '  ', '');
  return `${lines.join('\n')}\n`;
}

function renderMermaid(graph: Graph): string {
  const slides = slidesOf(graph);
  const marked = markedBy(graph);
  const nodes = graph.nodes.map((node) => {
    const [open, close] = MERMAID_SHAPES[shapeOf(node)];
    return `  n${node.id}${open}"${marked(node, slides[node.id]!).replaceAll('"', '#quot;')}"${close}`;
  });
  const edges = edgesOf(graph).map(
    ({ from, to, label }) => `  n${from} -->${label === '' ? '' : `|"${label.replaceAll('"', '#quot;')}"|`} n${to}`,
  );
  return `${['flowchart LR', ...nodes, ...edges].join('\n')}\n`;
}

const MERMAID_SHAPES = { end: ['([', '])'], state: ['[[', ']]'], plain: ['[', ']'] } as const;

function renderDot(graph: Graph): string {
  const slides = slidesOf(graph);
  const marked = markedBy(graph);
  const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const nodes = graph.nodes.map(
    (node) => `  n${node.id} [label=${quoted(marked(node, slides[node.id]!))}, shape=${DOT_SHAPES[shapeOf(node)]}];`,
  );
  const edges = edgesOf(graph).map(
    ({ from, to, label }) => `  n${from} -> n${to}${label === '' ? '' : ` [label=${quoted(label)}]`};`,
  );
  return `${[`digraph ${quoted(graph.name)} {`, '  rankdir=LR;', ...nodes, ...edges, '}'].join('\n')}\n`;
}

const DOT_SHAPES = { end: 'ellipse', state: 'box3d', plain: 'box' } as const;

/** Ends are round and operators that keep state have a double border. */
function shapeOf(node: Node): 'end' | 'state' | 'plain' {
  if (node.kind === 'source' || node.kind === 'spout' || node.kind === 'sink') return 'end';
  return node.kind !== 'timestamps' && nodeTraits(node).keeps !== 'nothing' ? 'state' : 'plain';
}
