/** What failures of a user-written spout's tuples mean, so that `onError` means what it means elsewhere. */
import type { StreamError } from '../../core/errors.js';
import type { MessageId } from '../../topology/components.js';
import type { TreeFailure } from './acker.js';
import type { TaskParts } from './task.js';

/** Messages whose errors are remembered at a time; beyond it the oldest is forgotten, and may be tried more often. */
const MESSAGES_MAX = 10_000;

/** After `attemptsMax` errors of one message the job fails, or the message becomes a dead letter and is over. */
export class SpoutErrors {
  readonly #counts = new Map<MessageId, number>();
  readonly #parts: Pick<TaskParts, 'plan' | 'head' | 'task' | 'counters' | 'job'>;
  readonly #name: string;

  constructor(parts: Pick<TaskParts, 'plan' | 'head' | 'task' | 'counters' | 'job'>) {
    this.#parts = parts;
    this.#name = parts.head.kind === 'spout' ? parts.head.name : parts.head.uid;
  }

  /** A tuple failed. True: the spout hears `fail`, so that it may emit it again; false: `ack`, since it was set aside. */
  isFailure(id: MessageId, values: unknown, { reason, by, error }: TreeFailure): boolean {
    const { counters, job, task } = this.#parts;
    counters.failed++;
    if (job.hasListener) {
      const blamed = by === undefined ? {} : { by };
      job.event({ kind: 'tupleFailed', component: this.#name, task, id, reason, ...blamed });
    }
    return error === undefined || this.#mayTryAgain(id, values, error);
  }

  /** A tuple that nobody waits for met an error. */
  untracked(values: unknown, error: StreamError): void {
    const { plan, job, task } = this.#parts;
    if (plan.settings.onError === 'fail') job.abort(error);
    else job.deadLetter(this.#name, task, -1, values, error);
  }

  /** The message is done. */
  forget(id: MessageId): void {
    if (this.#counts.size > 0) this.#counts.delete(id);
  }

  #mayTryAgain(id: MessageId, values: unknown, error: StreamError): boolean {
    const { plan, job, task } = this.#parts;
    const { attemptsMax, onError } = plan.settings;
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.delete(id);
    if (count < attemptsMax) {
      this.#remember(id, count);
      return true;
    }
    if (onError === 'fail') {
      job.abort(error);
      return true;
    }
    job.deadLetter(this.#name, task, id, values, error);
    return false;
  }

  #remember(id: MessageId, count: number): void {
    if (this.#counts.size >= MESSAGES_MAX) this.#counts.delete(this.#counts.keys().next().value!);
    this.#counts.set(id, count);
  }
}
