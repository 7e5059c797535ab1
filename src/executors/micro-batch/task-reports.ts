/** Where the results of tasks leave the stages, in task order: sinks, counts, events. It knows no task. */
import { SameIdentity } from '../../core/identity.js';
import type { RecordContext } from '../../kernels/kernel.js';
import type { Listener } from '../../runtime/events.js';
import type { DeadLetter } from '../executor.js';
import type { Outcome } from '../outcome.js';
import type { Batch, Wait } from './batch.js';
import { type MessagePlace, SpoutMessage } from './spout-message.js';
import { TaskFailure, type TaskNote, type TaskReport } from './task-result.js';

/** A task by its place. */
export interface TaskPlace {
  readonly stage: number;
  readonly task: number;
}

export class TaskReports {
  retries = 0;
  readonly #outcome: Outcome;
  readonly #listener: Listener | undefined;
  readonly #named: ReadonlySet<string>;

  /** `named`: sinks whose results batch, task and number name. */
  constructor(outcome: Outcome, listener: Listener | undefined, named: ReadonlySet<string>) {
    this.#outcome = outcome;
    this.#listener = listener;
    this.#named = named;
  }

  /**
   * Takes what a task did for a batch; results that would be seen at once wait for the batch's log record. `given` says how many results each sink
   * had of the task's pieces before, and is kept up: a result's number must not depend on how the batch was cut.
   *
   * @throws the failure's error.
   */
  *take(
    batch: Batch,
    { stage, task }: TaskPlace,
    report: TaskReport | TaskFailure,
    given = new Map<string, number>(),
  ): Generator<Wait, void, void> {
    for (const note of report.notes) this.#note(batch, stage, task, note);
    this.retries += report.retries;
    if (report instanceof TaskFailure) throw report.error;
    for (const [counter, by] of report.counts) this.#outcome.count(counter, by);
    for (const [sink, rows] of report.results) {
      if (rows.length === 0) continue;
      const first = given.get(sink) ?? 0;
      given.set(sink, first + rows.length);
      const outlet = this.#outcome.outlets.get(sink)!;
      if (batch.logged?.isDurable === false && outlet.writer.transactions === undefined) yield batch.logged.done;
      if (batch.results === 'committed') outlet.written += rows.length;
      else if (batch.results === 'new') {
        // A batch that is done again has the same results in the same order.
        const identity = this.#named.has(sink) ? new SameIdentity() : undefined;
        const context: RecordContext = { timestamp: 0, windowEnd: Number.NaN, identity };
        const emit = outlet.emit(context, task);
        for (let i = 0; i < rows.length; i++) {
          context.timestamp = rows.timestamps[i]!;
          context.windowEnd = rows.windowEnds[i]!;
          identity?.begin(`${batch.number}/${stage}/${task}/${first + i}`);
          emit(rows.at(i));
        }
      }
      rows.clear();
    }
  }

  #note(batch: Batch, stage: number, partition: number, note: TaskNote): void {
    switch (note.kind) {
      case 'dead-letter':
        return this.#outcome.deadLetter(wholeLetter(batch, note));
      case 'failed':
        return this.#listener?.({ kind: 'taskFailed', stage, partition, attempt: note.attempt, code: note.code });
      case 'tuple-failed':
        for (const place of note.messages) this.#failed(messageIn(batch, place), note.by);
    }
  }

  /** Its spout hears of it at its next turn; of a message that several tasks gave up, once. */
  #failed(message: SpoutMessage | undefined, by: string): void {
    if (message?.answer !== 'none') return;
    message.answer = 'fail';
    const { spout: component, task, id } = message;
    this.#listener?.({ kind: 'tupleFailed', component, task, id: id!, reason: 'failed', by });
  }
}

/** Of a message its spout said more than a row does. */
function wholeLetter(batch: Batch, { letter, message: place }: Extract<TaskNote, { kind: 'dead-letter' }>): DeadLetter {
  if (place === undefined) return letter;
  return { ...letter, value: messageIn(batch, place)?.values };
}

/** Undefined where it was of an earlier batch, as at most once it may be. */
function messageIn({ blocks }: Batch, place: MessagePlace): SpoutMessage | undefined {
  if (place instanceof SpoutMessage) return place;
  const { spout, task, offset } = place;
  for (const { firstOffset, values } of blocks.get(`${spout}:${task}`) ?? []) {
    const message = values[offset - firstOffset];
    if (message instanceof SpoutMessage) return message;
  }
  return undefined;
}
