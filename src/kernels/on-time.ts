/** What becomes of a user's function that throws as stream time goes on, when no record is at hand that could be tried again. */
import type { Key } from '../core/keys.js';

/** In place of a result that was given up. */
export const SET_ASIDE: unique symbol = Symbol('set aside');

/**
 * A function threw for a key. Calls `run` again until the attempts are used up; then the key is set aside at the time that stands in the
 * context, or the last error is thrown. Whoever runs the kernel decides. `leavesTraces`: what the function did before it threw stays.
 */
export type Retry = <T>(key: Key, thrown: unknown, run: () => T, leavesTraces?: boolean) => T | typeof SET_ASIDE;

/** Nothing is tried again. */
export const NO_RETRY: Retry = (_key, thrown) => {
  throw thrown;
};
