/** The link of a branch: each record goes to the first arm that holds for it. No predicate behind that arm's is asked. */
import type { BranchOperator } from '../plan/plan.js';
import { type FunctionTable, functionId } from '../topology/graph.js';
import { fanOut, type Link } from './link.js';
import { isTrue } from './narrow-links.js';
import { attributed } from './user-error.js';

/** Watermarks and the end go to all arms. */
export function branchLink(operator: BranchOperator, functions: FunctionTable, outputOf: (arm: string) => Link): Link {
  const arms = operator.arms.map(outputOf);
  const predicates = operator.arms.map(
    (arm) => functions.get(functionId(operator.node, `arm:${arm}`)) as (value: unknown) => unknown,
  );
  const { advance, end } = fanOut(arms);
  const count = arms.length;
  return {
    push: (value) => {
      let arm = 0;
      try {
        while (arm < count && !isTrue(operator, predicates[arm]!(value))) arm += 1;
      } catch (thrown) {
        throw attributed(thrown, operator);
      }
      if (arm < count) arms[arm]!.push(value);
    },
    advance,
    end,
  };
}
