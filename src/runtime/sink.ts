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
  /** Everything taken is written when it resolves. @throws StreamError `RG046`. */
  close(): Promise<void>;
}
