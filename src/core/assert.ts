/** Checks of our own mistakes, always on; the world's mistakes are `StreamError`s. */

/** Thrown by `assert`: a bug in raingauge, never caught by it. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws when an invariant of ours does not hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(`raingauge bug: ${message}`);
}

/** Closes an exhaustive `switch`: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`raingauge bug: unexpected ${JSON.stringify(value)}`);
}
