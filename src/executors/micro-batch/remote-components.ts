/** The bolts on workers, as the driver sees them: what their tasks begin with, what they read in order, and how they are closed. */
import type { Plan, Stage } from '../../plan/plan.js';
import type { Listener } from '../../runtime/events.js';
import { type TaskWorkers, workerOf } from '../workers.js';
import type { Batch } from './batch.js';
import type { Components } from './components.js';
import { inBandOf, type MarkedOutput } from './in-band.js';
import type { Progress } from './progress.js';
import { errorOf } from './sent-errors.js';
import type { FromHost, Opening, SentOutput, SentResult, TaskId, TaskWork } from './task-messages.js';

export interface RemoteComponentsParts {
  readonly plan: Plan;
  readonly workers: TaskWorkers;
  readonly progress: Progress;
  readonly components: Components;
  readonly listener: Listener | undefined;
}

export class RemoteComponents {
  readonly #parts: RemoteComponentsParts;
  /** Where ticks of bolts begin (us). */
  #ticksFrom = 0;
  #closing: Closing | undefined;

  constructor(parts: RemoteComponentsParts) {
    this.#parts = parts;
  }

  begin(batch: Batch): void {
    this.#ticksFrom = this.#parts.components.begin(batch);
  }

  /** Of a task with a bolt, or that writes to one by a grouping, which goes on where it was; undefined for any other. */
  startOf(stage: Stage, task: number): Opening | undefined {
    const { plan, progress, workers, listener } = this.#parts;
    const hasBolt = ({ head }: Stage): boolean => plan.operators[head]!.kind === 'bolt';
    const readers = plan.stages.filter((reader) => reader.inputs.some((input) => input.stage === stage.id));
    if (![stage, ...readers].some(hasBolt)) return undefined;
    const watermark = progress.gateOf(stage.id, task).minimum;
    const hasListener = listener !== undefined && listener.isIdle !== true;
    return { place: { watermark, ticks: undefined }, workers: workers.count, hasListener };
  }

  /** The rows that all producers wrote for a task, in order. */
  work(stage: Stage, task: number, written: readonly SentOutput[]): TaskWork {
    const { plan, progress } = this.#parts;
    const isCombined = plan.operators[stage.head]!.kind === 'window-reduce';
    const order = inBandOf(progress.gateOf(stage.id, task), written as readonly MarkedOutput[], task, isCombined);
    return { kind: 'in-band', rows: written.map(({ rows }) => rows[task]!), order, ticksFrom: this.#ticksFrom };
  }

  /** A task's result is taken. */
  taken(stage: number, { component }: SentResult): void {
    if (component !== undefined) this.#parts.components.did(stage, component);
  }

  /** Closes all bolts. Those that a worker takes with it are gone without a word. Rejects with the first error that one threw. */
  close(tasks: readonly TaskId[]): Promise<void> {
    const { workers } = this.#parts;
    return new Promise((resolve, reject) => {
      const open = new Map(tasks.map((task) => [nameOf(task), task]));
      this.#closing = { open, error: undefined, resolve, reject };
      for (const { stage, task } of tasks)
        workers.send(workerOf(stage, task, workers.count), { kind: 'close', stage, task });
      this.#closed();
    });
  }

  hear(message: Extract<FromHost, { readonly kind: 'closed' }>): void {
    this.#parts.components.heard(message.metrics);
    const closing = this.#closing;
    if (closing === undefined) return;
    if (message.error !== undefined) closing.error ??= errorOf(message.error);
    closing.open.delete(nameOf(message));
    this.#closed();
  }

  lost(worker: number): void {
    const { workers } = this.#parts;
    const closing = this.#closing;
    if (closing === undefined) return;
    for (const [name, { stage, task }] of closing.open)
      if (workerOf(stage, task, workers.count) === worker) closing.open.delete(name);
    this.#closed();
  }

  #closed(): void {
    const { open, error, resolve, reject } = this.#closing!;
    if (open.size > 0) return;
    if (error === undefined) resolve();
    else reject(error);
  }
}

interface Closing {
  /** Tasks that have not said that they are closed. */
  readonly open: Map<string, TaskId>;
  error: Error | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function nameOf({ stage, task }: TaskId): string {
  return `${stage}:${task}`;
}
