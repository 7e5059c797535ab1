/** The task of a stage that begins with calls: keeps what came until its calls have ended, and gives it to a stage task in order. */

import type { CallOutcome } from '../../kernels/map-async.js';
import type { MapAsyncOperator } from '../../plan/plan.js';
import type { GateState } from '../../runtime/durability.js';
import { Calls } from '../calls.js';
import { type ExtraAnchors, UNTRACKED } from './anchors.js';
import { type Block, Ring, WATERMARK } from './ring.js';
import { StageTask, untrackedAttempts } from './stage-task.js';
import type { TaskParts } from './task.js';

/** A record whose call has not ended, or whose outcome waits for its turn. */
interface HeldRecord {
  readonly timestamp: number;
  readonly windowEnd: number;
  readonly root: number;
  readonly generation: number;
  readonly high: number;
  readonly low: number;
  readonly extra: ExtraAnchors | undefined;
  /** What names it, for sinks that ask. */
  readonly recordId: string | undefined;
  outcome: CallOutcome | undefined;
}

/** A watermark, a barrier or the end of one input. */
interface HeldControl {
  readonly kind: number;
  readonly input: number;
  readonly first: number;
  readonly second: number;
}

/** The records between two controls, and the control behind them. */
interface Span {
  /** In the order in which they go on: of their coming, or of the ends of their calls. */
  readonly records: HeldRecord[];
  /** Of all that came, so many have gone on. */
  gone: number;
  came: number;
  end: HeldControl | undefined;
}

/** Sources wait while a task holds so many records. */
const RECORDS_HELD_MAX = 4_096;
/** Records that go on in one block. */
const BLOCK_RECORDS_MAX = 64;

/**
 * 1. A record's call is made when fewer than `concurrency` are under way; its tuple tree stays open.
 * 2. Records go on with what came of their calls, in order or as their calls end. A control goes on when all before it has: so neither a
 *    watermark nor a barrier passes a call that is under way.
 * 3. A tree does not time out while its record is here: the call's own timeout counts.
 *
 *      came     a b W1 c d W2        (calls of b and d have ended)
 *      ordered  . .    . .           a is waited for
 *      or not   b   .  .             b goes on; d waits for W1, which waits for a
 */
export class CallingTask {
  readonly #parts: TaskParts;
  readonly #stage: StageTask;
  readonly #calls: Calls;
  readonly #isOrdered: boolean;
  readonly #attemptsUntracked: number;
  readonly #held = new Set<HeldRecord>();
  readonly #spans: Span[] = [newSpan()];
  readonly #ring: Ring;
  readonly #block: Block;
  #isKeptAlive = false;

  constructor(parts: TaskParts, operator: MapAsyncOperator, inputs: number, gate?: GateState) {
    const { plan, options, functions, now, job } = parts;
    this.#parts = parts;
    this.#stage = new StageTask(parts, inputs, gate);
    this.#calls = new Calls({ operator, functions, now, at: (time, run) => job.at(time, run) });
    this.#isOrdered = operator.ordered;
    this.#attemptsUntracked = untrackedAttempts(plan, options);
    this.#ring = new Ring(BLOCK_RECORDS_MAX, true, parts.context.identity !== undefined);
    this.#block = { ring: this.#ring, from: 0, to: 0 };
  }

  get gate(): GateState {
    return this.#stage.gate;
  }

  get isEnded(): boolean {
    return this.#stage.isEnded;
  }

  get watermark(): number {
    return this.#stage.watermark;
  }

  /** Records that are here. */
  get heldCount(): number {
    return this.#held.size;
  }

  get hasRoom(): boolean {
    return this.#held.size < RECORDS_HELD_MAX;
  }

  open(): void {}

  /** No call begins or is heard any more. */
  close(): void {
    this.#calls.end();
  }

  onBlock({ ring, from, to }: Block, input: number): void {
    const { values, times, ids, extras, recordIds, mask } = ring;
    for (let i = from; i !== to; i = (i + 1) | 0) {
      const at = i & mask;
      const root = ids[4 * at]!;
      const [first, second] = [times[2 * at]!, times[2 * at + 1]!];
      if (root <= WATERMARK) {
        this.#last.end = { kind: root, input, first, second };
        this.#spans.push(newSpan());
        continue;
      }
      const [generation, high, low] = [ids[4 * at + 1]!, ids[4 * at + 2]!, ids[4 * at + 3]!];
      const extra = root === UNTRACKED ? undefined : extras?.[at];
      this.#take(values[at], {
        timestamp: first,
        windowEnd: second,
        root,
        generation,
        high,
        low,
        extra,
        recordId: recordIds?.[at],
        outcome: undefined,
      });
      values[at] = undefined;
    }
    this.release();
  }

  /** Lets go on what may. True when there was anything. */
  release(): boolean {
    let isAny = false;
    for (let span = this.#spans[0]!; !this.#parts.job.isOver; span = this.#spans[0]!) {
      isAny = this.#releaseRecords(span) || isAny;
      if (span.end === undefined || span.gone < span.came) return isAny;
      this.#spans.shift();
      this.#pass(span.end);
      isAny = true;
    }
    return isAny;
  }

  get #last(): Span {
    return this.#spans.at(-1)!;
  }

  #take(value: unknown, record: HeldRecord): void {
    const span = this.#last;
    span.came++;
    this.#held.add(record);
    if (this.#isOrdered) span.records.push(record);
    const attemptsMax = record.root === UNTRACKED ? this.#attemptsUntracked : 1;
    this.#calls.make(value, attemptsMax, (outcome) => {
      record.outcome = outcome;
      if (!this.#isOrdered) span.records.push(record);
      this.#parts.job.edgeWaiting();
    });
    if (record.root !== UNTRACKED) this.#keepAlive();
  }

  #releaseRecords(span: Span): boolean {
    const { records } = span;
    let next = 0;
    for (; next < records.length && records[next]!.outcome !== undefined; next++) {
      this.#put(records[next]!);
      if (this.#block.to - this.#block.from === BLOCK_RECORDS_MAX) this.#flush(0);
    }
    if (next === 0) return false;
    records.splice(0, next);
    span.gone += next;
    this.#flush(0);
    return true;
  }

  #put(record: HeldRecord): void {
    const { values, times, ids, extras, recordIds, mask } = this.#ring;
    const at = this.#block.to++ & mask;
    values[at] = record.outcome;
    times[2 * at] = record.timestamp;
    times[2 * at + 1] = record.windowEnd;
    ids[4 * at] = record.root;
    ids[4 * at + 1] = record.generation;
    ids[4 * at + 2] = record.high;
    ids[4 * at + 3] = record.low;
    if (extras !== undefined) extras[at] = record.extra;
    if (recordIds !== undefined) recordIds[at] = record.recordId;
    this.#held.delete(record);
  }

  #pass({ kind, input, first, second }: HeldControl): void {
    const { times, ids, mask } = this.#ring;
    const at = this.#block.to++ & mask;
    ids[4 * at] = kind;
    times[2 * at] = first;
    times[2 * at + 1] = second;
    this.#flush(input);
  }

  #flush(input: number): void {
    const block = this.#block;
    if (block.from !== block.to) this.#stage.onBlock(block, input);
    block.from = 0;
    block.to = 0;
  }

  /** Often enough that no message timeout of a spout passes between two resets. */
  #keepAlive(): void {
    if (this.#isKeptAlive) return;
    this.#isKeptAlive = true;
    const { job, now, lane } = this.#parts;
    job.at(now() + this.#resetEvery, () => {
      this.#isKeptAlive = false;
      let isAny = false;
      for (const { root, generation, extra = [] } of this.#held) {
        if (root === UNTRACKED) continue;
        isAny = true;
        lane.resetTimeout(root, generation);
        for (let i = 0; i < extra.length; i += 4) lane.resetTimeout(extra[i]!, extra[i + 1]!);
      }
      if (!isAny) return;
      job.edgeWaiting();
      this.#keepAlive();
    });
  }

  get #resetEvery(): number {
    const { plan, options } = this.#parts;
    const own = plan.operators.map((operator) => (operator.kind === 'spout' ? operator.messageTimeout : undefined));
    return Math.min(options.messageTimeout, ...own.filter((timeout) => timeout !== undefined)) / 2;
  }
}

function newSpan(): Span {
  return { records: [], gone: 0, came: 0, end: undefined };
}
