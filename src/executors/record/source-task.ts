/** The task of one source partition: polls, runs the chain, keeps what is pending, replays what failed. */
import { assert } from '../../core/assert.js';
import { StreamError } from '../../core/errors.js';
import { floorTo } from '../../core/time.js';
import { Block, type PartitionReader } from '../../runtime/source.js';
import type { Link } from '../link.js';
import type { TreeFailure, TreeOwner } from './acker.js';
import { LAZY, UNTRACKED } from './anchors.js';
import type { WatermarkHold } from './hold.js';
import type { PendingTuples } from './pending.js';
import { Replays } from './replays.js';
import type { TaskParts } from './task.js';

/**
 * A connector's partition as a spout that replays by itself.
 *
 * A record that stays within its chain is processed when the chain returns; no tree is opened for it. Its tree begins
 * with the first edge, takes a slot, and ends when the ackers say so. `processed` frees the slot and lets the watermark
 * pass; `durable` follows when everything before it is processed, and is told to the source at the end of the turn.
 */
export class SourceTask implements TreeOwner {
  readonly #parts: TaskParts;
  readonly #reader: PartitionReader;
  readonly #link: Link;
  readonly #pending: PendingTuples;
  readonly #holds: readonly WatermarkHold[];
  readonly #base: number;
  readonly #block = new Block();
  readonly name: string;
  #sequence = 0;
  #offset = 0;
  /** Offset of the record at hand. */
  #current = 0;
  #value: unknown;
  #slot = -1;
  #attempt = 0;
  #read = 0;
  #highest = Number.NEGATIVE_INFINITY;
  #watermark = Number.NEGATIVE_INFINITY;
  #nextStep = Number.NEGATIVE_INFINITY;
  #sent = Number.NEGATIVE_INFINITY;
  #durable = 0;
  #isExhausted = false;
  #isEnded = false;
  readonly #replays: Replays;
  #emittedAt = 0;

  /** `base` is the first root of this task's slots. */
  constructor(
    parts: TaskParts,
    reader: PartitionReader,
    pending: PendingTuples,
    holds: readonly WatermarkHold[],
    base: number,
  ) {
    assert(parts.head.kind === 'source', 'a source task runs a source');
    this.#parts = parts;
    this.name = parts.head.name;
    this.#reader = reader;
    this.#link = parts.chain.output('default');
    this.#pending = pending;
    this.#holds = holds;
    this.#base = base;
    this.#replays = new Replays(parts, parts.head.name, pending);
  }

  /** A source is opened and closed by whoever runs the job. */
  open(): void {}
  close(): void {}

  get recordsRead(): number {
    return this.#read;
  }

  get pendingCount(): number {
    return this.#pending.count;
  }

  /** Nothing more will come from it, and everything that came is processed. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Stopped by the user with nothing pending. */
  get isQuiet(): boolean {
    return this.#pending.processed === this.#pending.next;
  }

  /** One turn. True when it did something. */
  turn(): boolean {
    if (this.#isEnded) return false;
    this.#emittedAt = this.#parts.now();
    let worked = this.#replayDue();
    if (!this.#isExhausted && !this.#parts.job.isStopping) worked = this.#poll() || worked;
    return worked;
  }

  /** After the edges of a turn are drained: passes what waited for processed records, commits, and ends. */
  settle(): void {
    const pending = this.#pending;
    this.#parts.anchors.root = UNTRACKED;
    for (const hold of this.#holds) hold.release();
    if (pending.processed > this.#durable) {
      this.#durable = pending.processed;
      this.#reader.commit(this.#durable);
    }
    if (!this.#isExhausted || pending.processed !== pending.next || this.#isEnded) return;
    this.#isEnded = true;
    this.#link.end(this.#watermark, this.#highest);
  }

  /** Called with the anchors at their first edge: opens the record's tree. */
  openTree(): void {
    const { anchors, ackers, job } = this.#parts;
    const slot = this.#slot >= 0 ? this.#slot : this.#takeSlot();
    anchors.root = this.#base + slot;
    anchors.generation = ackers.open(anchors.root);
    if (job.hasListener) job.treeOpened(anchors.root, anchors.generation, this.#pending.ids[slot]!);
  }

  /** Once nothing more is read, ticks go on by the clock, for bolts that still hold tuples. */
  heartbeat(): void {
    const isRead = this.#isExhausted || this.#parts.job.isStopping;
    if (isRead && !this.#isEnded) this.#rise(Math.max(this.#watermark, Math.floor(this.#parts.now())));
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

  #poll(): boolean {
    const { options, job } = this.#parts;
    const max = Math.min(options.turnRecordsMax, options.maxSpoutPending - this.#pending.count, this.#pending.room);
    if (max <= 0) return false;
    const block = this.#block;
    block.clear(this.#offset);
    this.#reader.poll(block, max);
    const worked = block.values.length > 0 || block.heartbeats.length > 0 || block.ended;
    this.#run(block);
    if (block.ended) {
      this.#isExhausted = true;
      if (job.hasListener)
        job.event({ kind: 'sourceEnded', source: this.name, partition: this.#parts.task, records: this.#read });
    } else if (this.#reader.failure !== undefined && !worked) {
      job.abort(this.#reader.failure);
    } else if (!worked) {
      this.#reader.onReady(job.wake);
    }
    return worked;
  }

  #run(block: Block): void {
    let from = 0;
    for (const { at, watermark } of block.heartbeats) {
      this.#records(block, from, at);
      from = at;
      if (watermark > this.#watermark) this.#rise(watermark);
    }
    this.#records(block, from, block.values.length);
  }

  /** The hot loop: one call of the chain for each record. */
  #records(block: Block, from: number, to: number): void {
    const { context, anchors, options, ackers, counters } = this.#parts;
    const { values, timestamps } = block;
    const { push } = this.#link;
    const pending = this.#pending;
    const root = options.acking ? LAZY : UNTRACKED;
    this.#attempt = 0;
    this.#slot = -1;
    for (let i = from; i < to; i++) {
      const timestamp = timestamps[i]!;
      if (timestamp >= this.#nextStep) this.#rise(timestamp);
      if (timestamp > this.#highest) this.#highest = timestamp;
      if (timestamp > this.#watermark) this.#watermark = timestamp;
      const sequence = pending.begin();
      this.#sequence = sequence;
      this.#value = values[i];
      this.#current = this.#offset++;
      context.timestamp = timestamp;
      context.windowEnd = Number.NaN;
      anchors.root = root;
      anchors.high = 0;
      anchors.low = 0;
      try {
        push(values[i]);
      } catch (thrown) {
        this.#failed(thrown);
        continue;
      }
      if (anchors.root >= 0) {
        ackers.initialise(anchors.root, anchors.high, anchors.low);
        this.#slot = -1;
      } else {
        pending.finish(sequence);
        counters.acked++;
      }
    }
    const count = to - from;
    this.#read += count;
    counters.emitted += count;
    counters.executed[this.#parts.task]! += count;
  }

  /** The chain threw for the record at hand: its tree, if it has one, is over, and it is delivered again later. */
  #failed(thrown: unknown): void {
    const { anchors, ackers, job, options } = this.#parts;
    if (!(thrown instanceof StreamError)) throw thrown;
    if (!options.acking) return this.#droppedAtMostOnce(thrown);
    const failure: TreeFailure = { reason: 'error', by: thrown.operator, error: thrown };
    if (anchors.root >= 0) {
      const { root, generation } = anchors;
      this.#slot = -1;
      if (ackers.isOpen(root, generation)) ackers.fail(root, generation, failure);
      return;
    }
    const slot = this.#slot >= 0 ? this.#slot : this.#takeSlot();
    this.#slot = -1;
    this.treeFailed(slot, failure);
    if (job.isStopping) job.wake();
  }

  /** Without acking nothing is replayed: a failed record fails the job, or is set aside. */
  #droppedAtMostOnce(error: StreamError): void {
    const { job, plan, task } = this.#parts;
    if (plan.settings.onError === 'fail') return job.abort(error);
    job.deadLetter(this.name, task, this.#current, this.#value, error);
    this.#pending.finish(this.#sequence);
  }

  #takeSlot(): number {
    const pending = this.#pending;
    const slot = pending.take();
    this.#slot = slot;
    pending.sequences[slot] = this.#sequence;
    pending.timestamps[slot] = this.#parts.context.timestamp;
    pending.emittedAt[slot] = this.#emittedAt;
    pending.attempts[slot] = this.#attempt;
    pending.values[slot] = this.#value;
    pending.ids[slot] = this.#current;
    return slot;
  }

  #replayDue(): boolean {
    const slots = this.#replays.takeDue();
    for (const slot of slots) this.#replay(slot);
    return slots.length > 0;
  }

  #replay(slot: number): void {
    const { context, anchors, ackers } = this.#parts;
    const pending = this.#pending;
    this.#replays.tellReplay(slot);
    this.#slot = slot;
    this.#value = pending.values[slot];
    context.timestamp = pending.timestamps[slot]!;
    context.windowEnd = Number.NaN;
    anchors.root = LAZY;
    anchors.high = 0;
    anchors.low = 0;
    pending.emittedAt[slot] = this.#emittedAt;
    pending.replay(slot);
    try {
      this.#link.push(this.#value);
    } catch (thrown) {
      this.#failed(thrown);
      return;
    } finally {
      pending.replayed();
    }
    if (anchors.root >= 0) ackers.initialise(anchors.root, anchors.high, anchors.low);
    else this.treeDone(slot);
    this.#slot = -1;
  }

  /** The partition's watermark crossed a step, by a record or a heartbeat. */
  #rise(watermark: number): void {
    this.#watermark = watermark;
    const { step } = this.#parts.plan;
    const floor = floorTo(watermark, step);
    this.#nextStep = floor + step;
    if (floor <= this.#sent) return;
    this.#sent = floor;
    this.#parts.anchors.root = UNTRACKED;
    this.#link.advance(floor);
  }
}
