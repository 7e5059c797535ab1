/** Tries a user's function again that threw as stream time went on, and then lets `onError` decide: the same for both executors. */
import { StreamError } from '../core/errors.js';
import { type Retry, SET_ASIDE } from '../kernels/on-time.js';
import type { CoreOperator } from '../plan/plan.js';
import type { ChainParts } from './chain.js';
import { attributed } from './user-error.js';

/** The result that is set aside is told by its key and its window's end, or its timer's time (us). */
export function onTime(
  {
    context,
    resultAttempts = 1,
    callAttempts = resultAttempts,
    resultFailed,
    resultFatal,
  }: Pick<ChainParts, 'context' | 'resultAttempts' | 'callAttempts' | 'resultFailed' | 'resultFatal'>,
  operator: CoreOperator,
): Retry {
  return (key, thrown, run, leavesTraces = false) => {
    const { timestamp, windowEnd } = context;
    const attempts = leavesTraces ? resultAttempts : callAttempts;
    for (let attempt = 1, last = thrown; ; attempt++) {
      const error = attributed(last, operator);
      // What is wrong downstream was tried again where it is.
      if (!(error instanceof StreamError) || error.operator !== operator.uid) throw error;
      context.timestamp = timestamp;
      context.windowEnd = windowEnd;
      if (attempt >= attempts) {
        if (resultFailed === undefined) {
          resultFatal?.(error);
          throw error;
        }
        resultFailed(Number.isNaN(windowEnd) ? { key, timestamp } : { key, windowEnd }, error);
        return SET_ASIDE;
      }
      try {
        return run();
      } catch (again) {
        last = again;
      }
    }
  };
}
