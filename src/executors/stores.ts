/** The keyed stores of a job, by operator and task, and what they hold at the end. */
import type { KeyedStore, SnapshotMark, StoreMaker, StoreSnapshot } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import { stateOf } from '../kernels/state-space.js';
import { kindTraits, stateKindOf } from '../plan/kinds.js';
import type { CoreOperator, Plan } from '../plan/plan.js';
import type { RestoredJob, StoreSource } from '../runtime/durability.js';
import { createMemoryStore } from '../runtime/memory-store.js';

/** A snapshot that is asked for. */
export interface SnapshotCut {
  /** Its number: when it was saved, later ones may add to it. 0: none will. */
  readonly epoch: number;
  /** The saved snapshot that it may add to. A store that never gave that one gives all that it has. */
  readonly since: number | undefined;
}

/** Stores are made when first asked for: empty, or as the snapshot has them that the job goes on from. */
export interface Stores {
  of(operator: CoreOperator, task: number): KeyedStore;
  isStateful(operator: CoreOperator): boolean;
  /** The state of a keyed operator on all its tasks. */
  state(uid: string): Iterable<readonly [Key, unknown]>;
  /**
   * Begins a snapshot of every stateful operator on every task, between attempts. Each must be read to its end or closed before the next
   * snapshots begin. `isMine`: only of those tasks of stages.
   */
  snapshots(cut: SnapshotCut, isMine?: (stage: number, task: number) => boolean): StoreSource[];
}

/** Rows of one `StoreSource.next`: a piece takes about a millisecond to read. */
const ROWS_A_PIECE = 10_000;

/** Version of what the kernels keep in their stores. */
const SCHEMA_VERSION = 1;

/** Makes the stores of a job, in memory unless `createStore` makes others; with `restored`, they begin as that snapshot has them. */
export function createStores(plan: Plan, restored?: RestoredJob, createStore: StoreMaker = createMemoryStore): Stores {
  const stores = new Map<string, StoreInUse>();
  const inUse = ({ id, uid }: CoreOperator, task: number): StoreInUse => {
    const name = `${id}:${task}`;
    let store = stores.get(name);
    if (store === undefined) {
      store = new StoreInUse(createStore());
      const rows = restored?.rows(uid, task);
      if (rows !== undefined) store.base = { epoch: restored!.meta.epoch, mark: store.store.restore(rows) };
      stores.set(name, store);
    }
    return store;
  };
  return {
    of: (operator, task) => inUse(operator, task).store,
    isStateful,
    *state(uid) {
      for (const operator of plan.operators) {
        if (operator.uid !== uid || !isStateful(operator) || operator.kind === 'timestamps') continue;
        for (const [name, { store }] of stores) {
          if (name.startsWith(`${operator.id}:`)) yield* stateOf(store);
        }
      }
    },
    snapshots(cut, isMine = () => true) {
      return plan.stages.flatMap(({ id: stage, operators, parallelism }) => {
        const tasks = Array.from({ length: parallelism }, (_, task) => task).filter((task) => isMine(stage, task));
        return operators
          .map((id) => plan.operators[id]!)
          .filter(isStateful)
          .flatMap((operator) =>
            tasks.map((task) => sourceOf(operator, inUse(operator, task), cut, { task, tasks: parallelism })),
          );
      });
    },
  };
}

/** The operators of a plan whose state a checkpoint holds: what must be the same for it to fit. */
export function statefulOperators(
  plan: Plan,
): readonly Pick<StoreSource, 'uid' | 'kind' | 'schemaVersion' | 'tasks'>[] {
  return plan.stages.flatMap(({ operators, parallelism: tasks }) =>
    operators
      .map((id) => plan.operators[id]!)
      .filter(isStateful)
      .map((operator) => ({ uid: operator.uid, kind: stateKindOf(operator), schemaVersion: SCHEMA_VERSION, tasks })),
  );
}

/** A store, and which snapshot an increment of it would add to. */
class StoreInUse {
  readonly store: KeyedStore;
  base: { readonly epoch: number; readonly mark: SnapshotMark } | undefined;
  #last: { readonly epoch: number; readonly snapshot: StoreSnapshot } | undefined;

  constructor(store: KeyedStore) {
    this.store = store;
  }

  /** What is saved by the number `since` is what the store gave by it only when that was read to its end, and was the last. */
  snapshot({ epoch, since }: SnapshotCut): { readonly snapshot: StoreSnapshot; readonly since: number | undefined } {
    if (this.#last?.snapshot.isWhole === true) this.base = { epoch: this.#last.epoch, mark: this.#last.snapshot.mark };
    const base = since !== undefined && this.base?.epoch === since ? this.base : undefined;
    const snapshot = this.store.snapshot(base?.mark);
    this.#last = { epoch, snapshot };
    return { snapshot, since: base?.epoch };
  }
}

function sourceOf(
  operator: CoreOperator,
  store: StoreInUse,
  cut: SnapshotCut,
  of: { readonly task: number; readonly tasks: number },
): StoreSource {
  const { snapshot, since } = store.snapshot(cut);
  return {
    uid: operator.uid,
    kind: stateKindOf(operator),
    schemaVersion: SCHEMA_VERSION,
    ...of,
    since,
    next: () => snapshot.next(ROWS_A_PIECE),
    close: () => snapshot.close(),
  };
}

function isStateful(operator: CoreOperator): boolean {
  return kindTraits(operator).isStateful;
}
