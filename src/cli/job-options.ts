/** Turns flags into the options that `run`, `compare` and `compile` take. */
import { defined } from '../core/defined.js';
import { locateJob } from '../host/load-job.js';
import type { RunOptions } from '../host/run.js';
import type { PlanOptions } from '../plan/plan.js';
import { withSettings } from '../topology/builder.js';
import type { JobSettings, Topology } from '../topology/graph.js';
import { withEnds } from '../topology/with-ends.js';
import { readEnds } from './ends.js';
import { type FaultFlags, faultsOf } from './fault-flags.js';
import type { JobFlags, RecoveryFlags, RunFlags } from './flags.js';
import { loadJob } from './load-job.js';
import { UsageError } from './usage-error.js';

/** The settings that flags replace. */
export function settingsOf(flags: Pick<JobFlags, 'acking' | 'batchInterval' | 'guarantee'>): Partial<JobSettings> {
  const { acking, guarantee } = flags;
  if (!acking && guarantee !== undefined && guarantee !== 'at-most-once') {
    const message = `${guarantee} cannot hold: with --no-acking record mode gives at-most-once`;
    throw new UsageError('RG017', message, 'leave out --no-acking, or ask for at-most-once', guarantee);
  }
  return defined({ batchInterval: flags.batchInterval, guarantee: flags.guarantee });
}

/** How the plan is laid out. */
export function planOptionsOf(flags: Pick<JobFlags, 'parallelism' | 'chaining'>): PlanOptions {
  return { ...defined({ parallelism: flags.parallelism }), chaining: flags.chaining };
}

/** The record mode's own options. */
export function recordOptionsOf(flags: RunFlags): NonNullable<RunOptions['record']> {
  const { messageTimeout, maxSpoutPending, ackOn } = flags;
  return { ...(flags.acking ? {} : { acking: false }), ...defined({ messageTimeout, maxSpoutPending, ackOn }) };
}

/** The micro-batch mode's own options. */
export function microBatchOptionsOf(flags: RunFlags): NonNullable<RunOptions['microBatch']> {
  const { blockInterval, concurrentJobs, speculation, backpressure, maxRatePerPartition, maxSpoutPending } = flags;
  const isLimited = backpressure === true || maxRatePerPartition !== undefined;
  const limits = { isEstimated: backpressure === true, ...defined({ maxRatePerPartition }) };
  const own = { blockInterval, concurrentJobs, speculation, maxSpoutPending };
  return defined({ ...own, backpressure: isLimited ? limits : undefined });
}

/** Where progress survives, where tasks run, and what is broken: the options of `run` for them. `total` is the whole input's length. */
export function recoveryOptionsOf(
  job: string,
  flags: RecoveryFlags & FaultFlags,
  command: 'run' | 'compare',
  total?: number,
): Partial<RunOptions> {
  const faults = faultsOf(flags, command);
  const {
    checkpoint: folder,
    checkpointInterval: time,
    fromScratch,
    allowNonRestored,
    workers: count,
    isolation,
    state,
  } = flags;
  if (isolation !== undefined && count === undefined)
    throw new UsageError(
      'RG004',
      '--isolation says what a worker is, and there are none',
      'add --workers 2',
      '--isolation',
    );
  if (folder === undefined && (fromScratch === true || allowNonRestored === true))
    throw new UsageError(
      'RG004',
      '--from-scratch and --allow-non-restored need --checkpoint DIR',
      'add --checkpoint DIR',
      fromScratch === true ? '--from-scratch' : '--allow-non-restored',
    );
  const checkpoint = defined({ folder, time, fromScratch, allowNonRestored });
  return {
    ...defined({ state }),
    ...(Object.keys(checkpoint).length === 0 ? {} : { checkpoint }),
    ...(count === undefined ? {} : { workers: { count, ...defined({ isolation }), job: locateJob(job) } }),
    ...(faults === undefined ? {} : { faults: { plan: faults, ...defined({ total }) } }),
  };
}

/** Loads a job as the flags change it, for drawing and explaining. */
export async function loadChangedJob(job: string, flags: JobFlags): Promise<Topology> {
  const topology = await loadJob(job);
  return withEnds(withSettings(topology, settingsOf(flags)), readEnds(topology.graph, flags));
}
