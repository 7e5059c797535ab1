/** One wiring on a worker: takes the driver's turns, runs its tasks, and answers with one message a turn. */
import { assert } from '../../core/assert.js';
import type { StreamError } from '../../core/errors.js';
import type { Prng } from '../../core/prng.js';
import type { Emit, RecordContext } from '../../kernels/kernel.js';
import type { SinkOperator } from '../../plan/plan.js';
import { asksForIds } from '../../plan/result-ids.js';
import type { RestoredJob, StoreSource } from '../../runtime/durability.js';
import type { JobEvent } from '../../runtime/events.js';
import type { Timer } from '../../runtime/world.js';
import type { ComponentMetric } from '../metrics.js';
import type { TaskHostParts } from '../workers.js';
import { Answers } from './answers.js';
import { blockOf, type FromWorker, type Note, plainError, rowsOf, type ToWorker, transferOf } from './messages.js';
import { Outbox } from './outbox.js';
import { placementOf } from './placement.js';
import { ResultRows } from './result-rows.js';
import { SkippedRecords, type SourceRecord } from './skipped-records.js';
import { countersOf, type StageCounters } from './statistics.js';
import type { JobControl } from './task.js';
import { packedTree } from './tree-ids.js';
import { TurnQuantum } from './turn-quantum.js';
import { wire } from './wiring.js';
import type { Wiring } from './wiring-parts.js';

type Begin = Extract<ToWorker, { readonly kind: 'begin' }>;
type Turn = Extract<ToWorker, { readonly kind: 'turn' }>;

/** Its tasks see it as their job. What they ask of it goes into the next message. */
export class HostRun implements JobControl {
  readonly number: number;
  readonly hasListener: boolean;
  readonly isStopping = false;
  readonly isPaused = false;
  isOver = false;
  readonly #parts: TaskHostParts;
  readonly #wiring: Wiring;
  readonly #counters: readonly StageCounters[];
  readonly #outbox = new Outbox();
  readonly #answers = new Map<number, Answers>();
  readonly #results: ResultRows[] = [];
  #notes: Note[] = [];
  /** Stream time of the driver's last message, and when it came by the clock here (us). */
  #now: number;
  #heardAt: number;
  #done = 0;
  #held = 0;
  readonly #timers = new Set<Timer>();
  #heard = 0;
  #said = 0;
  #isInTurn = true;
  #isScheduled = false;
  #met = 0;
  #epoch = 0;
  #stores: readonly StoreSource[] = [];
  /** What the driver said last. */
  #since: number | undefined;

  constructor(parts: TaskHostParts, begin: Begin, ids: Prng, restored: RestoredJob | undefined) {
    const { plan, functions, worker } = parts;
    this.#parts = parts;
    this.number = begin.run;
    this.hasListener = begin.hasListener;
    this.#now = begin.now;
    this.#heardAt = parts.clock.now();
    this.#counters = countersOf(plan);
    this.#wiring = wire({
      plan,
      options: begin.options,
      functions,
      place: placementOf(plan, begin.workers, begin.options, worker),
      remote: {
        send: (edge) => (block) => {
          this.#outbox.edges.push(rowsOf(edge, block));
        },
        reader: () => () => {},
        loadOf: () => 0,
      },
      channels: undefined,
      readers: new Map(),
      sink: (operator, context, task) => this.#sink(operator, context, task),
      lane: (stage) => {
        const answers = this.#answers.get(stage.id) ?? new Answers(stage.id);
        this.#answers.set(stage.id, answers);
        return answers;
      },
      counters: this.#counters,
      job: this,
      prng: ids,
      now: () => this.#streamTime(),
      count: (counter, by) => this.#notes.push({ kind: 'count', counter, by }),
      restored,
      createStore: parts.createStore,
      skipped: new SkippedRecords(),
      quantum: new TurnQuantum(begin.options),
      untilDurable: false,
      expires: false,
      spoutsBefore: new Map(),
    });
    const { progress } = begin;
    for (let i = 0; i < progress.length; i += 3)
      this.#wiring.entrances.get(progress[i]!)!.resume!({ processed: progress[i + 1]!, next: progress[i + 2]! });
    this.#guarded(() => {
      for (const task of this.#wiring.consumers) task.open();
    });
    this.#answer(0);
  }

  /** The wiring is thrown away: bolts clean up, and nothing is said any more. */
  end(): void {
    this.isOver = true;
    for (const timer of this.#timers) timer.cancel();
    for (const edge of this.#wiring.edges) edge.complete();
    for (const store of this.#stores) store.close();
    for (const task of this.#wiring.consumers) task.close();
  }

  onMessage(message: Exclude<ToWorker, { readonly kind: 'restore' | 'begin' }>): void {
    switch (message.kind) {
      case 'turn':
        this.#turn(message);
        return;
      case 'pull':
        if (message.epoch === this.#epoch) this.#pull(message.store);
        return;
      case 'close':
        if (message.epoch === this.#epoch) this.#stores[message.store]?.close();
        return;
    }
  }

  readonly wake = (): void => {};

  /** A bolt may emit, and answer, outside of a turn. */
  readonly edgeWaiting = (): void => {
    if (this.#isInTurn || this.#isScheduled) return;
    this.#isScheduled = true;
    this.#parts.scheduler.soon(() => {
      this.#isScheduled = false;
      if (!this.isOver) this.#work(() => {});
    });
  };

  at(time: number, run: () => void): Timer {
    const { scheduler, clock } = this.#parts;
    const timer = scheduler.at(clock.now() + time - this.#streamTime(), () => {
      this.#timers.delete(timer);
      this.#guarded(run);
    });
    this.#timers.add(timer);
    return timer;
  }

  barrierNeeded(): void {}

  barrierReached(epoch: number): void {
    if (epoch !== this.#epoch) this.#met = 0;
    this.#epoch = epoch;
    this.#met++;
  }

  abort(error: unknown): void {
    this.#notes.push({ kind: 'abort', error: plainError(error) });
  }

  failed(error: StreamError, record?: SourceRecord): void {
    this.#notes.push({ kind: 'failed', error: plainError(error), record });
  }

  deadLetter(source: string, partition: number, offset: number | string, value: unknown, error: unknown): void {
    this.#notes.push({ kind: 'dead letter', source, partition, offset, value, error: plainError(error) });
  }

  event(event: JobEvent): void {
    this.#notes.push({ kind: 'event', event });
  }

  treeOpened(): void {}

  /** The driver knows the message. */
  treeId(root: number, generation: number): number {
    return packedTree(root, generation);
  }

  #turn({ sequence, now, since, processed, edges }: Turn): void {
    if (sequence <= this.#heard) return;
    assert(sequence === this.#heard + 1, `turn ${sequence} of the driver came after turn ${this.#heard}`);
    this.#heard = sequence;
    this.#now = now;
    this.#since = since;
    this.#heardAt = this.#parts.clock.now();
    this.#work(() => {
      const { entrances } = this.#wiring;
      for (let i = 0; i < processed.length; i += 2) entrances.get(processed[i]!)!.processed!(processed[i + 1]!);
      for (const rows of edges) {
        this.#done += rows.count;
        entrances.get(rows.edge)!.onBlock(blockOf(rows));
        this.#drain();
      }
    });
  }

  #work(run: () => void): void {
    const began = this.#parts.clock.now();
    this.#isInTurn = true;
    this.#guarded(() => {
      run();
      this.#drain();
    });
    this.#answer(this.#parts.clock.now() - began);
  }

  #drain(): void {
    for (const caller of this.#wiring.callers) caller.release();
    for (const edge of this.#wiring.edges) edge.drain();
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.abort(thrown);
    }
  }

  /** The turn took so long (us). */
  #answer(took: number): void {
    const { edges } = this.#outbox.take();
    const results = this.#results.flatMap((rows) => rows.take());
    const message: FromWorker = {
      kind: 'turn',
      run: this.number,
      sequence: ++this.#said,
      turn: this.#heard,
      took,
      done: this.#done - this.#newlyHeld(),
      results,
      edges,
      answers: [...this.#answers.values()].flatMap((answers) => answers.take()),
      notes: this.#notes,
      barrier: this.#report(),
      isEnded: this.#wiring.consumers.every((task) => task.isEnded),
      watermark: this.#wiring.watermark(),
    };
    this.#done = 0;
    this.#notes = [];
    this.#isInTurn = false;
    this.#parts.send(message, transferOf(edges));
  }

  /** Records that wait for their calls are not done, though they were taken. */
  #newlyHeld(): number {
    const before = this.#held;
    this.#held = this.#wiring.callers.reduce((sum, caller) => sum + caller.heldCount, 0);
    return this.#held - before;
  }

  /** By the driver's clock (us). */
  #streamTime(): number {
    return this.#now + this.#parts.clock.now() - this.#heardAt;
  }

  /** All tasks have met the barrier: their state stands still until the end of this turn, and its snapshot begins. */
  #report(): Extract<FromWorker, { readonly kind: 'turn' }>['barrier'] {
    const { consumers } = this.#wiring;
    if (this.#met === 0 || this.#met < consumers.length) return undefined;
    this.#met = 0;
    for (const store of this.#stores) store.close();
    this.#stores = this.#wiring.snapshots({ epoch: this.#epoch, since: this.#since });
    return {
      epoch: this.#epoch,
      gates: this.#wiring.gates(),
      innerGates: this.#wiring.innerGates(),
      stores: this.#stores.map(({ next: _next, close: _close, ...head }) => head),
      metrics: this.#metrics(),
      counted: this.#counters.map((counters, stage) => [stage, counters.takeCounts()]),
    };
  }

  #metrics(): readonly (readonly ComponentMetric[])[] {
    let read: readonly (readonly ComponentMetric[])[] = [];
    this.#guarded(() => {
      read = this.#counters.map(({ metrics }) => metrics.read());
    });
    return read;
  }

  #pull(store: number): void {
    const rows = this.#stores[store]!.next();
    assert(!(rows instanceof Promise), 'a store of this host is read at once');
    const message: FromWorker = { kind: 'rows', run: this.number, epoch: this.#epoch, store, rows };
    this.#parts.send(message);
  }

  #sink(operator: SinkOperator, context: RecordContext, task: number): Emit {
    const rows = new ResultRows(operator.name, task, asksForIds(operator));
    this.#results.push(rows);
    return (value) => rows.add(value, context);
  }
}
