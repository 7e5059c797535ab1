/** Options of operators that make a call for each record: how many at a time, for how long, in which order. */
import { type Duration, seconds } from '../core/time.js';
import { checkCount, checkDurations, checkFunctions } from './check-arguments.js';
import type { CallNode } from './graph.js';
import type { Ordered } from './types.js';

/** What a call is told beside its value. */
export interface CallContext {
  /**
   * Aborted when nobody hears the call's answer any more: at its `timeout`, with `RG065` as the reason, and when a job of record mode, or a
   * worker, ends or goes back to a checkpoint without it. A micro-batch waits for its calls. Hand it on, as in `fetch(url, { signal })`, so that the call ends where it was made too.
   */
  readonly signal: AbortSignal;
}

/** How calls are made. */
export interface CallOptions extends Ordered {
  /** The most calls under way in one task; further records wait. Default 16. */
  readonly concurrency?: number;
  /** A call that takes longer counts as failed (`RG065`); its answer is not heard any more. Default 10 s. */
  readonly timeout?: Duration;
  /** False: results come as their calls end, but never behind the end of their interval. Default true: in the order of their records. */
  readonly ordered?: boolean;
}

const CONCURRENCY_DEFAULT = 16;
const TIMEOUT_DEFAULT = seconds(10);

/** The options with their defaults. @throws StreamError `RG004`, `RG010`, `RG011`. */
export function checkedCalls(
  call: unknown,
  { concurrency = CONCURRENCY_DEFAULT, timeout = TIMEOUT_DEFAULT, ordered = true }: CallOptions,
  caller: (...args: never[]) => unknown,
): Pick<CallNode, 'concurrency' | 'timeout' | 'ordered'> {
  checkFunctions({ call }, caller);
  checkCount('concurrency', concurrency, caller);
  checkDurations({ timeout }, caller, ['timeout'], 1);
  return { concurrency, timeout, ordered };
}
