/** The cells of a space: found by key, visited in order of insertion. Knows nothing of attempts and snapshots. */
import { assert } from '../core/assert.js';
import { encodeKey, type Key } from '../core/keys.js';
import type { MemoryCell } from './memory-cell.js';

/**
 * A `Map` asks V8 for the hash of each new string, which costs more than the rest of a look-up: texts up to this length have a table of
 * our own (bench `micro-batch`: a quarter faster). A longer one is better off with the hash that V8 keeps in the string.
 */
const HASHED_LENGTH_MAX = 32;

/** Keys chosen to collide end up in a `Map`, whose hash has a secret seed. Keys that nobody chose stay far below it. */
const PROBES_MAX = 64;

const SLOTS_MIN = 16;

/** Open addressing, at most half full, for short texts; a `Map` for other keys. Primitives compare as `encodeKey` does (-0 is 0, NaN is NaN). */
export class CellIndex {
  // Plain fields and not `#private` ones: `find` is the hot path, and V8 reads these faster (bench `micro-batch`: 4 %).
  private mask = SLOTS_MIN - 1;
  private hashes = new Int32Array(SLOTS_MIN);
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
    if (typeof key !== 'string' || key.length > HASHED_LENGTH_MAX || !this.isHashed) return this.#findOther(key);
    const { hashes, slots, mask } = this;
    const hash = hashOf(key);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = slots[at];
      if (cell === undefined || (hashes[at] === hash && cell.key === key)) return cell;
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
    else if (typeof key !== 'string' || key.length > HASHED_LENGTH_MAX || !this.isHashed) put(this.others, key, cell);
    else this.#addHashed(cell, hashOf(key));
  }

  remove(cell: MemoryCell): void {
    const { key, order } = cell;
    if (typeof key === 'object' && key !== null) this.tuples.delete(encodeKey(key));
    else if (typeof key !== 'string' || key.length > HASHED_LENGTH_MAX || !this.isHashed) this.others.delete(key);
    else this.#removeHashed(cell, hashOf(key));
    this.#ordered[this.#firstFrom(order)] = undefined;
    this.#size -= 1;
    if (this.#ordered.length > SLOTS_MIN && this.#size * 2 < this.#ordered.length) this.#closeHoles();
  }

  clear(): void {
    this.mask = SLOTS_MIN - 1;
    this.hashes = new Int32Array(SLOTS_MIN);
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

  #addHashed(cell: MemoryCell, hash: number): void {
    if ((this.#hashed + 1) * 2 > this.mask) this.#grow();
    const { hashes, slots, mask } = this;
    let at = hash & mask;
    let probes = 0;
    for (let found = slots[at]; found !== undefined; found = slots[at]) {
      assert(hashes[at] !== hash || found.key !== cell.key, TWICE);
      at = (at + 1) & mask;
      probes += 1;
    }
    slots[at] = cell;
    hashes[at] = hash;
    this.#hashed += 1;
    if (probes > PROBES_MAX) this.#leaveSlots();
  }

  /** Cells behind it that were pushed on by it move up, so that a search may still end at the first empty slot. */
  #removeHashed(cell: MemoryCell, hash: number): void {
    const { hashes, slots, mask } = this;
    let hole = hash & mask;
    while (slots[hole] !== cell) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; slots[at] !== undefined; at = (at + 1) & mask) {
      const home = hashes[at]! & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = slots[at];
      hashes[hole] = hashes[at]!;
      hole = at;
    }
    slots[hole] = undefined;
    this.#hashed -= 1;
  }

  #grow(): void {
    const { hashes, slots } = this;
    const length = slots.length * 2;
    const mask = length - 1;
    const grownHashes = new Int32Array(length);
    const grownSlots = emptySlots(length);
    for (let i = 0; i < slots.length; i++) {
      const cell = slots[i];
      if (cell === undefined) continue;
      let at = hashes[i]! & mask;
      while (grownSlots[at] !== undefined) at = (at + 1) & mask;
      grownSlots[at] = cell;
      grownHashes[at] = hashes[i]!;
    }
    this.mask = mask;
    this.hashes = grownHashes;
    this.slots = grownSlots;
  }

  #leaveSlots(): void {
    for (const cell of this.slots) if (cell !== undefined) this.others.set(cell.key, cell);
    this.isHashed = false;
    this.slots = [];
    this.hashes = new Int32Array(0);
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

/** FNV-1a over code units, with the high bits mixed into those that pick the slot. */
function hashOf(key: string): number {
  let hash = key.length;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

function emptySlots(length: number): (MemoryCell | undefined)[] {
  return new Array<MemoryCell | undefined>(length).fill(undefined);
}
