/** The collector of one bolt task in micro-batches: emits into the task's chain, and takes its answers for the attempt under way. */
import { StreamError } from '../../core/errors.js';
import type { BoltOperator } from '../../plan/plan.js';
import type { JobEvent, Listener } from '../../runtime/events.js';
import type {
  NoStreams,
  OutputCollector,
  SpoutMessageId,
  Streams,
  TaskInfo,
  Tuple,
  Values,
} from '../../topology/components.js';
import { DeliveredTuple } from '../../topology/delivered-tuple.js';
import type { Chain } from '../chain.js';
import type { ComponentCounters } from '../component-counters.js';
import type { Link } from '../link.js';
import { streamLinks } from '../stream-links.js';
import { checkOpen, notDelivered, takeAnswer, timeOfEmit } from '../tuple-answers.js';
import { messagesOf, type Origin, originOf, type TaskContext } from './task-context.js';
import { TupleFailed } from './tuple-failed.js';

/** A tuple as a bolt has it. */
export class BatchTuple extends DeliveredTuple {
  origin: Origin;
  /** When `execute` began (us), of a tuple of which the time is taken. */
  receivedAt: number | undefined;
}

/** What a collector works with. */
export interface CollectorParts {
  readonly operator: BoltOperator;
  readonly context: TaskContext;
  readonly counters: ComponentCounters;
  readonly now: () => number;
  readonly info: TaskInfo;
  readonly listener: Listener | undefined;
}

/**
 * 1. An emit is written for the bolt's readers at once, and stands or falls with the attempt.
 * 2. A tuple that is failed fails the attempt when `execute` has returned. With at-most-once nothing is tried again: an answer is only noted.
 */
export class BatchCollector implements OutputCollector<Values, Streams & NoStreams> {
  readonly #parts: CollectorParts;
  readonly #bolt: BoltOperator;
  readonly #isTracking: boolean;
  #link: ((stream: string, direct: boolean) => Link) | undefined;
  /** The task chosen by the `emitDirect` under way. */
  directTask = 0;
  /** The watermark that went on last: what a bolt emits later, for a tuple that it held, is not below it. */
  watermark = Number.NEGATIVE_INFINITY;
  /** The tuple or tick that the bolt executes: there is an attempt that takes what it emits. */
  executing: Tuple | undefined;
  /** The first tuple that was failed since it was taken. */
  #failed: TupleFailed | undefined;

  constructor(parts: CollectorParts, isTracking: boolean) {
    this.#parts = parts;
    this.#bolt = parts.operator;
    this.#isTracking = isTracking;
  }

  /** Emits go into this chain from now on. */
  into(chain: Chain): void {
    this.#link = streamLinks(this.#bolt, chain);
  }

  takeFailed(): TupleFailed | undefined {
    const failed = this.#failed;
    this.#failed = undefined;
    return failed;
  }

  emit(values: Values, anchors: Tuple | readonly Tuple[]): void {
    this.#emit('default', false, values, anchors);
  }

  emitTo(stream: string, values: Values, anchors: Tuple | readonly Tuple[]): void {
    this.#emit(stream, false, values, anchors);
  }

  emitDirect(task: number, stream: string, values: Values, anchors: Tuple | readonly Tuple[]): void {
    this.directTask = task;
    this.#emit(stream, true, values, anchors);
  }

  emitUnanchored(values: Values): void {
    this.#emit('default', false, values, []);
  }

  emitUnanchoredTo(stream: string, values: Values): void {
    this.#emit(stream, false, values, []);
  }

  ack(tuple: Tuple): void {
    const own = this.#delivered(tuple);
    takeAnswer(own, 'acked', this.#bolt);
    const { counters, now } = this.#parts;
    counters.acked++;
    if (own.receivedAt === undefined) return;
    counters.processed++;
    counters.processTime += now() - own.receivedAt;
  }

  fail(tuple: Tuple, reason?: string): void {
    const own = this.#delivered(tuple);
    takeAnswer(own, 'failed', this.#bolt);
    this.#parts.counters.failed++;
    if (!this.#isTracking || this.#failed !== undefined) return;
    const { name } = this.#bolt;
    const by = reason === undefined ? `'${name}'` : `'${name}' (${reason})`;
    this.#failed = new TupleFailed(this.#bolt, own, `was failed by ${by}`, 'look at the bolt', reason);
  }

  /** A batch has no message timeout. */
  resetTimeout(tuple: Tuple): void {
    this.#delivered(tuple);
  }

  messageIds(tuple: Tuple): readonly SpoutMessageId[] {
    const { origin } = this.#delivered(tuple);
    return this.#isTracking ? messagesOf(origin).map(({ spout, task, id }) => ({ spout, task, id: id! })) : [];
  }

  reportError(error: unknown): void {
    const { counters, info, now, listener } = this.#parts;
    counters.reportError(info.task, error, now(), (event) => listener?.(event));
  }

  #emit(stream: string, direct: boolean, values: Values, anchors: Tuple | readonly Tuple[]): void {
    const tuples = (Array.isArray(anchors) ? anchors : [anchors]).map((tuple: Tuple) => this.#anchor(tuple));
    if (this.executing === undefined) throw this.#betweenBatches();
    const { context, counters, listener } = this.#parts;
    context.timestamp = Math.max(timeOfEmit(this.#bolt, tuples, this.executing.timestamp), this.watermark);
    context.windowEnd = Number.NaN;
    context.origin = originOf(tuples.map(({ origin }) => origin));
    counters.emitted++;
    if (listener !== undefined && listener.isIdle !== true) listener(this.#emitted(stream, values, context.origin));
    this.#link!(stream, direct).push(values);
  }

  #emitted(stream: string, values: Values, origin: Origin): JobEvent {
    const { component, task } = this.#parts.info;
    const anchors = [...new Set(messagesOf(origin).map(({ id }) => id!))];
    return { kind: 'tupleEmitted', component, task, stream, values, anchors };
  }

  #anchor(tuple: Tuple): BatchTuple {
    const own = this.#delivered(tuple);
    checkOpen(own, this.#bolt);
    return own;
  }

  #delivered(tuple: Tuple): BatchTuple {
    if (tuple instanceof BatchTuple) return tuple;
    throw notDelivered(this.#bolt.name);
  }

  #betweenBatches(): StreamError {
    const { name, place } = this.#bolt;
    return new StreamError(
      'RG036',
      `'${name}' emitted while it executed no tuple, and as micro-batches there is no batch then that would have it`,
      'emit within execute, at the latest for a tick; or run the job with --mode record',
      { operator: name, place },
    );
  }
}
