/** Reads the cells of one space as they were when a snapshot began, in pieces. Knows neither epochs nor attempts. */
import type { SnapshotRow } from '../core/keyed-store.js';
import { CellHeap } from './cell-heap.js';
import type { MemoryCell } from './memory-cell.js';
import type { LeavingCells, MemorySpace } from './memory-space.js';

/** What a space is read for. */
export interface SpaceReading {
  /** Cells of this order or above were inserted after the beginning. */
  readonly below: number;
  /** The cell as it was at the beginning; undefined when the snapshot needs no row of it. Asked once a cell. */
  was(cell: MemoryCell): MemoryCell | undefined;
}

/**
 * The cells that are still there and those that left since, both in order of insertion, merged.
 *
 *      there   1 . 3 . 5 6 | 7 8      7 and 8 came after the beginning
 *      left      2   4                read: 1 2 3 4 5 6
 *
 * A rollback puts cells back, and lets the space's iterator begin anew: what is not above the last one read is passed over.
 */
export class SpaceReader implements LeavingCells {
  readonly #name: string | number;
  readonly #space: MemorySpace;
  readonly #reading: SpaceReading;
  /** How many keys had left when the snapshot began, and how many of them were read. */
  readonly #goneCount: number;
  #goneRead: number;
  #cells: Iterator<MemoryCell> | undefined;
  /** The next cell that is still there, or was when the iterator gave it. */
  #ahead: MemoryCell | undefined;
  readonly #left = new CellHeap();
  #last = -1;

  /** `isIncrement`: the keys that left before come first, and of the cells those suffice that changed. */
  constructor(name: string | number, space: MemorySpace, reading: SpaceReading, isIncrement: boolean) {
    this.#name = name;
    this.#space = space;
    this.#reading = reading;
    this.#goneCount = space.gone.length;
    this.#goneRead = isIncrement ? 0 : this.#goneCount;
    const changed = space.changed.begin();
    if (isIncrement && changed !== undefined) this.#cells = inOrder(changed, space);
    space.reader = this;
  }

  left(cell: MemoryCell): void {
    if (cell.order > this.#last && cell.order < this.#reading.below) this.#left.push(cell);
  }

  /** Adds rows until there are `max`. True when nothing is left. */
  take(rows: SnapshotRow[], max: number): boolean {
    const space = this.#name;
    for (; this.#goneRead < this.#goneCount && rows.length < max; this.#goneRead++) {
      rows.push({ kind: 'deleted', space, key: this.#space.gone[this.#goneRead]! });
    }
    while (rows.length < max) {
      const cell = this.#next();
      if (cell === undefined) return true;
      this.#last = cell.order;
      const was = this.#reading.was(cell);
      if (was === undefined) continue;
      const { key, count } = was;
      const value = this.#space.hasLists ? (was.value as unknown[]).slice(0, count) : was.value;
      rows.push({ kind: 'cell', space, key, value, count });
    }
    return false;
  }

  /** The space need no longer tell what leaves it. */
  release(): void {
    this.#space.reader = undefined;
  }

  /** The snapshot stands: the next increment adds to it. */
  settle(): void {
    this.#space.gone.splice(0, this.#goneCount);
    this.#space.changed.settle();
  }

  #next(): MemoryCell | undefined {
    const left = this.#left;
    while (left.first !== undefined && left.first.order <= this.#last) left.pop();
    const there = this.#there();
    if (left.first === undefined || (there !== undefined && there.order <= left.first.order)) return there;
    return left.first;
  }

  #there(): MemoryCell | undefined {
    if (this.#ahead !== undefined && this.#ahead.order > this.#last) return this.#ahead;
    this.#cells ??= this.#space.cells();
    this.#ahead = undefined;
    for (let next = this.#cells.next(); next.done !== true; next = this.#cells.next()) {
      if (next.value.order <= this.#last) continue;
      if (next.value.order < this.#reading.below) this.#ahead = next.value;
      break;
    }
    return this.#ahead;
  }
}

/**
 * Those that are there, each once; what leaves meanwhile comes by `left`. Numbers are sorted, and not cells, and keys are looked up as they
 * are read: so that no piece takes longer than another.
 */
function* inOrder(cells: readonly MemoryCell[], space: MemorySpace): Generator<MemoryCell, undefined> {
  const byOrder = new Map(cells.map((cell) => [cell.order, cell]));
  for (const order of Float64Array.from(byOrder.keys()).sort()) {
    const cell = byOrder.get(order)!;
    if (space.get(cell.key) === cell) yield cell;
  }
}
