/** Cells by their place in the order of insertion, lowest first. Knows neither spaces nor snapshots. */
import type { MemoryCell } from './memory-cell.js';

/** A binary heap. */
export class CellHeap {
  readonly #cells: MemoryCell[] = [];

  /** The cell that was inserted first. */
  get first(): MemoryCell | undefined {
    return this.#cells[0];
  }

  push(cell: MemoryCell): void {
    const cells = this.#cells;
    let place = cells.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (cells[parent]!.order <= cell.order) break;
      cells[place] = cells[parent]!;
      place = parent;
    }
    cells[place] = cell;
  }

  /** Takes out the first cell; there must be one. */
  pop(): void {
    const cells = this.#cells;
    const last = cells.pop()!;
    if (cells.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= cells.length) break;
      if (child + 1 < cells.length && cells[child + 1]!.order < cells[child]!.order) child += 1;
      if (last.order <= cells[child]!.order) break;
      cells[place] = cells[child]!;
      place = child;
    }
    cells[place] = last;
  }
}
