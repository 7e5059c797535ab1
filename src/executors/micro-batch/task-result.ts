/** What a task hands back: nothing of it was seen by anyone before. It knows neither sinks nor listeners. */
import type { KernelCounter } from '../../kernels/kernel.js';
import type { DeadLetter } from '../executor.js';
import type { ReadableRows, Rows } from './rows.js';
import type { ShuffleOutput } from './shuffle.js';
import type { SpoutMessage } from './spout-message.js';

/** What happened on the way to a result, in order. */
export type TaskNote =
  | { readonly kind: 'failed'; readonly attempt: number; readonly code: string }
  | { readonly kind: 'dead-letter'; readonly letter: DeadLetter }
  /** A bolt gave a tuple up: the spouts that emitted its messages will hear of it. */
  | { readonly kind: 'tuple-failed'; readonly by: string; readonly messages: readonly SpoutMessage[] };

/** The part of a result that leaves the stages: for sinks, listeners and counts. */
export interface TaskReport {
  /** Results by sink. The rows are used again for the task's next work. */
  readonly results: ReadonlyMap<string, ReadableRows>;
  readonly counts: readonly (readonly [KernelCounter, number])[];
  readonly notes: readonly TaskNote[];
  readonly retries: number;
}

/** One piece of work that was done, with all its attempts. */
export interface TaskResult<O extends ShuffleOutput> extends TaskReport {
  /** Shuffle output by `stage:input` of its readers. */
  readonly outputs: ReadonlyMap<string, O>;
  readonly results: ReadonlyMap<string, Rows>;
}

/** Work whose last attempt failed: state is as it was before that attempt, and there is neither output nor result. */
export class TaskFailure {
  readonly notes: readonly TaskNote[];
  readonly retries: number;
  /** A `StreamError`, or a bug of ours. */
  readonly error: unknown;

  constructor(notes: readonly TaskNote[], retries: number, error: unknown) {
    this.notes = notes;
    this.retries = retries;
    this.error = error;
  }
}
