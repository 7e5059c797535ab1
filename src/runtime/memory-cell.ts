/** A cell of the memory store. It must know nothing: every kernel's state is made of it. */
import type { Cell } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { KeyWords } from './key-words.js';

/**
 * All cells of all stores have this one shape, so that every access to one stays monomorphic. `declare` keeps V8 from giving each field a first
 * value of its own; those that a look-up needs stand together.
 */
export class MemoryCell implements Cell, KeyWords {
  // A key that is a short text, an integer or null, as the index compares it: within the cell, since a look-up waits for memory and for nothing else.
  declare word0: number;
  declare word1: number;
  declare word2: number;
  declare word3: number;
  declare value: unknown;
  declare count: number;
  declare epoch: number;
  declare readonly key: Key;
  /** Its place in the order of insertion. */
  declare readonly order: number;

  constructor(key: Key, value: unknown, count: number, epoch: number, order: number) {
    this.word0 = 0;
    this.word1 = 0;
    this.word2 = 0;
    this.word3 = 0;
    this.value = value;
    this.count = count;
    this.epoch = epoch;
    this.key = key;
    this.order = order;
  }
}

// V8 specialises a field by what it has held: after small integers only, one window end would turn `value` into a boxed
// double everywhere. A string and a number at load time make it a plain tagged field from the start.
new MemoryCell('', '', 0, 0, 0);
new MemoryCell(0, 0, 0, 0, 0);
