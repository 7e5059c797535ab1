/** What the tasks of one wiring may ask of their job, until the wiring is over: then they are not heard any more. */
import { StreamError } from '../../core/errors.js';
import type { JobEvent } from '../../runtime/events.js';
import type { Clock, Scheduler, Timer } from '../../runtime/world.js';
import type { SourceRecord } from './skipped-records.js';
import type { JobControl } from './task.js';

/** The job behind the control. */
export type ControlledJob = Omit<JobControl, 'at' | 'edgeWaiting' | 'isOver'> & {
  readonly isInTurn: boolean;
};

/** One wiring's control: its timers end with it. */
export class RunControl implements JobControl {
  isOver = false;
  readonly #job: ControlledJob;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();

  constructor(job: ControlledJob, scheduler: Scheduler, clock: Clock) {
    this.#job = job;
    this.#scheduler = scheduler;
    this.#clock = clock;
  }

  get hasListener(): boolean {
    return this.#job.hasListener;
  }

  get isStopping(): boolean {
    return this.#job.isStopping;
  }

  get isPaused(): boolean {
    return this.#job.isPaused;
  }

  readonly wake = (): void => {
    if (!this.isOver) this.#job.wake();
  };

  /** Within a turn edges are drained anyway; a bolt may emit outside of one. */
  readonly edgeWaiting = (): void => {
    if (!this.#job.isInTurn) this.wake();
  };

  at(time: number, run: () => void): Timer {
    if (this.isOver) return NO_TIMER;
    const timer = this.#scheduler.at(time, () => {
      this.#timers.delete(timer);
      try {
        run();
      } catch (thrown) {
        this.thrown(thrown);
      }
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  every(period: number, run: () => void): void {
    this.at(this.#clock.now() + period, () => {
      run();
      this.wake();
      this.every(period, run);
    });
  }

  /** No timer, task or answer of this wiring does anything any more. */
  end(): void {
    this.isOver = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  barrierNeeded(): void {
    if (!this.isOver) this.#job.barrierNeeded();
  }

  barrierReached(epoch: number): void {
    if (!this.isOver) this.#job.barrierReached(epoch);
  }

  abort(error: unknown): void {
    if (!this.isOver) this.#job.abort(error);
  }

  failed(error: StreamError, record?: SourceRecord): void {
    if (!this.isOver) this.#job.failed(error, record);
  }

  /** Something threw where no record can be blamed: a window's result, for example. */
  thrown(error: unknown): void {
    if (error instanceof StreamError) this.failed(error);
    else this.abort(error);
  }

  deadLetter(source: string, partition: number, offset: number | string, value: unknown, error: unknown): void {
    if (!this.isOver) this.#job.deadLetter(source, partition, offset, value, error);
  }

  event(event: JobEvent): void {
    if (!this.isOver) this.#job.event(event);
  }

  treeOpened(root: number, generation: number, id: number | string): void {
    this.#job.treeOpened(root, generation, id);
  }

  treeId(root: number, generation: number): number | string | undefined {
    return this.#job.treeId(root, generation);
  }
}

const NO_TIMER: Timer = { cancel: () => undefined };
