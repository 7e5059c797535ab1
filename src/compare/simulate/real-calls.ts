/** Calls that a simulation cannot make: those that wait for the real world, whose time does not pass here. */
import { StreamError } from '../../core/errors.js';

/** The error to give up with when a job failed because a call did not end in time. Undefined for any other. */
export function realCall(error: StreamError | undefined): StreamError | undefined {
  if (error?.code !== 'RG065') return undefined;
  return new StreamError(
    'RG065',
    `${error.message}, since time is virtual here: it waits for the real world`,
    'simulate the job with calls that answer at once, such as look-ups in a table',
    { place: error.place, operator: error.operator, cause: error },
  );
}
