/** Everything observable about a run, as one typed union of plain data: the event log, listeners and statistics read it. */
import type { ReceiverNews } from './source.js';

/** Spark's `BatchInfo`. Times are stream time (us); delays are durations (us). */
export interface BatchInfo {
  readonly batchTime: number;
  readonly numRecords: number;
  readonly submissionTime: number;
  readonly processingStartTime: number;
  readonly processingEndTime: number;
  readonly schedulingDelay: number;
  readonly processingDelay: number;
  readonly totalDelay: number;
}

/** Why a tuple tree failed. */
export type FailReason = 'timeout' | 'failed' | 'error' | 'worker lost';

/** What became of a source's receiver. */
export type ReceiverEvent = ReceiverNews & { readonly source: string };

/** One event. */
export type JobEvent =
  | { readonly kind: 'jobStarted'; readonly job: string; readonly mode: Mode; readonly plan: string }
  | { readonly kind: 'batchSubmitted'; readonly batchTime: number; readonly numRecords: number }
  | { readonly kind: 'batchCompleted'; readonly batch: BatchInfo }
  | {
      readonly kind: 'taskFailed';
      readonly stage: number;
      readonly partition: number;
      readonly attempt: number;
      readonly code: string;
    }
  | {
      readonly kind: 'tupleFailed';
      readonly component: string;
      readonly task: number;
      readonly id: string | number;
      readonly reason: FailReason;
      readonly by?: string;
    }
  | {
      readonly kind: 'tupleReplayed';
      readonly component: string;
      readonly task: number;
      readonly id: string | number;
      readonly attempt: number;
    }
  | {
      readonly kind: 'tupleEmitted';
      readonly component: string;
      readonly task: number;
      readonly stream: string;
      readonly values: unknown;
      readonly anchors: readonly (string | number)[];
    }
  | { readonly kind: 'deadLetter'; readonly component: string; readonly offset: number | string; readonly code: string }
  /**
   * A spout or bolt reported an error, its task's `count`th where the task runs now. Of a task no more than `ERRORS_TOLD_MAX` are told in
   * `ERRORS_INTERVAL`: what is missing between two counts was reported too.
   */
  | {
      readonly kind: 'errorReported';
      readonly component: string;
      readonly task: number;
      readonly error: string;
      readonly count: number;
    }
  | { readonly kind: 'watermark'; readonly stage: number; readonly task: number; readonly watermark: number }
  | {
      readonly kind: 'result';
      readonly sink: string;
      readonly partition: number;
      readonly timestamp: number;
      readonly value: string;
    }
  | { readonly kind: 'sourceEnded'; readonly source: string; readonly partition: number; readonly records: number }
  /** A receiver starts again, after a wait, or has done so. Source: Spark's `StreamingListenerReceiverError` and `…ReceiverStarted`. */
  | ReceiverEvent
  | { readonly kind: 'workerLost'; readonly worker: number; readonly reason: string }
  /** A task of a lost worker was made again: from its last snapshot, and these batches since. */
  | {
      readonly kind: 'taskRecomputed';
      readonly stage: number;
      readonly partition: number;
      readonly batches: number;
      readonly records: number;
    }
  /** A slow task has a twin on that worker. */
  | {
      readonly kind: 'taskSpeculated';
      readonly stage: number;
      readonly partition: number;
      readonly worker: number;
    }
  | { readonly kind: 'snapshotSaved'; readonly epoch: number }
  /** Everything goes on from the snapshot of that epoch, 0: from the beginning. Within a process: so many records are given again. */
  | { readonly kind: 'jobRestored'; readonly epoch: number; readonly records?: number }
  /** Trees stayed pending for longer than `barrierTimeout`. */
  | { readonly kind: 'barrierSkipped'; readonly epoch: number }
  | { readonly kind: 'jobEnded'; readonly outcome: 'finished' | 'stopped' | 'failed' };

/** The two execution models. */
export type Mode = 'micro-batch' | 'record';

/** Hears each event at the moment it happens. While `isIdle` nobody would: an event that costs something need not be made. */
export type Listener = ((event: JobEvent) => void) & { readonly isIdle?: boolean };
