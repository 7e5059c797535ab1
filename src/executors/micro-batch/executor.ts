/** The micro-batch executor: receives, cuts a batch at each tick, runs batches in order. */
import type { Plan } from '../../plan/plan.js';
import type { BatchInfo } from '../../runtime/events.js';
import { BATCHES_KEPT, type JobResult, type MicroBatchOptions, type RunningJob, type Services } from '../executor.js';
import { startedOrFailed } from '../failed-start.js';
import { Outcome } from '../outcome.js';
import { type Batch, type CutPoint, recordsBySource, type Wait } from './batch.js';
import { microBatchOptions } from './options.js';
import { type JobParts, partsOf } from './parts.js';
import type { Restart } from './restart.js';
import type { Snapshots } from './snapshots.js';

/** Starts a plan in the micro-batch model. @throws StreamError as `microBatchOptions`. */
export function startMicroBatch(plan: Plan, services: Services, options: Partial<MicroBatchOptions> = {}): RunningJob {
  const checked = microBatchOptions(options, services.workers?.count ?? 0);
  const outcome = new Outcome('micro-batch', plan, services);
  return startedOrFailed(outcome, () => new MicroBatchJob(plan, services, checked, outcome));
}

/**
 * 1. A restart first runs the batches that were logged after the snapshot, with their records and times of then.
 * 2. At each tick what was received becomes a batch (`BatchCutter`); it is logged before anything of it is seen.
 * 3. Batches run one after another, task by task, with a turn for others between tasks. On workers the next batch begins while the one
 *    before is under way; results are taken, and everything behind them is done, batch by batch. A snapshot lies between two batches
 *    for every task: the batch behind it does not begin before.
 * 4. Behind a batch its results are committed or flushed, a snapshot is begun when one is due, and the sources hear how far
 *    they are durable.
 */
class MicroBatchJob implements RunningJob {
  readonly done: Promise<JobResult>;
  readonly #plan: Plan;
  readonly #services: Services;
  readonly #options: MicroBatchOptions;
  readonly #outcome: Outcome;
  readonly #parts: JobParts;
  readonly #began: number;
  readonly #batches: BatchInfo[] = [];
  readonly #queue: Batch[] = [];
  #batchCount = 0;
  #lastDone: CutPoint;
  /** Batches that have begun and are not done, in order. */
  readonly #begun: { readonly batch: Batch; readonly processingStartTime: number }[] = [];
  /** What is under way: a restart, a batch, or the end. */
  #steps: Generator<Wait, void, void> | undefined;
  #isScheduled = false;
  #isWaiting = false;
  #isClosed = false;

  constructor(plan: Plan, services: Services, options: MicroBatchOptions, outcome: Outcome) {
    this.#plan = plan;
    this.#services = services;
    this.#options = options;
    this.#began = services.world.clock.now();
    this.#outcome = outcome;
    this.done = this.#outcome.result;
    this.#parts = partsOf(plan, services, options, {
      outcome: this.#outcome,
      submit: (batch) => {
        this.#queue.push(batch);
        this.#wake();
      },
      queued: () => this.#queue.length,
      wake: this.#wake,
      failed: (error) => this.#finish('failed', error),
    });
    const { allocator, cutter, restart } = this.#parts;
    this.#lastDone = allocator.start;
    if (!this.#open()) return;
    if (services.durability === undefined) cutter.begin(undefined);
    else {
      this.#steps = this.#restart(restart);
      this.#wake();
    }
  }

  stop(): void {
    if (this.#outcome.isSettled) return;
    try {
      this.#parts.components?.deactivate();
    } catch (thrown) {
      return this.#finish('failed', thrown);
    }
    this.#parts.cutter.stop();
    this.#wake();
  }

  progress(): { recordsRead: number; resultsWritten: number; pending: number } {
    const waiting = this.#parts.partitions.reduce((sum, partition) => sum + partition.waiting, 0);
    const queued = [...this.#begun.map(({ batch }) => batch), ...this.#queue].reduce(
      (sum, { numRecords }) => sum + numRecords,
      0,
    );
    return {
      recordsRead: this.#parts.partitions.reduce((sum, partition) => sum + partition.recordsRead, 0),
      resultsWritten: this.#outcome.resultsWritten,
      pending: waiting + queued,
    };
  }

  /** False where the user's own components do not open: the job has failed. */
  #open(): boolean {
    try {
      this.#parts.components?.open();
      return true;
    } catch (thrown) {
      this.#finish('failed', thrown);
      return false;
    }
  }

  /** Goes on where an earlier run of the job ended. */
  *#restart({ snapshot, logged, unallocated, committed, time }: Restart): Generator<Wait, void, void> {
    yield* this.#parts.commits.recover(committed);
    if (snapshot !== undefined || logged.length > 0 || unallocated.length > 0)
      this.#services.listener?.({ kind: 'jobRestored', epoch: snapshot?.meta.epoch ?? 0 });
    for (const record of logged) {
      let batch: Batch | undefined;
      yield this.#parts.allocator.again(record, committed).then((again) => {
        batch = again;
      });
      yield* this.#process(batch!);
    }
    for (const partition of this.#parts.partitions) partition.goOn();
    this.#parts.cutter.begin(time);
  }

  readonly #wake = (): void => {
    if (this.#isScheduled || this.#outcome.isSettled) return;
    if (this.#isWaiting && !this.#canBeginAhead) return;
    this.#isScheduled = true;
    this.#services.world.scheduler.soon(this.#turn);
  };

  /** One task of the running batch, or the beginning of the next batch. */
  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#outcome.isSettled) return;
    let wait: Wait;
    try {
      this.#beginAhead();
      if (this.#isWaiting) return;
      wait = this.#step();
    } catch (thrown) {
      this.#finish('failed', thrown);
      return;
    }
    this.#checkEnd();
    if (wait !== undefined) this.#waitFor(wait);
    else if (this.#hasWork) this.#wake();
  };

  #waitFor(wait: Promise<unknown>): void {
    this.#isWaiting = true;
    wait.then(
      () => {
        this.#isWaiting = false;
        this.#wake();
      },
      (error: unknown) => this.#finish('failed', error),
    );
  }

  #step(): Wait {
    if (this.#steps === undefined) {
      const batch = this.#begun[0]?.batch ?? this.#nextBatch();
      if (batch === undefined) return undefined;
      this.#steps = this.#process(batch);
    }
    const step = this.#steps.next();
    if (step.done !== true) return step.value;
    this.#steps = undefined;
    if (this.#options.trigger === 'available') this.#wake();
    return undefined;
  }

  #nextBatch(): Batch | undefined {
    if (this.#queue.length === 0 && this.#options.trigger === 'available') this.#parts.cutter.cutAvailable();
    return this.#queue.shift();
  }

  /** While a batch is under way: begins those behind it, as far as the runner takes them and no snapshot is to lie before. */
  #beginAhead(): void {
    const { snapshots } = this.#parts;
    while (this.#canBeginAhead) {
      if (snapshots?.isDueBehind(this.#begun.length) === true) return;
      const batch = this.#nextBatch();
      if (batch === undefined) return;
      if (this.#mustBeLogged(batch)) return void this.#queue.unshift(batch);
      this.#begin(batch);
    }
  }

  get #canBeginAhead(): boolean {
    return this.#begun.length > 0 && this.#begun.length < this.#parts.runner.batchesUnderWayMax;
  }

  /** At most once: what may be processed must not be read again. */
  #mustBeLogged({ logged }: Batch): boolean {
    return this.#plan.settings.guarantee === 'at-most-once' && logged?.isDurable === false;
  }

  #begin(batch: Batch): void {
    const { runner, allocator } = this.#parts;
    this.#begun.push({ batch, processingStartTime: this.#services.world.clock.now() });
    if (this.#plan.settings.guarantee === 'at-most-once') allocator.commit(batch.marks, true);
    runner.begin(batch);
  }

  *#process(batch: Batch): Generator<Wait, void, void> {
    const { guarantee } = this.#plan.settings;
    if (this.#begun.length === 0) {
      if (this.#mustBeLogged(batch)) yield batch.logged!.done;
      this.#begin(batch);
    }
    yield* this.#parts.runner.run(batch);
    if (batch.logged?.isDurable === false) yield batch.logged.done;
    if (batch.results === 'new') yield* this.#parts.commits.commit(batch.number);
    this.#completed(batch, this.#begun.shift()!.processingStartTime);
    this.#lastDone = batch;
    this.#parts.components?.processed(batch.marks);
    // Without a snapshot there is none to wait for; the log holds what cannot be read again.
    if (guarantee !== 'at-most-once')
      this.#parts.allocator.commit(batch.marks, this.#services.durability === undefined);
    this.#parts.snapshots?.after(batch, this.#begun.length === 0);
  }

  get #hasWork(): boolean {
    return this.#steps !== undefined || this.#begun.length > 0 || this.#queue.length > 0;
  }

  #completed(batch: Batch, processingStartTime: number): void {
    this.#outcome.flushSinks();
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
    const { processingDelay, schedulingDelay } = info;
    this.#parts.rates?.completed(recordsBySource(batch), { time: processingEndTime, processingDelay, schedulingDelay });
    this.#batchCount++;
    this.#batches.push(info);
    if (this.#batches.length > BATCHES_KEPT) this.#batches.shift();
    this.#services.listener?.({ kind: 'batchCompleted', batch: info });
  }

  #checkEnd(): void {
    const failure = this.#outcome.sinkFailure();
    if (failure === 'stop') return this.#finish('stopped');
    if (failure !== undefined) return this.#finish('failed', failure);
    if (this.#hasWork) return;
    const broken = this.#parts.partitions.find((partition) => partition.failure !== undefined);
    if (broken !== undefined) return this.#finish('failed', broken.failure);
    if (!this.#parts.cutter.lastCut) return;
    if (this.#isClosed || this.#parts.snapshots === undefined)
      return this.#finish(this.#parts.partitions.every((partition) => partition.hasEnded) ? 'finished' : 'stopped');
    this.#isClosed = true;
    this.#steps = this.#close(this.#parts.snapshots);
  }

  *#close(snapshots: Snapshots): Generator<Wait, void, void> {
    yield* snapshots.settle();
    yield this.#parts.runner.gather();
    if (this.#services.durability !== undefined) yield* snapshots.last(this.#lastDone);
  }

  #finish(outcome: JobResult['outcome'], error?: unknown): void {
    this.#parts.cutter.cancel();
    this.#parts.runner.close();
    const recordsRead = new Map<string, number>();
    for (const { source, recordsRead: count } of this.#parts.partitions)
      recordsRead.set(source, (recordsRead.get(source) ?? 0) + count);
    const { components } = this.#parts;
    const duration = this.#services.world.clock.now() - this.#began;
    this.#outcome.settle(outcome, error, components?.closings ?? [], {
      duration,
      recordsRead: Object.fromEntries(recordsRead),
      state: (uid) => this.#parts.stores.state(uid),
      ...components?.numbers(duration),
      metrics: () => components?.metrics() ?? [],
      batches: this.#batches,
      batchCount: this.#batchCount,
      taskRetries: this.#parts.reports.retries,
      recomputedRecords: this.#parts.runner.recomputed,
    });
  }
}
