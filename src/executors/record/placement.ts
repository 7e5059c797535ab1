/** Where tasks run: in the driver, or on a worker. The same on every host, from the plan alone. */
import type { CoreOperator, Plan, Stage } from '../../plan/plan.js';
import type { RecordOptions } from '../executor.js';
import { workerOf } from '../workers.js';

/** The host that has sources, sinks, ackers and barriers. Workers are numbered from 0. */
export const DRIVER = -1;

/** Who runs what. */
export interface Placement {
  /** The host that asks. */
  readonly here: number;
  /** Where the chain of a task runs. The reading of a source is the driver's in any case. */
  hostOf(stage: Stage, task: number): number;
  /** The stage's head is read by the driver, and its chain runs elsewhere. */
  isSplit(stage: Stage): boolean;
}

/**
 * Without workers everything runs in the driver; so do user-written spouts, with what is chained to them. With `ackOn: 'expiry'` so do
 * the chains of sources: how far event time got must not be lost with a worker, since no checkpoint has it.
 */
export function placementOf(
  plan: Plan,
  workers: number | undefined,
  { ackOn }: Pick<RecordOptions, 'ackOn'>,
  here: number = DRIVER,
): Placement {
  const kindOf = (stage: Stage): CoreOperator['kind'] => plan.operators[stage.head]!.kind;
  const isHere = (stage: Stage): boolean =>
    kindOf(stage) === 'spout' || (ackOn === 'expiry' && kindOf(stage) === 'source');
  return {
    here,
    hostOf: (stage, task) => (workers === undefined || isHere(stage) ? DRIVER : workerOf(stage.id, task, workers)),
    isSplit: (stage) => workers !== undefined && kindOf(stage) === 'source' && !isHere(stage),
  };
}
