/** How often a job goes back to its last checkpoint before the error stands, and which records it then passes over. */
import type { StreamError } from '../../core/errors.js';
import type { JobSettings } from '../../topology/graph.js';
import type { RecordOptions } from '../executor.js';
import type { SkippedRecords, SourceRecord } from './skipped-records.js';

/** Records whose failures are remembered at a time. */
const RECORDS_MAX = 10_000;

/** What is done about a failure. */
export type Verdict = { readonly kind: 'set back'; readonly wait: number } | { readonly kind: 'give up' };

/**
 * 1. A failure sets the job back at most `replaysMax` times without a new checkpoint in between, and for one record at most so often in
 *    all. The wait doubles from `replayDelay` up to `replayDelayMax`.
 * 2. Then the error stands; with `onError: 'dead-letter'` a record that is to blame is passed over from then on.
 */
export class SetBacks {
  readonly #options: Pick<RecordOptions, 'replaysMax' | 'replayDelay' | 'replayDelayMax'>;
  readonly #onError: JobSettings['onError'];
  readonly #skipped: SkippedRecords;
  readonly #failures = new Map<string, number>();
  #inARow = 0;

  constructor(options: RecordOptions, onError: JobSettings['onError'], skipped: SkippedRecords) {
    this.#options = options;
    this.#onError = onError;
    this.#skipped = skipped;
  }

  /** A new checkpoint was saved. */
  saved(): void {
    this.#inARow = 0;
  }

  failed(error: StreamError, record: SourceRecord | undefined): Verdict {
    const { replaysMax, replayDelay, replayDelayMax } = this.#options;
    const times = Math.max(++this.#inARow, record === undefined ? 0 : this.#count(record));
    const wait = Math.min(replayDelay * 2 ** Math.min(times - 1, 30), replayDelayMax);
    if (times <= replaysMax) return { kind: 'set back', wait };
    if (record === undefined || this.#onError === 'fail') return { kind: 'give up' };
    this.#skipped.add(record, error);
    this.#inARow = 0;
    return { kind: 'set back', wait: replayDelay };
  }

  #count({ source, partition, offset }: SourceRecord): number {
    const name = `${source}:${partition}:${offset}`;
    const count = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.delete(name);
    if (this.#failures.size >= RECORDS_MAX) this.#failures.delete(this.#failures.keys().next().value!);
    this.#failures.set(name, count);
    return count;
  }
}
