/** Adds a sink to each `late` output of a job, so that a test sees which records came too late. */
import type { SinkNode, TimestampsNode, Topology } from '../topology/graph.js';
import { none } from '../topology/sink-specs.js';

/** A job with such sinks, and their names. */
export interface WithLateSinks {
  readonly topology: Topology;
  readonly names: readonly string[];
}

/** The same job with one more sink for each `timestamps` operator. */
export function withLateSinks({ graph, functions }: Topology): WithLateSinks {
  const timestamps = graph.nodes.filter((node): node is TimestampsNode => node.kind === 'timestamps');
  const { kind, options, capabilities } = none();
  const spec = { kind, options, capabilities: { ...capabilities, guarantee: 'exactly-once' as const } };
  const sinks = timestamps.map((node, index): SinkNode => {
    const name = `late records of ${node.uid}`;
    const id = graph.nodes.length + index;
    return {
      kind: 'sink',
      id,
      uid: `sink:${name}`,
      place: node.place,
      name,
      input: { node: node.id, output: 'late' },
      spec,
    };
  });
  const topology = { graph: { ...graph, nodes: [...graph.nodes, ...sinks] }, functions };
  return { topology, names: sinks.map((sink) => sink.name) };
}
