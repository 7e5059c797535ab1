/** The edges of a plan as one host sees them: rings that it writes, numbers for those that others write. */
import type { Plan } from '../../plan/plan.js';
import { resultIds } from '../../plan/result-ids.js';
import { Edge } from './edge.js';
import { DRIVER, type Placement } from './placement.js';
import type { Block } from './ring.js';

/** What the table is made from. */
export interface EdgeTableParts {
  readonly plan: Plan;
  readonly place: Placement;
  readonly ringCapacity: number;
  readonly wake: () => void;
  /** Takes what is written into an edge that leads to another host. Undefined where all tasks are here. */
  readonly send: ((edge: number, to: number) => (block: Block) => void) | undefined;
}

/** An edge into a task of this host: its ring if it is written here too. */
export interface IncomingEdge {
  readonly number: number;
  readonly edge: Edge | undefined;
}

/**
 * Edges are numbered in the order of the plan, the same on every host: those from the driver's readers to the chains of split stages
 * first, then each stage's inputs.
 */
export class EdgeTable {
  /** Those that are written here, in the order in which a turn drains them: every edge before those of later stages. */
  readonly edges: readonly Edge[];
  readonly #plan: Plan;
  readonly #written: ReadonlyMap<number, Edge>;
  readonly #firstOf = new Map<string, number>();

  constructor({ plan, place, ringCapacity, wake, send }: EdgeTableParts) {
    const withExtras = plan.operators.some((operator) => operator.kind === 'bolt');
    const { carriers } = resultIds(plan);
    const written = new Map<number, Edge>();
    let next = 0;
    const add = (from: number, to: number, withIds: boolean): void => {
      const number = next++;
      if (from !== place.here) return;
      const edge = new Edge(ringCapacity, withExtras, wake, withIds);
      written.set(number, edge);
      if (to !== place.here) edge.blocks.subscribe(send!(number, to));
    };
    for (const stage of plan.stages) {
      if (!place.isSplit(stage)) continue;
      this.#firstOf.set(`${stage.id}`, next);
      for (let task = 0; task < stage.parallelism; task++)
        add(DRIVER, place.hostOf(stage, task), carriers.has(stage.head));
    }
    for (const stage of plan.stages) {
      stage.inputs.forEach((input, index) => {
        const producing = plan.stages[input.stage]!;
        this.#firstOf.set(`${stage.id}:${index}`, next);
        for (let producer = 0; producer < producing.parallelism; producer++)
          for (let task = 0; task < stage.parallelism; task++)
            add(place.hostOf(producing, producer), place.hostOf(stage, task), carriers.has(stage.head));
      });
    }
    this.#plan = plan;
    this.#written = written;
    this.edges = [...written.values()];
  }

  /** The edges by which a task of this host reaches the tasks of a reading stage. */
  from(producer: number, stage: number, input: number): readonly Edge[] {
    const { parallelism } = this.#plan.stages[stage]!;
    return Array.from({ length: parallelism }, (_, task) => this.into(stage, input, producer, task).edge!);
  }

  into(stage: number, input: number, producer: number, task: number): IncomingEdge {
    const number = this.#firstOf.get(`${stage}:${input}`)! + producer * this.#plan.stages[stage]!.parallelism + task;
    return { number, edge: this.#written.get(number) };
  }

  /** The edge from the reader of a split stage's task to its chain. */
  split(stage: number, task: number): IncomingEdge {
    const number = this.#firstOf.get(`${stage}`)! + task;
    return { number, edge: this.#written.get(number) };
  }
}

/** Where each edge leads, by number: what the driver needs to pass messages on. */
export function targetsOf(plan: Plan, place: Placement): readonly number[] {
  const targets: number[] = [];
  for (const stage of plan.stages)
    if (place.isSplit(stage))
      for (let task = 0; task < stage.parallelism; task++) targets.push(place.hostOf(stage, task));
  for (const stage of plan.stages)
    for (const input of stage.inputs)
      for (let producer = 0; producer < plan.stages[input.stage]!.parallelism; producer++)
        for (let task = 0; task < stage.parallelism; task++) targets.push(place.hostOf(stage, task));
  return targets;
}
