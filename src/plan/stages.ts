/** Stages: core operators fused to chains, cut at exchanges. */
import { isAsync } from './kinds.js';
import type { CoreOperator, PlanOptions, Stage, StageInput } from './plan.js';

/** A stage while it grows. */
interface StageDraft {
  readonly id: number;
  readonly head: number;
  readonly operators: number[];
  readonly parallelism: number;
  readonly inputs: readonly StageInput[];
}

/**
 * Lays operators out.
 *
 * 1. A source or spout begins a stage with a task for each of its partitions or tasks.
 * 2. An operator without exchange joins every stage that feeds it: a narrow operator behind a union runs in each.
 * 3. An operator behind an exchange begins a stage, unless it has one task and is fed by one stage of one task only:
 *    then there is nothing to exchange, and it is chained (`chaining: false` keeps the exchange). Bolts and calls are never chained.
 */
export function stagesOf(operators: readonly CoreOperator[], options: PlanOptions): readonly Stage[] {
  const stages: StageDraft[] = [];
  const stagesOfOperator = new Map<number, readonly StageDraft[]>();
  for (const operator of operators) {
    const feeders = new Set(operator.inputs.flatMap((input) => stagesOfOperator.get(input.operator) ?? []));
    const only = feeders.size === 1 ? [...feeders][0] : undefined;
    const isExchanged = operator.inputs.some((input) => input.exchange !== undefined);
    const parallelism = parallelismOf(operator, feeders, options);
    const isHead = operator.inputs.length === 0 || (isExchanged && !canChain(operator, parallelism, only, options));
    if (!isHead) {
      for (const stage of feeders) stage.operators.push(operator.id);
      stagesOfOperator.set(operator.id, [...feeders]);
      continue;
    }
    const inputs = operator.inputs.flatMap((input) =>
      (stagesOfOperator.get(input.operator) ?? []).map((stage) => ({
        stage: stage.id,
        operator: input.operator,
        output: input.output,
        exchange: input.exchange!,
      })),
    );
    const stage = { id: stages.length, head: operator.id, operators: [operator.id], parallelism, inputs };
    stages.push(stage);
    stagesOfOperator.set(operator.id, [stage]);
  }
  return stages;
}

function canChain(
  operator: CoreOperator,
  parallelism: number,
  feeder: StageDraft | undefined,
  options: PlanOptions,
): boolean {
  return (
    options.chaining !== false &&
    operator.kind !== 'bolt' &&
    !isAsync(operator) &&
    parallelism === 1 &&
    feeder !== undefined &&
    feeder.parallelism === 1
  );
}

function parallelismOf(operator: CoreOperator, feeders: ReadonlySet<StageDraft>, options: PlanOptions): number {
  switch (operator.kind) {
    case 'source':
      return operator.spec.capabilities.partitions;
    case 'spout':
    case 'bolt':
      return operator.parallelism;
    case 'map-async':
      return Math.max(...[...feeders].map((feeder) => feeder.parallelism));
    case 'collect-interval':
      return 1;
    default:
      return operator.partitions ?? options.parallelism ?? 1;
  }
}
