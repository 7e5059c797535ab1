/** Faults of a test: single tuples and acks that get lost on their way. */
import type { AckSender, ChannelDecorator } from '../executors/executor.js';

/** One loss. */
export interface TupleFault {
  /** A tuple on its way to the component, or an ack that the component sends. */
  readonly drop: 'tuple' | 'ack';
  readonly component: string;
  /** Which one, counted from 1 over all tasks of the component. */
  readonly nth: number;
}

/** Loses what the faults say, and, once it is frozen, every tuple. */
export class FaultyChannels implements ChannelDecorator {
  /** Set when the run is over: nothing is executed any more while the job winds down. */
  isFrozen = false;
  readonly #faults: readonly TupleFault[];
  readonly #counts = new Map<string, number>();

  constructor(faults: readonly TupleFault[]) {
    this.#faults = faults;
  }

  acks(component: string, send: AckSender): AckSender {
    return (root, generation, high, low) => {
      if (this.#passes('ack', component)) send(root, generation, high, low);
    };
  }

  tuples(component: string): () => boolean {
    return () => !this.isFrozen && this.#passes('tuple', component);
  }

  #passes(drop: TupleFault['drop'], component: string): boolean {
    const name = `${drop} ${component}`;
    const nth = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, nth);
    return !this.#faults.some((fault) => fault.drop === drop && fault.component === component && fault.nth === nth);
  }
}
