/** What a worker runs in the micro-batch model: tasks with their state. It knows neither batches' order nor other workers. */
import { StreamError } from '../../core/errors.js';
import type { Stage } from '../../plan/plan.js';
import type { GateState, StoreSource } from '../../runtime/durability.js';
import type { ComponentMetric } from '../metrics.js';
import { createStores, type SnapshotCut, type Stores } from '../stores.js';
import type { TaskHost, TaskHostParts } from '../workers.js';
import { BatchTask, type TaskInput } from './batch-task.js';
import { callerOf, type RowCaller } from './called-rows.js';
import { hasComponents } from './components.js';
import { HostComponents } from './host-components.js';
import { blockInputs, shuffledInput } from './host-inputs.js';
import { InBandOutput } from './in-band.js';
import { KnownTexts } from './known-texts.js';
import { PairsOutput } from './pairs-output.js';
import { plainError } from './sent-errors.js';
import { RowsOutput, type ShuffleExit } from './shuffle.js';
import {
  type CutPiece,
  type FromHost,
  type HostOutput,
  type StoreHead,
  sentResult,
  type TaskId,
  type ToHost,
} from './task-messages.js';
import { joinedResults, TaskFailure, type TaskResult } from './task-result.js';

export function createMicroBatchHost(parts: TaskHostParts): TaskHost {
  const host = new MicroBatchHost(parts);
  return { onMessage: (message) => host.hear(message as ToHost) };
}

/** A snapshot of one task that is under way. */
interface Cut {
  readonly number: number;
  readonly heads: readonly StoreHead[];
  /** Those that have more rows. */
  readonly stores: StoreSource[];
  readonly gates: readonly GateState[];
}

type RunMessage = Extract<ToHost, { readonly kind: 'run' }>;

type HostTask = Pick<BatchTask<HostOutput>, 'runBatch' | 'gates' | 'pieces'>;

/** A task is made when it is first heard of. */
interface HostedTask {
  readonly task: HostTask | undefined;
  /** Where its stage begins with calls. */
  readonly caller: RowCaller | undefined;
  readonly gates: readonly GateState[];
  readonly cut: Cut | undefined;
}

const NEW_TASK: HostedTask = { task: undefined, caller: undefined, gates: [], cut: undefined };

class MicroBatchHost {
  readonly #parts: TaskHostParts;
  readonly #stores: Stores;
  readonly #components: HostComponents | undefined;
  readonly #tasks = new Map<string, HostedTask>();
  /** By way out; of all tasks here, since who reads a text does not depend on who writes it. */
  readonly #known = new Map<string, KnownTexts>();
  /** What came for tasks whose calls are under way, in order. */
  readonly #waiting = new Map<string, ToHost[]>();

  constructor(parts: TaskHostParts) {
    this.#parts = parts;
    this.#stores = createStores(parts.plan, undefined, parts.createStore);
    const { of: store, isStateful } = this.#stores;
    this.#components = hasComponents(parts.plan) ? new HostComponents({ ...parts, store, isStateful }) : undefined;
  }

  /** A task takes its messages one after another, and others do not wait for it. */
  hear(message: ToHost): void {
    const waiting = this.#waiting.get(nameOf(message));
    if (waiting === undefined) this.#take(message);
    else waiting.push(message);
  }

  #take(message: ToHost): void {
    switch (message.kind) {
      case 'restore':
        return this.#restore(message, message.uid, message.rows);
      case 'gates':
        return this.#set(message, { gates: message.gates });
      case 'open':
        return this.#open(message, message);
      case 'close':
        return this.#close(message);
      case 'run':
        return this.#call(message);
      case 'cut':
        return this.#begin(message, message.cut, message);
      case 'next':
        return this.#next(message, message.cut);
      case 'drop':
        return this.#drop(message, message.cut);
    }
  }

  #restore({ stage, task }: TaskId, uid: string, rows: Parameters<ReturnType<Stores['of']>['restore']>[0]): void {
    const { plan } = this.#parts;
    const ids = plan.stages[stage]!.operators;
    const operator = ids
      .map((id) => plan.operators[id]!)
      .find((each) => each.uid === uid && this.#stores.isStateful(each));
    this.#stores.of(operator!, task).restore(rows);
  }

  /** Bolts are prepared: what they throw is the job's failure, and no reason to begin this worker anew. */
  #open(id: TaskId, opening: Extract<ToHost, { readonly kind: 'open' }>): void {
    const { stage, task } = id;
    try {
      this.#components?.willOpen(id, opening);
      this.#taskOf(id);
      this.#components?.of(id)?.open();
    } catch (thrown) {
      this.#send({ kind: 'failed', stage, task, error: plainError(thrown) });
    }
  }

  #close({ stage, task }: TaskId): void {
    let metrics: readonly ComponentMetric[] = [];
    let error: unknown;
    try {
      metrics = this.#components?.metricsOf({ stage, task }) ?? [];
      this.#components?.of({ stage, task })?.close();
    } catch (thrown) {
      error = thrown;
    }
    this.#send({ kind: 'closed', stage, task, metrics, error: error === undefined ? undefined : plainError(error) });
  }

  #call(message: RunMessage): void {
    const { plan } = this.#parts;
    const { work } = message;
    const { pieces } = this.#taskOf(message);
    if (work.kind === 'blocks') return this.#run(message, blockInputs(plan, message, work, pieces));
    const { caller } = this.#hosted(message);
    const input = shuffledInput(plan, message, work);
    if (caller === undefined) return this.#run(message, [() => input]);
    this.#waiting.set(nameOf(message), []);
    input
      .called(caller)
      .then((called) => {
        this.#run(message, [() => called]);
        const waiting = this.#waiting.get(nameOf(message))!;
        this.#waiting.delete(nameOf(message));
        for (const next of waiting) this.hear(next);
      })
      .catch((bug: unknown) =>
        this.#parts.scheduler.soon(() => {
          throw bug; // no outcome of a call: it ends the worker
        }),
      );
  }

  #run(message: RunMessage, inputs: readonly (() => TaskInput)[]): void {
    const { stage, task, batch, silent, work } = message;
    if (work.kind === 'in-band') this.#components?.of(message)?.beginAt(work.ticksFrom);
    const result = this.#result(message, inputs);
    if (silent && !(result instanceof TaskFailure)) return this.#components?.unheard();
    const buffers: ArrayBuffer[] = [];
    try {
      const sent = sentResult(result, buffers, this.#components?.report(message));
      this.#send({ kind: 'result', stage, task, batch, result: sent }, buffers);
    } catch (thrown) {
      if (!(thrown instanceof StreamError)) throw thrown;
      const failed = new TaskFailure([], 0, thrown);
      this.#send({ kind: 'result', stage, task, batch, result: sentResult(failed, []) });
    }
  }

  /** Everything in one result, also where the work is done in pieces. */
  #result(id: TaskId, inputs: readonly (() => TaskInput)[]): TaskResult<HostOutput> | TaskFailure {
    const task = this.#taskOf(id);
    const stage = this.#parts.plan.stages[id.stage]!;
    let all: TaskResult<HostOutput> | undefined;
    for (const input of inputs) {
      const work = input();
      const run = () => task.runBatch(work);
      const result = this.#components?.work.run(stage, id.task, work.length, run) ?? run();
      if (result instanceof TaskFailure)
        return new TaskFailure(
          [...(all?.notes ?? []), ...result.notes],
          (all?.retries ?? 0) + result.retries,
          result.error,
        );
      if (inputs.length === 1) return result;
      all = joinedResults(all, result);
    }
    return all!;
  }

  #begin(id: TaskId, number: number, { epoch, since }: SnapshotCut): void {
    const { stage, task } = id;
    const stores = this.#stores.snapshots({ epoch, since }, (ofStage, ofTask) => ofStage === stage && ofTask === task);
    const heads = stores.map(({ next: _next, close: _close, ...head }) => head);
    this.#set(id, { cut: { number, heads, stores, gates: this.#taskOf(id).gates() } });
    this.#next(id, number);
  }

  /** Sends the next piece of a snapshot that is under way, or its end. */
  #next(id: TaskId, number: number): void {
    const { cut } = this.#hosted(id);
    if (cut?.number !== number) return;
    for (;;) {
      const [store] = cut.stores;
      if (store === undefined) {
        this.#set(id, { cut: undefined });
        return this.#sendPiece(id, number, { kind: 'end', stores: cut.heads, gates: cut.gates });
      }
      const rows = store.next() as readonly never[];
      if (rows.length === 0) {
        store.close();
        cut.stores.shift();
        continue;
      }
      return this.#sendPiece(id, number, { kind: 'rows', uid: store.uid, rows });
    }
  }

  #drop(id: TaskId, number: number): void {
    const { cut } = this.#hosted(id);
    if (cut?.number !== number) return;
    for (const store of cut.stores) store.close();
    this.#set(id, { cut: undefined });
  }

  #sendPiece({ stage, task }: TaskId, cut: number, piece: CutPiece): void {
    this.#send({ kind: 'piece', stage, task, cut, piece });
  }

  #send(message: FromHost, buffers: readonly ArrayBuffer[] = []): void {
    this.#parts.send(message, buffers);
  }

  #taskOf(id: TaskId): HostTask {
    const { task, gates } = this.#hosted(id);
    if (task !== undefined) return task;
    const { plan, functions, clock, scheduler } = this.#parts;
    const made = this.#newTask(plan.stages[id.stage]!, id.task, gates);
    const caller = callerOf(plan.stages[id.stage]!, { plan, functions, world: { clock, scheduler } });
    this.#set(id, { task: made, caller });
    return made;
  }

  /** With bolts, watermarks keep their place between the rows. */
  #newTask(stage: Stage, task: number, gates: readonly GateState[]): HostTask {
    const { plan, functions } = this.#parts;
    const services = { plan, functions, stores: this.#stores };
    const components = this.#components;
    if (components === undefined)
      return new BatchTask<HostOutput>(stage, task, { ...services, newOutput: (exit) => this.#output(exit) }, gates);
    return new BatchTask<RowsOutput>(
      stage,
      task,
      {
        ...services,
        newOutput: (exit) => new InBandOutput(exit),
        component: (...of) => components.task(...of),
      },
      gates,
    );
  }

  /** Pairs go as columns; what was combined has each key once as it is. */
  #output(exit: ShuffleExit): HostOutput {
    const { key, exchange, reader, readers } = exit;
    if (exchange.kind !== 'hash' || reader.kind === 'window-reduce') return new RowsOutput(exit);
    const known = this.#known.get(key) ?? new KnownTexts();
    this.#known.set(key, known);
    return new PairsOutput(reader, readers, known);
  }

  #hosted(id: TaskId): HostedTask {
    return this.#tasks.get(nameOf(id)) ?? NEW_TASK;
  }

  #set(id: TaskId, changed: { readonly [K in keyof HostedTask]?: HostedTask[K] }): void {
    this.#tasks.set(nameOf(id), { ...this.#hosted(id), ...changed });
  }
}

function nameOf({ stage, task }: TaskId): string {
  return `${stage}:${task}`;
}
