/** A job that a component of the user's keeps from starting has a result that says so, as one that fails later. */
import { type ErrorCode, StreamError } from '../core/errors.js';
import type { RunningJob } from './executor.js';
import type { Outcome } from './outcome.js';

/** What a function of the user's may come to; a job that is refused for anything else does not start. */
const CODES: readonly ErrorCode[] = ['RG030', 'RG031', 'RG032'];

/** Starts a job. Nothing of it runs where `start` throws. @throws what is no error of a user's function. */
export function startedOrFailed(outcome: Outcome, start: () => RunningJob): RunningJob {
  try {
    return start();
  } catch (thrown) {
    if (!(thrown instanceof StreamError) || !CODES.includes(thrown.code)) throw thrown;
    outcome.settle('failed', thrown, [], { duration: 0, recordsRead: {}, state: () => [], metrics: () => [] });
    return {
      done: outcome.result,
      stop: () => {},
      progress: () => ({ recordsRead: 0, resultsWritten: 0, pending: 0 }),
    };
  }
}
