/** A snapshot of the memory store under way: copy on write by the epochs of cells. Knows spaces only by their readers. */
import { assert } from '../core/assert.js';
import type { SnapshotMark, SnapshotRow, StoreSnapshot } from '../core/keyed-store.js';
import { MemoryCell } from './memory-cell.js';
import type { MemorySpace } from './memory-space.js';
import { SpaceReader, type SpaceReading } from './space-reader.js';
import type { CellKeeper, UndoJournal } from './undo-journal.js';

/** A snapshot that was read to its end: what an increment adds to. */
export interface SnapshotBase {
  readonly mark: SnapshotMark;
  /** The spaces that it had. */
  readonly spaces: ReadonlyMap<string | number, number>;
}

/**
 * One reading of a store.
 *
 * 1. Its beginning takes two epochs: `read` for the cells that it will have read, and one for what changes from now on. It visits no cell.
 * 2. A cell that is about to change for the first time is copied, unless it was read.
 * 3. Reading a cell that has not changed moves it to the epoch `read`: it is then not copied when it changes, and still counts as
 *    unchanged to the next increment.
 *
 *      epochs   … since … | read | mark … now
 *      a cell's epoch: below `since` not in the increment · below `read` unread · `read` read · above changed, so a copy is kept
 *
 * Keeps one copy for each cell that changes before it is read.
 */
export class SnapshotUnderWay implements StoreSnapshot, CellKeeper, SpaceReading {
  readonly mark: SnapshotMark;
  isWhole = false;
  readonly below: number;
  readonly #journal: UndoJournal;
  readonly #ended: (base: SnapshotBase | undefined) => void;
  readonly #spaces: Map<string | number, MemorySpace>;
  readonly #read: number;
  readonly #since: number;
  readonly #kept = new Map<MemoryCell, MemoryCell>();
  readonly #dropped: SnapshotRow[] = [];
  readonly #readers: SpaceReader[] = [];
  #at = 0;
  #isOpen = true;

  /** `base`: what it adds to. `ended` is told what it is to later increments, or undefined when it was not read to its end. */
  constructor(
    journal: UndoJournal,
    spaces: ReadonlyMap<string | number, MemorySpace>,
    base: SnapshotBase | undefined,
    ended: (base: SnapshotBase | undefined) => void,
  ) {
    this.#journal = journal;
    this.#ended = ended;
    this.#spaces = new Map(spaces);
    this.#since = base === undefined ? 0 : base.mark;
    this.#read = journal.epoch + 1;
    this.mark = (journal.epoch + 2) as SnapshotMark;
    this.below = journal.nextOrder;
    journal.epoch = this.mark;
    journal.trackedBelow = journal.nextOrder;
    journal.trackedFrom = this.mark;
    journal.reading = this;
    for (const [space, id] of base?.spaces ?? []) {
      if (spaces.get(space)?.id !== id) this.#dropped.push({ kind: 'dropped', space });
    }
    for (const [name, space] of spaces) {
      this.#readers.push(new SpaceReader(name, space, this, base?.spaces.get(name) === space.id));
    }
  }

  next(max: number): readonly SnapshotRow[] {
    assert(max >= 1, 'a piece of a snapshot without rows');
    if (!this.#isOpen) return [];
    const rows = this.#dropped.splice(0, max);
    while (this.#at < this.#readers.length && rows.length < max) {
      if (!this.#readers[this.#at]!.take(rows, max)) break;
      this.#readers[this.#at]!.release();
      this.#at += 1;
    }
    if (this.#at === this.#readers.length && this.#dropped.length === 0) this.#settle();
    return rows;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#end(undefined);
  }

  keep(cell: MemoryCell): void {
    const { epoch, key, value, count, order } = cell;
    if (epoch < this.#read && epoch >= this.#since)
      this.#kept.set(cell, new MemoryCell(key, value, count, epoch, order));
  }

  was(cell: MemoryCell): MemoryCell | undefined {
    if (cell.epoch > this.#read) {
      const kept = this.#kept.get(cell);
      this.#kept.delete(cell);
      return kept;
    }
    if (cell.epoch < this.#since) return undefined;
    cell.epoch = this.#read;
    return cell;
  }

  #settle(): void {
    this.isWhole = true;
    for (const reader of this.#readers) reader.settle();
    this.#end({ mark: this.mark, spaces: new Map([...this.#spaces].map(([name, space]) => [name, space.id])) });
  }

  #end(base: SnapshotBase | undefined): void {
    this.#isOpen = false;
    for (const reader of this.#readers) reader.release();
    // Whoever asks later whether it is whole must not keep alive what it read.
    this.#readers.length = 0;
    this.#spaces.clear();
    this.#kept.clear();
    this.#journal.reading = undefined;
    this.#ended(base);
  }
}
