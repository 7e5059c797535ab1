/** The job generator: receives, and cuts a batch at each tick. It knows nothing of what becomes of a batch. */
import { firstMultipleAbove } from '../../core/time.js';
import type { Clock, Scheduler, Timer } from '../../runtime/world.js';
import type { MicroBatchOptions } from '../executor.js';
import type { RateControl } from './rate-control.js';
import type { ReceivedPartition } from './received.js';

/** Batches that may wait; at the limit no further one is cut, and the ticks that were missed are made up for later. */
const QUEUED_BATCHES_MAX = 1_000;

/** What a cutter works with. */
export interface CutterParts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly options: MicroBatchOptions;
  /** The batch interval (us). */
  readonly interval: number;
  readonly partitions: readonly ReceivedPartition[];
  readonly receivers: readonly ReceivedPartition[];
  /** What sources may give; undefined: what they have. */
  readonly rates: RateControl | undefined;
  /** Takes everything received so far as the batch of that time. */
  readonly submit: (time: number) => void;
  readonly queued: () => number;
  /** Asks for a turn. */
  readonly wake: () => void;
  readonly sinksReady: (wake: () => void) => boolean;
}

/**
 * 1. Ticks stand at multiples of the batch interval; the first is the next one. A tick that comes late comes once for
 *    each missed interval, in order (Spark's `RecurringTimer`).
 * 2. At a tick everything received so far becomes the batch; the cut waits up to `cutSlack` for that tick's heartbeat.
 */
export class BatchCutter {
  readonly #parts: CutterParts;
  readonly #timers = new Set<Timer>();
  #nextTick = Number.NaN;
  #isStopping = false;
  /** No further batch will be cut. */
  lastCut = false;

  constructor(parts: CutterParts) {
    this.#parts = parts;
  }

  /**
   * Begins to cut. `last`: the tick of the last batch before a restart; those missed since come once each, up to the
   * queue's limit (Spark's `getOrCreate`).
   */
  begin(last: number | undefined): void {
    const { clock, options, interval, receivers, wake } = this.#parts;
    if (this.#isStopping) return this.#cutLast();
    if (last !== undefined && this.#parts.partitions.every((partition) => partition.isDrained)) {
      this.lastCut = true;
      return wake();
    }
    const next = firstMultipleAbove(clock.now(), interval);
    const missed = last === undefined ? next : firstMultipleAbove(last, interval);
    this.#nextTick = Math.min(next, Math.max(missed, next - QUEUED_BATCHES_MAX * interval));
    if (options.trigger === 'available') return wake();
    this.#at(this.#nextTick, this.#tick);
    if (receivers.length > 0) this.#receiveEach();
  }

  /** Cuts what was received as the last batch: at once, or when cutting has begun. */
  stop(): void {
    this.#isStopping = true;
    if (!Number.isNaN(this.#nextTick)) this.#cutLast();
  }

  /** Trigger `available`: one batch of what is there, when the one before is done. */
  cutAvailable(): void {
    const { clock, options, partitions, submit, wake, sinksReady } = this.#parts;
    if (this.lastCut || this.#isStopping || Number.isNaN(this.#nextTick) || !sinksReady(wake)) return;
    let received = false;
    for (const partition of partitions) received = partition.receive(options.batchRecordsMax) || received;
    if (received) submit(clock.now());
    if (this.#haveAllEnded) this.lastCut = true;
    else if (!received) for (const partition of partitions) if (!partition.hasEnded) partition.reader.onReady(wake);
  }

  /** The job is over. */
  cancel(): void {
    this.#isStopping = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  get #haveAllEnded(): boolean {
    return this.#parts.partitions.every((partition) => partition.hasEnded);
  }

  /** The block generator's timer. */
  #receiveEach(): void {
    const { clock, options, receivers, rates } = this.#parts;
    this.#at(firstMultipleAbove(clock.now(), options.blockInterval), () => {
      if (this.#isStopping) return;
      for (const receiver of receivers) {
        if (rates === undefined) receiver.receive(Number.MAX_SAFE_INTEGER);
        else rates.receiveBlock(receiver, options.blockInterval);
      }
      this.#receiveEach();
    });
  }

  readonly #tick = (): void => {
    const { clock, interval, queued, wake, sinksReady } = this.#parts;
    if (this.#isStopping || this.lastCut) return;
    if (queued() < QUEUED_BATCHES_MAX && sinksReady(wake)) this.#cutAt(this.#nextTick);
    else this.#at(firstMultipleAbove(clock.now(), interval), this.#tick);
  };

  /** Cuts the tick's batch, at once or when the heartbeats that it waits for have come. */
  #cutAt(tick: number): void {
    const { clock, scheduler, options, partitions, rates } = this.#parts;
    if (rates === undefined) for (const partition of partitions) partition.receive(Number.MAX_SAFE_INTEGER);
    else rates.receive(tick);
    const late = partitions.filter(
      (partition) =>
        !partition.hasEnded &&
        !partition.isFull &&
        rates?.isSpent(partition) !== true &&
        partition.heartbeat < tick &&
        partition.reader.failure === undefined,
    );
    if (late.length === 0 || clock.now() >= tick + options.cutSlack) return this.#cut(tick);
    let isCut = false;
    const cutOnce = (): void => {
      if (isCut || this.#isStopping) return;
      isCut = true;
      this.#cutAt(tick);
    };
    for (const partition of late) partition.reader.onReady(() => scheduler.soon(cutOnce));
    this.#at(tick + options.cutSlack, cutOnce);
  }

  #cut(tick: number): void {
    const { interval, submit } = this.#parts;
    submit(tick);
    this.#nextTick = tick + interval;
    if (this.#haveAllEnded) this.lastCut = true;
    else this.#at(this.#nextTick, this.#tick);
  }

  #cutLast(): void {
    if (this.lastCut) return;
    this.lastCut = true;
    // What is here already, and nobody would give again.
    for (const receiver of this.#parts.receivers)
      if (receiver.comesAgain !== 'from its offset') receiver.receive(Number.MAX_SAFE_INTEGER);
    this.#parts.submit(this.#parts.clock.now());
  }

  #at(time: number, run: () => void): void {
    const timer = this.#parts.scheduler.at(time, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}
