/** What a worker runs in the micro-batch model: tasks with their state. It knows neither batches' order nor other workers. */
import { StreamError } from '../../core/errors.js';
import type { GateState, StoreSource } from '../../runtime/durability.js';
import { createStores, type SnapshotCut, type Stores } from '../stores.js';
import type { TaskHost, TaskHostParts } from '../workers.js';
import { sourceOf } from './batch-runner.js';
import { BatchTask } from './batch-task.js';
import { callerOf, type RowCaller } from './called-rows.js';
import { PairsOutput } from './pairs-output.js';
import { piecesOf } from './pieces.js';
import type { PartitionTime } from './progress.js';
import { readable } from './row-codec.js';
import { Rows } from './rows.js';
import { RowsOutput, type ShuffleExit } from './shuffle.js';
import { BlockInput, ShuffleInput } from './task-inputs.js';
import {
  blocksOf,
  type CutPiece,
  type FromHost,
  type HostOutput,
  type StoreHead,
  sentResult,
  type TaskId,
  type TaskWork,
  type ToHost,
} from './task-messages.js';
import { TaskFailure, type TaskResult } from './task-result.js';

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

/** Work, with what came of its rows' calls where there are any. */
type ReadyWork = TaskWork & { readonly called?: Rows };

/** A task is made when it is first heard of. */
interface HostedTask {
  readonly task: BatchTask<HostOutput> | undefined;
  /** Where its stage begins with calls. */
  readonly caller: RowCaller | undefined;
  readonly gates: readonly GateState[];
  readonly cut: Cut | undefined;
}

const NEW_TASK: HostedTask = { task: undefined, caller: undefined, gates: [], cut: undefined };

class MicroBatchHost {
  readonly #parts: TaskHostParts;
  readonly #stores: Stores;
  readonly #tasks = new Map<string, HostedTask>();
  /** What came for tasks whose calls are under way, in order. */
  readonly #waiting = new Map<string, ToHost[]>();

  constructor(parts: TaskHostParts) {
    this.#parts = parts;
    this.#stores = createStores(parts.plan, undefined, parts.createStore);
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

  #call(message: RunMessage): void {
    const { work } = message;
    this.#taskOf(message);
    const { caller } = this.#hosted(message);
    if (caller === undefined || work.kind !== 'rows') return this.#run(message, work);
    this.#waiting.set(nameOf(message), []);
    caller
      .call(work.rows.map(readable))
      .then((rows) => {
        this.#run(message, { ...work, called: rows });
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

  #run(message: RunMessage, work: ReadyWork): void {
    const { stage, task, batch, silent } = message;
    const result = this.#result(message, work);
    if (silent && !(result instanceof TaskFailure)) return;
    const buffers: ArrayBuffer[] = [];
    try {
      this.#send({ kind: 'result', stage, task, batch, result: sentResult(result, buffers) }, buffers);
    } catch (thrown) {
      if (!(thrown instanceof StreamError)) throw thrown;
      const failed = new TaskFailure([], 0, thrown);
      this.#send({ kind: 'result', stage, task, batch, result: sentResult(failed, []) });
    }
  }

  /** Everything in one result, also where the work is done in pieces. */
  #result(id: TaskId, work: ReadyWork): TaskResult<HostOutput> | TaskFailure {
    const { plan } = this.#parts;
    const stage = plan.stages[id.stage]!;
    const task = this.#taskOf(id);
    if (work.kind === 'rows') {
      const origin = { source: plan.operators[stage.head]!.uid, partition: id.task };
      return task.runBatch(
        new ShuffleInput(work.called === undefined ? work.rows.map(readable) : [work.called], work.news, origin),
      );
    }
    const origin = { source: sourceOf(plan, stage), partition: id.task };
    const time: PartitionTime = { ...work.time };
    const pieces = piecesOf(plan, stage, blocksOf(work.blocks));
    let all: TaskResult<HostOutput> | undefined;
    for (const piece of pieces) {
      const result = task.runBatch(new BlockInput(piece, time, plan.step, origin));
      if (result instanceof TaskFailure)
        return new TaskFailure(
          [...(all?.notes ?? []), ...result.notes],
          (all?.retries ?? 0) + result.retries,
          result.error,
        );
      if (pieces.length === 1) return result;
      all = joined(all, result);
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

  #taskOf(id: TaskId): BatchTask<HostOutput> {
    const { task, gates } = this.#hosted(id);
    if (task !== undefined) return task;
    const { plan, functions, clock, scheduler } = this.#parts;
    const services = { plan, functions, stores: this.#stores, newOutput };
    const made = new BatchTask(plan.stages[id.stage]!, id.task, services, gates);
    const caller = callerOf(plan.stages[id.stage]!, { plan, functions, world: { clock, scheduler } });
    this.#set(id, { task: made, caller });
    return made;
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

/** Pairs go as columns; what was combined has each key once as it is. */
function newOutput(exit: ShuffleExit): HostOutput {
  const { exchange, reader, readers } = exit;
  const arePairs = exchange.kind === 'hash' && reader.kind !== 'window-reduce';
  return arePairs ? new PairsOutput(reader, readers) : new RowsOutput(exit);
}

/** Results of pieces one behind the other; the rows of `result` are used again. Pieces are cut only where nothing is shuffled. */
function joined(all: TaskResult<HostOutput> | undefined, result: TaskResult<HostOutput>): TaskResult<HostOutput> {
  const results = new Map(all?.results as Map<string, Rows> | undefined);
  for (const [sink, rows] of result.results) {
    const into = results.get(sink) ?? new Rows();
    into.append(rows);
    results.set(sink, into);
    rows.clear();
  }
  return {
    outputs: result.outputs,
    results,
    counts: [...(all?.counts ?? []), ...result.counts],
    notes: [...(all?.notes ?? []), ...result.notes],
    retries: (all?.retries ?? 0) + result.retries,
  };
}
