/** The contract between executors and sinks: results are handed over synchronously; writing out is the sink's affair. */
import type { StreamError } from '../core/errors.js';

/** The result at hand: its times and where it came from. The object is used again for the next result. */
export interface ResultContext {
  /** Stream time of the result (us). */
  timestamp: number;
  /** End of its window, or NaN. */
  windowEnd: number;
  /** The task of the sink's stage that made it. */
  partition: number;
  /**
   * Of a sink that asks for ids: the same when this result is given again, also by a later life of the job on the same checkpoint folder, and
   * no other result's of this sink. Undefined: nothing names it.
   */
  id?: string | undefined;
}

/**
 * Commits by epoch: a micro-batch's number, or a barrier's. Asked of a sink only where the job is exactly-once; then nothing that it
 * accepted is visible before `commit`.
 */
export interface SinkTransactions {
  /** What was accepted since the last `prepare` belongs to `epoch`. Durable, not yet visible, when it resolves. @throws StreamError `RG046`. */
  prepare(epoch: number): Promise<void>;
  /** Makes a prepared epoch visible. Doing it again for an epoch that is visible changes nothing. @throws StreamError `RG046`. */
  commit(epoch: number): Promise<void>;
  /** Throws away what was accepted and not prepared, and epochs that were prepared above `epoch`; makes those up to it visible. */
  recover(epoch: number): Promise<void>;
}

/** An open sink. For an interval sink each value is an `Interval`. */
export interface SinkWriter {
  /** Takes one result over. Must not throw for what the outside does: see `failure`. */
  accept(value: unknown, context: ResultContext): void;
  /** The end of a turn or of a batch's commit: write out what was taken, without waiting. */
  flush(): void;
  /** False while too much waits to be written: the executor stops its sources until `onReady`. */
  readonly ready: boolean;
  onReady(wake: () => void): void;
  /** Set when writing failed: the job stops with it. `stop` without an error: the reader went away (`| head`). */
  readonly failure: StreamError | 'stop' | undefined;
  /**
   * Everything taken so far is out, as far as the sink can tell: asked before a snapshot that would not repeat it. Absent where handing
   * over is all there is.
   */
  synced?(): Promise<void>;
  /** Present when the sink was opened to commit by epoch. */
  readonly transactions?: SinkTransactions;
  /** Everything taken is written when it resolves. @throws StreamError `RG046`. */
  close(): Promise<void>;
}
