/** Explains which operators depend on an order, on partitions or on a clock that nobody promises; nothing where none does. */
import type { Graph } from '../topology/graph.js';
import { wrap } from './columns.js';
import { sensitiveNodes } from './stream-order.js';

/** The lines, with an empty one before them, up to `width` wide. */
export function orderLines(graph: Graph, width: number): readonly string[] {
  const sensitive = sensitiveNodes(graph);
  if (sensitive.length === 0) return [];
  return [
    '',
    'what depends on more than is promised, so that the modes may differ in it:',
    ...sensitive.flatMap(({ node, kind, why }) => wrap(`  ${kind}: ${node.kind} '${node.uid}' ${why}`, width, 4)),
  ];
}
