/** Asks what a plan must know of sources that only the outside knows: how many partitions a topic has. Compiling itself opens nothing. */
import { type EarlierLife, partitionsOf } from '../connectors/open-source.js';
import type { Topology } from '../topology/graph.js';
import type { SourceSpec } from '../topology/specs.js';
import { type OtherEnds, withEnds } from '../topology/with-ends.js';

export interface ResolveOptions extends OtherEnds {
  /** Names of sources that are open already: nobody asks for them. */
  readonly opened?: { has(name: string): boolean } | undefined;
  /** Sources that never end by themselves end where they end now, if they can: for input that is recorded first. */
  readonly isBounded?: boolean;
  /** Where the job goes on, if it does. */
  readonly earlier?: EarlierLife | undefined;
}

/**
 * The sources to compile with, in place of `sources`. The driver resolves once, and workers get what it found: their plans agree.
 *
 * @throws StreamError `RG080`, `RG043`, `RG081` of a source that cannot be asked.
 */
export async function resolvedSources(
  job: Topology,
  options: ResolveOptions,
): Promise<Readonly<Record<string, SourceSpec<unknown>>>> {
  const { sources = {}, opened, isBounded = false, earlier } = options;
  const resolved: Record<string, SourceSpec<unknown>> = { ...sources };
  for (const node of withEnds(job, { sources }).graph.nodes) {
    if (node.kind !== 'source' || opened?.has(node.name) === true || node.spec.options['isResolved'] === true) continue;
    const { capabilities, options: given, kind } = node.spec;
    const partitions = await partitionsOf({ name: node.name, kind, options: given }, earlier);
    if (partitions === undefined) continue;
    const until = isBounded ? { until: 'latest' } : {};
    resolved[node.name] = {
      role: 'source',
      kind,
      options: { ...until, ...given, partitions, isResolved: true },
      capabilities: { ...capabilities, partitions, bounded: capabilities.bounded || isBounded },
    };
  }
  return resolved;
}
