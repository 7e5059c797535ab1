/** Opens the sources and sinks of a plan, all or none. */

import { openSink } from '../connectors/open-sink.js';
import { openSource } from '../connectors/open-source.js';
import { assert } from '../core/assert.js';
import type { Plan, SinkOperator, SourceOperator } from '../plan/plan.js';
import type { SinkWriter } from '../runtime/sink.js';
import type { SourceReader } from '../runtime/source.js';
import { stamped } from '../runtime/stamped-source.js';
import type { World } from '../runtime/world.js';
import { functionId, type Topology } from '../topology/graph.js';
import type { RunOptions } from './run.js';

/** Open ends by name. */
export interface OpenEnds {
  readonly sources: ReadonlyMap<string, SourceReader>;
  readonly sinks: ReadonlyMap<string, SinkWriter>;
}

/** Opens every end that `options` does not bring. When one fails, those that are open are closed again. @throws StreamError */
export async function openEnds(job: Topology, plan: Plan, world: World, options: RunOptions): Promise<OpenEnds> {
  const sources = new Map<string, SourceReader>();
  const sinks = new Map<string, SinkWriter>();
  try {
    for (const operator of plan.operators) {
      if (operator.kind === 'source') {
        const reader = options.readers?.get(operator.name) ?? (await openStamped(operator, job, plan, world, options));
        sources.set(operator.name, reader);
        const { partitions } = operator.spec.capabilities;
        assert(reader.partitions.length === partitions, `source '${operator.name}' has not the partitions of its spec`);
      }
      if (operator.kind === 'sink')
        sinks.set(
          operator.name,
          options.writers?.get(operator.name) ??
            (await openSink(named(operator), roleOf(job, operator.node), { world })),
        );
    }
  } catch (error) {
    await Promise.allSettled([...sources.values(), ...sinks.values()].map((end) => end.close()));
    throw error;
  }
  return { sources, sinks };
}

async function openStamped(
  operator: SourceOperator,
  job: Topology,
  plan: Plan,
  world: World,
  { rate, records }: RunOptions,
): Promise<SourceReader> {
  const { kind, options, capabilities } = operator.spec;
  const raw = await openSource({ name: operator.name, kind, options }, roleOf(job, operator.node), { world });
  return stamped(raw, {
    clock: world.clock,
    scheduler: world.scheduler,
    step: plan.step,
    rate,
    records,
    live: capabilities.intake === 'receiver',
  });
}

function named({ name, spec, delivery }: SinkOperator): {
  name: string;
  kind: string;
  options: Readonly<Record<string, unknown>>;
  delivery: 'record' | 'interval';
} {
  return { name, kind: spec.kind, options: spec.options, delivery };
}

function roleOf(job: Topology, node: number): (role: string) => unknown {
  return (role) => job.functions.get(functionId(node, `spec:${role}`));
}
