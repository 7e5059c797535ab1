/** The collector of one bolt task: emits into the task's chain, and answers about tuples. */
import type { StreamError } from '../../core/errors.js';
import type { BoltOperator } from '../../plan/plan.js';
import type { NoStreams, OutputCollector, SpoutMessageId, Streams, Tuple, Values } from '../../topology/components.js';
import type { Link } from '../link.js';
import { streamLinks } from '../stream-links.js';
import { checkOpen, takeAnswer, timeOfEmit } from '../tuple-answers.js';
import { type BoltAnchors, type BoltTuple, boltTuple } from './bolt-tuple.js';
import type { TaskParts } from './task.js';

/** One collector for each bolt task; it may be used after `execute` returned. */
export class BoltCollector implements OutputCollector<Values, Streams & NoStreams> {
  readonly #parts: TaskParts;
  readonly #bolt: BoltOperator;
  readonly #anchors: BoltAnchors;
  readonly #link: (stream: string, direct: boolean) => Link;
  /** The task chosen by the `emitDirect` under way. */
  directTask = 0;
  /** The watermark that went on last: what a bolt emits later, for a tuple that it held, is not below it. */
  watermark = Number.NEGATIVE_INFINITY;
  /** Of the tuple or tick that was executed last. */
  time = Number.NEGATIVE_INFINITY;

  constructor(parts: TaskParts, bolt: BoltOperator, anchors: BoltAnchors) {
    this.#parts = parts;
    this.#bolt = bolt;
    this.#anchors = anchors;
    this.#link = streamLinks(bolt, parts.chain);
  }

  emit(values: Values, anchors: Tuple | readonly Tuple[]): void {
    this.#emit(this.#link('default', false), 'default', values, anchors);
  }

  emitTo(stream: string, values: Values, anchors: Tuple | readonly Tuple[]): void {
    this.#emit(this.#link(stream, false), stream, values, anchors);
  }

  emitDirect(task: number, stream: string, values: Values, anchors: Tuple | readonly Tuple[]): void {
    this.directTask = task;
    this.#emit(this.#link(stream, true), stream, values, anchors);
  }

  emitUnanchored(values: Values): void {
    this.#emit(this.#link('default', false), 'default', values, []);
  }

  emitUnanchoredTo(stream: string, values: Values): void {
    this.#emit(this.#link(stream, false), stream, values, []);
  }

  ack(tuple: Tuple): void {
    const { lane, counters, now } = this.#parts;
    const own = this.#answer(tuple, 'acked');
    counters.acked++;
    counters.processed++;
    counters.processTime += now() - own.receivedAt;
    if (own.root < 0) return;
    lane.ack(own.root, own.generation, own.high ^ own.childHigh, own.low ^ own.childLow);
    const { extra } = own;
    for (let i = 0; i < (extra?.length ?? 0); i += 4)
      lane.ack(extra![i]!, extra![i + 1]!, extra![i + 2]! ^ own.childHigh, extra![i + 3]! ^ own.childLow);
  }

  fail(tuple: Tuple, reason?: string): void {
    this.failWith(
      this.#answer(tuple, 'failed'),
      reason === undefined ? this.#bolt.name : `${this.#bolt.name}: ${reason}`,
      undefined,
    );
  }

  /** Fails every tree of the tuple. */
  failWith(own: BoltTuple, by: string, error: StreamError | undefined): void {
    const { lane, counters } = this.#parts;
    counters.failed++;
    own.answer = 'failed';
    if (own.root < 0) return;
    const failure = { reason: error === undefined ? 'failed' : 'error', by, error } as const;
    lane.fail(own.root, own.generation, failure);
    for (let i = 0; i < (own.extra?.length ?? 0); i += 4) lane.fail(own.extra![i]!, own.extra![i + 1]!, failure);
  }

  resetTimeout(tuple: Tuple): void {
    const own = boltTuple(tuple, this.#bolt.name);
    if (own.root < 0) return;
    this.#parts.lane.resetTimeout(own.root, own.generation);
    for (let i = 0; i < (own.extra?.length ?? 0); i += 4)
      this.#parts.lane.resetTimeout(own.extra![i]!, own.extra![i + 1]!);
  }

  messageIds(tuple: Tuple): readonly SpoutMessageId[] {
    const { ackers } = this.#parts;
    const { root, generation, extra } = boltTuple(tuple, this.#bolt.name);
    const roots = new Map([[root, generation]]);
    for (let i = 0; i < (extra?.length ?? 0); i += 4) roots.set(extra![i]!, extra![i + 1]!);
    return [...roots].flatMap((tree) => ackers.messageOf(...tree) ?? []);
  }

  reportError(error: unknown): void {
    const { counters, task, now, job } = this.#parts;
    counters.reportError(task, error, now(), (event) => job.event(event));
  }

  #emit(link: Link, stream: string, values: Values, anchors: Tuple | readonly Tuple[]): void {
    const { context, counters, job, task } = this.#parts;
    const tuples = (Array.isArray(anchors) ? anchors : [anchors]).map((tuple: Tuple) => this.#open(tuple));
    context.timestamp = Math.max(timeOfEmit(this.#bolt, tuples, this.time), this.watermark);
    context.windowEnd = Number.NaN;
    counters.emitted++;
    if (job.hasListener)
      job.event({
        kind: 'tupleEmitted',
        component: this.#bolt.name,
        task,
        stream,
        values,
        anchors: messageIds(tuples, job),
      });
    this.#anchors.tuples = tuples;
    try {
      link.push(values);
    } finally {
      this.#anchors.tuples = [];
    }
  }

  /** A tuple that may still be anchored to. */
  #open(tuple: Tuple): BoltTuple {
    const own = boltTuple(tuple, this.#bolt.name);
    checkOpen(own, this.#bolt);
    return own;
  }

  #answer(tuple: Tuple, answer: 'acked' | 'failed'): BoltTuple {
    const own = boltTuple(tuple, this.#bolt.name);
    takeAnswer(own, answer, this.#bolt);
    return own;
  }
}

/** The messages at whose trees these tuples hang. */
function messageIds(tuples: readonly BoltTuple[], job: TaskParts['job']): (number | string)[] {
  const ids = new Set<number | string>();
  const add = (root: number, generation: number): void => {
    const id = job.treeId(root, generation);
    if (id !== undefined) ids.add(id);
  };
  for (const { root, generation, extra } of tuples) {
    if (root >= 0) add(root, generation);
    for (let i = 0; i < (extra?.length ?? 0); i += 4) add(extra![i]!, extra![i + 1]!);
  }
  return [...ids];
}
