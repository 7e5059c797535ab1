/** The spouts and bolts of a job in micro-batches: opened with the job and closed with it. It runs none of them. */

import type { Prng } from '../../core/prng.js';
import { floorTo } from '../../core/time.js';
import type { Plan, SpoutOperator, Stage } from '../../plan/plan.js';
import { taskPlace } from '../../plan/task-place.js';
import type { Listener } from '../../runtime/events.js';
import type { Clock, Scheduler } from '../../runtime/world.js';
import type { TaskInfo } from '../../topology/components.js';
import type { FunctionTable } from '../../topology/graph.js';
import { treesOf } from '../component-counters.js';
import type { JobResult, MicroBatchOptions } from '../executor.js';
import { type ComponentMetric, ComponentMetrics } from '../metrics.js';
import type { Stores } from '../stores.js';
import type { Batch, PartitionMark } from './batch.js';
import { ComponentTask } from './component-task.js';
import { CountedWork } from './counted-work.js';
import type { Progress } from './progress.js';
import { SpoutReader } from './spout-reader.js';
import type { TaskContext } from './task-context.js';
import type { ComponentReport } from './task-messages.js';

/** What components need of their job. */
export interface ComponentsParts {
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly stores: Stores;
  readonly progress: Progress;
  readonly prng: Prng;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly options: Pick<MicroBatchOptions, 'maxSpoutPending' | 'trigger'>;
  /** Hears of each emit, and of errors that are reported. */
  readonly listener: Listener | undefined;
  /** What a spout throws fails the job. */
  readonly failed: (error: unknown) => void;
}

/** Whether a job has spouts or bolts. */
export function hasComponents({ operators }: Plan): boolean {
  return operators.some(({ kind }) => kind === 'spout' || kind === 'bolt');
}

export class Components {
  readonly #parts: ComponentsParts;
  readonly #tasks: ComponentTask[] = [];
  /** Where ticks begin (us). */
  #begin: number | undefined;
  readonly #spouts = new Map<string, SpoutReader>();
  /** By name. */
  readonly #metrics = new Map<string, ComponentMetrics>();
  readonly work: CountedWork;

  constructor(parts: ComponentsParts) {
    this.#parts = parts;
    this.work = new CountedWork(parts.plan, parts.clock);
  }

  /** The task of a stage, kernels' stages among them: their exits lead to bolts too. */
  task(stage: Stage, task: number, context: TaskContext): ComponentTask {
    const { plan, functions, stores, progress, prng, clock, listener } = this.#parts;
    const made = new ComponentTask(stage, task, context, {
      plan,
      functions,
      prng,
      infoOf: (...place) => this.#infoOf(...place),
      counters: this.work.counters[stage.id]!,
      now: () => clock.now(),
      listener,
      store: stores.of,
      isStateful: stores.isStateful,
      watermarkOf: ({ id }, of) => progress.gateOf(id, of).minimum,
      isNear: () => true,
    });
    this.#tasks.push(made);
    return made;
  }

  /** The tasks of a spout, as partitions that are read. `reached`: how far the stream time of each is (us), -Infinity before it begins. */
  readers(operator: SpoutOperator, reached: (task: number) => number): readonly SpoutReader[] {
    const { plan, functions, clock, scheduler, options, listener, failed } = this.#parts;
    const stage = plan.stages.find(({ head }) => head === operator.id)!;
    const { maxSpoutPending: pendingMax } = options;
    const made = Array.from(
      { length: operator.parallelism },
      (_, task) =>
        new SpoutReader({
          plan,
          operator,
          task,
          info: this.#infoOf(stage, task),
          counters: this.work.counters[stage.id]!,
          functions,
          clock,
          scheduler,
          listener,
          failed,
          pendingMax,
          reached: reached(task),
        }),
    );
    for (const [task, reader] of made.entries()) this.#spouts.set(`${operator.name}:${task}`, reader);
    return made;
  }

  /** Bolts are prepared before spouts are opened. @throws StreamError for what the user's functions throw. */
  open(): void {
    for (const task of this.#tasks) task.open();
    for (const spout of this.#spouts.values()) spout.open();
  }

  /** Ticks begin with the interval of the first batch, which is the same when a restart runs it again. */
  begin({ time }: Batch): number {
    if (this.#begin !== undefined) return this.#begin;
    const { plan, options } = this.#parts;
    const { batchInterval } = plan.settings;
    // A tick's batch has what came before it, and one that was cut at once what came by then.
    const from = options.trigger === 'interval' ? time - batchInterval : floorTo(time, batchInterval);
    for (const task of this.#tasks) task.beginAt(from);
    this.#begin = from;
    return from;
  }

  /** The job stops: spouts emit nothing new. */
  deactivate(): void {
    for (const spout of this.#spouts.values()) spout.deactivate();
  }

  /** A batch is done that ends there: spouts hear what of it was given up. */
  processed(marks: readonly PartitionMark[]): void {
    for (const { source, partition, offset } of marks) this.#spouts.get(`${source}:${partition}`)?.processed(offset);
  }

  /** What the tasks of a stage did on a worker. */
  did(stage: number, { counted, events }: ComponentReport): void {
    this.work.counters[stage]!.addCounts(counted);
    for (const event of events) this.#parts.listener?.(event);
  }

  /** What a task on a worker counted about itself. */
  heard(metrics: readonly ComponentMetric[]): void {
    if (metrics[0] !== undefined) this.#metricsOf(metrics[0].component).heard(metrics);
  }

  /** What was counted in a run of `duration` us. */
  numbers(duration: number): Pick<JobResult, 'components' | 'acked' | 'failed'> {
    const { operators, stages } = this.#parts.plan;
    const spouts = this.work.counters.filter((_, stage) => operators[stages[stage]!.head]!.kind === 'spout');
    return { components: this.work.counters.map((counters) => counters.toStats(duration)), ...treesOf(spouts) };
  }

  /** What components count about themselves. @throws StreamError what a gauge throws. */
  metrics(): readonly ComponentMetric[] {
    return [...this.#metrics.values()].flatMap((metrics) => metrics.read());
  }

  /** The closing functions of everything that was opened. */
  get closings(): readonly (() => void)[] {
    return [...this.#spouts.values(), ...this.#tasks].map((each) => () => each.close());
  }

  #infoOf(stage: Stage, task: number): TaskInfo {
    const { plan, clock } = this.#parts;
    const place = taskPlace(plan, stage, task);
    const metrics = this.#metricsOf(place.component).of(task, plan.operators[stage.head]!, () => clock.now());
    return { ...place, metrics };
  }

  #metricsOf(component: string): ComponentMetrics {
    const metrics = this.#metrics.get(component) ?? new ComponentMetrics(component);
    this.#metrics.set(component, metrics);
    return metrics;
  }
}
