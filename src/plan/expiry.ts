/** For how long a job needs its records: until the last window that one can be in has closed. Knows no executor. */
import { floorTo } from '../core/time.js';
import type { CoreOperator, Plan } from './plan.js';

/**
 * The watermark at which nothing that came of a record of that time is needed any more: all windows that it is in have closed, and so
 * have the windows that their results are in. -Infinity without windows.
 *
 *      record       t
 *      window 1  [-----)          closes at e1; its result has the time e1 - 1
 *      window 2        [---)      closes at e2: the record's expiry
 */
export function expiryOf({ operators }: Plan, time: number): number {
  let expiry = Number.NEGATIVE_INFINITY;
  const latest: number[] = [];
  for (const operator of operators) {
    const reached =
      operator.inputs.length === 0 ? time : Math.max(...operator.inputs.map((input) => latest[input.operator]!));
    latest.push(reached);
    if (operator.kind !== 'window-reduce') continue;
    const end = floorTo(reached + operator.window, operator.slide);
    latest[operator.id] = end - 1;
    expiry = Math.max(expiry, end);
  }
  return expiry;
}

/** The longest that a record is needed after its own time (us), event times out of order included. 0 without windows. */
export function heldFor(plan: Plan): number {
  const disorder = plan.operators.map((operator) => (operator.kind === 'timestamps' ? operator.maxOutOfOrderness : 0));
  return Math.max(0, expiryOf(plan, 0)) + Math.max(0, ...disorder);
}

/** The first operator whose state no watermark ends, or whose results could not be told from those of half a window. */
export function neverExpires({
  operators,
}: Plan): { readonly operator: CoreOperator; readonly why: string } | undefined {
  const behindWindow = new Set<number>();
  for (const operator of operators) {
    if (operator.kind === 'window-reduce' || operator.inputs.some((input) => behindWindow.has(input.operator)))
      behindWindow.add(operator.id);
    const why =
      endlessState(operator) ?? (operator.kind === 'bolt' && behindWindow.has(operator.id) ? BOLT : undefined);
    if (why !== undefined) return { operator, why };
  }
  return undefined;
}

function endlessState(operator: CoreOperator): string | undefined {
  switch (operator.kind) {
    case 'running-reduce':
    case 'update-state':
    case 'process':
      return 'keeps state that no window ends';
    case 'bolt':
      return operator.keepsState === true ? 'keeps state that no window ends' : undefined;
    case 'collect-interval':
      return 'tells of empty intervals too, for which it must know the last record';
    case 'window-reduce':
      return operator.emitEmpty || operator.keepEmptyKeys
        ? 'tells of empty windows too, for which it must know the last record'
        : undefined;
    default:
      return undefined;
  }
}

const BOLT = 'takes results of windows, and would get those of windows again that are out';
