/** Decides whether what an earlier run left fits the job that is to go on with it. Pure: it reads no file. */
import { StreamError } from '../core/errors.js';
import type { JobFile, StatefulOperator } from './checkpoint-manifest.js';

export type JobIdentity = Omit<JobFile, 'hasCheckpoint' | 'begun'>;

/**
 * Refuses the folder of another job or mode.
 *
 * @throws StreamError `RG053` with what differs.
 */
export function checkSameJob(folder: string, found: Pick<JobFile, 'job' | 'mode'>, now: JobIdentity): void {
  const differences = [
    ...(found.job === now.job ? [] : [`it is of the job '${found.job}', and this is '${now.job}'`]),
    ...(found.mode === now.mode ? [] : [`it was written in ${found.mode} mode, and this run is in ${now.mode} mode`]),
  ];
  if (differences.length === 0) return;
  throw new StreamError('RG053', `the checkpoints in '${folder}' do not fit: ${differences.join('; ')}`, otherFolder);
}

/**
 * Compares the operators of a checkpoint with those of the job: state goes to the operator of the same uid, kind, version and
 * number of tasks. Operators that are new begin empty.
 *
 * @returns the uids whose state is dropped, with `allowNonRestored` only.
 * @throws StreamError `RG053` with all that does not fit.
 */
export function checkStateFits(
  folder: string,
  found: readonly StatefulOperator[],
  now: readonly StatefulOperator[],
  allowNonRestored: boolean,
): readonly string[] {
  const operators = new Map(now.map((operator) => [operator.uid, operator]));
  const problems: string[] = [];
  const orphans: string[] = [];
  for (const old of found) {
    const operator = operators.get(old.uid);
    if (operator === undefined) orphans.push(old.uid);
    else problems.push(...differencesOf(old, operator));
  }
  if (orphans.length > 0 && !allowNonRestored) {
    problems.push(`the job has no operator with state named ${orphans.map((uid) => `'${uid}'`).join(', ')}`);
  }
  if (problems.length === 0) return orphans;
  const isOnlyOrphans = problems.length === 1 && orphans.length > 0 && !allowNonRestored;
  throw new StreamError(
    'RG053',
    `the state in '${folder}' does not fit: ${problems.join('; ')}`,
    isOnlyOrphans
      ? 'give the operator its uid back, or drop its state with allowNonRestored (--allow-non-restored)'
      : otherFolder,
  );
}

/**
 * Refuses places of sources that the job does not have: under another name their records would be read anew without a word.
 *
 * @throws StreamError `RG053` with the source that is gone.
 */
export function checkSourcesFit(
  folder: string,
  places: readonly { readonly source: string }[],
  now: readonly string[],
): void {
  const gone = places.find(({ source }) => !now.includes(source))?.source;
  if (gone === undefined) return;
  throw new StreamError(
    'RG053',
    `the checkpoints in '${folder}' stand at a place in the source '${gone}', which the job does not have`,
    'give the source its name back, or leave its progress out with allowNonRestored (--allow-non-restored)',
  );
}

const otherFolder = 'run the job as it was, name another folder, or begin anew with fromScratch (--from-scratch)';

function differencesOf(old: StatefulOperator, now: StatefulOperator): readonly string[] {
  const fields = [
    ['kind', 'kind'],
    ['schemaVersion', 'schema version'],
    ['tasks', 'number of tasks'],
  ] as const;
  return fields.flatMap(([field, name]) =>
    old[field] === now[field] ? [] : [`the ${name} of '${old.uid}' was ${old[field]}, and is ${now[field]}`],
  );
}
