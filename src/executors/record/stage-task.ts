/** The task of a stage behind an exchange whose head is a kernel: drains blocks, runs the chain, acks. */
import { StreamError } from '../../core/errors.js';
import { recordOf } from '../../kernels/map-async.js';
import type { Plan } from '../../plan/plan.js';
import type { GateState } from '../../runtime/durability.js';
import type { RecordOptions } from '../executor.js';
import { type Link, WatermarkGate } from '../link.js';
import type { TreeFailure } from './acker.js';
import { Alignment } from './alignment.js';
import { UNTRACKED } from './anchors.js';
import { BARRIER, type Block, END, WATERMARK } from './ring.js';
import type { TaskParts } from './task.js';

/** Runs the chain for each record and acks it with the XOR of its own edge and all that the chain made of it. */
export class StageTask {
  readonly #parts: TaskParts;
  readonly #link: Link;
  readonly #gate: WatermarkGate;
  readonly #alignment: Alignment;

  /** `inputs` is the number of edges that lead here. */
  constructor(parts: TaskParts, inputs: number, gate?: GateState) {
    this.#parts = parts;
    this.#link = parts.chain.head;
    this.#gate = new WatermarkGate(inputs, gate);
    this.#alignment = new Alignment(parts, inputs);
  }

  get gate(): GateState {
    return this.#gate.state();
  }

  get isEnded(): boolean {
    return this.#gate.ended;
  }

  /** Passed on, with every result before it; infinite when all inputs have ended. */
  get watermark(): number {
    return this.#gate.ended ? Number.POSITIVE_INFINITY : this.#gate.minimum;
  }

  open(): void {}
  close(): void {}

  /**
   * One block of the edge `input`. Records of one tree that follow each other are acked together, since XOR does not care:
   * what a flat-map made of a line costs the acker one answer and not one a word.
   */
  onBlock(block: Block, input: number): void {
    const { context, anchors, lane, counters, now, task } = this.#parts;
    const { ring, from, to } = block;
    const { values, times, ids, extras, recordIds, mask } = ring;
    const { push } = this.#link;
    const began = now();
    let controls = 0;
    let runRoot = UNTRACKED;
    let runGeneration = 0;
    let runHigh = 0;
    let runLow = 0;
    for (let i = from; i !== to; i = (i + 1) | 0) {
      const at = i & mask;
      const place = 4 * at;
      const root = ids[place]!;
      if (root <= WATERMARK) {
        controls++;
        this.#control(root, input, times[2 * at]!, times[2 * at + 1]!);
        continue;
      }
      const value = values[at];
      values[at] = undefined;
      context.timestamp = times[2 * at]!;
      context.windowEnd = times[2 * at + 1]!;
      if (recordIds !== undefined) context.identity!.begin(recordIds[at]);
      anchors.root = root;
      if (root === UNTRACKED) {
        this.#pushUntracked(push, value);
        continue;
      }
      const generation = ids[place + 1]!;
      anchors.generation = generation;
      anchors.high = ids[place + 2]!;
      anchors.low = ids[place + 3]!;
      if (extras !== undefined) anchors.extra = extras[at];
      try {
        push(value);
      } catch (thrown) {
        this.#failed(thrown);
        continue;
      }
      if (anchors.extra !== undefined) this.#ackExtra(ids[place + 2]!, ids[place + 3]!, anchors.extra);
      if (root === runRoot && generation === runGeneration) {
        runHigh ^= anchors.high;
        runLow ^= anchors.low;
        continue;
      }
      if (runRoot !== UNTRACKED) lane.ack(runRoot, runGeneration, runHigh, runLow);
      runRoot = root;
      runGeneration = generation;
      runHigh = anchors.high;
      runLow = anchors.low;
    }
    if (runRoot !== UNTRACKED) lane.ack(runRoot, runGeneration, runHigh, runLow);
    counters.executed[task]! += ((to - from) | 0) - controls;
    counters.busy += now() - began;
  }

  /** Nobody delivers a window's result again, so it is tried in place. */
  #pushUntracked(push: Link['push'], value: unknown): void {
    const { context } = this.#parts;
    const { timestamp, windowEnd } = context;
    for (let attempt = 1; ; attempt++) {
      context.identity?.again();
      try {
        push(value);
        return;
      } catch (thrown) {
        const { job, plan, head, task, options } = this.#parts;
        if (!(thrown instanceof StreamError)) throw thrown;
        context.timestamp = timestamp;
        context.windowEnd = windowEnd;
        if (attempt < untrackedAttempts(plan, options)) continue;
        if (plan.settings.onError === 'fail') job.failed(thrown);
        else job.deadLetter(head.uid, task, -1, recordOf(value), thrown);
        return;
      }
    }
  }

  /** The further trees of a multi-anchored record: each by its own edge id and the ids of the children, which all share. */
  #ackExtra(high: number, low: number, extra: readonly number[]): void {
    const { anchors, lane } = this.#parts;
    const childHigh = anchors.high ^ high;
    const childLow = anchors.low ^ low;
    for (let i = 0; i < extra.length; i += 4)
      lane.ack(extra[i]!, extra[i + 1]!, extra[i + 2]! ^ childHigh, extra[i + 3]! ^ childLow);
    anchors.extra = undefined;
  }

  #failed(thrown: unknown): void {
    const { anchors, lane, counters } = this.#parts;
    if (!(thrown instanceof StreamError)) throw thrown;
    counters.failed++;
    const failure: TreeFailure = { reason: 'error', by: thrown.operator, error: thrown };
    lane.fail(anchors.root, anchors.generation, failure);
    for (let i = 0; i < (anchors.extra?.length ?? 0); i += 4)
      lane.fail(anchors.extra![i]!, anchors.extra![i + 1]!, failure);
    anchors.extra = undefined;
  }

  #control(kind: number, input: number, watermark: number, highest: number): void {
    const { anchors, job, stage, task } = this.#parts;
    if (job.isOver) return;
    if (kind === BARRIER) return this.#alignment.reached(watermark);
    const gate = this.#gate;
    if (gate.ended) return;
    const rose = kind === WATERMARK ? gate.advance(input, watermark) : gate.end(input, watermark, highest);
    anchors.root = UNTRACKED;
    try {
      if (kind === END && gate.ended) this.#link.end(gate.finalWatermark, gate.highest);
      else if (rose) this.#link.advance(gate.minimum);
    } catch (thrown) {
      if (thrown instanceof StreamError) job.failed(thrown);
      else job.abort(thrown);
    }
    if (rose && job.hasListener) job.event({ kind: 'watermark', stage: stage.id, task, watermark: gate.minimum });
  }
}

/** Attempts of what no tree tracks: one where a second could repeat an effect that must not be. */
export function untrackedAttempts(plan: Plan, { acking }: RecordOptions): number {
  return acking && plan.settings.guarantee !== 'exactly-once' ? plan.settings.attemptsMax : 1;
}
