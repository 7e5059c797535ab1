/** A job whose ends are outside of the simulated machine. It opens nothing. */
import type { Topology } from '../../topology/graph.js';
import { withEnds } from '../../topology/with-ends.js';
import { CAPTURE_SPEC } from '../setup.js';
import type { Scenario } from './scenario.js';

/** The job with ends that are outside of it: any guarantee can be asked of them. */
export function withOutside(
  job: Topology,
  { isReplayable, intake }: Pick<Scenario, 'isReplayable' | 'intake'>,
): Topology {
  const { nodes } = job.graph;
  const sources = nodes.flatMap((node) => {
    if (node.kind !== 'source') return [];
    const { kind, options, capabilities } = node.spec;
    const outside = { ...capabilities, replayable: isReplayable, acknowledged: !isReplayable, bounded: true, intake };
    return [[node.name, { role: 'source', kind, options, capabilities: outside }] as const];
  });
  const sinks = nodes.flatMap((node) => (node.kind === 'sink' ? [[node.name, CAPTURE_SPEC] as const] : []));
  return withEnds(job, { sources: Object.fromEntries(sources), sinks: Object.fromEntries(sinks) });
}
