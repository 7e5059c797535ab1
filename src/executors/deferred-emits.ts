/** Emits of a user-written spout that wait, because `maxSpoutPending` of its tuples are pending. */
import { StreamError } from '../core/errors.js';
import type { SpoutOperator } from '../plan/plan.js';
import type { MessageId, Values } from '../topology/components.js';

/** Emits that may wait; a call of `nextTuple` that makes more fails the job. */
const DEFERRED_MAX = 10_000;

/** One emit. */
export interface Emitted {
  readonly stream: string;
  readonly values: Values;
  readonly id: MessageId | undefined;
  readonly directTask: number;
}

/** The emits that wait, oldest first. */
export class DeferredEmits<E extends Emitted> {
  readonly #spout: SpoutOperator;
  readonly #waiting: E[] = [];

  constructor(spout: SpoutOperator) {
    this.#spout = spout;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @throws StreamError `RG036` beyond `DEFERRED_MAX`. */
  push(emit: E): void {
    const { name, place } = this.#spout;
    if (this.#waiting.length >= DEFERRED_MAX) {
      const message = `'${name}' emitted more than ${DEFERRED_MAX} tuples beyond maxSpoutPending in one call`;
      throw new StreamError('RG036', message, 'emit a few tuples in each call of nextTuple', { operator: name, place });
    }
    this.#waiting.push(emit);
  }

  /** The messages among them, which are forgotten. */
  takeIds(): readonly MessageId[] {
    return this.#waiting.splice(0).flatMap(({ id }) => (id === undefined ? [] : [id]));
  }

  shift(): E | undefined {
    return this.#waiting.shift();
  }
}
