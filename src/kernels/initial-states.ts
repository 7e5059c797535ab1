/** States that keys begin with: each is taken once, at its key's first record, and never again after it was removed. */
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { encodeKey, type Key } from '../core/keys.js';

/** By encoded key, as the topology puts it beside the graph. */
export type InitialStates = ReadonlyMap<string, unknown>;

/** Marks in the space `initial` which were taken: at most as many as there are initial states. */
export class UntakenStates {
  readonly #states: InitialStates | undefined;
  readonly #taken: Space<true>;

  constructor(states: InitialStates | undefined, store: KeyedStore) {
    this.#states = states;
    this.#taken = store.space<true>('initial');
  }

  /** The state that the key begins with; undefined where it has none, or took it before. */
  get(key: Key): unknown {
    if (this.#states === undefined) return undefined;
    const state = this.#states.get(encodeKey(key));
    return state === undefined || this.#taken.get(key) !== undefined ? undefined : state;
  }

  /** To be called for what `get` gave, once the user's function is through with it: one that throws may be given it again. */
  take(key: Key): void {
    this.#taken.insert(key, true, 0);
  }
}
