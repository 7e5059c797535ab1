/** Where the windows of a bolt are in each mode. */
import type { CoreOperator } from './plan.js';

/**
 * As micro-batches windows are in the bolt's state: a failed attempt takes them back, a checkpoint has them, and no tuple waits for them to
 * be answered. Record mode holds their tuples in memory, each in its tree, unless the user keeps a state.
 */
export function withKeptWindows(operator: CoreOperator): CoreOperator {
  if (operator.kind !== 'bolt' || operator.windows === undefined) return operator;
  return { ...operator, holdsTuples: false, keepsState: true, holdsAtMost: undefined };
}
