/** Decides what happens to a failed tuple of a source: emitted again after a wait, set aside, or the end of the job. */
import { StreamError } from '../../core/errors.js';
import type { TreeFailure } from './acker.js';
import type { PendingTuples } from './pending.js';
import type { TaskParts } from './task.js';

/**
 * 1. A tuple that failed at most `replaysMax` times is emitted again, after a wait that doubles from `replayDelay` up to
 *    `replayDelayMax`. It keeps its slot, so it counts as pending and holds the watermark.
 * 2. Then `onError` decides, whatever the tuple failed of: the job fails, or the tuple becomes a dead letter.
 * 3. With exactly-once the first failure sets the whole job back to its last checkpoint: what the tree did so far cannot be taken
 *    back otherwise.
 */
export class Replays {
  readonly #parts: TaskParts;
  readonly #source: string;
  readonly #pending: PendingTuples;
  #due: number[] = [];

  constructor(parts: TaskParts, source: string, pending: PendingTuples) {
    this.#parts = parts;
    this.#source = source;
    this.#pending = pending;
  }

  /** The slots whose wait is over. */
  takeDue(): readonly number[] {
    const due = this.#due;
    if (due.length > 0) this.#due = [];
    return due;
  }

  failed(slot: number, failure: TreeFailure): void {
    const { counters, options, job, plan, now } = this.#parts;
    counters.failed++;
    this.#tell(slot, failure);
    // A lost worker is not the tuple's fault: how often that may happen is limited elsewhere (`RG059`).
    if (failure.reason !== 'worker lost') this.#pending.attempts[slot]!++;
    const attempt = this.#pending.attempts[slot]!;
    const isLast = failure.reason !== 'worker lost' && attempt > options.replaysMax;
    if (plan.settings.guarantee === 'exactly-once') {
      const offset = Number(this.#pending.ids[slot]);
      return job.failed(this.#error(slot, failure), { source: this.#source, partition: this.#parts.task, offset });
    }
    if (isLast && plan.settings.onError === 'fail') return job.abort(this.#error(slot, failure));
    if (isLast) return this.#setAside(slot, failure);
    const wait = Math.min(options.replayDelay * 2 ** Math.min(Math.max(0, attempt - 1), 30), options.replayDelayMax);
    job.at(now() + wait, () => {
      this.#due.push(slot);
      job.wake();
    });
  }

  /** Tells that the tuple is delivered again. */
  tellReplay(slot: number): void {
    const { job, head, task } = this.#parts;
    const { ids, attempts } = this.#pending;
    job.event({ kind: 'tupleReplayed', component: head.uid, task, id: ids[slot]!, attempt: attempts[slot]! });
  }

  #setAside(slot: number, failure: TreeFailure): void {
    const { job, task } = this.#parts;
    const pending = this.#pending;
    job.deadLetter(this.#source, task, pending.ids[slot]!, pending.values[slot], this.#error(slot, failure));
    pending.finish(pending.sequences[slot]!);
    pending.release(slot);
    job.wake();
  }

  #tell(slot: number, { reason, by }: TreeFailure): void {
    const { job, head, task } = this.#parts;
    if (!job.hasListener) return;
    const id = this.#pending.ids[slot]!;
    job.event({ kind: 'tupleFailed', component: head.uid, task, id, reason, ...(by === undefined ? {} : { by }) });
  }

  /** Windows that nothing closes are what most often keeps tuples: those of a timestamp, or of a count, when no more come. */
  #hint(reason: TreeFailure['reason']): string {
    const windows = this.#parts.plan.operators.find((each) => each.kind === 'bolt' && each.windows !== undefined);
    return reason === 'timeout' && windows !== undefined
      ? `give '${windows.uid}' an idleTimeout, so that silence closes its windows, or raise --message-timeout`
      : 'look at the bolt, or raise --message-timeout';
  }

  #error(slot: number, { reason, by, error }: TreeFailure): StreamError {
    if (error !== undefined) return error;
    const why = reason === 'timeout' ? 'timed out' : `was failed by '${by ?? 'a bolt'}'`;
    const tuple = `the tuple ${String(this.#pending.ids[slot])} of '${this.#source}'`;
    const times = this.#pending.attempts[slot] === 1 ? 'once' : `${this.#pending.attempts[slot]} times`;
    return new StreamError('RG035', `${tuple} ${why} ${times}`, this.#hint(reason));
  }
}
