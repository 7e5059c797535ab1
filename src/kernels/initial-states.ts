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

  /** The state that the key begins with, or undefined. */
  take(key: Key): unknown {
    if (this.#states === undefined) return undefined;
    const state = this.#states.get(encodeKey(key));
    if (state === undefined || this.#taken.get(key) !== undefined) return undefined;
    this.#taken.insert(key, true, 0);
    return state;
  }
}
