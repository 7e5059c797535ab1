/** Turns what a user function threw into an error that names the operator; our own errors pass. */
import { AssertionError } from '../core/assert.js';
import { type Place, StreamError } from '../core/errors.js';

/** What an error needs to know of an operator. */
export interface Blamed {
  readonly uid: string;
  readonly place: Place | undefined;
}

/** The error to throw on when `thrown` came out of the operator. The innermost operator that it came from keeps the blame. */
export function attributed(thrown: unknown, operator: Blamed): Error {
  if (thrown instanceof AssertionError) return thrown;
  const { place, uid } = operator;
  if (thrown instanceof StreamError) {
    if (thrown.operator !== undefined) return thrown;
    const { code, message, hint, cause = thrown } = thrown;
    return new StreamError(code, `'${uid}': ${message}`, hint, { place, operator: uid, cause });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StreamError(
    'RG030',
    `the function of '${uid}' threw: ${message}`,
    "fix it, or set onError: 'dead-letter' to set such records aside",
    { place, operator: uid, cause: thrown },
  );
}

/** Runs the user's code on behalf of an operator. @throws what `attributed` makes of what it throws. */
export function blaming<T>(operator: Blamed, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw attributed(thrown, operator);
  }
}

/** The error for a function that returned a promise where a value is needed. */
export function promiseReturned(operator: Blamed): StreamError {
  return new StreamError(
    'RG031',
    `the function of '${operator.uid}' returned a promise; operators are synchronous`,
    'await in mapAsync, or remove async',
    { place: operator.place, operator: operator.uid },
  );
}

/** @throws StreamError `RG031` when a spout or bolt is asynchronous: what it does after its first wait would be lost. */
export function noPromise(returned: unknown, operator: Blamed): void {
  if (!(returned instanceof Promise)) return;
  returned.catch(() => undefined); // it is the promise that is reported, not what becomes of it
  throw promiseReturned(operator);
}

/** The error for a function that returned something else than it must. */
export function wrongShape(operator: Blamed, got: unknown, needed: string): StreamError {
  const shown =
    got === null
      ? 'null'
      : Array.isArray(got)
        ? 'an array'
        : typeof got === 'object'
          ? 'an object'
          : typeof got === 'string'
            ? 'a string'
            : String(got);
  return new StreamError(
    'RG032',
    `the function of '${operator.uid}' returned ${shown}, not ${needed}`,
    `return ${needed}`,
    { place: operator.place, operator: operator.uid },
  );
}
