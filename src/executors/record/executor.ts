/** The record executor: runs a wired plan in turns. It knows tasks and edges, not what an operator does. */
import { StreamError } from '../../core/errors.js';
import type { Plan } from '../../plan/plan.js';
import type { RestoredJob } from '../../runtime/durability.js';
import type { JobEvent } from '../../runtime/events.js';
import type { JobResult, RecordOptions, RunningJob, Services } from '../executor.js';
import { startedOrFailed } from '../failed-start.js';
import { Outcome } from '../outcome.js';
import { Barriers, type MetBarrier } from './barriers.js';
import type { FromWorker } from './messages.js';
import { holdsTuples, recordOptions, type Survival, survivalOf } from './record-options.js';
import { Recovery } from './recovery.js';
import type { Run } from './run.js';
import type { ControlledJob } from './run-control.js';
import { RunMaker } from './run-maker.js';
import { SkippedRecords, type SourceRecord } from './skipped-records.js';
import { Snapshots } from './snapshots.js';
import { TreeIds } from './tree-ids.js';

/** Starts a plan in the record model. @throws StreamError `RG017`, `RG019` for settings that do not go together */
export function startRecord(plan: Plan, services: Services, options: Partial<RecordOptions> = {}): RunningJob {
  const checked = recordOptions(plan, options);
  const outcome = new Outcome('record', plan, services);
  return startedOrFailed(outcome, () => new RecordJob(plan, services, checked, outcome));
}

/**
 * One turn: every spout task emits some, the edges are drained in order of their stages, spouts settle what was
 * processed (watermarks, offsets, the end), sinks flush. A turn that did something asks for the next; otherwise the job
 * sleeps until a source, a timer, a worker or a sink wakes it.
 *
 * With durability, barriers make checkpoints. A failure that cannot be replayed away sets the job back: a new wiring begins
 * where the last checkpoint stands. With workers, or durability, the job ends with a last barrier.
 */
class RecordJob implements RunningJob, ControlledJob {
  readonly done: Promise<JobResult>;
  isInTurn = false;
  isStopping = false;
  readonly #services: Services;
  readonly #plan: Plan;
  readonly #outcome: Outcome;
  readonly #survival: Survival;
  readonly #barriers: Barriers;
  readonly #recovery: Recovery;
  readonly #snapshots: Snapshots;
  readonly #maker: RunMaker;
  readonly #trees = new TreeIds();
  readonly #began: number;
  #run: Run;
  /** `waiting`: no wiring runs, for sinks or workers recover. `ending`: all is done but for the last barrier. */
  #phase: 'waiting' | 'running' | 'ending' = 'waiting';
  #ending: 'finished' | 'stopped' = 'finished';
  #isScheduled = false;
  #isWoken = false;
  #replayed = 0;
  #barriersSkipped = 0;

  constructor(plan: Plan, services: Services, options: RecordOptions, outcome: Outcome) {
    this.#plan = plan;
    this.#services = services;
    this.#began = services.world.clock.now();
    this.#survival = survivalOf(plan, options, services);
    this.#outcome = outcome;
    this.done = this.#outcome.result;
    const { hasBarriers, savesAtStop } = this.#survival;
    const restored = hasBarriers || savesAtStop ? services.durability!.recovered.snapshot : undefined;
    if (restored !== undefined) this.#outcome.goOnFrom(restored.meta.counters, true);
    const skipped = new SkippedRecords();
    this.#barriers = this.#makeBarriers(options, restored?.meta.epoch ?? 0);
    this.#snapshots = new Snapshots({
      plan,
      durability: () => (hasBarriers || this.#isSavingStop ? services.durability : undefined),
      services,
      now: () => services.world.clock.now(),
      counters: () => this.#outcome.counted(),
    });
    const parts = { plan, services, options, survival: this.#survival, outcome: this.#outcome, skipped };
    this.#recovery = new Recovery({
      ...parts,
      barriers: this.#barriers,
      run: () => this.#run,
      pause: () => {
        this.#phase = 'waiting';
      },
      goOn: (latest) => this.#goOn(latest),
      job: this,
    });
    this.#maker = new RunMaker({ ...parts, trees: this.#trees, job: this });
    this.#run = this.#maker.make(restored);
    if (!this.#maker.open(this.#run)) return;
    this.#listen();
    this.#start(restored);
  }

  get hasListener(): boolean {
    return this.#services.listener !== undefined && this.#services.listener.isIdle !== true;
  }

  get isPaused(): boolean {
    return this.#barriers.isPausing;
  }

  readonly wake = (): void => {
    if (this.isInTurn) {
      this.#isWoken = true;
      return;
    }
    if (this.#isScheduled || this.#outcome.isSettled || this.#phase === 'waiting') return;
    this.#isScheduled = true;
    this.#services.world.scheduler.soon(this.#turn);
  };

  stop(): void {
    this.isStopping = true;
    this.wake();
  }

  progress(): ReturnType<RunningJob['progress']> {
    const recordsRead = [...this.#run.recordsRead.values()].reduce((sum, count) => sum + count, 0);
    return { recordsRead, resultsWritten: this.#outcome.resultsWritten, pending: this.#run.pendingCount };
  }

  abort(error: unknown): void {
    this.#finish('failed', error);
  }

  failed(error: StreamError, record?: SourceRecord): void {
    if (!this.#outcome.isSettled) this.#recovery.failed(error, record);
  }

  barrierNeeded(): void {
    if (this.#survival.hasBarriers) this.#barriers.request();
  }

  barrierReached(epoch: number): void {
    this.#barriers.reached(epoch);
  }

  event(event: JobEvent): void {
    if (event.kind === 'tupleReplayed') this.#replayed++;
    this.#services.listener?.(event);
  }

  deadLetter(source: string, partition: number, offset: number | string, value: unknown, error: unknown): void {
    if (error instanceof StreamError) this.#outcome.deadLetter({ source, partition, offset, value, error });
    else this.abort(error);
  }

  treeOpened(root: number, generation: number, id: number | string): void {
    this.#trees.opened(root, generation, id);
  }

  treeId(root: number, generation: number): number | string | undefined {
    return this.#trees.idOf(root, generation);
  }

  #listen(): void {
    const heard = (run: () => void): void => {
      if (!this.#outcome.isSettled) this.#guarded(run);
    };
    this.#services.workers?.listen({
      message: (worker, message) =>
        heard(() => {
          this.#run.links!.onMessage(worker, message as FromWorker);
          this.wake();
        }),
      lost: (worker, reason) => heard(() => this.#recovery.workerLost(worker, reason)),
      ready: (worker) => heard(() => this.#recovery.workerReady(worker)),
      failed: (error) => this.abort(error),
    });
  }

  /** Sinks that commit by epoch first finish, or throw away, what a crash left. */
  #start(restored: RestoredJob | undefined): void {
    const sinks = [...this.#services.sinks.values()].flatMap((sink) => sink.transactions ?? []);
    if (sinks.length === 0) return this.#begin(restored);
    Promise.all(sinks.map((sink) => sink.recover(restored?.meta.epoch ?? 0)))
      .then(() => this.#begin(restored))
      .catch((error: unknown) => this.abort(error));
  }

  #goOn(latest: RestoredJob | undefined): void {
    this.#run = this.#maker.make(latest);
    if (this.#maker.open(this.#run)) this.#begin(latest);
  }

  #begin(restored: RestoredJob | undefined): void {
    if (this.#outcome.isSettled) return;
    this.#phase = 'running';
    this.#maker.begin(this.#run, restored);
    this.#barriers.begin(this.#run);
    this.wake();
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#outcome.isSettled || this.#phase === 'waiting') return;
    const run = this.#run;
    this.isInTurn = true;
    this.#isWoken = false;
    let worked = false;
    this.#guarded(() => {
      worked = run.turn(this.#outcome.sinksReady(this.wake));
      if (worked) this.#barriers.worked();
      this.#barriers.step();
      this.#outcome.flushSinks();
    });
    this.isInTurn = false;
    this.#checkEnd(run);
    if (worked || this.#isWoken) this.wake();
  };

  /** What throws here met no record that could be tried again. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#run.control.thrown(thrown);
    }
  }

  #checkEnd(run: Run): void {
    const failure = this.#outcome.sinkFailure();
    if (failure === 'stop') this.#finish('stopped');
    else if (failure !== undefined) this.#finish('failed', failure);
    else if (this.#phase !== 'running') return;
    else if (run.isEnded) this.#end('finished');
    else if (this.isStopping && run.isQuiet) this.#end('stopped');
  }

  /** A last barrier comes first, where there is something to keep or to fetch. */
  #end(outcome: 'finished' | 'stopped'): void {
    this.#ending = outcome;
    const isNeeded = this.#survival.hasBarriers || this.#run.links !== undefined || this.#isSavingStop;
    if (!isNeeded) return this.#finish(outcome);
    this.#phase = 'ending';
    this.#barriers.request();
  }

  get #isSavingStop(): boolean {
    return this.#survival.savesAtStop && this.#ending === 'stopped';
  }

  #makeBarriers(options: RecordOptions, epoch: number): Barriers {
    const { durability, world } = this.#services;
    return new Barriers({
      options,
      period: this.#survival.hasBarriers ? durability!.interval.time : undefined,
      pauses: !holdsTuples(this.#plan),
      epoch,
      now: () => world.clock.now(),
      take: (barrier) => this.#take(barrier),
      skipped: (skipped) => {
        this.#barriersSkipped++;
        this.event({ kind: 'barrierSkipped', epoch: skipped });
        if (this.#phase === 'ending') this.#phase = 'running';
      },
    });
  }

  async #take(barrier: MetBarrier): Promise<void> {
    const run = this.#run;
    const isLast = this.#phase === 'ending';
    try {
      const isSaved = await this.#snapshots.save(barrier, run, isLast);
      if (this.#outcome.isSettled) return;
      if (isSaved && this.#survival.hasBarriers) {
        this.#recovery.saved();
        this.event({ kind: 'snapshotSaved', epoch: barrier.epoch });
      }
      if (!isLast || run.control.isOver) return;
      if (isSaved) return this.#finish(this.#ending);
      this.#phase = 'running';
      this.wake();
    } catch (thrown) {
      this.abort(thrown);
    }
  }

  #finish(outcome: JobResult['outcome'], error?: unknown): void {
    if (this.#outcome.isSettled) return;
    const { spouts, consumers, stores } = this.#run.wiring;
    const duration = this.#services.world.clock.now() - this.#began;
    const wasOver = this.#run.control.isOver;
    this.#run.end();
    this.#barriers.end();
    if (outcome === 'failed') this.#recovery.resultsTakenBack();
    const closing = [...spouts, ...(wasOver ? [] : consumers)].map((task) => () => task.close());
    const { recordsRead } = this.#run;
    this.#outcome.settle(outcome, error, closing, {
      duration,
      recordsRead: Object.fromEntries(recordsRead),
      state: (uid) => this.#snapshots.state(uid, stores),
      ...this.#maker.counted(duration, recordsRead),
      replayed: this.#replayed,
      barriersSkipped: this.#barriersSkipped,
    });
    this.#run.links?.end();
  }
}
