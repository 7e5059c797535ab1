/** What `ackOn: 'expiry'` refuses, before a job starts or when it could only wait for ever. */
import { StreamError } from '../../core/errors.js';
import { formatDuration } from '../../core/time.js';
import { heldFor, neverExpires } from '../../plan/expiry.js';
import type { Plan } from '../../plan/plan.js';

/** Whatever keeps records from expiring; `rate` is the most records of a source partition in a second, where that is known. */
export function expiryProblem(
  plan: Plan,
  job: {
    readonly acking: boolean;
    readonly hasCheckpoints: boolean;
    readonly maxUncommitted: number;
    readonly rate?: number | undefined;
  },
): StreamError | undefined {
  const no = (what: string, hint: string): StreamError => new StreamError('RG019', `ackOn: 'expiry' ${what}`, hint);
  if (!job.acking) return no('without acking: nobody knows which records are processed', 'leave acking on');
  if (job.hasCheckpoints)
    return no('with checkpoints: they hold the state that records would be kept for', "use ackOn: 'checkpoint'");
  if (plan.operators.some((operator) => operator.kind === 'bolt' && operator.holdsTuples))
    return no(
      'and a bolt with holdsTuples: such a bolt acks by itself when its windows have passed',
      "use ackOn: 'update'",
    );
  const endless = neverExpires(plan);
  if (endless !== undefined) {
    const { uid, place } = endless.operator;
    const message = `ackOn: 'expiry', but '${uid}' ${endless.why}`;
    return new StreamError('RG019', message, "use ackOn: 'checkpoint', with a checkpoint folder", {
      place,
      operator: uid,
    });
  }
  const held = heldFor(plan);
  const records = Math.ceil(((job.rate ?? 0) * held) / 1e6);
  if (records <= job.maxUncommitted) return undefined;
  return no(
    `needs ${records} records of a source partition for windows of ${formatDuration(held)} at ${job.rate} records/s, and maxUncommitted is ${job.maxUncommitted}`,
    `raise maxUncommitted above ${records}, shorten the window, or use ackOn: 'checkpoint'`,
  );
}

/** A source partition has as many records in open windows as it may, and no window can close before the next record. */
export function tooManyInWindows(plan: Plan, source: string, partition: number, maxUncommitted: number): StreamError {
  return new StreamError(
    'RG019',
    `ackOn: 'expiry': ${maxUncommitted} records of '${source}' (partition ${partition}) are in windows of ${formatDuration(heldFor(plan))} that cannot close before the next record, and maxUncommitted is ${maxUncommitted}`,
    "raise maxUncommitted, shorten the window, or use ackOn: 'checkpoint'",
  );
}
