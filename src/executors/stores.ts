/** The keyed stores of a job, by operator and task, and what they hold at the end. */
import type { KeyedStore } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import { stateOf } from '../kernels/state-space.js';
import { kindTraits, stateKindOf } from '../plan/kinds.js';
import type { CoreOperator, Plan } from '../plan/plan.js';
import type { RestoredJob, StoreSource } from '../runtime/durability.js';
import { createMemoryStore } from '../runtime/memory-store.js';

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
  snapshots(isMine?: (stage: number, task: number) => boolean): StoreSource[];
}

/** Rows of one `StoreSource.next`: a piece takes about a millisecond to read. */
const ROWS_A_PIECE = 10_000;

/** Version of what the kernels keep in their stores. */
const SCHEMA_VERSION = 1;

/** Makes the stores of a job; with `restored`, they begin as that snapshot has them. */
export function createStores(plan: Plan, restored?: RestoredJob): Stores {
  const stores = new Map<string, KeyedStore>();
  const of = ({ id, uid }: CoreOperator, task: number): KeyedStore => {
    const name = `${id}:${task}`;
    let store = stores.get(name);
    if (store === undefined) {
      store = createMemoryStore();
      const rows = restored?.rows(uid, task);
      if (rows !== undefined) store.restore(rows);
      stores.set(name, store);
    }
    return store;
  };
  return {
    of,
    isStateful,
    *state(uid) {
      for (const operator of plan.operators) {
        if (operator.uid !== uid || !isStateful(operator) || operator.kind === 'timestamps') continue;
        for (const [name, store] of stores) {
          if (name.startsWith(`${operator.id}:`)) yield* stateOf(store);
        }
      }
    },
    snapshots(isMine = () => true) {
      return plan.stages.flatMap(({ id: stage, operators, parallelism }) => {
        const tasks = Array.from({ length: parallelism }, (_, task) => task).filter((task) => isMine(stage, task));
        return operators
          .map((id) => plan.operators[id]!)
          .filter(isStateful)
          .flatMap((operator) => tasks.map((task) => sourceOf(operator, of(operator, task), task, parallelism)));
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

function sourceOf(operator: CoreOperator, store: KeyedStore, task: number, tasks: number): StoreSource {
  const snapshot = store.snapshot();
  return {
    uid: operator.uid,
    kind: stateKindOf(operator),
    schemaVersion: SCHEMA_VERSION,
    task,
    tasks,
    next: () => snapshot.next(ROWS_A_PIECE),
    close: () => snapshot.close(),
  };
}

function isStateful(operator: CoreOperator): boolean {
  return kindTraits(operator).isStateful;
}
