/** User functions that throw or take long as a fault plan says. */
import type { FunctionTable } from '../../topology/graph.js';
import type { Fault, FaultPlan } from './fault-plan.js';

type CallFault = Extract<Fault, { readonly kind: 'throw' | 'slow' }>;

/** Where calls of an operator's functions are counted. Kept from one incarnation of a job to the next, so that a fault strikes once. */
export type CallCounts = Map<Fault, number>;

/**
 * Decorates the functions of the operators that the plan names. `owner` gives the operator's uid for the id of a function, and
 * undefined for what is no function of a record; `spend` takes up time (us).
 */
export function faultyFunctions(
  functions: FunctionTable,
  plan: FaultPlan,
  owner: (id: string) => string | undefined,
  spend: (time: number) => void,
  counts: CallCounts = new Map(),
): FunctionTable {
  const faults = plan.filter((fault): fault is CallFault => fault.kind === 'throw' || fault.kind === 'slow');
  if (faults.length === 0) return functions;
  const decorated = new Map<string, unknown>();
  for (const [id, value] of functions) {
    const uid = owner(id);
    const own = faults.filter(({ target }) => target === uid);
    decorated.set(
      id,
      own.length === 0 || typeof value !== 'function' ? value : faulty(value as Call, own, spend, counts),
    );
  }
  return decorated as FunctionTable;
}

type Call = (...given: unknown[]) => unknown;

function faulty(call: Call, faults: readonly CallFault[], spend: (time: number) => void, counts: CallCounts): Call {
  return (...given) => {
    for (const fault of faults) {
      const count = (counts.get(fault) ?? 0) + 1;
      counts.set(fault, count);
      if (count < fault.nth || count >= fault.nth + fault.times) continue;
      if (fault.kind === 'throw') throw new Error(`a fault plan: ${fault.kind}:${fault.target}@${fault.nth}`);
      spend(fault.span);
    }
    return call(...given);
  };
}
