/** A bolt that tells where each tuple is. */
import type { Bolt, Values } from '../../src/topology/components.js';

/** Passes tuples on with the number of its task, and acks them. */
export function placing<T extends Values>(): Bolt<T, T & { readonly task: number }> {
  let task = -1;
  return {
    prepare: (_out, info) => {
      task = info.task;
    },
    execute: (tuple, out) => {
      out.emit({ ...tuple.values, task }, tuple);
      out.ack(tuple);
    },
  };
}
