/** A snapshot of all tasks on workers, pulled piece by piece. Given up as a whole when one of them is lost. */
import type { SnapshotRow } from '../../core/keyed-store.js';
import type { GateState, StoreSource } from '../../runtime/durability.js';
import type { SnapshotCut } from '../stores.js';
import type { StateCut } from './batch-runner.js';
import type { CutPiece, StoreHead, TaskId, ToHost } from './task-messages.js';

/**
 * The rows are in this thread before they are saved, so that the loss of a worker does not leave a half-written snapshot: the
 * driver needs room for them once.
 */
export class RemoteCut {
  readonly done: Promise<StateCut | undefined>;
  readonly #number: number;
  readonly #send: (task: TaskId, message: ToHost) => void;
  readonly #open: Map<string, TaskId>;
  readonly #stores: StoreSource[] = [];
  /** By uid and task. */
  readonly #rows = new Map<string, (readonly SnapshotRow[])[]>();
  readonly #gates: Record<string, readonly GateState[]> = {};
  #resolve!: (cut: StateCut | undefined) => void;

  constructor(
    { number, epoch, since }: SnapshotCut & { readonly number: number },
    tasks: readonly TaskId[],
    send: (task: TaskId, message: ToHost) => void,
  ) {
    this.#number = number;
    this.#send = send;
    this.#open = new Map(tasks.map((task) => [nameOf(task), task]));
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const { stage, task } of tasks) send({ stage, task }, { kind: 'cut', stage, task, cut: number, epoch, since });
    this.#finish();
  }

  hear({ stage, task }: TaskId, number: number, piece: CutPiece): void {
    const name = nameOf({ stage, task });
    if (number !== this.#number || !this.#open.has(name)) return;
    if (piece.kind === 'end') {
      if (piece.gates.length > 0) this.#gates[name] = piece.gates;
      for (const head of piece.stores) this.#stores.push(storeOf(head, this.#rows.get(`${head.uid} ${task}`) ?? []));
      this.#open.delete(name);
      return this.#finish();
    }
    const key = `${piece.uid} ${task}`;
    const pieces = this.#rows.get(key) ?? [];
    pieces.push(piece.rows);
    this.#rows.set(key, pieces);
    this.#send({ stage, task }, { kind: 'next', stage, task, cut: number });
  }

  /** The snapshot cannot be whole any more. */
  giveUp(): void {
    for (const { stage, task } of this.#open.values())
      this.#send({ stage, task }, { kind: 'drop', stage, task, cut: this.#number });
    this.#open.clear();
    this.#resolve(undefined);
  }

  #finish(): void {
    if (this.#open.size === 0) this.#resolve({ stores: this.#stores, innerGates: this.#gates });
  }
}

function storeOf(head: StoreHead, pieces: (readonly SnapshotRow[])[]): StoreSource {
  return {
    ...head,
    next: () => pieces.shift() ?? [],
    close: () => {
      pieces.length = 0;
    },
  };
}

function nameOf({ stage, task }: TaskId): string {
  return `${stage}:${task}`;
}
