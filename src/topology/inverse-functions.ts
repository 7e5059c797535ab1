/** The functions of a window that is reduced, checked; and the check that an inverse is one. */
import { StreamError } from '../core/errors.js';
import { readableJson } from '../core/json.js';
import { haveSameContents } from '../core/same-contents.js';
import { checkFunctions } from './check-arguments.js';

type Reduce = (a: unknown, b: unknown) => unknown;

/** What the user gave; in JavaScript it may be anything. */
export interface ReducingOptions {
  readonly reduce?: unknown;
  readonly inverse?: unknown;
  readonly checkInverse?: boolean;
}

/** @throws StreamError `RG004` for what is no function. */
export function inverseFunctions(
  options: ReducingOptions,
  caller: (...args: never[]) => unknown,
): Readonly<Record<string, unknown>> {
  const { reduce, inverse, checkInverse = false } = options ?? {};
  checkFunctions({ reduce, inverse }, caller);
  const isChecked = checkInverse && inverse !== undefined;
  return { reduce: isChecked ? checkedReduce(reduce as Reduce, inverse as Reduce) : reduce, inverse };
}

/** The same reduce, which fails where `inverse(reduce(a, b), b)` is not `a`. Costs a call of `inverse` each time. */
function checkedReduce(reduce: Reduce, inverse: Reduce): Reduce {
  return (a, b) => {
    const total = reduce(a, b);
    // What no reduce may return goes on as it is: the kernel has the error for it.
    if (total === undefined || total instanceof Promise) return total;
    const back = inverse(total, b);
    if (haveSameContents(back, a)) return total;
    const [x, y, z] = [a, b, back].map(readableJson);
    throw new StreamError(
      'RG037',
      `inverse takes back something else than reduce put in: with a = ${x} and b = ${y}, inverse(reduce(a, b), b) is ${z}`,
      'mend inverse, or leave it out: then each window is folded again',
    );
  };
}
