/** Decides where a job's progress survives: in a folder, in memory, or nowhere. */
import { StreamError } from '../core/errors.js';
import { expiryProblem } from '../executors/record/expiry-errors.js';
import { recordOptions } from '../executors/record/record-options.js';
import { statefulOperators } from '../executors/stores.js';
import type { Plan } from '../plan/plan.js';
import { openCheckpointFolder } from '../runtime/checkpoint-folder.js';
import type { Durability } from '../runtime/durability.js';
import type { Mode } from '../runtime/events.js';
import { createMemoryDurability } from '../runtime/memory-durability.js';
import type { World } from '../runtime/world.js';
import type { RunOptions } from './run-options.js';

/** Durability that was opened for a run. */
export type OpenDurability = Durability & {
  /** What a restart should tell its user. */
  readonly warnings?: readonly string[];
  close(): Promise<void>;
};

/** Between two snapshots when nothing else is said: enough to make a restart short, seldom enough to cost little. */
const INTERVAL = { batches: 10, time: 1_000_000 };

/**
 * Opens the checkpoint folder that the options name. Without one, progress is kept in memory where the guarantee needs it within the
 * process: for workers that may be lost, and for exactly-once in record mode.
 *
 * @throws StreamError `RG052` to `RG057` as `openCheckpointFolder`; `RG019` where `ackOn: 'expiry'` cannot be.
 */
export async function openDurability(
  plan: Plan,
  world: World,
  { mode, checkpoint = {}, workers, record = {}, rate }: RunOptions,
): Promise<OpenDurability | undefined> {
  const { batches = INTERVAL.batches, time = INTERVAL.time } = checkpoint;
  const interval = { batches, time };
  const { folder, fromScratch, allowNonRestored, segmentBytes, increments } = checkpoint;
  refuseExpiry(plan, mode, record, folder !== undefined, rate);
  if (folder !== undefined) {
    refuseUntracked(plan, mode, record);
    return openCheckpointFolder({
      files: world.files,
      scheduler: world.scheduler,
      now: Math.floor(world.clock.now()),
      folder,
      job: plan.name,
      plan: plan.hash,
      mode,
      operators: statefulOperators(plan),
      sources: sourcesOf(plan),
      interval,
      ...(fromScratch === undefined ? {} : { fromScratch }),
      ...(allowNonRestored === undefined ? {} : { allowNonRestored }),
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
      increments,
      // A barrier's checkpoint is what commits its epoch; a micro-batch says so in the log, which is kept as long as the older checkpoints.
      fallsBack: mode !== 'record' || plan.settings.guarantee !== 'exactly-once',
    });
  }
  const { guarantee } = plan.settings;
  const hasWorkers = workers !== undefined && workers.count > 0;
  if (isByExpiry(mode, record)) return undefined;
  const isNeeded = guarantee !== 'at-most-once' && (hasWorkers || (mode === 'record' && guarantee === 'exactly-once'));
  if (!isNeeded) return undefined;
  return Object.assign(createMemoryDurability({ scheduler: world.scheduler, interval, increments }), {
    close: async () => {},
  });
}

/** Whether records are kept until their windows have closed: then nothing else needs to survive within the process. */
export function isByExpiry(mode: Mode, { ackOn }: NonNullable<RunOptions['record']>): boolean {
  return mode === 'record' && ackOn === 'expiry';
}

/** Also where only the rate tells that windows have more records than may be uncommitted. @throws StreamError `RG019` */
function refuseExpiry(
  plan: Plan,
  mode: Mode,
  record: NonNullable<RunOptions['record']>,
  hasCheckpoints: boolean,
  rate: number | undefined,
): void {
  if (!isByExpiry(mode, record)) return;
  const { acking, maxUncommitted } = recordOptions(plan, record);
  const problem = expiryProblem(plan, { acking, hasCheckpoints, maxUncommitted, rate });
  if (problem !== undefined) throw problem;
}

/** Without acking it is not known what is done, so nothing could be kept but what is handed out. @throws StreamError `RG017` */
function refuseUntracked(plan: Plan, mode: Mode, { acking }: NonNullable<RunOptions['record']>): void {
  const { guarantee } = plan.settings;
  if (mode !== 'record' || acking !== false || guarantee === 'at-most-once') return;
  throw new StreamError(
    'RG017',
    `${guarantee} cannot hold across a restart: without acking nobody knows which records are done`,
    'leave acking on, or ask for at-most-once',
  );
}

/** Everything that has a place to go on from. */
function sourcesOf(plan: Plan): readonly string[] {
  return plan.operators.flatMap((operator) =>
    operator.kind === 'source' || operator.kind === 'spout' ? [operator.name] : [],
  );
}
