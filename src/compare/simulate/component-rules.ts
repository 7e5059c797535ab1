/** What a simulation can do with a job that has spouts and bolts. It runs nothing. */
import { compile } from '../../plan/compile.js';
import { withSettings } from '../../topology/builder.js';
import type { Node, Topology } from '../../topology/graph.js';
import { oracleAbsence } from '../oracle/evaluate.js';
import { withOutside } from './outside-ends.js';
import type { SimulateOptions } from './simulate.js';

/** What spouts and bolts of a job mean for its scenarios. */
export interface ComponentRules {
  /** It runs as micro-batches too. */
  readonly canBatch: boolean;
}

/** Undefined for a job without spouts and bolts. @throws StreamErrors with `RG017`, `RG019` for what such a job cannot do. */
export function componentRules(job: Topology, options: SimulateOptions): ComponentRules | undefined {
  if (oracleAbsence(job) === undefined) return undefined;
  const { mode, guarantee } = options;
  const asked = guarantee === undefined ? {} : { guarantee };
  const outside = withSettings(withOutside(job, OUTSIDE), asked);
  compile(outside, { mode: mode ?? 'record' });
  // Acks, and faults of acks, are record mode's.
  const isOfRecords = options.faults !== undefined || options.ackOn !== undefined;
  return {
    canBatch: mode === 'micro-batch' || (mode === undefined && !isOfRecords && !outside.graph.nodes.some(holds)),
  };
}

function holds(node: Node): boolean {
  return node.kind === 'bolt' && node.holdsTuples && node.windows === undefined;
}

const OUTSIDE = { isReplayable: true, intake: 'range' } as const;
