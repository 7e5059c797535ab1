/** The keyed stores of a job, by operator and task, and what they hold at the end. */
import type { KeyedStore } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import { stateOf } from '../kernels/state-space.js';
import type { CoreOperator, Plan } from '../plan/plan.js';
import { createMemoryStore } from '../runtime/memory-store.js';

/** Stores are made when first asked for. */
export interface Stores {
  of(operator: CoreOperator, task: number): KeyedStore;
  isStateful(operator: CoreOperator): boolean;
  /** The state of a keyed operator on all its tasks. */
  state(uid: string): Iterable<readonly [Key, unknown]>;
}

export function createStores(plan: Plan): Stores {
  const stores = new Map<string, KeyedStore>();
  return {
    of(operator, task) {
      const name = `${operator.id}:${task}`;
      let store = stores.get(name);
      if (store === undefined) {
        store = createMemoryStore();
        stores.set(name, store);
      }
      return store;
    },
    isStateful,
    *state(uid) {
      for (const operator of plan.operators) {
        if (operator.uid !== uid || !isStateful(operator) || operator.kind === 'timestamps') continue;
        for (const [name, store] of stores) {
          if (name.startsWith(`${operator.id}:`)) yield* stateOf(store);
        }
      }
    },
  };
}

function isStateful(operator: CoreOperator): boolean {
  return ['window-reduce', 'running-reduce', 'update-state', 'process', 'collect-interval', 'timestamps'].includes(
    operator.kind,
  );
}
