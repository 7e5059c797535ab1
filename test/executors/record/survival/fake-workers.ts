/** Workers that run task hosts in this thread: every message is copied, takes its time, and gets lost with its worker. */

import { createRecordHost } from '../../../../src/executors/record/task-host.js';
import type { TaskHost, TaskWorkers, WorkerEvents } from '../../../../src/executors/workers.js';
import type { Plan } from '../../../../src/plan/plan.js';
import type { SimulatedWorld } from '../../../../src/runtime/simulated-world.js';
import type { FunctionTable } from '../../../../src/topology/graph.js';

export interface FakeWorkersParts {
  readonly world: SimulatedWorld;
  readonly plan: Plan;
  readonly functions: FunctionTable;
  readonly count: number;
  /** How long a message takes (us). */
  readonly latency: number;
  /** How long a lost worker is away (us). */
  readonly absence: number;
}

interface Slot {
  host: TaskHost;
  incarnation: number;
  isLost: boolean;
  /** Until when messages are held back both ways (us). */
  heldUntil: number;
  /** Rows on their way to it. */
  rows: number;
}

function rowsIn(message: unknown): number {
  const { edges = [] } = message as { edges?: readonly { readonly count: number }[] };
  return edges.reduce((sum, { count }) => sum + count, 0);
}

export class FakeWorkers implements TaskWorkers {
  readonly count: number;
  losses = 0;
  /** The most rows that were ever on their way to one worker. */
  rowsMax = 0;
  readonly #parts: FakeWorkersParts;
  readonly #slots: Slot[];
  #events!: WorkerEvents;

  constructor(parts: FakeWorkersParts) {
    this.#parts = parts;
    this.count = parts.count;
    this.#slots = Array.from({ length: parts.count }, (_, worker) => {
      const slot: Slot = { host: { onMessage: () => {} }, incarnation: 1, isLost: false, heldUntil: 0, rows: 0 };
      this.#host(worker, slot);
      return slot;
    });
  }

  listen(events: WorkerEvents): void {
    this.#events = events;
  }

  send(worker: number, message: unknown): void {
    const slot = this.#slots[worker]!;
    if (slot.isLost) return;
    const { incarnation } = slot;
    const copy = structuredClone(message);
    const rows = rowsIn(copy);
    slot.rows += rows;
    this.rowsMax = Math.max(this.rowsMax, slot.rows);
    this.#later(slot, () => {
      slot.rows -= rows;
      if (slot.incarnation === incarnation && !slot.isLost) slot.host.onMessage(copy);
    });
  }

  /** It is gone with all that it held, and comes back empty. */
  kill(worker: number): void {
    const slot = this.#slots[worker]!;
    if (slot.isLost) return;
    const { world, absence } = this.#parts;
    this.losses++;
    slot.isLost = true;
    this.#events.lost(worker, 'killed');
    world.scheduler.at(world.clock.now() + absence, () => {
      slot.isLost = false;
      slot.incarnation++;
      this.#host(worker, slot);
      this.#events.ready(worker);
    });
  }

  /** Its messages are held back both ways for a while. */
  stop(worker: number, span: number): void {
    const slot = this.#slots[worker]!;
    slot.heldUntil = Math.max(slot.heldUntil, this.#parts.world.clock.now() + span);
  }

  #host(worker: number, slot: Slot): void {
    const { plan, functions, world } = this.#parts;
    const { incarnation } = slot;
    slot.host = createRecordHost({
      plan,
      functions,
      scheduler: world.scheduler,
      clock: world.clock,
      seed: 1_000 * worker + incarnation,
      worker,
      send: (message) => {
        const copy = structuredClone(message);
        this.#later(slot, () => {
          if (slot.incarnation === incarnation && !slot.isLost) this.#events.message(worker, copy);
        });
      },
    });
  }

  #later(slot: Slot, run: () => void): void {
    const { world, latency } = this.#parts;
    world.scheduler.at(Math.max(world.clock.now() + latency, slot.heldUntil), run);
  }
}
