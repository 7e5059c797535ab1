/** Decides where a job's progress survives: in a folder, in memory, or nowhere. */
import { StreamError } from '../core/errors.js';
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
 * @throws StreamError `RG052` to `RG057` as `openCheckpointFolder`.
 */
export async function openDurability(
  plan: Plan,
  world: World,
  { mode, checkpoint = {}, workers, record = {} }: RunOptions,
): Promise<OpenDurability | undefined> {
  const { batches = INTERVAL.batches, time = INTERVAL.time } = checkpoint;
  const interval = { batches, time };
  const { folder, fromScratch, allowNonRestored, segmentBytes } = checkpoint;
  if (folder !== undefined) {
    refuseUntracked(plan, mode, record);
    const opened = await openCheckpointFolder({
      files: world.files,
      scheduler: world.scheduler,
      folder,
      job: plan.name,
      plan: plan.hash,
      mode,
      operators: statefulOperators(plan),
      interval,
      ...(fromScratch === undefined ? {} : { fromScratch }),
      ...(allowNonRestored === undefined ? {} : { allowNonRestored }),
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
    });
    try {
      if (allowNonRestored !== true) refuseLostSources(plan, opened, folder);
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  }
  const { guarantee } = plan.settings;
  const hasWorkers = workers !== undefined && workers.count > 0;
  const isNeeded = guarantee !== 'at-most-once' && (hasWorkers || (mode === 'record' && guarantee === 'exactly-once'));
  if (!isNeeded) return undefined;
  return Object.assign(createMemoryDurability({ scheduler: world.scheduler, interval }), { close: async () => {} });
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

/** Progress of a source that the job no longer has would be read anew under its new name. @throws StreamError `RG053` */
function refuseLostSources(plan: Plan, { recovered }: Durability, folder: string): void {
  const names = new Set(
    plan.operators.flatMap((operator) =>
      operator.kind === 'source' || operator.kind === 'spout' ? [operator.name] : [],
    ),
  );
  const known = [
    ...(recovered.snapshot?.meta.sources ?? []),
    ...recovered.log.flatMap((record) => (record.kind === 'allocated' ? record.ranges : [])),
  ];
  const gone = known.find(({ source }) => !names.has(source))?.source;
  if (gone === undefined) return;
  throw new StreamError(
    'RG053',
    `the checkpoints in '${folder}' stand at a place in the source '${gone}', which the job does not have`,
    'give the source its name back, or leave its progress out with allowNonRestored (--allow-non-restored)',
  );
}
