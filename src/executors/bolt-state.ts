/** The state of one task of a stateful bolt, in the task's store: so that barriers, restores and workers have it like any other. */
import { StreamError } from '../core/errors.js';
import type { KeyedStore, Space } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import { checkKeys, STATE } from '../kernels/state-space.js';
import type { BoltOperator } from '../plan/plan.js';
import type { KeyValueState, StateSpaces } from '../topology/stateful-bolt.js';

/** Reads and writes the space that shows as the operator's state at the end of a job. */
export class BoltState implements StateSpaces {
  readonly #bolt: BoltOperator;
  readonly #store: KeyedStore;
  readonly #space: Space;
  readonly #isState: boolean;
  #goBack: (() => void) | undefined;
  #isWaiting: () => boolean = () => false;

  constructor(bolt: BoltOperator, store: KeyedStore, space: string = STATE) {
    this.#bolt = bolt;
    this.#store = store;
    this.#space = store.space(space);
    this.#isState = space === STATE;
  }

  beside(name: string): KeyValueState {
    return new BoltState(this.#bolt, this.#store, name);
  }

  whenTakenBack(goBack: () => void): void {
    this.#goBack = goBack;
  }

  /** False where the bolt has to be made anew. */
  takenBack(): boolean {
    this.#goBack?.();
    return this.#goBack !== undefined;
  }

  whenEnded(isWaiting: () => boolean): void {
    this.#isWaiting = isWaiting;
  }

  /** Behind the end of all inputs: whether the bolt waits for another tick. */
  get isWaiting(): boolean {
    return this.#isWaiting();
  }

  get size(): number {
    return this.#space.size;
  }

  get(key: Key, otherwise?: unknown): unknown {
    const cell = this.#space.get(key);
    return cell === undefined ? otherwise : cell.value;
  }

  put(key: Key, value: unknown): void {
    if (value === undefined) throw this.#noValue(key);
    const cell = this.#space.writable(key);
    if (cell !== undefined) {
      cell.value = value;
      return;
    }
    // Spaces beside it are the engine's own.
    if (this.#isState) checkKeys(this.#space, key, this.#bolt);
    this.#space.insert(key, value, 0);
  }

  delete(key: Key): void {
    this.#space.delete(key);
  }

  *entries(): IterableIterator<readonly [Key, unknown]> {
    for (const { key, value } of this.#space.cells()) yield [key, value];
  }

  #noValue(key: Key): StreamError {
    const { name, place } = this.#bolt;
    const message = `'${name}' put undefined as the state of ${JSON.stringify(key)}`;
    return new StreamError('RG038', message, 'take the key out with state.delete(key)', { operator: name, place });
  }
}
