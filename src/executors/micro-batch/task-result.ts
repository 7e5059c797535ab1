/** What a task hands back: nothing of it was seen by anyone before. It knows neither sinks nor listeners. */
import type { KernelCounter } from '../../kernels/kernel.js';
import type { DeadLetter } from '../executor.js';
import { type ReadableRows, Rows } from './rows.js';
import type { ShuffleOutput } from './shuffle.js';
import type { MessagePlace } from './spout-message.js';

/** Where a record came from, for a dead letter. */
export type RecordPlace = Pick<DeadLetter, 'source' | 'partition' | 'offset' | 'value'> & {
  /** The spout message that it came of. */
  readonly message?: MessagePlace | undefined;
};

/** What happened on the way to a result, in order. */
export type TaskNote =
  | { readonly kind: 'failed'; readonly attempt: number; readonly code: string }
  /** With the message whose tuple it is, its value is the message's. */
  | { readonly kind: 'dead-letter'; readonly letter: DeadLetter; readonly message: MessagePlace | undefined }
  /** A bolt gave a tuple up: the spouts that emitted its messages will hear of it. */
  | { readonly kind: 'tuple-failed'; readonly by: string; readonly messages: readonly MessagePlace[] };

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

/** Results of pieces one behind the other; the rows of `result` are used again. Pieces are cut only where nothing is shuffled. */
export function joinedResults<O extends ShuffleOutput>(
  all: TaskResult<O> | undefined,
  result: TaskResult<O>,
): TaskResult<O> {
  const results = new Map(all?.results as Map<string, Rows> | undefined);
  for (const [sink, rows] of result.results) {
    const into = results.get(sink) ?? new Rows();
    into.append(rows);
    results.set(sink, into);
    rows.clear();
  }
  return {
    outputs: result.outputs,
    results,
    counts: [...(all?.counts ?? []), ...result.counts],
    notes: [...(all?.notes ?? []), ...result.notes],
    retries: (all?.retries ?? 0) + result.retries,
  };
}
