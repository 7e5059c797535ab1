/** Storm's numbers of one component, counted by its tasks. */
import { nameOf } from '../../plan/kinds.js';
import type { Plan } from '../../plan/plan.js';
import type { ComponentStats } from '../executor.js';
import { ComponentMetrics } from '../metrics.js';
import type { Edge } from './edge.js';

/** Counters of one component; its tasks share the object. Times in us. */
export class ComponentCounters {
  readonly component: string;
  readonly tasks: number;
  /** Executed by each task. */
  readonly executed: number[];
  /** What its tasks count about themselves. */
  readonly metrics: ComponentMetrics;
  /** The edges that its tasks write into. */
  edges: Edge[] = [];
  /** Handed over by tasks that are gone, or on workers. */
  transferredElsewhere = 0;
  /** Of what the edges transferred: what `takeCounts` gave before. */
  #taken = 0;
  emitted = 0;
  acked = 0;
  failed = 0;
  busy = 0;
  completeTime = 0;
  completed = 0;
  processTime = 0;
  processed = 0;

  constructor(component: string, tasks: number) {
    this.component = component;
    this.metrics = new ComponentMetrics(component);
    this.tasks = tasks;
    this.executed = new Array<number>(tasks).fill(0);
  }

  /** A clock reading for each tuple would cost more than its ack: complete latency is taken of one in 16. */
  isSampled(count: number): boolean {
    return (count & 15) === 1;
  }

  /** The tasks that wrote into the edges are gone. */
  forgetEdges(): void {
    this.transferredElsewhere += this.edges.reduce((sum, edge) => sum + edge.records, 0);
    this.edges = [];
  }

  /** What was counted since the last call, to be added elsewhere. */
  takeCounts(): readonly number[] {
    const { emitted, acked, failed, busy, processTime, processed } = this;
    const transferred = this.edges.reduce((sum, edge) => sum + edge.records, 0);
    const taken = [emitted, acked, failed, busy, processTime, processed, transferred - this.#taken, ...this.executed];
    this.#taken = transferred;
    this.emitted = this.acked = this.failed = this.busy = this.processTime = this.processed = 0;
    this.executed.fill(0);
    return taken;
  }

  /** Adds what `takeCounts` gave elsewhere. */
  addCounts(counts: readonly number[]): void {
    const [emitted = 0, acked = 0, failed = 0, busy = 0, processTime = 0, processed = 0, transferred = 0] = counts;
    this.emitted += emitted;
    this.acked += acked;
    this.failed += failed;
    this.busy += busy;
    this.processTime += processTime;
    this.processed += processed;
    this.transferredElsewhere += transferred;
    counts.slice(7).forEach((executed, task) => {
      this.executed[task]! += executed;
    });
  }

  /** What `JobResult` shows after a run of `duration` us. */
  toStats(duration: number): ComponentStats {
    const executed = this.executed.reduce((sum, count) => sum + count, 0);
    return {
      component: this.component,
      tasks: this.tasks,
      emitted: this.emitted,
      transferred: this.edges.reduce((sum, edge) => sum + edge.records, this.transferredElsewhere),
      executed,
      executedByTask: [...this.executed],
      acked: this.acked,
      failed: this.failed,
      completeLatency: mean(this.completeTime, this.completed),
      executeLatency: mean(this.busy, executed),
      processLatency: mean(this.processTime, this.processed),
      capacity: duration > 0 ? this.busy / (duration * this.tasks) : 0,
    };
  }
}

/** Counters for each stage of a plan. */
export function countersOf(plan: Plan): readonly ComponentCounters[] {
  return plan.stages.map((stage) => new ComponentCounters(nameOf(plan.operators[stage.head]!), stage.parallelism));
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
