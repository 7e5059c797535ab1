/** What no oracle knows: that each task keeps state of `maxKeys` keys at most, and sets aside what would need one more. */
import type { JobResult } from '../executors/executor.js';

/** Why there is nothing to hold an answer against where a run met its limit. */
export const KEY_LIMIT = 'a task reached its limit of keys (RG066), and the oracle knows neither tasks nor limits';

/** That reason, or undefined where no run met its limit. */
export function keyLimitOf(...runs: readonly Pick<JobResult, 'deadLetters'>[]): string | undefined {
  const isReached = runs.some(({ deadLetters }) => deadLetters.some(({ error }) => error.code === 'RG066'));
  return isReached ? KEY_LIMIT : undefined;
}
