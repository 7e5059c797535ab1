/** How a job is run, and every fault that befalls it: plain data, so that it can be shortened and repeated. */

import type { Prng } from '../../core/prng.js';
import type { MicroBatchOptions, RecordOptions } from '../../executors/executor.js';
import type { Mode } from '../../runtime/events.js';
import type { FaultPlan } from '../../runtime/faults/fault-plan.js';
import type { Topology } from '../../topology/graph.js';
import type { Guarantee } from '../../topology/specs.js';
import type { TimedTrace } from '../trace.js';

/** One simulated run. */
export interface Scenario {
  readonly seed: number;
  readonly mode: Mode;
  readonly guarantee: Guarantee;
  readonly parallelism: number;
  readonly chaining: boolean;
  /** 0: tasks run in the driver. */
  readonly workers: number;
  /** Records of each source. */
  readonly records: number;
  /** What the outside sources say of themselves. */
  readonly intake: 'range' | 'receiver';
  readonly isReplayable: boolean;
  /** The most batches, and the most time (us), between snapshots. */
  readonly snapshotBatches: number;
  readonly snapshotTime: number;
  /** The most increments between two whole snapshots. */
  readonly increments: number;
  /** Bytes of a segment of the log, small so that it rolls. */
  readonly segmentBytes: number;
  readonly microBatch: Partial<MicroBatchOptions>;
  readonly record: Partial<RecordOptions>;
  /** The longest that a message between driver and workers takes (us). They stay in order. */
  readonly delayMax: number;
  /** The longest that the driver's disk takes for an operation (us): meanwhile the job goes on. */
  readonly diskDelayMax: number;
  /** How long the driver is down after a crash (us). */
  readonly downtime: number;
  readonly attemptsMax: number;
  readonly faults: FaultPlan;
}

/** What is known of a job before faults are drawn. */
export interface Target {
  readonly guarantees: readonly Guarantee[];
  /** Uids and names that acks and tuples can be lost on the way to or from. */
  readonly components: readonly string[];
  /** Operators with functions of the user's. */
  readonly operators: readonly string[];
  /** Those of them that are called for each record, and not only as stream time goes on. */
  readonly perRecord: readonly string[];
  readonly sources: readonly string[];
  readonly batchInterval: number;
  /** Attempts of a task or tuple: an operator may throw once less in a row. */
  readonly attemptsMax: number;
  /** How long, and how many, tuples are held by windows (us): shorter timeouts and lower limits would be refused. */
  readonly held?: { readonly time: number; readonly tuples: number };
}

/** One of the choices. */
export function pick<T>(random: Prng, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}

/** The most messages that may be pending at once in all spouts and partitions. */
export function pendingMax({ graph }: Topology, { sources }: TimedTrace, { record }: Scenario): number {
  const { maxSpoutPending = Number.POSITIVE_INFINITY } = record;
  const partitions = sources.reduce((sum, source) => sum + source.partitions.length, 0);
  return graph.nodes.reduce(
    (sum, node) => sum + (node.kind === 'spout' ? node.parallelism * (node.maxSpoutPending ?? maxSpoutPending) : 0),
    partitions === 0 ? 0 : partitions * maxSpoutPending,
  );
}
