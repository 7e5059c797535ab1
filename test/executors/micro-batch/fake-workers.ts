/** Workers of a simulation: task hosts in this thread, behind channels that copy and take time. A plan says when they are lost. */
import { createMicroBatchHost } from '../../../src/executors/micro-batch/task-host.js';
import type { TaskHost, TaskWorkers, WorkerEvents } from '../../../src/executors/workers.js';
import { sendCopy } from '../../../src/host/worker-protocol.js';
import type { Plan } from '../../../src/plan/plan.js';
import type { World } from '../../../src/runtime/world.js';
import type { FunctionTable } from '../../../src/topology/graph.js';

/** Worker and number of its messages, to and from it, after which it is lost. Each strikes once. */
export interface Loss {
  readonly worker: number;
  readonly after: number;
}

interface Incarnation {
  readonly host: TaskHost;
  isAlive: boolean;
}

export class FakeWorkers implements TaskWorkers {
  readonly count: number;
  losses = 0;
  /** Messages to workers, by kind. */
  readonly sent = new Map<string, number>();
  /** The most batches that some task had been given, and had given no result of. */
  batchesOpenMax = 0;
  readonly #open = new Map<string, number>();
  readonly #workers = new Map<string, Set<number>>();
  readonly #world: World;
  readonly #plan: Plan;
  readonly #functions: FunctionTable;
  readonly #running: (Incarnation | undefined)[] = [];
  readonly #left: Loss[];
  readonly #messages: number[];
  #events!: WorkerEvents;

  /** How long a message to or from a worker is on its way (us). */
  readonly #delay: (worker: number) => number;

  constructor(
    world: World,
    plan: Plan,
    functions: FunctionTable,
    count: number,
    losses: readonly Loss[],
    delay: number | ((worker: number) => number) = 20,
  ) {
    this.#delay = typeof delay === 'number' ? () => delay : delay;
    this.#world = world;
    this.#plan = plan;
    this.#functions = functions;
    this.count = count;
    this.#left = [...losses];
    this.#messages = Array.from({ length: count }, () => 0);
    for (let worker = 0; worker < count; worker++) this.#start(worker);
  }

  listen(events: WorkerEvents): void {
    this.#events = events;
  }

  send(worker: number, message: unknown): void {
    const to = this.#running[worker];
    if (to === undefined) return;
    const { kind, stage, task, batch, silent } = message as {
      readonly [name in 'stage' | 'task' | 'batch']: number;
    } & { readonly kind: string; readonly silent: boolean };
    this.sent.set(kind, (this.sent.get(kind) ?? 0) + 1);
    if (kind === 'run' && !silent) {
      const name = `${stage}:${task}`;
      this.#workers.set(name, (this.#workers.get(name) ?? new Set()).add(worker));
      this.#open.set(`${stage}:${task}:${batch}`, batch);
      this.batchesOpenMax = Math.max(this.batchesOpenMax, new Set(this.#open.values()).size);
    }
    const copy = copied(message);
    this.#world.scheduler.at(this.#world.clock.now() + this.#delay(worker), () => {
      if (!to.isAlive) return;
      to.host.onMessage(copy);
      this.#count(worker);
    });
  }

  /** Which workers had work of a task, by `stage:task`. */
  workersOf(task: string): readonly number[] {
    return [...(this.#workers.get(task) ?? [])].sort();
  }

  #start(worker: number): void {
    const own: Incarnation = {
      isAlive: true,
      host: createMicroBatchHost({
        plan: this.#plan,
        functions: this.#functions,
        scheduler: this.#world.scheduler,
        clock: this.#world.clock,
        seed: 1,
        worker,
        send: (message, transfer) => {
          const copy = copied(message, transfer);
          this.#world.scheduler.at(this.#world.clock.now() + this.#delay(worker), () => {
            if (!own.isAlive) return;
            const { stage, task, batch } = copy as { stage: number; task: number; batch: number };
            this.#open.delete(`${stage}:${task}:${batch}`);
            this.#events.message(worker, copy);
            this.#count(worker);
          });
        },
      }),
    };
    this.#running[worker] = own;
  }

  #count(worker: number): void {
    this.#messages[worker]! += 1;
    const index = this.#left.findIndex((loss) => loss.worker === worker && this.#messages[worker]! >= loss.after);
    const own = this.#running[worker];
    if (index < 0 || own === undefined) return;
    this.#left.splice(index, 1);
    own.isAlive = false;
    this.#running[worker] = undefined;
    this.losses++;
    const { clock, scheduler } = this.#world;
    scheduler.soon(() => this.#events.lost(worker, 'killed by the test'));
    scheduler.at(clock.now() + 500, () => {
      this.#start(worker);
      this.#events.ready(worker);
    });
  }
}

/** As a channel does it. @throws StreamError `RG056`. */
function copied(message: unknown, transfer: readonly ArrayBuffer[] = []): unknown {
  let copy: unknown;
  sendCopy(() => {
    copy = structuredClone(message, { transfer: [...transfer] });
  });
  return copy;
}
