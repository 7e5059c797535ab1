/** Runs a job in both modes on virtual time, with a job's output as text that can be compared. */
import type { JobResult } from '../../src/executors/executor.js';
import { type RunOptions, run } from '../../src/host/run.js';
import type { Mode } from '../../src/runtime/events.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { Topology } from '../../src/topology/graph.js';

export const MODES: readonly Mode[] = ['micro-batch', 'record'];

/** Events after which a run counts as one that never ends. */
const EVENTS_MAX = 1_000_000;

/** One run to its end. */
export function runVirtual(
  job: Topology,
  options: Omit<RunOptions, 'world'>,
  world: SimulatedWorld = createSimulatedWorld(),
): Promise<JobResult> {
  return world.complete(run(job, { ...options, world }), EVENTS_MAX);
}

/** Results in no promised order, so that runs can be compared. */
export function sorted(results: readonly unknown[]): readonly string[] {
  return results.map((result) => JSON.stringify(result)).toSorted();
}
