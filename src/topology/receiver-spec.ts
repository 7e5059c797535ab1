/** A source that its user writes: it is told to start, and stores records whenever some come. Nothing here starts it. */
import { checkFunctions } from './check-arguments.js';
import { LIVE } from './source-specs.js';
import type { SourceSpec } from './specs.js';

/** What a receiver stores into, from `onStart` until `onStop`; afterwards all calls do nothing. */
export interface ReceiverOutput<T> {
  /**
   * Takes records. A promise when so many wait that no more should come: it resolves when there is room. Whoever never waits for it fails
   * the job (`RG011`) at four times as many.
   */
  store(...records: readonly T[]): Promise<void> | undefined;
  /** Nothing more will come. */
  end(): void;
  /**
   * What it reads from is lost: it is stopped, and started again after two seconds, or fails the job with `RG043` when it stored nothing in
   * five attempts in a row. Source: Spark `Receiver.restart`.
   */
  restart(reason: string): void;
  /** Fails the job. Source: Spark `Receiver.stop`. */
  fail(error: unknown): void;
}

/**
 * A user-written source of records that come by themselves. What its functions throw fails the job with `RG030`.
 *
 * Source: Spark `Receiver`.
 */
export interface Receiver<T> {
  /** Begins to receive, and returns. */
  onStart(output: ReceiverOutput<T>): void;
  /** Ends it: when it restarts, and when the job has ended. */
  onStop?(): void;
}

/**
 * The records of a receiver; `create` is called once for each run. They cannot be read again: with `--checkpoint` what was stored is safe
 * once its block is in the log.
 *
 * ```ts
 * import { topology } from 'raingauge';
 * import { receiver } from 'raingauge/sources';
 * import { stdout } from 'raingauge/sinks';
 *
 * export default topology('beats', (t) => {
 *   const beats = receiver<number>(() => {
 *     let timer: NodeJS.Timeout | undefined;
 *     return {
 *       onStart: (output) => void (timer = setInterval(() => output.store(Date.now()), 100)),
 *       onStop: () => clearInterval(timer),
 *     };
 *   });
 *   t.source('beats', beats).count().to('counts', stdout());
 * });
 * ```
 *
 * @throws StreamError `RG004` without a function. Source: Spark `StreamingContext.receiverStream`.
 */
export function receiver<T>(create: () => Receiver<T>): SourceSpec<T> {
  checkFunctions({ create }, receiver);
  return { role: 'source', kind: 'receiver', options: {}, capabilities: LIVE, functions: { create } };
}
