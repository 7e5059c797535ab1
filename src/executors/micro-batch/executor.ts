/** The micro-batch executor: receives, cuts a batch at each tick, runs batches one after another. */
import { firstMultipleAbove } from '../../core/time.js';
import type { Plan } from '../../plan/plan.js';
import type { BatchInfo } from '../../runtime/events.js';
import type { Timer } from '../../runtime/world.js';
import { BATCHES_KEPT, type JobResult, type MicroBatchOptions, type RunningJob, type Services } from '../executor.js';
import { Outcome } from '../outcome.js';
import { createStores, type Stores } from '../stores.js';
import { type Batch, BatchRunner } from './batch-runner.js';
import { intakeOf, partitionsOf, type ReceivedPartition } from './received.js';

/** Spark's defaults, and limits where Spark has none. */
const MICRO_BATCH_DEFAULTS: MicroBatchOptions = {
  blockInterval: 200_000,
  blockRecordsMax: 10_000,
  receivedRecordsMax: 200_000,
  cutSlack: 50_000,
  trigger: 'interval',
  batchRecordsMax: 10_000,
};

/** Batches that may wait; at the limit no further one is cut, and the ticks that were missed are made up for later. */
const QUEUED_BATCHES_MAX = 1_000;

/** Starts a plan in the micro-batch model. */
export function startMicroBatch(plan: Plan, services: Services, options: Partial<MicroBatchOptions> = {}): RunningJob {
  return new MicroBatchJob(plan, services, { ...MICRO_BATCH_DEFAULTS, ...options });
}

/**
 * 1. Ticks stand at multiples of the batch interval; the first is the next one. A tick that comes late comes once for
 *    each missed interval, in order (Spark's `RecurringTimer`).
 * 2. At a tick everything received so far becomes the batch; the cut waits up to `cutSlack` for that tick's heartbeat.
 * 3. Batches run one after another, task by task, with a turn for others between tasks.
 * 4. After a batch its results are flushed and the sources hear how far they are durable.
 */
class MicroBatchJob implements RunningJob {
  readonly done: Promise<JobResult>;
  readonly #plan: Plan;
  readonly #services: Services;
  readonly #options: MicroBatchOptions;
  readonly #outcome: Outcome;
  readonly #stores: Stores;
  readonly #runner: BatchRunner;
  readonly #partitions: readonly ReceivedPartition[];
  readonly #receivers: readonly ReceivedPartition[];
  readonly #timers = new Set<Timer>();
  readonly #began: number;
  readonly #batches: BatchInfo[] = [];
  readonly #queue: Batch[] = [];
  #nextTick: number;
  #batchCount = 0;
  #retries = 0;
  #running:
    | { readonly batch: Batch; readonly steps: Generator<void, void, void>; readonly startTime: number }
    | undefined;
  #isScheduled = false;
  #isStopping = false;
  #lastCut = false;

  constructor(plan: Plan, services: Services, options: MicroBatchOptions) {
    this.#plan = plan;
    this.#services = services;
    this.#options = options;
    this.#outcome = new Outcome('micro-batch', plan, services);
    this.done = this.#outcome.result;
    this.#stores = createStores(plan);
    this.#runner = new BatchRunner({
      plan,
      functions: services.functions,
      stores: this.#stores,
      outlets: this.#outcome.outlets,
      count: this.#outcome.count,
      event: (event) => services.listener?.(event),
      deadLetter: (letter) => this.#outcome.deadLetter(letter),
      retried: () => {
        this.#retries++;
      },
    });
    this.#began = services.world.clock.now();
    this.#partitions = partitionsOf(plan, services, options);
    this.#receivers = this.#partitions.filter(({ source }) => intakeOf(plan, source) === 'receiver');
    this.#nextTick = firstMultipleAbove(this.#began, plan.settings.batchInterval);
    if (options.trigger === 'available') this.#wake();
    else {
      this.#at(this.#nextTick, this.#tick);
      if (this.#receivers.length > 0) this.#receiveEach();
    }
  }

  stop(): void {
    if (this.#outcome.isSettled) return;
    this.#isStopping = true;
    this.#cutLast();
    this.#wake();
  }

  progress(): { recordsRead: number; resultsWritten: number; pending: number } {
    const waiting = this.#partitions.reduce((sum, partition) => sum + partition.waiting, 0);
    const queued = this.#queue.reduce((sum, batch) => sum + batch.numRecords, this.#running?.batch.numRecords ?? 0);
    return {
      recordsRead: this.#recordsRead(),
      resultsWritten: this.#outcome.resultsWritten,
      pending: waiting + queued,
    };
  }

  /** The block generator's timer. */
  #receiveEach(): void {
    const { blockInterval } = this.#options;
    this.#at(firstMultipleAbove(this.#services.world.clock.now(), blockInterval), () => {
      if (this.#isStopping) return;
      for (const receiver of this.#receivers) receiver.receive(Number.MAX_SAFE_INTEGER);
      this.#receiveEach();
    });
  }

  readonly #tick = (): void => {
    if (this.#isStopping || this.#lastCut || this.#outcome.isSettled) return;
    if (this.#queue.length < QUEUED_BATCHES_MAX && this.#outcome.sinksReady(this.#wake)) this.#cutAt(this.#nextTick);
    else this.#at(firstMultipleAbove(this.#services.world.clock.now(), this.#plan.settings.batchInterval), this.#tick);
  };

  /** Cuts the tick's batch, at once or when the heartbeats that it waits for have come. */
  #cutAt(tick: number): void {
    const { clock } = this.#services.world;
    for (const partition of this.#partitions) partition.receive(Number.MAX_SAFE_INTEGER);
    const late = this.#partitions.filter(
      (partition) =>
        !partition.hasEnded &&
        !partition.isFull &&
        partition.heartbeat < tick &&
        partition.reader.failure === undefined,
    );
    if (late.length === 0 || clock.now() >= tick + this.#options.cutSlack) return this.#cut(tick);
    let isCut = false;
    const cutOnce = (): void => {
      if (isCut || this.#isStopping || this.#outcome.isSettled) return;
      isCut = true;
      this.#cutAt(tick);
    };
    for (const partition of late) partition.reader.onReady(() => this.#services.world.scheduler.soon(cutOnce));
    this.#at(tick + this.#options.cutSlack, cutOnce);
  }

  #cut(tick: number): void {
    this.#submit(tick);
    this.#nextTick = tick + this.#plan.settings.batchInterval;
    if (this.#partitions.every((partition) => partition.hasEnded)) this.#lastCut = true;
    else this.#at(this.#nextTick, this.#tick);
  }

  /** Trigger `available`: one batch of what is there, when the one before is done. */
  #cutAvailable(): void {
    if (this.#lastCut || this.#isStopping || !this.#outcome.sinksReady(this.#wake)) return;
    let received = false;
    for (const partition of this.#partitions) received = partition.receive(this.#options.batchRecordsMax) || received;
    if (received) this.#submit(this.#services.world.clock.now());
    if (this.#partitions.every((partition) => partition.hasEnded)) this.#lastCut = true;
    else if (!received)
      for (const partition of this.#partitions) if (!partition.hasEnded) partition.reader.onReady(this.#wake);
  }

  #cutLast(): void {
    if (this.#lastCut) return;
    this.#lastCut = true;
    this.#submit(this.#services.world.clock.now());
  }

  #submit(time: number): void {
    const blocks = new Map(
      this.#partitions.map((partition) => [`${partition.source}:${partition.partition}`, partition.cut()]),
    );
    let numRecords = 0;
    for (const received of blocks.values()) for (const block of received) numRecords += block.values.length;
    this.#services.listener?.({ kind: 'batchSubmitted', batchTime: time, numRecords });
    this.#queue.push({ time, blocks, numRecords, submissionTime: this.#services.world.clock.now() });
    this.#wake();
  }

  readonly #wake = (): void => {
    if (this.#isScheduled || this.#outcome.isSettled) return;
    this.#isScheduled = true;
    this.#services.world.scheduler.soon(this.#turn);
  };

  /** One task of the running batch, or the beginning of the next batch. */
  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#outcome.isSettled) return;
    try {
      this.#step();
    } catch (thrown) {
      this.#finish('failed', thrown);
      return;
    }
    this.#checkEnd();
    if (this.#running !== undefined || this.#queue.length > 0) this.#wake();
  };

  #step(): void {
    if (this.#running === undefined && this.#queue.length === 0 && this.#options.trigger === 'available')
      this.#cutAvailable();
    if (this.#running === undefined) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      if (this.#plan.settings.guarantee === 'at-most-once') this.#commitSources(batch);
      this.#running = { batch, steps: this.#runner.run(batch), startTime: this.#services.world.clock.now() };
    }
    if (this.#running.steps.next().done !== true) return;
    this.#completed(this.#running.batch, this.#running.startTime);
    this.#running = undefined;
    if (this.#options.trigger === 'available') this.#wake();
  }

  #completed(batch: Batch, processingStartTime: number): void {
    this.#outcome.flushSinks();
    if (this.#plan.settings.guarantee !== 'at-most-once') this.#commitSources(batch);
    const { time: batchTime, numRecords, submissionTime } = batch;
    const processingEndTime = this.#services.world.clock.now();
    const info: BatchInfo = {
      batchTime,
      numRecords,
      submissionTime,
      processingStartTime,
      processingEndTime,
      schedulingDelay: processingStartTime - submissionTime,
      processingDelay: processingEndTime - processingStartTime,
      totalDelay: processingEndTime - submissionTime,
    };
    this.#batchCount++;
    this.#batches.push(info);
    if (this.#batches.length > BATCHES_KEPT) this.#batches.shift();
    this.#services.listener?.({ kind: 'batchCompleted', batch: info });
  }

  /** Tells the sources how far they are durable: behind a batch, or before it where its records may be lost but not repeated. */
  #commitSources(batch: Batch): void {
    for (const partition of this.#partitions) {
      const last = batch.blocks.get(`${partition.source}:${partition.partition}`)?.at(-1);
      if (last !== undefined) partition.reader.commit(last.firstOffset + last.values.length);
    }
  }

  #checkEnd(): void {
    const failure = this.#outcome.sinkFailure();
    if (failure === 'stop') return this.#finish('stopped');
    if (failure !== undefined) return this.#finish('failed', failure);
    if (this.#running !== undefined || this.#queue.length > 0) return;
    const broken = this.#partitions.find((partition) => partition.failure !== undefined);
    if (broken !== undefined) this.#finish('failed', broken.failure);
    else if (this.#lastCut)
      this.#finish(this.#partitions.every((partition) => partition.hasEnded) ? 'finished' : 'stopped');
  }

  #finish(outcome: JobResult['outcome'], error?: unknown): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const recordsRead = new Map<string, number>();
    for (const { source, recordsRead: count } of this.#partitions)
      recordsRead.set(source, (recordsRead.get(source) ?? 0) + count);
    this.#outcome.settle(outcome, error, [], {
      duration: this.#services.world.clock.now() - this.#began,
      recordsRead: Object.fromEntries(recordsRead),
      state: (uid) => this.#stores.state(uid),
      batches: this.#batches,
      batchCount: this.#batchCount,
      taskRetries: this.#retries,
    });
  }

  #recordsRead(): number {
    return this.#partitions.reduce((sum, partition) => sum + partition.recordsRead, 0);
  }

  #at(time: number, run: () => void): void {
    const timer = this.#services.world.scheduler.at(time, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}
