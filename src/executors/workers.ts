/** The contract between executors and workers: batched messages both ways, and what happens when a worker is lost. */
import type { StreamError } from '../core/errors.js';
import type { StoreMaker } from '../core/keyed-store.js';
import type { Plan } from '../plan/plan.js';
import type { Clock, Scheduler } from '../runtime/world.js';
import type { FunctionTable } from '../topology/graph.js';

/** What an executor hears of its workers. All workers are ready before it starts. */
export interface WorkerEvents {
  message(worker: number, message: unknown): void;
  /** It is gone with all that it held: nothing of this incarnation will be heard any more, also if it was only slow. */
  lost(worker: number, reason: string): void;
  /** It is back, empty. */
  ready(worker: number): void;
  /** It was lost too often (`RG059`), or cannot load the job (`RG058`): the job fails. */
  failed(error: StreamError): void;
}

/** The workers of one job, numbered from 0. They are restarted with a growing wait, up to a limit. */
export interface TaskWorkers {
  readonly count: number;
  /** To a worker that is lost: dropped. */
  send(worker: number, message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(events: WorkerEvents): void;
}

/** What a worker runs: each executor brings its own. */
export interface TaskHost {
  /** One message of the driver. What it throws ends the worker. */
  onMessage(message: unknown): void;
}

/** What a task host is made from. It opens neither sources nor sinks: the driver has them. */
export interface TaskHostParts {
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly scheduler: Scheduler;
  /** For busy times of components. */
  readonly clock: Clock;
  /** Seeds the worker's ids and groupings. */
  readonly seed: number;
  readonly worker: number;
  /** Default: in memory. */
  readonly createStore?: StoreMaker | undefined;
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

/** The worker that runs a task. */
export function workerOf(stage: number, task: number, workers: number): number {
  return (stage + task) % workers;
}
