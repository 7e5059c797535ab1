/** One task of a user-written spout, as a partition that is polled: what it emits becomes records of batches. */
import { floorTo } from '../../core/time.js';
import type { Plan, SpoutOperator } from '../../plan/plan.js';
import type { Listener } from '../../runtime/events.js';
import type { Block, PartitionReader } from '../../runtime/source.js';
import type { Clock, Scheduler } from '../../runtime/world.js';
import type { MessageId, NoStreams, SpoutCollector, Streams, TaskInfo, Values } from '../../topology/components.js';
import type { FunctionTable } from '../../topology/graph.js';
import type { ComponentCounters } from '../component-counters.js';
import { DeferredEmits, type Emitted } from '../deferred-emits.js';
import { SpoutLife } from '../spout-life.js';
import { checkStream } from '../stream-links.js';
import { attributed, blaming, noPromise } from '../user-error.js';
import { SpoutMessage } from './spout-message.js';

/** How long an idle spout waits for its next call where batches do not wait for ticks (us). Storm: 1 ms. */
const IDLE_WAIT = 1_000;

/** Messages of a task that are processed, and wait for a checkpoint: beyond it the spout waits too. */
const UNCOMMITTED_MAX = 1_000_000;

/** What a spout's task is made of. */
export interface SpoutReaderParts {
  readonly plan: Plan;
  readonly operator: SpoutOperator;
  readonly task: number;
  readonly info: TaskInfo;
  readonly counters: ComponentCounters;
  readonly functions: FunctionTable;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly listener: Listener | undefined;
  /** Where its stream time goes on: not below, also where the clock was set back since (us). */
  readonly reached: number;
  /** The most messages whose batch is not done, unless the spout has its own limit. */
  readonly pendingMax: number;
  readonly failed: (error: unknown) => void;
}

/**
 * 1. A poll calls `nextTuple` until it emits nothing, is `idle` or `done`, or `maxSpoutPending` messages are in batches that are not done.
 *    Emits beyond that wait in the collector. Stream time is the clock, and goes on at each step.
 * 2. A message is acked when its batch is done, or, where checkpoints are taken, when one holds what became of it.
 * 3. A message that a bolt gave up fails when its batch is done. The spout emits it again, or not.
 * 4. It has ended when `nextTuple` said `done` and the batches of all messages are done; it hears acks also then.
 */
export class SpoutReader implements PartitionReader, SpoutCollector<Values, Streams & NoStreams> {
  readonly failure = undefined;
  readonly #parts: SpoutReaderParts;
  readonly #life: SpoutLife;
  readonly #waiting: DeferredEmits<Emitted>;
  /** Tracked messages whose batch is not done, oldest first; and those whose batch is, and that no checkpoint has yet. */
  #pending: SpoutMessage[] = [];
  #uncommitted: SpoutMessage[] = [];
  /** Messages of which it is taken how long they take until they are acked (us), oldest first. */
  readonly #timed: { readonly message: SpoutMessage; readonly emittedAt: number }[] = [];
  /** What the poll under way fills. */
  #block: Block | undefined;
  #max = 0;
  #sent = Number.NEGATIVE_INFINITY;
  #isActive = true;
  #isExhausted = false;
  #isOver = false;

  constructor(parts: SpoutReaderParts) {
    this.#parts = parts;
    this.#life = new SpoutLife(parts.operator, parts.functions);
    this.#waiting = new DeferredEmits(parts.operator);
  }

  open(): void {
    this.#life.open(this, this.#parts.info);
  }

  deactivate(): void {
    this.#isActive = false;
    this.#life.deactivate();
  }

  close(): void {
    this.#life.close();
  }

  poll(block: Block, max: number): void {
    if (this.#isOver) return;
    this.#block = block;
    this.#max = max;
    try {
      this.#heartbeat(block);
      while (this.#waiting.length > 0 && (this.#hasRoom || !this.#isActive) && this.#isBelowMax)
        this.#give(this.#waiting.shift()!);
      this.#emitSome();
      if (this.#isExhausted && this.#isQuiet) {
        this.#isOver = true;
        block.ended = true;
      }
    } catch (thrown) {
      this.#isOver = true;
      this.#parts.failed(attributed(thrown, this.#parts.operator));
    } finally {
      this.#block = undefined;
    }
  }

  onReady(wake: () => void): void {
    const { clock, scheduler } = this.#parts;
    scheduler.at(clock.now() + IDLE_WAIT, wake);
  }

  /** The batches of every message below `offset` are done: what was given up fails. */
  processed(offset: number): void {
    const done = this.#pending.filter((message) => message.offset < offset);
    if (done.length === 0) return;
    this.#pending = this.#pending.slice(done.length);
    for (const message of done) if (message.answer === 'none') this.#uncommitted.push(message);
    const failed = done.filter(({ answer }) => answer === 'fail');
    this.#parts.counters.failed += failed.length;
    // It may emit them again, also when it was done.
    if (failed.length > 0) this.#isExhausted = false;
    blaming(this.#parts.operator, () => {
      for (const { id } of failed) this.#life.spout.fail?.(id!);
    });
  }

  commit(offset: number): void {
    this.processed(offset);
    const done = this.#uncommitted.filter((message) => message.offset < offset);
    this.#uncommitted = this.#uncommitted.slice(done.length);
    for (const message of done) message.answer = 'ack';
    this.#completed(offset, done.length);
    blaming(this.#parts.operator, () => {
      for (const { id } of done) this.#life.spout.ack?.(id!);
    });
  }

  get pendingCount(): number {
    return this.#pending.length + this.#uncommitted.length;
  }

  emit(values: Values, id?: MessageId): void {
    this.#offer({ stream: 'default', values, id, directTask: 0 }, false);
  }

  emitTo(stream: string, values: Values, id?: MessageId): void {
    this.#offer({ stream, values, id, directTask: 0 }, false);
  }

  emitDirect(directTask: number, stream: string, values: Values, id?: MessageId): void {
    this.#offer({ stream, values, id, directTask }, true);
  }

  reportError(error: unknown): void {
    const { counters, task, clock, listener } = this.#parts;
    counters.reportError(task, error, clock.now(), (event) => listener?.(event));
  }

  #emitSome(): void {
    while (this.#isActive && !this.#isExhausted && this.#waiting.length === 0 && this.#hasRoom && this.#isBelowMax) {
      const already = this.#block!.length;
      const said = this.#life.spout.nextTuple(this);
      noPromise(said, this.#parts.operator);
      if (said === 'done') this.#isExhausted = true;
      else if (said === 'idle' || (this.#block!.length === already && this.#waiting.length === 0)) return;
    }
  }

  /** So many messages were acked, below that offset. */
  #completed(offset: number, acked: number): void {
    const { counters, clock } = this.#parts;
    counters.acked += acked;
    while (this.#timed.length > 0 && this.#timed[0]!.message.offset < offset) {
      const { message, emittedAt } = this.#timed.shift()!;
      if (message.answer !== 'ack') continue;
      counters.completed++;
      counters.completeTime += clock.now() - emittedAt;
    }
  }

  get #isQuiet(): boolean {
    return this.#waiting.length === 0 && this.#pending.length === 0;
  }

  get #hasRoom(): boolean {
    const { operator, pendingMax } = this.#parts;
    return (
      this.#pending.length < (operator.maxSpoutPending ?? pendingMax) && this.#uncommitted.length < UNCOMMITTED_MAX
    );
  }

  get #isBelowMax(): boolean {
    return this.#block!.length < this.#max;
  }

  #offer(emit: Emitted, direct: boolean): void {
    checkStream(this.#parts.operator, emit.stream, direct);
    const hasRoom = this.#block !== undefined && this.#isBelowMax && (emit.id === undefined || this.#hasRoom);
    if (this.#waiting.length > 0 || !hasRoom) this.#waiting.push(emit);
    else this.#give(emit);
  }

  #give(emit: Emitted): void {
    const { operator, task, counters, clock, listener } = this.#parts;
    const block = this.#block!;
    const message = new SpoutMessage(emit, { spout: operator.name, task, offset: block.firstOffset + block.length });
    if (message.id !== undefined) {
      this.#pending.push(message);
      if (counters.isSampled(message.offset + 1)) this.#timed.push({ message, emittedAt: clock.now() });
    }
    block.push(message, this.#now);
    if (listener === undefined || listener.isIdle === true) return;
    const { stream, values, id } = emit;
    const anchors = id === undefined ? [] : [id];
    listener({ kind: 'tupleEmitted', component: operator.name, task, stream, values, anchors });
  }

  get #now(): number {
    return Math.max(Math.floor(this.#parts.clock.now()), this.#parts.reached);
  }

  /** Stream time of a spout is the clock. */
  #heartbeat(block: Block): void {
    const reached = floorTo(this.#now, this.#parts.plan.step);
    if (reached <= this.#sent) return;
    this.#sent = reached;
    block.heartbeat(reached);
  }
}
