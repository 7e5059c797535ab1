/** The same job with other sources and sinks, by name: what `--source` and `--sink` do. */
import { functionId, type Node, type SinkNode, type SourceNode, type Topology } from './graph.js';
import type { SinkSpec, SourceSpec } from './specs.js';

/** Specs by the names of the ends that they replace. */
export interface OtherEnds {
  readonly sources?: Readonly<Record<string, SourceSpec<unknown>>> | undefined;
  readonly sinks?: Readonly<Record<string, SinkSpec<never>>> | undefined;
}

/** Replaces ends. Names that the job lacks are ignored here; whoever reads them from a user checks them. */
export function withEnds(job: Topology, { sources = {}, sinks = {} }: OtherEnds): Topology {
  const functions = new Map(job.functions);
  const nodes = job.graph.nodes.map((node) => {
    if (node.kind !== 'source' && node.kind !== 'sink') return node;
    const spec = node.kind === 'source' ? sources[node.name] : sinks[node.name];
    return spec === undefined ? node : replaced(node, spec, functions);
  });
  return { graph: { ...job.graph, nodes }, functions };
}

function replaced(
  node: SourceNode | SinkNode,
  spec: SourceSpec<unknown> | SinkSpec<never>,
  functions: Map<string, unknown>,
): Node {
  const prefix = functionId(node.id, 'spec:');
  for (const id of [...functions.keys()]) if (id.startsWith(prefix)) functions.delete(id);
  for (const [role, value] of Object.entries(spec.functions ?? {})) functions.set(`${prefix}${role}`, value);
  const { kind, options, capabilities } = spec;
  return { ...node, spec: { kind, options, capabilities } } as Node;
}
