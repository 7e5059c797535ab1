/** Defaults of the record model, and which settings do not go together. */
import { type Place, StreamError } from '../../core/errors.js';
import { formatDuration } from '../../core/time.js';
import { heldFor } from '../../plan/expiry.js';
import type { Plan } from '../../plan/plan.js';
import type { RecordOptions, Services } from '../executor.js';
import { createStores } from '../stores.js';
import { expiryProblem } from './expiry-errors.js';

/** Storm's defaults, but for a limit where Storm has none, and a ring that fits the cache. */
const RECORD_DEFAULTS: RecordOptions = {
  acking: true,
  maxSpoutPending: 4_096,
  messageTimeout: 30_000_000,
  replaysMax: 3,
  replayDelay: 2_000,
  replayDelayMax: 10_000_000,
  ackers: 1,
  ringCapacity: 1_024,
  turnRecordsMax: 1_000,
  turnTimeMax: 20_000,
  maxUncommitted: 1_000_000,
  barrierTimeout: 10_000_000,
  workerRowsMax: 65_536,
};

export function recordOptions(plan: Plan, given: Partial<RecordOptions>): RecordOptions {
  return { ...RECORD_DEFAULTS, replaysMax: plan.settings.attemptsMax - 1, ...given };
}

/** What a job does to survive. */
export interface Survival {
  /** Barriers are taken: there is somewhere to keep snapshots, and it is known when a record is processed. */
  readonly hasBarriers: boolean;
  /** A stop leaves a snapshot, and nothing else does: at most once. Spouts and bolts have state of their own, and clocks that go on. */
  readonly savesAtStop: boolean;
  /** Offsets and acks wait for a checkpoint. */
  readonly untilDurable: boolean;
  /** A failed tree sets everything back to the last checkpoint: what it did so far must not be seen twice. */
  readonly setsBackTrees: boolean;
  /** A lost worker sets everything back; otherwise its tasks come back alone. */
  readonly setsBackWorkers: boolean;
  /** Offsets and acks wait until windows have closed, and what goes back goes to records that are in open windows. */
  readonly expires: boolean;
}

/** @throws StreamError `RG019`, `RG017` for an `ackOn` that cannot be, and for windows that hold tuples too long. */
export function survivalOf(
  plan: Plan,
  { acking, ackOn, maxUncommitted, messageTimeout, maxSpoutPending }: RecordOptions,
  { durability }: Pick<Services, 'durability'>,
): Survival {
  const isExactlyOnce = plan.settings.guarantee === 'exactly-once';
  const hasBarriers = durability !== undefined && acking;
  const holds = holdsTuples(plan);
  if (acking) refuseHeld(plan, { messageTimeout, maxSpoutPending });
  refuse(ackOn, { isExactlyOnce, hasBarriers, holdsTuples: holds });
  const problem =
    ackOn === 'expiry'
      ? expiryProblem(plan, { acking, hasCheckpoints: durability !== undefined, maxUncommitted })
      : undefined;
  if (problem !== undefined) throw problem;
  // Without windows a record has expired when it is processed.
  const expires = ackOn === 'expiry' && heldFor(plan) > 0;
  const isNeeded = isExactlyOnce || (!holds && plan.operators.some(createStores(plan).isStateful));
  // Also without state: a driver that starts again asks for what its last checkpoint does not hold.
  const untilDurable =
    expires || (hasBarriers && (ackOn === undefined ? isExactlyOnce || !holds : ackOn === 'checkpoint'));
  return {
    hasBarriers,
    savesAtStop:
      durability !== undefined &&
      plan.settings.guarantee === 'at-most-once' &&
      !plan.operators.some(({ kind }) => kind === 'spout' || kind === 'bolt'),
    untilDurable,
    setsBackTrees: hasBarriers && isExactlyOnce,
    setsBackWorkers: expires || (hasBarriers && (ackOn === undefined ? isNeeded : untilDurable)),
    expires,
  };
}

/** Whether tuples wait in a bolt for stream time: then neither watermarks nor barriers may wait for them. */
export function holdsTuples({ operators }: Plan): boolean {
  return operators.some((operator) => operator.kind === 'bolt' && operator.holdsTuples);
}

function refuse(
  ackOn: RecordOptions['ackOn'],
  job: { readonly isExactlyOnce: boolean; readonly hasBarriers: boolean; readonly holdsTuples: boolean },
): void {
  if ((ackOn === 'update' || ackOn === 'expiry') && job.isExactlyOnce)
    throw new StreamError(
      'RG017',
      `ackOn: '${ackOn}' and exactly-once: a source would forget records that no checkpoint has`,
      'leave ackOn out, or ask for at-least-once',
    );
  if (ackOn !== 'checkpoint') return;
  if (!job.hasBarriers)
    throw new StreamError(
      'RG019',
      "ackOn: 'checkpoint', but no checkpoint is taken in this run",
      'run with a checkpoint folder and with acking, or leave ackOn out',
    );
  if (job.holdsTuples)
    throw new StreamError(
      'RG019',
      "ackOn: 'checkpoint' and a bolt with holdsTuples: a barrier would wait for tuples that wait for stream time",
      "use ackOn: 'update'",
    );
}

/** What is held longer than a message may live fails before it is done, and comes again, without end. */
function refuseHeld(
  { operators }: Plan,
  { messageTimeout, maxSpoutPending }: Pick<RecordOptions, 'messageTimeout' | 'maxSpoutPending'>,
): void {
  const spouts = operators.filter((operator) => operator.kind === 'spout');
  const timeout = Math.min(messageTimeout, ...spouts.map((spout) => spout.messageTimeout ?? messageTimeout));
  const pending = Math.min(maxSpoutPending, ...spouts.map((spout) => spout.maxSpoutPending ?? maxSpoutPending));
  for (const operator of operators) {
    if (operator.kind !== 'bolt' || operator.holdsAtMost === undefined) continue;
    const { name, holdsAtMost: held, place } = operator;
    if ('time' in held && held.time > timeout) {
      const lengths = `for up to ${formatDuration(held.time)} (length, slide and lag), and the message timeout is ${formatDuration(timeout)}`;
      throw tooLong(`the windows of '${name}' hold tuples ${lengths}`, 'a longer message timeout', place);
    }
    if ('tuples' in held && held.tuples > pending) {
      const lengths = `up to ${held.tuples} tuples (length and slide), and maxSpoutPending is ${pending}`;
      throw tooLong(`the windows of '${name}' hold ${lengths}`, 'a higher maxSpoutPending', place);
    }
  }
}

function tooLong(message: string, instead: string, place: Place | undefined): StreamError {
  return new StreamError('RG019', message, `use ${instead}, shorter windows, or ackOn: 'activation'`, { place });
}
