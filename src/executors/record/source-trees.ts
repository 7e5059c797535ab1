/** The tuple trees of one source task: a slot for each record under way, and what becomes of it. */
import { StreamError } from '../../core/errors.js';
import type { TreeFailure, TreeOwner } from './acker.js';
import type { PendingTuples } from './pending.js';
import { Replays } from './replays.js';
import type { TaskParts } from './task.js';

/** The task writes the record at hand into the fields; the record's first edge opens its tree. */
export class SourceTrees implements TreeOwner {
  sequence = 0;
  /** Offset of the record at hand. */
  offset = 0;
  value: unknown;
  /** The slot of the record at hand, or -1. */
  slot = -1;
  /** When the turn at hand began (us). */
  emittedAt = 0;
  readonly #parts: TaskParts;
  readonly #source: string;
  readonly #pending: PendingTuples;
  readonly #base: number;
  readonly #replays: Replays;

  /** `base` is the first root of this task's slots. */
  constructor(parts: TaskParts, source: string, pending: PendingTuples, base: number) {
    this.#parts = parts;
    this.#source = source;
    this.#pending = pending;
    this.#base = base;
    this.#replays = new Replays(parts, source, pending);
  }

  /** Called with the anchors at their first edge. */
  open(): void {
    const { anchors, ackers, job } = this.#parts;
    const slot = this.slot >= 0 ? this.slot : this.#takeSlot();
    anchors.root = this.#base + slot;
    anchors.generation = ackers.open(anchors.root);
    if (job.hasListener) job.treeOpened(anchors.root, anchors.generation, this.#pending.ids[slot]!);
  }

  treeDone(slot: number): void {
    const { counters, now } = this.#parts;
    counters.acked++;
    if (counters.isSampled(counters.acked)) {
      counters.completed++;
      counters.completeTime += now() - this.#pending.emittedAt[slot]!;
    }
    this.#pending.finish(this.#pending.sequences[slot]!);
    this.#pending.release(slot);
    this.#parts.job.wake();
  }

  treeFailed(slot: number, failure: TreeFailure): void {
    this.#replays.failed(slot, failure);
  }

  /** The chain threw for the record at hand: its tree, if it has one, is over, and it is delivered again later. */
  chainFailed(thrown: unknown): void {
    const { anchors, ackers, job, options } = this.#parts;
    if (!(thrown instanceof StreamError)) throw thrown;
    if (!options.acking) return this.#droppedAtMostOnce(thrown);
    const failure: TreeFailure = { reason: 'error', by: thrown.operator, error: thrown };
    if (anchors.root >= 0) {
      const { root, generation } = anchors;
      this.slot = -1;
      if (ackers.isOpen(root, generation)) ackers.fail(root, generation, failure);
      return;
    }
    const slot = this.slot >= 0 ? this.slot : this.#takeSlot();
    this.slot = -1;
    this.treeFailed(slot, failure);
    if (job.isStopping) job.wake();
  }

  /** The slots that are to be delivered again. */
  takeDue(): readonly number[] {
    return this.#replays.takeDue();
  }

  /** Puts the record of a slot at hand once more. */
  takeAgain(slot: number): void {
    const pending = this.#pending;
    this.#replays.tellReplay(slot);
    this.slot = slot;
    this.value = pending.values[slot];
    this.offset = pending.ids[slot] as number;
    pending.emittedAt[slot] = this.emittedAt;
  }

  /** Without acking nothing is replayed: a failed record fails the job, or is set aside. */
  #droppedAtMostOnce(error: StreamError): void {
    const { job, plan, task } = this.#parts;
    if (plan.settings.onError === 'fail') return job.abort(error);
    job.deadLetter(this.#source, task, this.offset, this.value, error);
    this.#pending.finish(this.sequence);
  }

  #takeSlot(): number {
    const pending = this.#pending;
    const slot = pending.take();
    this.slot = slot;
    pending.sequences[slot] = this.sequence;
    pending.timestamps[slot] = this.#parts.context.timestamp;
    pending.emittedAt[slot] = this.emittedAt;
    pending.attempts[slot] = 0;
    pending.values[slot] = this.value;
    pending.ids[slot] = this.offset;
    return slot;
  }
}
