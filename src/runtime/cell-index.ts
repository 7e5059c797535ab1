/** The cells of a space: found by key, visited in order of insertion. Knows nothing of attempts and snapshots. */
import { assert } from '../core/assert.js';
import { encodeKey, type Key } from '../core/keys.js';
import { hashOf, isHash, toWords, words } from './key-words.js';
import type { MemoryCell } from './memory-cell.js';

/** Keys chosen to collide end up in a `Map`, whose hash has a secret seed. Keys that nobody chose stay far below it. */
const PROBES_MAX = 64;

const SLOTS_MIN = 16;

/**
 * Open addressing, at most half full, for short texts, integers and null; a `Map` for other keys, for which V8 has to compute the hash of each new
 * string. Primitives compare as `encodeKey` does (-0 is 0, NaN is NaN).
 *
 * A look-up waits for memory and for nothing else, so it goes to few places: to a slot, and to the cell, which holds its key as numbers too.
 */
export class CellIndex {
  // Plain fields and not `#private` ones: `find` is the hot path, and V8 reads these faster (bench `micro-batch`: 4 %).
  private mask = SLOTS_MIN - 1;
  private slots = emptySlots(SLOTS_MIN);
  private isHashed = true;
  /** Keys that are not in `slots`; a tuple stands under its text in a map of its own. */
  private readonly others = new Map<unknown, MemoryCell>();
  private readonly tuples = new Map<string, MemoryCell>();
  #hashed = 0;
  /** In order of insertion; a cell that was removed leaves a hole until there are more holes than cells. */
  #ordered: (MemoryCell | undefined)[] = [];
  /** Their `order`, which rises. */
  #orders: number[] = [];
  #size = 0;
  /** How often places in `#ordered` changed. */
  #moves = 0;

  get size(): number {
    return this.#size;
  }

  /** Keys that collided: all are in a `Map` now. */
  get isOverfull(): boolean {
    return !this.isHashed;
  }

  find(key: Key): MemoryCell | undefined {
    if (!this.isHashed || !toWords(key)) return this.#findOther(key);
    const { slots, mask } = this;
    const word0 = words[0]!;
    const word1 = words[1]!;
    const word2 = words[2]!;
    const word3 = words[3]!;
    for (let at = hashOf(word0, word1, word2, word3) & mask; ; at = (at + 1) & mask) {
      const cell = slots[at];
      if (cell === undefined) return undefined;
      if (cell.word0 !== word0 || cell.word1 !== word1 || cell.word2 !== word2 || cell.word3 !== word3) continue;
      if (!isHash(word3) || cell.key === key) return cell;
    }
  }

  /** Its key must have no cell yet, and its `order` must be above all others. */
  add(cell: MemoryCell): void {
    const { key, order } = cell;
    assert(order > (this.#orders.at(-1) ?? -1), 'a cell is put in front of another');
    this.#ordered.push(cell);
    this.#orders.push(order);
    this.#size += 1;
    if (typeof key === 'object' && key !== null) put(this.tuples, encodeKey(key), cell);
    else if (!this.isHashed || !toWords(key)) put(this.others, key, cell);
    else this.#addHashed(cell);
  }

  remove(cell: MemoryCell): void {
    const { key, order } = cell;
    if (typeof key === 'object' && key !== null) this.tuples.delete(encodeKey(key));
    else if (!this.isHashed || !toWords(key)) this.others.delete(key);
    else this.#removeHashed(cell);
    this.#ordered[this.#firstFrom(order)] = undefined;
    this.#size -= 1;
    if (this.#ordered.length > SLOTS_MIN && this.#size * 2 < this.#ordered.length) this.#closeHoles();
  }

  clear(): void {
    this.mask = SLOTS_MIN - 1;
    this.slots = emptySlots(SLOTS_MIN);
    this.isHashed = true;
    this.others.clear();
    this.tuples.clear();
    this.#hashed = 0;
    this.#ordered = [];
    this.#orders = [];
    this.#size = 0;
    this.#moves += 1;
  }

  /** As of a `Map`: cells that are added on the way are visited, those that are removed before their turn are not. */
  cells(): IterableIterator<MemoryCell> {
    let at = 0;
    let moves = this.#moves;
    let last = -1;
    const iterator: IterableIterator<MemoryCell> = {
      next: () => {
        if (moves !== this.#moves) {
          moves = this.#moves;
          at = this.#firstFrom(last + 1);
        }
        while (at < this.#ordered.length) {
          const cell = this.#ordered[at++];
          if (cell === undefined) continue;
          last = cell.order;
          return { done: false, value: cell };
        }
        return { done: true, value: undefined };
      },
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  #findOther(key: Key): MemoryCell | undefined {
    return typeof key === 'object' && key !== null ? this.tuples.get(encodeKey(key)) : this.others.get(key);
  }

  /** Its key is in `words`. */
  #addHashed(cell: MemoryCell): void {
    if ((this.#hashed + 1) * 2 > this.mask) this.#grow();
    cell.word0 = words[0]!;
    cell.word1 = words[1]!;
    cell.word2 = words[2]!;
    cell.word3 = words[3]!;
    const { slots, mask } = this;
    let at = home(cell) & mask;
    let probes = 0;
    for (let found = slots[at]; found !== undefined; found = slots[at]) {
      assert(found.key !== cell.key, TWICE);
      at = (at + 1) & mask;
      probes += 1;
    }
    slots[at] = cell;
    this.#hashed += 1;
    if (probes > PROBES_MAX) this.#leaveSlots();
  }

  /** Cells behind it that were pushed on by it move up, so that a search may still end at the first empty slot. */
  #removeHashed(cell: MemoryCell): void {
    const { slots, mask } = this;
    let hole = home(cell) & mask;
    while (slots[hole] !== cell) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[at] !== undefined; at = (at + 1) & mask) {
      if (((at - home(slots[at]!)) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at];
      hole = at;
    }
    slots[hole] = undefined;
    this.#hashed -= 1;
  }

  #grow(): void {
    const length = this.slots.length * 2;
    const mask = length - 1;
    const slots = emptySlots(length);
    for (const cell of this.slots) {
      if (cell === undefined) continue;
      let at = home(cell) & mask;
      while (slots[at] !== undefined) at = (at + 1) & mask;
      slots[at] = cell;
    }
    this.mask = mask;
    this.slots = slots;
  }

  #leaveSlots(): void {
    for (const cell of this.slots) if (cell !== undefined) this.others.set(cell.key, cell);
    this.isHashed = false;
    this.slots = [];
  }

  #closeHoles(): void {
    this.#ordered = this.#ordered.filter((cell) => cell !== undefined);
    this.#orders = this.#ordered.map((cell) => cell!.order);
    this.#moves += 1;
  }

  /** The first place whose order is not below that. */
  #firstFrom(order: number): number {
    const orders = this.#orders;
    let low = 0;
    let high = orders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (orders[middle]! < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const TWICE = 'inserted a key that has a cell';

function put<K>(map: Map<K, MemoryCell>, key: K, cell: MemoryCell): void {
  const { size } = map;
  map.set(key, cell);
  assert(map.size === size + 1, TWICE);
}

/** Where a search for a cell begins, but for the mask. */
function home({ word0, word1, word2, word3 }: MemoryCell): number {
  return hashOf(word0, word1, word2, word3);
}

function emptySlots(length: number): (MemoryCell | undefined)[] {
  return new Array<MemoryCell | undefined>(length).fill(undefined);
}
