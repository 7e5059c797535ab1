/** Validation of windows and slides: what must be a multiple of what, and what must be equal. */
import { StreamError } from '../core/errors.js';
import { formatDuration } from '../core/time.js';
import type { Graph, Node } from '../topology/graph.js';

/** The problems of one node with the slides of the streams that it reads. `slides` is by node. */
export function slideProblems(node: Node, slides: readonly number[], graph: Graph): StreamError[] {
  if ('inputs' in node && node.kind !== 'bolt' && node.kind !== 'intervalJoin')
    return meetingProblems(
      node.inputs.flatMap((input) => slides[input.node] ?? []),
      node,
    );
  if (node.kind === 'sessionWindow' && node.gap < 1)
    return [
      new StreamError(
        'RG010',
        `the gap of '${node.uid}' is 0; a session needs a length`,
        'use for example seconds(30)',
        {
          place: node.place,
        },
      ),
    ];
  if (!('window' in node)) return [];
  const parent = slides[node.input.node] ?? graph.settings.batchInterval;
  const isBatch = parent === graph.settings.batchInterval;
  const slide = node.slide ?? parent;
  const lengths = { window: node.window ?? slide, slide };
  return Object.entries(lengths).flatMap(([name, length]) => {
    if (Number.isSafeInteger(length) && length > 0 && length % parent === 0) return [];
    const below = Math.floor(length / parent) * parent;
    const choices =
      below > 0 ? `${formatDuration(below)} or ${formatDuration(below + parent)}` : formatDuration(parent);
    return [
      new StreamError(
        'RG012',
        `${name} ${formatDuration(length)} of '${node.uid}' is not a multiple of the ${isBatch ? 'batch interval' : "parent's slide"} ${formatDuration(parent)}`,
        `use ${choices}`,
        { place: node.place },
      ),
    ];
  });
}

function meetingProblems(slides: readonly number[], node: Node): StreamError[] {
  const different = slides.find((slide) => slide !== slides[0]);
  if (different === undefined) return [];
  return [
    new StreamError(
      'RG021',
      `'${node.uid}' ${node.kind === 'union' ? 'unites' : 'joins'} streams with different slides: ${slides.map(formatDuration).join(', ')}`,
      'window them to the same slide first',
      { place: node.place },
    ),
  ];
}
