/** A cell of the memory store. It must know nothing: every kernel's state is made of it. */
import type { Cell } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';

/** All cells of all stores have this one shape, so that every access to one stays monomorphic. */
export class MemoryCell implements Cell {
  readonly key: Key;
  value: unknown;
  count: number;
  epoch: number;
  /** Its place in the order of insertion. */
  readonly order: number;

  constructor(key: Key, value: unknown, count: number, epoch: number, order: number) {
    this.key = key;
    this.value = value;
    this.count = count;
    this.epoch = epoch;
    this.order = order;
  }
}

// V8 specialises a field by what it has held: after small integers only, one window end would turn `value` into a boxed
// double everywhere. A string and a number at load time make it a plain tagged field from the start.
new MemoryCell('', '', 0, 0, 0);
new MemoryCell(0, 0, 0, 0, 0);
