/** The task of one source partition: polls, runs the chain, keeps what is pending, replays what failed. */
import { assert } from '../../core/assert.js';
import { floorTo } from '../../core/time.js';
import type { SourcePosition } from '../../runtime/durability.js';
import { Block } from '../../runtime/source.js';
import type { Link } from '../link.js';
import { LAZY, UNTRACKED } from './anchors.js';
import type { SourceTaskParts } from './read-task-parts.js';
import type { Mark } from './source-marks.js';
import { SourceRelease } from './source-release.js';
import { SourceTrees } from './source-trees.js';
import type { TaskParts } from './task.js';

/**
 * A connector's partition as a spout that replays by itself.
 *
 * A record that stays within its chain is processed when the chain returns; no tree is opened for it. Its tree begins
 * with the first edge, takes a slot, and ends when the ackers say so. `processed` frees the slot and lets the watermark
 * pass; `durable` releases the offset: when everything before it is processed, at the end of the turn, or, where state must
 * survive, when a checkpoint has it.
 */
export class SourceTask {
  readonly name: string;
  readonly trees: SourceTrees;
  readonly #parts: TaskParts;
  readonly #own: SourceTaskParts;
  readonly #link: Link;
  readonly #block = new Block();
  #offset: number;
  readonly #release: SourceRelease;
  /** Offset of the sequence 0. */
  readonly #first: number;
  #highest = Number.NEGATIVE_INFINITY;
  #watermark = Number.NEGATIVE_INFINITY;
  #nextStep = Number.NEGATIVE_INFINITY;
  #sent = Number.NEGATIVE_INFINITY;
  #isExhausted = false;
  #isEnded = false;

  constructor(parts: TaskParts, own: SourceTaskParts) {
    assert(parts.head.kind === 'source', 'a source task runs a source');
    this.#parts = parts;
    this.#own = own;
    this.name = parts.head.name;
    this.#link = parts.chain.output('default');
    this.trees = new SourceTrees(parts, parts.head.name, own.pending, own.base);
    this.#offset = own.from?.offset ?? 0;
    this.#first = this.#offset;
    this.#release = new SourceRelease(parts, own, this.name);
    if (own.from !== undefined) this.#goOnFrom(own.from);
    own.marks?.mark(this.position(), 0);
  }

  /** A source is opened and closed by whoever runs the job. */
  open(): void {}
  close(): void {}

  /** Over all lives of the job. */
  get recordsRead(): number {
    return this.#offset;
  }

  get pendingCount(): number {
    return this.#own.pending.count;
  }

  /** Passed on by its chain, with every record before it; infinite once it has ended. */
  get watermark(): number {
    return this.#isEnded ? Number.POSITIVE_INFINITY : Math.min(...this.#own.holds.map(({ passed }) => passed));
  }

  /** Where it begins again when state is lost that no checkpoint has. */
  get mark(): Mark | undefined {
    return this.#own.marks?.passed;
  }

  /** Nothing more will come from it, and everything that came is processed. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Stopped by the user with nothing pending. */
  get isQuiet(): boolean {
    return this.#own.pending.processed === this.#own.pending.next && !this.#isFinishing;
  }

  get #isFinishing(): boolean {
    return this.#parts.job.isStopping && !this.#isExhausted && this.#own.reader.finishes?.() === true;
  }

  /** Everything that it has given is processed, and its watermarks are passed on. */
  get isAtRest(): boolean {
    return this.isQuiet && this.#isEnded === this.#isExhausted && this.#own.holds.every((hold) => hold.isEmpty);
  }

  /** One turn. True when it did something. */
  turn(): boolean {
    if (this.#isEnded) return false;
    const { job, now } = this.#parts;
    this.trees.emittedAt = now();
    let worked = this.#replayDue();
    const reads = !job.isStopping || this.#isFinishing;
    if (!this.#isExhausted && reads && !job.isPaused) worked = this.#poll() || worked;
    return worked;
  }

  /** After the edges of a turn are drained: passes what waited for processed records, commits, and ends. */
  settle(): void {
    const { pending, holds, untilDurable } = this.#own;
    this.#parts.anchors.root = UNTRACKED;
    for (const hold of holds) hold.release();
    if (!untilDurable) this.durable(this.#first + pending.processed);
    if (!this.#isExhausted || pending.processed !== pending.next || this.#isEnded) return;
    this.#isEnded = true;
    this.#link.end(this.#watermark, this.#highest);
  }

  /** All tasks have passed that watermark on. True when records were released. */
  expire(frontier: number): boolean {
    if (this.#isEnded) this.#own.marks?.mark(this.position(), this.#own.pending.next);
    return this.#release.expire(frontier);
  }

  /** Everything below that offset is kept: the source may forget it. */
  durable(offset: number): void {
    this.#release.to(offset);
  }

  /** Where it stands, at rest. */
  position(): SourcePosition {
    return {
      source: this.name,
      partition: this.#parts.task,
      offset: this.#offset,
      hasEnded: this.#isEnded,
      times: { watermark: this.#watermark, nextStep: this.#nextStep, highest: this.#highest, sent: this.#sent },
      reader: this.#own.reader.position?.(),
    };
  }

  /** Puts a barrier behind everything that it has given. */
  barrier(epoch: number): void {
    for (const edge of this.#parts.exitEdges) edge.barrier(epoch);
  }

  /** Once nothing more is read, ticks go on by the clock, for bolts that still hold tuples. */
  heartbeat(): void {
    const isRead = this.#isExhausted || this.#parts.job.isStopping;
    if (isRead && !this.#isEnded) this.#rise(Math.max(this.#watermark, Math.floor(this.#parts.now())));
  }

  #goOnFrom({ hasEnded, times }: SourcePosition): void {
    this.#isExhausted = hasEnded;
    this.#isEnded = hasEnded;
    this.#highest = times.highest;
    this.#watermark = times.watermark;
    this.#nextStep = times.nextStep;
    this.#sent = times.sent;
  }

  #poll(): boolean {
    const { options, quantum, job } = this.#parts;
    const { pending, reader } = this.#own;
    const slots = Math.min(options.maxSpoutPending - pending.count, pending.room);
    const max = Math.min(quantum.recordsMax, slots, this.#release.room(this.#offset));
    if (max <= 0) return false;
    const block = this.#block;
    block.clear(this.#offset);
    reader.poll(block, max);
    quantum.gave(block.values.length);
    const worked = block.values.length > 0 || block.heartbeats.length > 0 || block.ended;
    this.#run(block);
    if (block.ended) {
      this.#isExhausted = true;
      if (job.hasListener)
        job.event({ kind: 'sourceEnded', source: this.name, partition: this.#parts.task, records: this.#offset });
    } else if (reader.failure !== undefined && !worked) {
      job.abort(reader.failure);
    } else if (!worked) {
      reader.onReady(job.wake);
    }
    return worked;
  }

  #run(block: Block): void {
    let from = 0;
    for (const { at, watermark } of block.heartbeats) {
      this.#unskipped(block, from, at);
      from = at;
      if (watermark > this.#watermark) this.#rise(watermark);
    }
    this.#unskipped(block, from, block.values.length);
  }

  /** Records that failed too often are passed over: their time counts, and nothing else of them. */
  #unskipped(block: Block, from: number, to: number): void {
    const { skipped, pending } = this.#own;
    if (skipped.count === 0) return this.#records(block, from, to);
    let begin = from;
    for (let i = from; i < to; i++) {
      const error = skipped.errorOf(this.name, this.#parts.task, block.firstOffset + i);
      if (error === undefined) continue;
      this.#records(block, begin, i);
      begin = i + 1;
      const timestamp = block.timestamps[i]!;
      if (timestamp >= this.#nextStep) this.#rise(timestamp);
      this.#highest = Math.max(this.#highest, timestamp);
      this.#watermark = Math.max(this.#watermark, timestamp);
      pending.finish(pending.begin());
      this.#parts.job.deadLetter(this.name, this.#parts.task, this.#offset++, block.values[i], error);
    }
    this.#records(block, begin, to);
  }

  /** The hot loop: one call of the chain for each record. */
  #records(block: Block, from: number, to: number): void {
    const { context, anchors, options, ackers, counters } = this.#parts;
    const { values, timestamps } = block;
    const { push } = this.#link;
    const { pending } = this.#own;
    const { trees } = this;
    const root = options.acking ? LAZY : UNTRACKED;
    trees.slot = -1;
    for (let i = from; i < to; i++) {
      const timestamp = timestamps[i]!;
      if (timestamp >= this.#nextStep) this.#rise(timestamp);
      if (timestamp > this.#highest) this.#highest = timestamp;
      if (timestamp > this.#watermark) this.#watermark = timestamp;
      const sequence = pending.begin();
      trees.sequence = sequence;
      trees.value = values[i];
      trees.offset = this.#offset++;
      context.timestamp = timestamp;
      context.windowEnd = Number.NaN;
      anchors.root = root;
      anchors.high = 0;
      anchors.low = 0;
      try {
        push(values[i]);
      } catch (thrown) {
        trees.chainFailed(thrown);
        continue;
      }
      if (anchors.root >= 0) {
        ackers.initialise(anchors.root, anchors.high, anchors.low);
        trees.slot = -1;
      } else {
        pending.finish(sequence);
        counters.acked++;
      }
    }
    const count = to - from;
    counters.emitted += count;
    counters.executed[this.#parts.task]! += count;
  }

  #replayDue(): boolean {
    const slots = this.trees.takeDue();
    for (const slot of slots) this.#replay(slot);
    return slots.length > 0;
  }

  #replay(slot: number): void {
    const { context, anchors, ackers } = this.#parts;
    const { pending } = this.#own;
    const { trees } = this;
    trees.takeAgain(slot);
    context.timestamp = pending.timestamps[slot]!;
    context.windowEnd = Number.NaN;
    anchors.root = LAZY;
    anchors.high = 0;
    anchors.low = 0;
    pending.replay(slot);
    try {
      this.#link.push(trees.value);
    } catch (thrown) {
      trees.chainFailed(thrown);
      return;
    } finally {
      pending.replayed();
    }
    if (anchors.root >= 0) ackers.initialise(anchors.root, anchors.high, anchors.low);
    else trees.treeDone(slot);
    trees.slot = -1;
  }

  /** The partition's watermark crossed a step, by a record or a heartbeat. */
  #rise(watermark: number): void {
    const { step } = this.#parts.plan;
    const floor = floorTo(watermark, step);
    if (floor > this.#sent) this.#own.marks?.mark(this.position(), this.#own.pending.next);
    this.#watermark = watermark;
    this.#nextStep = floor + step;
    if (floor <= this.#sent) return;
    this.#sent = floor;
    this.#parts.anchors.root = UNTRACKED;
    this.#link.advance(floor);
  }
}
