/** The task of a user-written spout: calls `nextTuple`, tells it `ack` and `fail`, and never replays by itself. */
import { assert } from '../../core/assert.js';
import { floorTo } from '../../core/time.js';
import { expiryOf } from '../../plan/expiry.js';
import type { SpoutOperator } from '../../plan/plan.js';
import { taskPlace } from '../../plan/task-place.js';
import type { SourcePosition } from '../../runtime/durability.js';
import type { MessageId, NoStreams, SpoutCollector, Streams, Values } from '../../topology/components.js';
import { DeferredEmits } from '../deferred-emits.js';
import type { Link } from '../link.js';
import { SpoutLife } from '../spout-life.js';
import { streamLinks } from '../stream-links.js';
import { attributed, blaming, noPromise } from '../user-error.js';
import { UNTRACKED } from './anchors.js';
import type { SpoutTaskParts } from './read-task-parts.js';
import { SpoutAnswers } from './spout-answers.js';
import { type Deferred, SpoutTrees } from './spout-trees.js';
import type { TaskParts } from './task.js';

/** How long an idle spout waits for its next call (us). Storm: `topology.sleep.spout.wait.strategy.time.ms`, 1. */
const IDLE_WAIT = 1_000;

/**
 * One instance of a user's spout. Acks and fails are told at the beginning of a turn, never inside an emit.
 *
 * When the job goes back to a checkpoint the instance stays: `rewire` gives it its new chain, and fails what was not durable.
 */
export class SpoutTask implements SpoutCollector<Values, Streams & NoStreams> {
  readonly #operator: SpoutOperator;
  readonly #life: SpoutLife;
  readonly #answers: SpoutAnswers;
  readonly #deferred: DeferredEmits<Deferred>;
  #parts: TaskParts;
  #own: SpoutTaskParts;
  #link: (stream: string, direct: boolean) => Link;
  #trees: SpoutTrees;
  #emitted = 0;
  #sent = Number.NEGATIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;
  #isExhausted = false;
  #isEnded = false;
  #isWaiting = false;
  /** The task chosen by the `emitDirect` under way. */
  directTask = 0;

  constructor(parts: TaskParts, own: SpoutTaskParts) {
    assert(parts.head.kind === 'spout', 'a spout task runs a spout');
    this.#parts = parts;
    this.#operator = parts.head;
    this.#own = own;
    this.#answers = new SpoutAnswers(own.untilDurable);
    if (own.from !== undefined) {
      this.#emitted = own.from.offset;
      this.#highest = own.from.times.highest;
      this.#isExhausted = own.from.hasEnded;
      this.#isEnded = own.from.hasEnded;
    }
    this.#link = streamLinks(parts.head, parts.chain);
    this.#deferred = new DeferredEmits(parts.head);
    this.#trees = new SpoutTrees(parts, own.pending, this.#answers, own.base);
    this.#life = new SpoutLife(parts.head, parts.functions);
  }

  open(): void {
    const { plan, task, stage, counters, now } = this.#parts;
    const metrics = counters.metrics.of(task, this.#operator, now);
    this.#life.open(this, { ...taskPlace(plan, stage, task), metrics });
  }

  /** Goes on in another wiring. What is not durable fails, so that the spout emits it again. */
  rewire(parts: TaskParts, own: SpoutTaskParts): void {
    for (const id of this.#own.pending.idsUnderWay()) this.#answers.failed(id);
    for (const id of this.#deferred.takeIds()) this.#answers.failed(id);
    this.#answers.lost();
    this.#parts = parts;
    this.#own = own;
    this.#link = streamLinks(this.#operator, parts.chain);
    this.#trees = new SpoutTrees(parts, own.pending, this.#answers, own.base);
    this.#sent = Number.NEGATIVE_INFINITY;
    this.#isEnded = false;
    this.#isWaiting = false;
  }

  get trees(): SpoutTrees {
    return this.#trees;
  }

  /** Which task of which stage it is. */
  get place(): string {
    return `${this.#parts.stage.id}:${this.#parts.task}`;
  }

  get name(): string {
    return this.#operator.name;
  }

  get recordsRead(): number {
    return this.#emitted;
  }

  get pendingCount(): number {
    return this.#own.pending.count;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isQuiet(): boolean {
    return this.#own.pending.count === 0 && this.#answers.dueCount === 0 && this.#deferred.length === 0;
  }

  /** Passed on by its chain, with every tuple before it; infinite once it has ended. */
  get watermark(): number {
    return this.#isEnded ? Number.POSITIVE_INFINITY : Math.min(...this.#own.holds.map(({ passed }) => passed));
  }

  /** Everything that has gone out is processed, and its watermarks are passed on. What waits in the collector may need a checkpoint. */
  get isAtRest(): boolean {
    const { pending, holds } = this.#own;
    const isEnding = this.#isExhausted && this.isQuiet && !this.#isEnded;
    return pending.count === 0 && !isEnding && holds.every((hold) => hold.isEmpty);
  }

  turn(): boolean {
    if (this.#isEnded) return false;
    try {
      const answered = this.#tellAnswers();
      this.heartbeat();
      const { isStopping, isPaused } = this.#parts.job;
      if (isStopping) this.#life.deactivate();
      if (isPaused) return answered;
      const emitted = isStopping ? this.#pushDeferred() : this.#emitSome();
      return answered || emitted;
    } catch (thrown) {
      this.#parts.job.abort(attributed(thrown, this.#operator));
      return false;
    }
  }

  settle(): void {
    this.#parts.anchors.root = UNTRACKED;
    for (const hold of this.#own.holds) hold.release();
    if (!this.#isExhausted || !this.isQuiet || this.#isEnded) return;
    this.#isEnded = true;
    const final = Math.max(this.#sent, floorTo(this.#parts.now(), this.#parts.plan.step));
    for (const { name } of this.#operator.streams) this.#parts.chain.output(name).end(final, this.#highest);
  }

  /** Where it stands, at rest. A snapshot is being taken that holds everything processed so far. */
  position(): SourcePosition {
    this.#answers.snapshot();
    const times = { watermark: this.#sent, nextStep: this.#sent, highest: this.#highest, sent: this.#sent };
    const at = { source: this.name, partition: this.#parts.task, offset: this.#emitted };
    return { ...at, hasEnded: this.#isEnded, times, reader: undefined };
  }

  /** The snapshot that holds what was processed then is saved. One that has ended has no turn any more in which it could hear. */
  durable(): void {
    this.#answers.durable();
    if (this.#isEnded) blaming(this.#operator, () => this.#tellAnswers());
  }

  /** All tasks have passed that watermark on. True when there is something to tell. */
  expire(frontier: number): boolean {
    if (!this.#own.expires) return false;
    if (this.#isEnded) this.#answers.inWindows(expiryOf(this.#parts.plan, this.#highest));
    const hasExpired = this.#answers.expired(frontier);
    if (this.#isEnded) blaming(this.#operator, () => this.#tellAnswers());
    return hasExpired;
  }

  /** Puts a barrier behind everything that it has given. */
  barrier(epoch: number): void {
    for (const edge of this.#parts.exitEdges) edge.barrier(epoch);
  }

  /** Stream time of a spout is the clock: its watermark rises at each step. */
  heartbeat(): void {
    const { plan, now, anchors } = this.#parts;
    const reached = floorTo(now(), plan.step);
    if (reached <= this.#sent) return;
    this.#sent = reached;
    if (this.#own.expires) this.#answers.inWindows(expiryOf(plan, this.#highest));
    anchors.root = UNTRACKED;
    for (const { name } of this.#operator.streams) this.#parts.chain.output(name).advance(reached);
  }

  close(): void {
    this.#life.close();
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

  reportError(error: unknown): void {
    const { counters, task, now, job } = this.#parts;
    counters.reportError(task, error, now(), (event) => job.event(event));
  }

  #tellAnswers(): boolean {
    const answers = this.#answers.take();
    for (const { id, failed } of answers) {
      if (!failed) {
        this.#trees.forget(id);
        this.#life.spout.ack?.(id);
      } else {
        this.#isExhausted = false;
        this.#life.spout.fail?.(id);
      }
    }
    return answers.length > 0;
  }

  /** True when one went out. */
  #pushDeferred(): boolean {
    const before = this.#emitted;
    while (this.#deferred.length > 0 && this.#hasRoom()) this.#push(this.#deferred.shift()!);
    return this.#emitted > before;
  }

  #emitSome(): boolean {
    const { quantum } = this.#parts;
    const before = this.#emitted;
    this.#pushDeferred();
    while (
      !this.#isExhausted &&
      this.#deferred.length === 0 &&
      this.#hasRoom() &&
      this.#emitted - before < quantum.recordsMax
    ) {
      const already = this.#emitted + this.#deferred.length;
      const said = this.#life.spout.nextTuple(this);
      noPromise(said, this.#operator);
      if (said === 'done') this.#isExhausted = true;
      else if (said === 'idle' || this.#emitted + this.#deferred.length === already) {
        this.#wait();
        break;
      }
    }
    quantum.gave(this.#emitted - before);
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
    const { options, job } = this.#parts;
    const { pending, untilDurable } = this.#own;
    const isCommitted = !untilDurable || this.#answers.uncommittedCount + pending.count < options.maxUncommitted;
    if (!isCommitted) job.barrierNeeded();
    const most = this.#operator.maxSpoutPending ?? options.maxSpoutPending;
    return isCommitted && pending.count < most && pending.room > 0;
  }

  #offer(stream: string, direct: boolean, values: Values, id: MessageId | undefined): void {
    const emit = { stream, link: this.#link(stream, direct), values, id, directTask: this.directTask };
    const hasRoom = id === undefined ? this.#own.pending.room > 0 : this.#hasRoom();
    if (this.#deferred.length > 0 || !hasRoom) this.#deferred.push(emit);
    else this.#push(emit);
  }

  #push(emit: Deferred): void {
    const { context, counters, job, now, task } = this.#parts;
    const { stream, values, id } = emit;
    this.directTask = emit.directTask;
    context.timestamp = Math.floor(now());
    context.windowEnd = Number.NaN;
    if (context.timestamp > this.#highest) this.#highest = context.timestamp;
    this.#emitted++;
    counters.emitted++;
    counters.executed[task]!++;
    if (job.hasListener) {
      const anchors = id === undefined ? [] : [id];
      job.event({ kind: 'tupleEmitted', component: this.name, task, stream, values, anchors });
    }
    this.#trees.push(emit);
  }
}
