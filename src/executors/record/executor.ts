/** The record executor: runs a wired plan in turns. It knows tasks and edges, not what an operator does. */
import { StreamError } from '../../core/errors.js';
import type { Plan } from '../../plan/plan.js';
import type { JobEvent } from '../../runtime/events.js';
import type { Timer } from '../../runtime/world.js';
import type { JobResult, RecordOptions, RunningJob, Services } from '../executor.js';
import { Outcome } from '../outcome.js';
import type { JobControl } from './task.js';
import { TreeIds } from './tree-ids.js';
import { type Wiring, wire } from './wiring.js';

/** Storm's defaults, but for a limit where Storm has none, and a ring that fits the cache. */
const RECORD_DEFAULTS: RecordOptions = {
  acking: true,
  maxSpoutPending: 4_096,
  messageTimeout: 30_000_000,
  replaysMax: 3,
  replayDelay: 2_000,
  replayDelayMax: 10_000_000,
  ackers: 1,
  ringCapacity: 1_024,
  turnRecordsMax: 1_000,
};

/** Starts a plan in the record model. */
export function startRecord(plan: Plan, services: Services, options: Partial<RecordOptions> = {}): RunningJob {
  return new RecordJob(plan, services, { ...RECORD_DEFAULTS, replaysMax: plan.settings.attemptsMax - 1, ...options });
}

/**
 * One turn: every spout task emits some, the edges are drained in order of their stages, spouts settle what was
 * processed (watermarks, offsets, the end), sinks flush. A turn that did something asks for the next; otherwise the job
 * sleeps until a source, a timer or a sink wakes it.
 */
class RecordJob implements RunningJob, JobControl {
  readonly done: Promise<JobResult>;
  readonly #plan: Plan;
  readonly #services: Services;
  readonly #outcome: Outcome;
  readonly #wiring: Wiring;
  readonly #trees = new TreeIds();
  readonly #timers = new Set<Timer>();
  readonly #began: number;
  #isScheduled = false;
  #inTurn = false;
  #isWoken = false;
  #isStopping = false;
  #replayed = 0;

  constructor(plan: Plan, services: Services, options: RecordOptions) {
    this.#plan = plan;
    this.#services = services;
    this.#began = services.world.clock.now();
    this.#outcome = new Outcome('record', plan, services);
    this.done = this.#outcome.result;
    this.#wiring = wire({
      plan,
      options,
      services,
      outlets: this.#outcome.outlets,
      job: this,
      prng: services.world.prng.fork('record'),
      count: this.#outcome.count,
    });
    for (const task of [...this.#wiring.consumers, ...this.#wiring.spouts]) task.open();
    if (options.acking) this.#every(options.messageTimeout, () => this.#wiring.ackers.rotate());
    if (this.#needsClock()) this.#everyStep();
    this.wake();
  }

  get hasListener(): boolean {
    return this.#services.listener !== undefined;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  readonly wake = (): void => {
    if (this.#inTurn) {
      this.#isWoken = true;
      return;
    }
    if (this.#isScheduled || this.#outcome.isSettled) return;
    this.#isScheduled = true;
    this.#services.world.scheduler.soon(this.#turn);
  };

  /** An edge got its first entry. Within a turn it is drained anyway; a bolt may emit outside of one. */
  readonly edgeWaiting = (): void => {
    if (!this.#inTurn) this.wake();
  };

  stop(): void {
    this.#isStopping = true;
    this.wake();
  }

  progress(): { recordsRead: number; resultsWritten: number; pending: number } {
    const { spouts } = this.#wiring;
    const recordsRead = spouts.reduce((sum, spout) => sum + spout.recordsRead, 0);
    return {
      recordsRead,
      resultsWritten: this.#outcome.resultsWritten,
      pending: spouts.reduce((sum, spout) => sum + spout.pendingCount, 0),
    };
  }

  abort(error: unknown): void {
    this.#finish('failed', error);
  }

  at(time: number, run: () => void): void {
    if (this.#outcome.isSettled) return;
    const timer = this.#services.world.scheduler.at(time, () => {
      this.#timers.delete(timer);
      try {
        run();
      } catch (thrown) {
        this.abort(thrown);
      }
    });
    this.#timers.add(timer);
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

  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#outcome.isSettled) return;
    this.#inTurn = true;
    this.#isWoken = false;
    let worked = false;
    try {
      worked = this.#work();
    } catch (thrown) {
      this.abort(thrown);
    }
    this.#inTurn = false;
    this.#checkEnd();
    if (worked || this.#isWoken) this.wake();
  };

  #work(): boolean {
    const { spouts } = this.#wiring;
    let worked = false;
    if (this.#outcome.sinksReady(this.wake)) {
      for (const spout of spouts) worked = spout.turn() || worked;
    }
    worked = this.#drain() || worked;
    for (const spout of spouts) spout.settle();
    worked = this.#drain() || worked;
    this.#outcome.flushSinks();
    return worked;
  }

  /** One pass is enough: an edge leads to a later stage only. True when an edge had anything. */
  #drain(): boolean {
    let worked = false;
    for (const edge of this.#wiring.edges) {
      if (edge.ring.isEmpty) continue;
      edge.drain();
      worked = true;
    }
    return worked;
  }

  #checkEnd(): void {
    const { spouts, consumers } = this.#wiring;
    const failure = this.#outcome.sinkFailure();
    if (failure === 'stop') this.#finish('stopped');
    else if (failure !== undefined) this.#finish('failed', failure);
    else if (spouts.every((spout) => spout.isEnded) && consumers.every((consumer) => consumer.isEnded))
      this.#finish('finished');
    else if (this.#isStopping && spouts.every((spout) => spout.isQuiet)) this.#finish('stopped');
  }

  #finish(outcome: JobResult['outcome'], error?: unknown): void {
    if (this.#outcome.isSettled) return;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    const { spouts, consumers, edges, counters, stores } = this.#wiring;
    const duration = this.#services.world.clock.now() - this.#began;
    for (const edge of edges) edge.complete();
    const closing = [...spouts, ...consumers].map((task) => () => task.close());
    const read = new Map<string, number>();
    for (const spout of spouts) read.set(spout.name, (read.get(spout.name) ?? 0) + spout.recordsRead);
    const heads = counters.filter((counter) => spouts.some((spout) => spout.name === counter.component));
    this.#outcome.settle(outcome, error, closing, {
      duration,
      recordsRead: Object.fromEntries(read),
      state: (uid) => stores.state(uid),
      components: counters.map((counter) => counter.toStats(duration)),
      acked: heads.reduce((sum, counter) => sum + counter.acked, 0),
      failed: heads.reduce((sum, counter) => sum + counter.failed, 0),
      replayed: this.#replayed,
    });
  }

  /** Spouts have the clock as their stream time, and ticks go on after the end of the input. */
  #needsClock(): boolean {
    return this.#plan.operators.some(
      (operator) => operator.kind === 'spout' || (operator.kind === 'bolt' && operator.tickEvery !== undefined),
    );
  }

  #everyStep(): void {
    const { step } = this.#plan;
    const next = (Math.floor(this.#services.world.clock.now() / step) + 1) * step;
    this.at(next, () => {
      for (const spout of this.#wiring.spouts) spout.heartbeat();
      this.wake();
      this.#everyStep();
    });
  }

  #every(period: number, run: () => void): void {
    this.at(this.#services.world.clock.now() + period, () => {
      run();
      this.wake();
      this.#every(period, run);
    });
  }
}
