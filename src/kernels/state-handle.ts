/** The state that `mapWithState` hands to the user's function: one object, which stands for another key at each call. */
import { StreamError } from '../core/errors.js';
import type { State } from '../topology/state-spec.js';
import { isPromise, noValue } from './shapes.js';

/** What was done with a state in a call. */
export type StateChange = 'kept' | 'updated' | 'removed';

/** Holds one key's state for one call; the kernel reads afterwards what became of it. */
export class StateHandle implements State<unknown> {
  value: unknown;
  change: StateChange = 'kept';
  #isThere = false;
  #isTimingOut = false;

  turnTo(value: unknown, isThere: boolean, isTimingOut: boolean): void {
    this.value = value;
    this.change = 'kept';
    this.#isThere = isThere;
    this.#isTimingOut = isTimingOut;
  }

  exists(): boolean {
    return this.#isThere;
  }

  get(): unknown {
    if (this.#isThere) return this.value;
    throw new StreamError('RG038', 'there is no state to get', 'ask state.exists() first, or use state.getOption()');
  }

  getOption(): unknown {
    return this.#isThere ? this.value : undefined;
  }

  update(state: unknown): void {
    this.#checkOpen('updated');
    if (state === undefined || isPromise(state)) throw noValue('the function for state.update', state);
    this.value = state;
    this.#isThere = true;
    this.change = 'updated';
  }

  remove(): void {
    this.#checkOpen('removed');
    this.#isThere = false;
    this.change = 'removed';
  }

  isTimingOut(): boolean {
    return this.#isTimingOut;
  }

  #checkOpen(what: string): void {
    if (!this.#isTimingOut && this.change !== 'removed') return;
    const why = this.#isTimingOut ? 'it is timing out, and goes by itself' : 'it was removed in the same call';
    throw new StreamError('RG038', `a state cannot be ${what}: ${why}`, 'ask state.isTimingOut(), and change it once');
  }
}
