/** One task of a bolt in micro-batches: delivers tuples and ticks, and goes back with an attempt that failed. */
import type { KeyedStore } from '../../core/keyed-store.js';
import type { BoltOperator, Plan } from '../../plan/plan.js';
import type { Listener } from '../../runtime/events.js';
import { isTick, type TaskInfo, type Values } from '../../topology/components.js';
import type { FunctionTable } from '../../topology/graph.js';
import { BoltLife } from '../bolt-life.js';
import { BoltState } from '../bolt-state.js';
import type { Chain } from '../chain.js';
import type { ComponentCounters } from '../component-counters.js';
import type { Link } from '../link.js';
import { isEventTime, Ticks, type TicksPlace } from '../ticks.js';
import { attributed } from '../user-error.js';
import { BatchCollector, BatchTuple } from './batch-collector.js';
import type { BoltPlace } from './bolt-places.js';
import type { TaskContext } from './task-context.js';
import { TupleFailed } from './tuple-failed.js';

/** Where the tuples of one input come from. */
export interface TupleOrigin {
  readonly component: string;
  readonly task: number;
  readonly stream: string;
}

/** What the task of a bolt is made of. */
export interface BatchBoltParts {
  readonly plan: Plan;
  readonly operator: BoltOperator;
  readonly functions: FunctionTable;
  readonly info: TaskInfo;
  readonly context: TaskContext;
  readonly counters: ComponentCounters;
  readonly now: () => number;
  readonly listener: Listener | undefined;
  /** By producer. */
  readonly origins: readonly TupleOrigin[];
  /** Of a bolt that keeps state. */
  readonly store: KeyedStore | undefined;
  /** How far its stream time is (us): -Infinity before it begins. */
  readonly watermark: number;
}

/**
 * 1. Each tuple is answered within the call that brought it, or at least within its batch; one that is not fails, unless the bolt keeps it
 *    in its state.
 * 2. An attempt that failed takes back what a bolt put into its state, and the bolt is made anew on it. A bolt without state stays as it
 *    is: what it remembers by itself nobody can take back. So does the user's windowed bolt, and its windows go back.
 */
export class BatchBolt {
  readonly collector: BatchCollector;
  readonly #parts: BatchBoltParts;
  readonly #isTracking: boolean;
  readonly #ticks: Ticks;
  /** What it threw last is no fault of its tuple, which was answered, and cannot be set aside any more. */
  threwBehindAnswer = false;
  #life: BoltLife;
  #state: BoltState | undefined;
  #isOpen = false;
  #unanswered: BatchTuple[] = [];
  /** As it was when the attempt began, or when the last piece of it was kept. */
  #kept: { readonly ticks: TicksPlace; readonly watermark: number; readonly unanswered: readonly BatchTuple[] };

  constructor(parts: BatchBoltParts) {
    const { plan, operator, functions, watermark } = parts;
    this.#parts = parts;
    this.#isTracking = plan.settings.guarantee !== 'at-most-once';
    this.collector = new BatchCollector(parts, this.#isTracking);
    this.collector.watermark = watermark;
    this.#ticks = new Ticks(operator.tickEvery, plan.step, watermark);
    this.#life = new BoltLife(operator, functions);
    this.#kept = { ticks: this.#ticks.place, watermark: this.collector.watermark, unanswered: [] };
  }

  /** The first batch begins there: so do ticks, unless the first tuple says when. */
  beginAt(time: number): void {
    const { plan, operator } = this.#parts;
    if (!isEventTime(plan, operator)) this.#ticks.beginAt(time);
  }

  get place(): BoltPlace {
    return { watermark: this.collector.watermark, ticks: this.#ticks.place };
  }

  /** Before anything ran. */
  set place({ watermark, ticks }: BoltPlace) {
    this.collector.watermark = watermark;
    if (ticks !== undefined) this.#ticks.place = ticks;
    this.keep();
  }

  open(): void {
    const { operator, info, store } = this.#parts;
    this.#isOpen = true;
    this.#state = store === undefined ? undefined : new BoltState(operator, store);
    this.#life.open(this.collector, this.#state === undefined ? info : { ...info, state: this.#state });
  }

  close(): void {
    this.#isOpen = false;
    this.#life.close();
  }

  /** What takes tuples and stream time, in front of a chain. */
  link(chain: Chain): Link {
    const { operator } = this.#parts;
    this.collector.into(chain);
    const outputs = operator.streams.map(({ name }) => chain.output(name));
    return {
      push: (value) => this.#deliver(value),
      advance: (watermark) => {
        this.#reach(watermark);
        for (const output of outputs) output.advance(watermark);
        this.collector.watermark = watermark;
      },
      end: (finalWatermark, highest) => {
        this.#reach(finalWatermark);
        const ticked = this.#ticks.goOn(() => this.#state?.isWaiting === true, this.#tick);
        const reach = operator.windows === undefined ? Number.NEGATIVE_INFINITY : ticked;
        const final = Math.max(finalWatermark, reach);
        for (const output of outputs) output.end(final, Math.max(highest, reach));
        this.collector.watermark = final;
      },
    };
  }

  /** What ran so far stands. */
  keep(): void {
    this.#unanswered = this.#open();
    this.#kept = { ticks: this.#ticks.place, watermark: this.collector.watermark, unanswered: this.#unanswered };
  }

  /** Back to what was kept last. */
  rollback(): void {
    this.#ticks.place = this.#kept.ticks;
    this.collector.watermark = this.#kept.watermark;
    this.#unanswered = [...this.#kept.unanswered];
    this.collector.takeFailed();
    this.threwBehindAnswer = false;
    const { operator, functions } = this.#parts;
    if (this.#state === undefined || !this.#isOpen || this.#state.takenBack()) return;
    this.close();
    this.#life = new BoltLife(operator, functions);
    this.open();
  }

  /** The tuples of the batch that were not answered, and are forgotten. */
  takeUnanswered(): readonly TupleFailed[] {
    const { operator } = this.#parts;
    const open = this.#isTracking && !operator.holdsTuples ? this.#open() : [];
    this.#unanswered = [];
    return open.map((tuple) => {
      const hint =
        'ack or fail each tuple within execute; a bolt that holds tuples says so, and runs with --mode record';
      const why = `of its batch was neither acked nor failed by '${operator.name}'`;
      return new TupleFailed(operator, tuple, why, hint);
    });
  }

  #open(): BatchTuple[] {
    return this.#unanswered.filter(({ answer }) => answer === 'none');
  }

  #deliver(value: unknown): void {
    const { context, origins, counters, info, now } = this.#parts;
    const { component, task, stream } = origins[context.producer]!;
    this.#ticks.beginAt(context.timestamp - 1);
    const tuple = new BatchTuple(value as Values, component, task, stream, context.timestamp);
    tuple.origin = context.origin;
    if (counters.isSampled(++counters.executed[info.task]!)) tuple.receivedAt = now();
    this.#execute(tuple);
    if (tuple.answer === 'none') this.#unanswered.push(tuple);
  }

  #reach(watermark: number): void {
    this.#ticks.upTo(watermark, this.#tick);
  }

  readonly #tick = (tick: number): void => this.#execute(new BatchTuple({}, '__system', -1, '__tick', tick));

  #execute(tuple: BatchTuple): void {
    const { context, operator, counters } = this.#parts;
    context.timestamp = tuple.timestamp;
    context.windowEnd = Number.NaN;
    this.collector.executing = tuple;
    try {
      this.#life.execute(tuple, this.collector);
    } catch (thrown) {
      this.threwBehindAnswer = tuple.answer !== 'none';
      if (!this.threwBehindAnswer && !isTick(tuple)) counters.failed++;
      throw attributed(thrown, operator);
    } finally {
      this.collector.executing = undefined;
    }
    const failed = this.collector.takeFailed();
    if (failed !== undefined && !isTick(tuple)) throw failed;
  }
}
