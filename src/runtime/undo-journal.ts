/** What an attempt on a memory store changed, so that it can be undone. Knows cells and spaces only by their undo. */
import type { MemoryCell } from './memory-cell.js';

/** A space that gained or lost cells in an attempt. */
export interface Restorable {
  /** Takes out the cells that are younger than `mark` and puts back the older ones that were deleted. */
  restore(mark: number): void;
  /** The attempt stands: forgets what was deleted. */
  settle(): void;
}

/** A snapshot under way, which must hear of a cell before it changes. */
export interface CellKeeper {
  keep(cell: MemoryCell): void;
}

/** One journal a store. The undos do not depend on each other, so their order does not matter. */
export class UndoJournal {
  /**
   * Number of the attempt. A cell or space of another epoch has not been changed in this one. A snapshot begins an epoch too: so every
   * first change after its beginning comes by `keep`, and a change at any other time pays nothing for snapshots.
   */
  epoch = 0;
  isOpen = false;
  /** Numbers the cells of a store in order of insertion. */
  nextOrder = 0;
  reading: CellKeeper | undefined = undefined;
  /** A deleted cell of a lower order must be told to the next increment. */
  trackedBelow = 0;
  /** A cell of a lower epoch that changes must be told to it too; 0: no increment will ask. */
  trackedFrom = 0;
  #mark = 0;
  /** Struct of arrays, kept from attempt to attempt: to grow them anew each time cost a twentieth of a micro-batch job. */
  readonly #cells: (MemoryCell | undefined)[] = [];
  readonly #values: unknown[] = [];
  readonly #counts: number[] = [];
  #kept = 0;
  readonly #spaces: Restorable[] = [];

  open(): void {
    this.epoch += 1;
    this.isOpen = true;
    this.#mark = this.nextOrder;
  }

  /** The cell is about to change for the first time in this epoch. */
  keep(cell: MemoryCell): void {
    if (this.reading !== undefined) this.reading.keep(cell);
    cell.epoch = this.epoch;
    if (!this.isOpen) return;
    const at = this.#kept;
    this.#kept = at + 1;
    this.#cells[at] = cell;
    this.#values[at] = cell.value;
    this.#counts[at] = cell.count;
  }

  /** The space is about to gain or lose a cell for the first time in this attempt. */
  keepSpace(space: Restorable): void {
    if (this.isOpen) this.#spaces.push(space);
  }

  undo(): void {
    for (const space of this.#spaces) space.restore(this.#mark);
    for (let i = 0; i < this.#kept; i++) {
      const cell = this.#cells[i]!;
      cell.value = this.#values[i];
      cell.count = this.#counts[i]!;
    }
  }

  close(): void {
    this.isOpen = false;
    for (const space of this.#spaces) space.settle();
    this.#spaces.length = 0;
    this.#cells.fill(undefined, 0, this.#kept);
    this.#values.fill(undefined, 0, this.#kept);
    this.#kept = 0;
  }
}
