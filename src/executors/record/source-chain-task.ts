/** The task that runs the chain of a source on a worker: takes what the driver read, in the order of the partition. */
import { StreamError } from '../../core/errors.js';
import type { Link } from '../link.js';
import { Alignment } from './alignment.js';
import { UNTRACKED } from './anchors.js';
import type { Progress, WatermarkHold } from './hold.js';
import { BARRIER, type Block, WATERMARK } from './ring.js';
import type { RemoteProgress } from './split-source.js';
import type { TaskParts } from './task.js';

/** As a stage task with one input. It holds watermarks back, as the chain of a source does, by what the driver tells it. */
export class SourceChainTask {
  readonly #parts: TaskParts;
  readonly #link: Link;
  readonly #progress: RemoteProgress;
  readonly #holds: readonly WatermarkHold[];
  readonly #alignment: Alignment;
  #isEnded: boolean;

  constructor(parts: TaskParts, progress: RemoteProgress, holds: readonly WatermarkHold[], hasEnded: boolean) {
    this.#parts = parts;
    this.#link = parts.chain.output('default');
    this.#progress = progress;
    this.#holds = holds;
    this.#alignment = new Alignment(parts, 1);
    this.#isEnded = hasEnded;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Passed on, with every record before it; infinite when the source has ended. */
  get watermark(): number {
    return this.#isEnded ? Number.POSITIVE_INFINITY : Math.min(...this.#holds.map(({ passed }) => passed));
  }

  open(): void {}
  close(): void {}

  /** Records were sent before this task began: those that are not processed come again. */
  resume({ processed, next }: Progress): void {
    this.#progress.processed = processed;
    this.#progress.next = next;
  }

  /** Everything before that sequence is processed. */
  processed(sequence: number): void {
    this.#progress.processed = sequence;
    this.#safely(() => {
      for (const hold of this.#holds) hold.release();
    });
  }

  onBlock({ ring: { values, times, ids, recordIds, mask }, from, to }: Block): void {
    const { context, anchors, lane, counters, now } = this.#parts;
    const began = now();
    for (let i = from; i !== to; i = (i + 1) | 0) {
      const at = i & mask;
      const root = ids[4 * at]!;
      if (root <= WATERMARK) {
        this.#control(root, times[2 * at]!, times[2 * at + 1]!);
        continue;
      }
      const value = values[at];
      values[at] = undefined;
      this.#progress.enter(times[2 * at + 1]!);
      context.timestamp = times[2 * at]!;
      context.windowEnd = Number.NaN;
      if (recordIds !== undefined) context.identity!.begin(recordIds[at]);
      anchors.root = root;
      anchors.generation = ids[4 * at + 1]!;
      anchors.high = ids[4 * at + 2]!;
      anchors.low = ids[4 * at + 3]!;
      try {
        this.#link.push(value);
        if (root !== UNTRACKED) lane.ack(root, anchors.generation, anchors.high, anchors.low);
      } catch (thrown) {
        this.#failed(thrown, value);
      }
    }
    counters.busy += now() - began;
  }

  #failed(thrown: unknown, value: unknown): void {
    const { anchors, lane, job, plan, head, task } = this.#parts;
    if (!(thrown instanceof StreamError)) throw thrown;
    if (anchors.root !== UNTRACKED)
      lane.fail(anchors.root, anchors.generation, { reason: 'error', by: thrown.operator, error: thrown });
    else if (plan.settings.onError === 'fail') job.abort(thrown);
    else job.deadLetter(head.kind === 'source' ? head.name : head.uid, task, this.#progress.next - 1, value, thrown);
  }

  #control(kind: number, watermark: number, highest: number): void {
    if (kind === BARRIER) return this.#alignment.reached(watermark);
    this.#safely(() => {
      if (kind === WATERMARK) return this.#link.advance(watermark);
      if (this.#isEnded) return;
      this.#isEnded = true;
      this.#link.end(watermark, highest);
    });
  }

  #safely(run: () => void): void {
    const { anchors, job } = this.#parts;
    anchors.root = UNTRACKED;
    try {
      run();
    } catch (thrown) {
      if (thrown instanceof StreamError) job.failed(thrown);
      else job.abort(thrown);
    }
  }
}
