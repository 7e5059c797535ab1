/** The task of a bolt: delivers tuples and ticks to the user's `execute`. */
import { assert } from '../../core/assert.js';
import { StreamError } from '../../core/errors.js';
import type { KeyedStore } from '../../core/keyed-store.js';
import { floorTo } from '../../core/time.js';
import type { BoltOperator } from '../../plan/plan.js';
import { taskPlace } from '../../plan/task-place.js';
import type { GateState } from '../../runtime/durability.js';
import { isTick, type Values } from '../../topology/components.js';
import { BoltLife } from '../bolt-life.js';
import { BoltState } from '../bolt-state.js';
import { WatermarkGate } from '../link.js';
import { isEventTime, Ticks } from '../ticks.js';
import { attributed } from '../user-error.js';
import { Alignment } from './alignment.js';
import { BoltCollector } from './bolt-collector.js';
import { type BoltAnchors, BoltTuple } from './bolt-tuple.js';
import { BARRIER, type Block, END, WATERMARK } from './ring.js';
import type { TaskParts } from './task.js';

/** Where the tuples of one edge come from. */
export interface TupleOrigin {
  readonly component: string;
  readonly task: number;
  readonly stream: string;
}

/** Runs one instance of a user's bolt. Tuples of an edge keep their order; a tick comes behind all tuples before it. */
export class BoltTask {
  readonly #parts: TaskParts;
  readonly #operator: BoltOperator;
  readonly #life: BoltLife;
  readonly #collector: BoltCollector;
  readonly #origins: readonly TupleOrigin[];
  readonly #gate: WatermarkGate;
  /** Of a bolt that keeps state. */
  readonly #store: KeyedStore | undefined;
  #state: BoltState | undefined;
  readonly #alignment: Alignment;
  readonly #ticks: Ticks;

  constructor(
    parts: TaskParts,
    anchors: BoltAnchors,
    origins: readonly TupleOrigin[],
    directTask: { read: () => number },
    gate?: GateState,
    store?: KeyedStore,
  ) {
    assert(parts.head.kind === 'bolt', 'a bolt task runs a bolt');
    this.#parts = parts;
    this.#operator = parts.head;
    this.#origins = origins;
    this.#store = store;
    this.#gate = new WatermarkGate(origins.length, gate);
    this.#alignment = new Alignment(parts, origins.length);
    this.#collector = new BoltCollector(parts, parts.head, anchors);
    directTask.read = () => this.#collector.directTask;
    const { plan, head, functions } = parts;
    this.#ticks = new Ticks(head.tickEvery, plan.step, this.#gate.minimum);
    if (!isEventTime(plan, head)) this.#ticks.beginAt(floorTo(parts.now(), plan.settings.batchInterval));
    this.#life = new BoltLife(head, functions);
  }

  /** Calls the user's `prepare`. */
  open(): void {
    const { plan, task, stage, counters, now } = this.#parts;
    const metrics = counters.metrics.of(task, this.#operator, now);
    const who = { ...taskPlace(plan, stage, task), metrics };
    this.#state = this.#store === undefined ? undefined : new BoltState(this.#operator, this.#store);
    this.#life.open(this.#collector, this.#state === undefined ? who : { ...who, state: this.#state });
  }

  get isEnded(): boolean {
    return this.#gate.ended;
  }

  /** Passed on, with every tuple before it; infinite when all inputs have ended. */
  get watermark(): number {
    return this.#gate.ended ? Number.POSITIVE_INFINITY : this.#gate.minimum;
  }

  get gate(): GateState {
    return this.#gate.state();
  }

  /** Calls the user's `cleanup`, once, if it was prepared. */
  close(): void {
    this.#life.close();
  }

  /** One block of the edge `input`. */
  onBlock(block: Block, input: number): void {
    const { counters, now, task, job } = this.#parts;
    const { ring, from, to } = block;
    const began = now();
    for (let i = from; i !== to; i = (i + 1) | 0) {
      const at = i & ring.mask;
      const kind = ring.ids[4 * at]!;
      if (kind <= WATERMARK) {
        this.#control(kind, input, ring.times[2 * at]!, ring.times[2 * at + 1]!);
        continue;
      }
      counters.executed[task]!++;
      this.#execute(this.#tuple(block, at, input, began));
    }
    counters.busy += now() - began;
    if (job.isStopping) job.wake();
  }

  #tuple({ ring: { values, times, ids, extras } }: Block, at: number, input: number, receivedAt: number): BoltTuple {
    const { component, task, stream } = this.#origins[input]!;
    this.#ticks.beginAt(times[2 * at]! - 1);
    const tuple = new BoltTuple(values[at] as Values, component, task, stream, times[2 * at]!);
    values[at] = undefined;
    tuple.root = ids[4 * at]!;
    tuple.receivedAt = receivedAt;
    if (tuple.root >= 0) {
      tuple.generation = ids[4 * at + 1]!;
      tuple.high = ids[4 * at + 2]!;
      tuple.low = ids[4 * at + 3]!;
      tuple.extra = extras?.[at];
    }
    return tuple;
  }

  #execute(tuple: BoltTuple): void {
    const { context } = this.#parts;
    context.timestamp = tuple.timestamp;
    context.windowEnd = Number.NaN;
    this.#collector.time = tuple.timestamp;
    try {
      this.#life.execute(tuple, this.#collector);
    } catch (thrown) {
      this.#failed(tuple, attributed(thrown, this.#operator));
    }
  }

  /** The wrong use of the collector, and what fails without a tuple that could be tried again, fails the job. */
  #failed(tuple: BoltTuple, error: Error): void {
    const { job, plan, task } = this.#parts;
    const isOwn = !(error instanceof StreamError) || error.code === 'RG036' || tuple.answer !== 'none';
    if (isOwn) job.abort(error);
    else if (tuple.root >= 0) this.#collector.failWith(tuple, this.#operator.name, error);
    else if (isTick(tuple) || plan.settings.onError === 'fail') job.abort(error);
    else job.deadLetter(this.#operator.name, task, -1, tuple.values, error);
  }

  #control(kind: number, input: number, watermark: number, highest: number): void {
    if (kind === BARRIER) return this.#alignment.reached(watermark);
    const gate = this.#gate;
    if (gate.ended) return;
    const rose = kind === WATERMARK ? gate.advance(input, watermark) : gate.end(input, watermark, highest);
    const isEnd = kind === END && gate.ended;
    if (!isEnd && !rose) return;
    const reached = isEnd ? gate.finalWatermark : gate.minimum;
    this.#ticks.upTo(reached, this.#tick);
    if (isEnd) return this.#end(reached, gate.highest);
    for (const { name } of this.#operator.streams) this.#parts.chain.output(name).advance(reached);
    this.#collector.watermark = reached;
  }

  #end(finalWatermark: number, highest: number): void {
    const ticked = this.#ticks.goOn(() => this.#state?.isWaiting === true, this.#tick);
    const reach = this.#operator.windows === undefined ? Number.NEGATIVE_INFINITY : ticked;
    const final = Math.max(finalWatermark, reach);
    for (const { name } of this.#operator.streams) this.#parts.chain.output(name).end(final, Math.max(highest, reach));
    this.#collector.watermark = final;
  }

  readonly #tick = (tick: number): void => this.#execute(new BoltTuple({}, '__system', -1, '__tick', tick));
}
