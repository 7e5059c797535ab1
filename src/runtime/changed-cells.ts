/** The cells of a space that changed since a snapshot, so that an increment need not look at all of them. Knows neither keys nor epochs. */
import type { MemoryCell } from './memory-cell.js';

/** Cells that are remembered: to sort so many takes some milliseconds. When more change, an increment looks at each cell of the space. */
const CHANGED_CELLS_MAX = 16_384;

/** Those of the snapshot under way are kept until it stands: when it is given up, the next increment needs them too. */
export class ChangedCells {
  /** Undefined: too many. */
  #before: readonly MemoryCell[] | undefined = [];
  #now: MemoryCell[] | undefined = [];

  add(cell: MemoryCell): void {
    if (this.#now === undefined) return;
    if (this.#now.length === CHANGED_CELLS_MAX) this.#now = undefined;
    else this.#now.push(cell);
  }

  /** A snapshot begins. Gives what changed since the last one that stands, in no order and some of it twice; undefined: nobody knows. */
  begin(): readonly MemoryCell[] | undefined {
    const all = this.#before && this.#now && [...this.#before, ...this.#now];
    this.#before = all !== undefined && all.length <= CHANGED_CELLS_MAX ? all : undefined;
    this.#now = [];
    return this.#before;
  }

  /** The snapshot stands. */
  settle(): void {
    this.#before = [];
  }

  /** Nothing has changed since what is there now. */
  clear(): void {
    this.#before = [];
    this.#now = [];
  }
}
