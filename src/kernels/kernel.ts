/** The kernel contract: what one core operator kind does, once, for both executors. No clock, no I/O, no randomness. */

import type { Identity } from '../core/identity.js';
import type { KeyedStore } from '../core/keyed-store.js';
import type { Timestamp } from '../core/time.js';
import type { Retry } from './on-time.js';

/**
 * The record at hand, set by whoever calls the chain: two mutable numbers in place of two arguments, because a double
 * argument of a call that is not inlined is boxed on the heap.
 */
export interface RecordContext {
  /** Stream time of the record at hand (us). A kernel sets it before it emits a result with a time of its own. */
  timestamp: Timestamp;
  /** End of the window that a result belongs to, or NaN for a result that belongs to no window. */
  windowEnd: Timestamp;
  /** Names the record at hand where a sink asks for ids. Kernels leave it alone. */
  identity?: Identity | undefined;
}

/** Takes one result; its times stand in the `RecordContext`. */
export type Emit<T = unknown> = (value: T) => void;

/** No limit on the results of one `advance`. */
export const NO_BUDGET: number = Number.MAX_SAFE_INTEGER;

/**
 * One operator on the keys of one task. Synchronous and deterministic: same calls in, same results out.
 *
 * It owns no state: everything that must survive lives in its `KeyedStore`. What else it holds (a cached space, an index
 * of timers) can be derived from the store, and is derived again when the kernel is made anew after a rollback or a crash.
 */
export interface Kernel {
  /** One record; its times stand in the context. */
  onRecord(value: unknown): void;
  /**
   * Stream time reached `watermark`: no further record is below it. Emits what became due, at most about `budget`
   * results. True when done; false when it must be called again with the same watermark before anything else.
   */
  advance(watermark: Timestamp, budget: number): boolean;
  /** The bounded input ended; `highest` is the highest timestamp of its partitions. Returns as `advance` does. */
  endOfInput(highest: Timestamp, budget: number): boolean;
  /** How far results may lie above the input's highest timestamp (us): whoever reads them counts that much further. Default 0. */
  readonly reach?: number;
}

/** What a kernel is made from. `F` are the user's functions, `P` the operator's plain parameters. */
export interface KernelSetup<F, P> {
  readonly functions: F;
  readonly parameters: P;
  /** The number of the task, or of the source's partition. Only `mapPartitions` asks. Default 0. */
  readonly task?: number;
  readonly store: KeyedStore;
  readonly context: RecordContext;
  readonly emit: Emit;
  /** For functions that throw as stream time goes on. Default: what they throw is thrown on. */
  readonly retry?: Retry | undefined;
  /** Counts something that the user should hear of, such as `skippedEmptyIntervals` or `lateRecords`. */
  readonly count: (counter: KernelCounter, by: number) => void;
}

/** What kernels count. */
export type KernelCounter = 'lateRecords' | 'skippedEmptyIntervals';
