/** What a mode has of its reliability in a run: what the job asks for, all that a crash would need, or nothing. */
import { StreamError } from '../../core/errors.js';
import type { RunOptions } from '../../host/run-options.js';
import type { Mode } from '../../runtime/events.js';
import type { Files } from '../../runtime/world.js';
import type { Guarantee } from '../../topology/specs.js';
import type { Setup } from '../setup.js';
import { withFolder } from './folder.js';

/**
 * - `asked`: what the guarantee needs within the process. Record mode acks, micro-batch mode does nothing for it.
 * - `on`: the same, and progress survives the process. Both modes write checkpoints, micro-batch mode also its log; exactly-once, results
 *   are there when their epoch is committed.
 * - `off`: neither checkpoints nor log nor acking.
 */
export type Reliability = 'asked' | 'on' | 'off';

/** The options of a run that make it so. */
export type ReliabilityOptions = Pick<RunOptions, 'checkpoint' | 'record'>;

/** Runs with the options, and with a folder where one is needed. `isTransactional`: sinks must commit by epoch. */
export function withReliability<T>(
  reliability: Reliability,
  { job, isAcking }: Setup,
  files: Files,
  run: (options: ReliabilityOptions, isTransactional: boolean) => Promise<T>,
): Promise<T> {
  const record = { acking: isAcking && reliability !== 'off' };
  if (reliability !== 'on') return run({ record }, false);
  const isTransactional = job.graph.settings.guarantee === 'exactly-once';
  return withFolder(files, (folder) => run({ record, checkpoint: { folder } }, isTransactional));
}

/** What is on, as a person would say it. */
export function namesOfReliability(mode: Mode, guarantee: Guarantee): string {
  const isCommitted = guarantee === 'exactly-once';
  if (guarantee === 'at-most-once') return mode === 'record' ? 'a log of what is handed out' : 'log and checkpoints';
  if (mode === 'record') return isCommitted ? 'acking, checkpoints and commits' : 'acking and checkpoints';
  return isCommitted ? 'log, checkpoints and commits' : 'log and checkpoints';
}

/** Why a job cannot be prepared although it runs: its values cannot be written, or there is no room. Undefined: the error is about something else. */
export function whyUnprepared(error: unknown): string | undefined {
  return error instanceof StreamError && UNPREPARED.has(error.code) ? error.message : undefined;
}

const UNPREPARED: ReadonlySet<string> = new Set(['RG017', 'RG046', 'RG053', 'RG056', 'RG057']);
