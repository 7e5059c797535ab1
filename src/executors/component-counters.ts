/** Storm's numbers of one component, counted by its tasks. It knows neither mode. */
import type { JobEvent } from '../runtime/events.js';
import { ErrorReports } from './error-reports.js';
import type { ComponentStats } from './executor.js';

/** Counters of one component; its tasks share the object. Times in us. */
export class ComponentCounters {
  readonly component: string;
  readonly tasks: number;
  /** Executed by each task. */
  readonly executed: number[];
  emitted = 0;
  transferred = 0;
  acked = 0;
  failed = 0;
  /** That its tasks reported. */
  errors = 0;
  busy = 0;
  completeTime = 0;
  completed = 0;
  processTime = 0;
  processed = 0;
  /** By task. */
  readonly #reports = new Map<number, ErrorReports>();

  constructor(component: string, tasks: number) {
    this.component = component;
    this.tasks = tasks;
    this.executed = new Array<number>(tasks).fill(0);
  }

  /** A clock reading for each tuple would cost more than its ack: some latencies are taken of one in 16. */
  isSampled(count: number): boolean {
    return (count & 15) === 1;
  }

  /** A task reports an error at that time (us). It fails nothing. */
  reportError(task: number, error: unknown, now: number, tell: (event: JobEvent) => void): void {
    this.errors++;
    const reports = this.#reports.get(task) ?? new ErrorReports();
    this.#reports.set(task, reports);
    const event = reports.next(error, now, this.component, task);
    if (event !== undefined) tell(event);
  }

  /** What was counted since the last call, to be added elsewhere. */
  takeCounts(): readonly number[] {
    const { emitted, acked, failed, errors, busy, processTime, processed, transferred } = this;
    const taken = [emitted, acked, failed, errors, busy, processTime, processed, transferred, ...this.executed];
    this.emitted = this.acked = this.failed = this.errors = 0;
    this.busy = this.processTime = this.processed = this.transferred = 0;
    this.executed.fill(0);
    return taken;
  }

  /** Adds what `takeCounts` gave elsewhere. */
  addCounts(counts: readonly number[]): void {
    const [emitted = 0, acked = 0, failed = 0, errors = 0, ...rest] = counts;
    const [busy = 0, processTime = 0, processed = 0, transferred = 0, ...executed] = rest;
    this.emitted += emitted;
    this.acked += acked;
    this.failed += failed;
    this.errors += errors;
    this.busy += busy;
    this.processTime += processTime;
    this.processed += processed;
    this.transferred += transferred;
    executed.forEach((count, task) => {
      this.executed[task]! += count;
    });
  }

  /** What `JobResult` shows after a run of `duration` us. */
  toStats(duration: number): ComponentStats {
    const executed = this.executed.reduce((sum, count) => sum + count, 0);
    return {
      component: this.component,
      tasks: this.tasks,
      emitted: this.emitted,
      transferred: this.transferred,
      executed,
      executedByTask: [...this.executed],
      acked: this.acked,
      failed: this.failed,
      errors: this.errors,
      completeLatency: mean(this.completeTime, this.completed),
      executeLatency: mean(this.busy, executed),
      processLatency: mean(this.processTime, this.processed),
      capacity: duration > 0 ? this.busy / (duration * this.tasks) : 0,
    };
  }
}

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}

/** Tuple trees of spouts that were done, and that failed. */
export function treesOf(spouts: readonly ComponentCounters[]): { readonly acked: number; readonly failed: number } {
  return {
    acked: spouts.reduce((sum, counter) => sum + counter.acked, 0),
    failed: spouts.reduce((sum, counter) => sum + counter.failed, 0),
  };
}
