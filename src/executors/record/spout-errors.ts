/** Counts how often a user-written spout's messages met a bolt that threw, so that `onError` means what it means elsewhere. */
import type { StreamError } from '../../core/errors.js';
import type { MessageId } from '../../topology/components.js';
import type { JobControl } from './task.js';

/** Messages whose errors are remembered at a time; beyond it the oldest is forgotten, and may be tried more often. */
const MESSAGES_MAX = 10_000;

/** What the spout hears of a tuple that met an error: `fail`, so that it may emit it again, or `ack`, since it was set aside. */
export type ErrorAnswer = 'fail' | 'ack';

/** After `attemptsMax` errors of one message the job fails, or the message becomes a dead letter and is over. */
export class SpoutErrors {
  readonly #counts = new Map<MessageId, number>();
  readonly #attemptsMax: number;
  readonly #onError: 'fail' | 'dead-letter';

  constructor(settings: { readonly attemptsMax: number; readonly onError: 'fail' | 'dead-letter' }) {
    this.#attemptsMax = settings.attemptsMax;
    this.#onError = settings.onError;
  }

  /** One more error of a message. `setAside` makes it a dead letter. */
  count(id: MessageId, error: StreamError, job: JobControl, setAside: () => void): ErrorAnswer {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.delete(id);
    if (count < this.#attemptsMax) {
      this.#remember(id, count);
      return 'fail';
    }
    if (this.#onError === 'fail') {
      job.abort(error);
      return 'fail';
    }
    setAside();
    return 'ack';
  }

  /** The message is done. */
  forget(id: MessageId): void {
    if (this.#counts.size > 0) this.#counts.delete(id);
  }

  #remember(id: MessageId, count: number): void {
    if (this.#counts.size >= MESSAGES_MAX) this.#counts.delete(this.#counts.keys().next().value!);
    this.#counts.set(id, count);
  }
}
