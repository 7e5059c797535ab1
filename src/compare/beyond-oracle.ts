/** What no oracle knows: which records a run set aside. It sets none aside, and knows neither tasks nor limits nor what a function must give. */
import type { JobResult } from '../executors/executor.js';

/** Why a record is set aside of which the oracle makes something. A function that throws ends the oracle too. */
const REASONS: Readonly<Record<string, string>> = {
  RG031: 'a function returned a promise',
  RG032: 'a function returned the wrong shape',
  RG034: 'a function returned no timestamp',
  RG065: 'a call took too long',
};

/** Why there is nothing to hold an answer against where a record was set aside with that code; undefined where there is. */
export function beyondOracle(code: string): string | undefined {
  if (code === 'RG066')
    return 'a task reached its limit of keys (RG066), and the oracle knows neither tasks nor limits';
  const reason = REASONS[code];
  return reason && `records were set aside since ${reason} (${code}), and the oracle sets none aside`;
}

/** The first such reason of the runs. */
export function runsBeyondOracle(...runs: readonly Pick<JobResult, 'deadLetters'>[]): string | undefined {
  const letters = runs.flatMap(({ deadLetters }) => deadLetters);
  return letters.map(({ error }) => beyondOracle(error.code)).find((reason) => reason !== undefined);
}
