/** The bolts and groupings of the tasks on one worker. It runs none of them. */
import type { KeyedStore } from '../../core/keyed-store.js';
import { prng } from '../../core/prng.js';
import { nameOf } from '../../plan/kinds.js';
import type { CoreOperator, Stage } from '../../plan/plan.js';
import { taskPlace } from '../../plan/task-place.js';
import type { JobEvent } from '../../runtime/events.js';
import type { TaskInfo } from '../../topology/components.js';
import { type ComponentMetric, ComponentMetrics } from '../metrics.js';
import { type TaskHostParts, workerOf } from '../workers.js';
import { ComponentTask } from './component-task.js';
import { CountedWork } from './counted-work.js';
import type { TaskContext } from './task-context.js';
import type { ComponentReport, Opening, TaskId } from './task-messages.js';

/** What they need of their host. */
export interface HostComponentsParts extends Pick<TaskHostParts, 'plan' | 'functions' | 'clock' | 'seed' | 'worker'> {
  readonly store: (operator: CoreOperator, task: number) => KeyedStore;
  readonly isStateful: (operator: CoreOperator) => boolean;
}

/** A task that has no bolt and writes to none: nobody opens it. */
const NOT_OPENED: Opening = {
  place: { watermark: Number.NEGATIVE_INFINITY, ticks: undefined },
  workers: 1,
  hasListener: false,
};

export class HostComponents {
  readonly #parts: HostComponentsParts;
  readonly #tasks = new Map<string, ComponentTask>();
  readonly #openings = new Map<string, Opening>();
  readonly #metrics = new Map<string, ComponentMetrics>();
  readonly work: CountedWork;
  /** What the work under way emitted and reported. */
  #events: JobEvent[] = [];

  constructor(parts: HostComponentsParts) {
    this.#parts = parts;
    this.work = new CountedWork(parts.plan, parts.clock);
  }

  /** How a task is going to be made. */
  willOpen(id: TaskId, opening: Opening): void {
    this.#openings.set(keyOf(id), opening);
  }

  /** The task of a stage, made with its chain. */
  task(stage: Stage, task: number, context: TaskContext): ComponentTask {
    const { plan, functions, clock, seed, worker, store, isStateful } = this.#parts;
    const id = { stage: stage.id, task };
    const { place, workers, hasListener } = this.#openings.get(keyOf(id)) ?? NOT_OPENED;
    const made = new ComponentTask(stage, task, context, {
      plan,
      functions,
      prng: prng(seed).fork('components'),
      infoOf: (...of) => this.#infoOf(...of),
      counters: this.work.counters[stage.id]!,
      now: () => clock.now(),
      listener: Object.assign((event: JobEvent) => void this.#events.push(event), { isIdle: !hasListener }),
      store,
      isStateful,
      watermarkOf: () => place.watermark,
      isNear: (reader, of) => workerOf(stageOf(plan.stages, reader), of, workers) === worker,
    });
    made.goOn(place);
    this.#tasks.set(keyOf(id), made);
    return made;
  }

  of(id: TaskId): ComponentTask | undefined {
    return this.#tasks.get(keyOf(id));
  }

  /** Nobody hears of the work that is done: it was told before. Its counts, and the errors that it reported again, are told with the next. */
  unheard(): void {
    this.#events = this.#events.filter(({ kind }) => kind === 'errorReported');
  }

  /** What there is to say of a piece of work that is done. */
  report(id: TaskId): ComponentReport {
    const events = this.#events;
    this.#events = [];
    return { place: this.of(id)?.place, counted: this.work.counters[id.stage]!.takeCounts(), events };
  }

  /** What the task counted about itself. @throws StreamError what a gauge throws. */
  metricsOf({ stage, task }: TaskId): readonly ComponentMetric[] {
    const { operators, stages } = this.#parts.plan;
    const component = nameOf(operators[stages[stage]!.head]!);
    return (
      this.#metrics
        .get(component)
        ?.read()
        .filter((metric) => metric.task === task) ?? []
    );
  }

  #infoOf(stage: Stage, task: number): TaskInfo {
    const { plan, clock } = this.#parts;
    const place = taskPlace(plan, stage, task);
    const metrics = this.#metrics.get(place.component) ?? new ComponentMetrics(place.component);
    this.#metrics.set(place.component, metrics);
    return { ...place, metrics: metrics.of(task, plan.operators[stage.head]!, () => clock.now()) };
  }
}

function keyOf({ stage, task }: TaskId): string {
  return `${stage}:${task}`;
}

function stageOf(stages: readonly Stage[], { id }: CoreOperator): number {
  return stages.find(({ head }) => head === id)!.id;
}
