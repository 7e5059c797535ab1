/** The counters of a stage whose tasks write into edges, and hold their own metrics. */
import { nameOf } from '../../plan/kinds.js';
import type { Plan } from '../../plan/plan.js';
import { ComponentCounters } from '../component-counters.js';
import type { ComponentStats } from '../executor.js';
import { ComponentMetrics } from '../metrics.js';
import type { Edge } from './edge.js';

/** Counters of one component; what its tasks handed over their edges know. */
export class StageCounters extends ComponentCounters {
  /** What its tasks count about themselves. */
  readonly metrics: ComponentMetrics;
  /** The edges that its tasks write into. */
  edges: Edge[] = [];
  /** Of what the edges transferred: what is in `transferred` already. */
  #added = 0;

  constructor(component: string, tasks: number) {
    super(component, tasks);
    this.metrics = new ComponentMetrics(component);
  }

  /** The tasks that wrote into the edges are gone. */
  forgetEdges(): void {
    this.#addEdges();
    this.edges = [];
    this.#added = 0;
  }

  override takeCounts(): readonly number[] {
    this.#addEdges();
    return super.takeCounts();
  }

  override toStats(duration: number): ComponentStats {
    this.#addEdges();
    return super.toStats(duration);
  }

  #addEdges(): void {
    const transferred = this.edges.reduce((sum, edge) => sum + edge.records, 0);
    this.transferred += transferred - this.#added;
    this.#added = transferred;
  }
}

/** Counters for each stage of a plan. */
export function countersOf(plan: Plan): readonly StageCounters[] {
  return plan.stages.map((stage) => new StageCounters(nameOf(plan.operators[stage.head]!), stage.parallelism));
}
