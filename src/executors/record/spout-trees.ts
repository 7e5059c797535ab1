/** The tuple trees of one spout task, and the way of one emit into the chain. */
import { StreamError } from '../../core/errors.js';
import { nameOf } from '../../plan/kinds.js';
import type { MessageId, SpoutMessageId, Values } from '../../topology/components.js';
import type { Emitted } from '../deferred-emits.js';
import type { Link } from '../link.js';
import type { TreeFailure, TreeOwner } from './acker.js';
import { LAZY, UNTRACKED } from './anchors.js';
import type { PendingTuples } from './pending.js';
import type { SpoutAnswers } from './spout-answers.js';
import { SpoutErrors } from './spout-errors.js';
import type { TaskParts } from './task.js';

/** An emit, with its way into the chain. */
export interface Deferred extends Emitted {
  readonly link: Link;
}

/** Gives each message that leaves the chain a slot, and the spout an answer for each message. */
export class SpoutTrees implements TreeOwner {
  readonly #parts: TaskParts;
  readonly #pending: PendingTuples;
  readonly #answers: SpoutAnswers;
  readonly #base: number;
  readonly #errors: SpoutErrors;
  #id: MessageId | undefined;
  #values: Values | undefined;
  #sequence = 0;

  /** `base` is the first root of this task's slots. */
  constructor(parts: TaskParts, pending: PendingTuples, answers: SpoutAnswers, base: number) {
    this.#parts = parts;
    this.#pending = pending;
    this.#answers = answers;
    this.#base = base;
    this.#errors = new SpoutErrors(parts);
  }

  /** Called with the anchors at their first edge. */
  open(): void {
    const { anchors, ackers, now, job } = this.#parts;
    const pending = this.#pending;
    const slot = pending.take();
    pending.sequences[slot] = this.#sequence;
    pending.emittedAt[slot] = now();
    pending.ids[slot] = this.#id!;
    pending.values[slot] = this.#values;
    anchors.root = this.#base + slot;
    anchors.generation = ackers.open(anchors.root);
    if (job.hasListener) job.treeOpened(anchors.root, anchors.generation, this.#id!);
  }

  /** Of the message at hand; undefined: it has none. */
  get messageId(): MessageId | undefined {
    return this.#id;
  }

  treeDone(slot: number): void {
    const { counters, now, job } = this.#parts;
    counters.acked++;
    counters.completed++;
    counters.completeTime += now() - this.#pending.emittedAt[slot]!;
    this.#answer(slot, false);
    job.wake();
  }

  treeFailed(slot: number, failure: TreeFailure): void {
    const { ids, values } = this.#pending;
    this.#answer(slot, this.#errors.isFailure(ids[slot]!, values[slot], failure));
    this.#parts.job.wake();
  }

  messageOf(slot: number): SpoutMessageId {
    const { head, task } = this.#parts;
    return { spout: nameOf(head), task, id: this.#pending.ids[slot]! };
  }

  /** The message is done, and the spout has heard it. */
  forget(id: MessageId): void {
    this.#errors.forget(id);
  }

  /** Pushes one emit, whose times stand in the context. */
  push({ link, values, id }: Deferred): void {
    const { anchors, ackers, options } = this.#parts;
    const isTracked = id !== undefined && options.acking;
    this.#id = id;
    this.#values = values;
    this.#sequence = this.#pending.begin();
    anchors.root = isTracked ? LAZY : UNTRACKED;
    anchors.high = 0;
    anchors.low = 0;
    try {
      link.push(values);
    } catch (thrown) {
      this.#chainFailed(thrown, values, isTracked ? id : undefined);
      if (isTracked) return;
    }
    if (anchors.root >= 0) {
      ackers.initialise(anchors.root, anchors.high, anchors.low);
      return;
    }
    this.#pending.finish(this.#sequence);
    if (id !== undefined) this.#answers.done(id);
  }

  #answer(slot: number, failed: boolean): void {
    const pending = this.#pending;
    this.#tellLater(pending.ids[slot]!, failed);
    pending.finish(pending.sequences[slot]!);
    pending.release(slot);
  }

  #tellLater(id: MessageId, failed: boolean): void {
    if (failed) this.#answers.failed(id);
    else this.#answers.done(id);
  }

  /** An operator in the spout's own chain threw: a failed tree as any other, though it may have no edge yet. */
  #chainFailed(thrown: unknown, values: Values, id: MessageId | undefined): void {
    const { anchors, ackers } = this.#parts;
    if (!(thrown instanceof StreamError) || thrown.code === 'RG036') throw thrown;
    const failure: TreeFailure = { reason: 'error', by: thrown.operator, error: thrown };
    if (id === undefined) {
      this.#errors.untracked(values, thrown);
    } else if (anchors.root < 0) {
      this.#pending.finish(this.#sequence);
      this.#tellLater(id, this.#errors.isFailure(id, values, failure));
    } else if (ackers.isOpen(anchors.root, anchors.generation)) {
      ackers.fail(anchors.root, anchors.generation, failure);
    }
  }
}
