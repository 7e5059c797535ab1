/** The task of a user-written spout: calls `nextTuple`, tells it `ack` and `fail`, and never replays by itself. */
import { assert } from '../../core/assert.js';
import { StreamError } from '../../core/errors.js';
import { floorTo } from '../../core/time.js';
import type { SpoutOperator } from '../../plan/plan.js';
import type { MessageId, NoStreams, Spout, SpoutCollector, Streams, Values } from '../../topology/components.js';
import { functionId } from '../../topology/graph.js';
import type { Link } from '../link.js';
import { attributed, blaming, noPromise } from '../user-error.js';
import type { TreeFailure, TreeOwner } from './acker.js';
import { LAZY, UNTRACKED } from './anchors.js';
import { type Deferred, DeferredEmits } from './deferred-emits.js';
import type { WatermarkHold } from './hold.js';
import type { PendingTuples } from './pending.js';
import { SpoutErrors } from './spout-errors.js';
import { streamLinks } from './stream-links.js';
import type { TaskParts } from './task.js';

/** How long an idle spout waits for its next call (us). Storm: `topology.sleep.spout.wait.strategy.time.ms`, 1. */
const IDLE_WAIT = 1_000;

/** One instance of a user's spout. Acks and fails are told at the beginning of a turn, never inside an emit. */
export class SpoutTask implements TreeOwner, SpoutCollector<Values, Streams & NoStreams> {
  readonly #parts: TaskParts;
  readonly #operator: SpoutOperator;
  readonly #spout: Spout<Values>;
  readonly #pending: PendingTuples;
  readonly #holds: readonly WatermarkHold[];
  readonly #base: number;
  readonly #link: (stream: string, direct: boolean) => Link;
  readonly #errors: SpoutErrors;
  #answers: { readonly id: MessageId; readonly failed: boolean }[] = [];
  readonly #deferred: DeferredEmits;
  #id: MessageId | undefined;
  #values: Values | undefined;
  #sequence = 0;
  #emitted = 0;
  #sent = Number.NEGATIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;
  #isExhausted = false;
  #isEnded = false;
  #isWaiting = false;
  /** The task chosen by the `emitDirect` under way. */
  directTask = 0;

  constructor(parts: TaskParts, pending: PendingTuples, holds: readonly WatermarkHold[], base: number) {
    assert(parts.head.kind === 'spout', 'a spout task runs a spout');
    this.#parts = parts;
    this.#operator = parts.head;
    this.#pending = pending;
    this.#holds = holds;
    this.#base = base;
    this.#link = streamLinks(parts.head, parts.chain);
    this.#deferred = new DeferredEmits(parts.head);
    this.#errors = new SpoutErrors(parts);
    this.#spout = blaming(this.#operator, () =>
      (parts.functions.get(functionId(parts.head.node, 'create')) as () => Spout<Values>)(),
    );
  }

  /** Calls the user's `open`, which may emit already. */
  open(): void {
    const { task, stage } = this.#parts;
    const info = { component: this.#operator.name, task, parallelism: stage.parallelism };
    blaming(this.#operator, () => this.#spout.open?.(this, info));
  }

  get name(): string {
    return this.#operator.name;
  }

  get recordsRead(): number {
    return this.#emitted;
  }

  get pendingCount(): number {
    return this.#pending.count;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isQuiet(): boolean {
    return this.#pending.count === 0 && this.#answers.length === 0 && this.#deferred.length === 0;
  }

  turn(): boolean {
    if (this.#isEnded) return false;
    try {
      const answered = this.#tellAnswers();
      this.heartbeat();
      const emitted = this.#parts.job.isStopping ? this.#pushDeferred() : this.#emitSome();
      return answered || emitted;
    } catch (thrown) {
      this.#parts.job.abort(attributed(thrown, this.#operator));
      return false;
    }
  }

  settle(): void {
    this.#parts.anchors.root = UNTRACKED;
    for (const hold of this.#holds) hold.release();
    if (!this.#isExhausted || !this.isQuiet || this.#isEnded) return;
    this.#isEnded = true;
    const final = Math.max(this.#sent, floorTo(this.#parts.now(), this.#parts.plan.step));
    for (const { name } of this.#operator.streams) this.#parts.chain.output(name).end(final, this.#highest);
  }

  /** Stream time of a spout is the clock: its watermark rises at each step. */
  heartbeat(): void {
    const { plan, now, anchors } = this.#parts;
    const reached = floorTo(now(), plan.step);
    if (reached <= this.#sent) return;
    this.#sent = reached;
    anchors.root = UNTRACKED;
    for (const { name } of this.#operator.streams) this.#parts.chain.output(name).advance(reached);
  }

  /** Calls the user's `close`. */
  close(): void {
    blaming(this.#operator, () => this.#spout.close?.());
  }

  emit(values: Values, id?: MessageId): void {
    this.#offer('default', false, values, id);
  }

  emitTo(stream: string, values: Values, id?: MessageId): void {
    this.#offer(stream, false, values, id);
  }

  emitDirect(task: number, stream: string, values: Values, id?: MessageId): void {
    this.directTask = task;
    this.#offer(stream, true, values, id);
  }

  openTree(): void {
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

  treeDone(slot: number): void {
    const { counters, now, job } = this.#parts;
    counters.acked++;
    counters.completed++;
    counters.completeTime += now() - this.#pending.emittedAt[slot]!;
    this.#answer(slot, false);
    job.wake();
  }

  treeFailed(slot: number, failure: TreeFailure): void {
    this.#answer(slot, this.#errors.isFailure(this.#pending.ids[slot]!, this.#pending.values[slot], failure));
    this.#parts.job.wake();
  }

  #answer(slot: number, failed: boolean): void {
    this.#answers.push({ id: this.#pending.ids[slot]!, failed });
    this.#pending.finish(this.#pending.sequences[slot]!);
    this.#pending.release(slot);
  }

  #tellAnswers(): boolean {
    const answers = this.#answers;
    if (answers.length === 0) return false;
    this.#answers = [];
    for (const { id, failed } of answers) {
      if (!failed) {
        this.#errors.forget(id);
        this.#spout.ack?.(id);
      } else {
        this.#isExhausted = false;
        this.#spout.fail?.(id);
      }
    }
    return true;
  }

  /** True when one went out. */
  #pushDeferred(): boolean {
    const before = this.#emitted;
    while (this.#deferred.length > 0 && this.#hasRoom()) this.#push(this.#deferred.shift()!);
    return this.#emitted > before;
  }

  #emitSome(): boolean {
    const { options } = this.#parts;
    const before = this.#emitted;
    this.#pushDeferred();
    while (
      !this.#isExhausted &&
      this.#deferred.length === 0 &&
      this.#hasRoom() &&
      this.#emitted - before < options.turnRecordsMax
    ) {
      const already = this.#emitted + this.#deferred.length;
      const said = this.#spout.nextTuple(this);
      noPromise(said, this.#operator);
      if (said === 'done') this.#isExhausted = true;
      else if (said === 'idle' || this.#emitted + this.#deferred.length === already) {
        this.#wait();
        break;
      }
    }
    return this.#emitted > before;
  }

  /** One timer at a time, however many turns come before it. */
  #wait(): void {
    if (this.#isWaiting) return;
    const { job, now } = this.#parts;
    this.#isWaiting = true;
    job.at(now() + IDLE_WAIT, () => {
      this.#isWaiting = false;
      job.wake();
    });
  }

  #hasRoom(): boolean {
    return this.#pending.count < this.#parts.options.maxSpoutPending && this.#pending.room > 0;
  }

  #offer(stream: string, direct: boolean, values: Values, id: MessageId | undefined): void {
    const emit = { stream, link: this.#link(stream, direct), values, id, directTask: this.directTask };
    const hasRoom = id === undefined ? this.#pending.room > 0 : this.#hasRoom();
    if (this.#deferred.length > 0 || !hasRoom) this.#deferred.push(emit);
    else this.#push(emit);
  }

  #push({ stream, link, values, id, directTask }: Deferred): void {
    const { context, anchors, ackers, options, counters, job, now, task } = this.#parts;
    this.directTask = directTask;
    context.timestamp = Math.floor(now());
    context.windowEnd = Number.NaN;
    if (context.timestamp > this.#highest) this.#highest = context.timestamp;
    this.#emitted++;
    counters.emitted++;
    counters.executed[task]!++;
    if (job.hasListener)
      job.event({
        kind: 'tupleEmitted',
        component: this.#operator.name,
        task,
        stream,
        values,
        anchors: id === undefined ? [] : [id],
      });
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
    if (id !== undefined) this.#answers.push({ id, failed: false });
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
      this.#answers.push({ id, failed: this.#errors.isFailure(id, values, failure) });
    } else if (ackers.isOpen(anchors.root, anchors.generation)) {
      ackers.fail(anchors.root, anchors.generation, failure);
    }
  }
}
