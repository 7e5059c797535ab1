/** Storm's numbers of one component, counted by its tasks. */
import type { ComponentStats } from '../executor.js';
import type { Edge } from './edge.js';

/** Counters of one component; its tasks share the object. Times in us. */
export class ComponentCounters {
  readonly component: string;
  readonly tasks: number;
  /** Executed by each task. */
  readonly executed: number[];
  /** The edges that its tasks write into. */
  readonly edges: Edge[] = [];
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
    this.tasks = tasks;
    this.executed = new Array<number>(tasks).fill(0);
  }

  /** A clock reading for each tuple would cost more than its ack: complete latency is taken of one in 16. */
  isSampled(count: number): boolean {
    return (count & 15) === 1;
  }

  /** What `JobResult` shows after a run of `duration` us. */
  toStats(duration: number): ComponentStats {
    const executed = this.executed.reduce((sum, count) => sum + count, 0);
    return {
      component: this.component,
      tasks: this.tasks,
      emitted: this.emitted,
      transferred: this.edges.reduce((sum, edge) => sum + edge.records, 0),
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

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
