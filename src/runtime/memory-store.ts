/** The keyed store in memory. It knows cells and attempts; never kernels, files or the meaning of a space. */
import { assert, unreachable } from '../core/assert.js';
import type { KeyedStore, SnapshotMark, SnapshotRow, Space, StoreSnapshot } from '../core/keyed-store.js';
import { MemorySpace } from './memory-space.js';
import { type SnapshotBase, SnapshotUnderWay } from './store-snapshot.js';
import { UndoJournal } from './undo-journal.js';

/**
 * Makes an empty store.
 *
 * 1. Between `begin` and `commit` the first change of a cell is journaled; the journal holds at most one entry a cell.
 * 2. `rollback` restores values, counts, cells and spaces, and the order of insertion too.
 * 3. Without `begin` nothing is journaled.
 * 4. A snapshot begins in the time that its spaces take, not its cells; attempts may begin and end while it is read.
 * 5. An increment adds to the last snapshot that was read to its end, or to what was restored. What changes or is deleted is remembered
 *    until then, so that it costs as much as has changed; where that is very much, a look at each cell.
 */
export function createMemoryStore(): KeyedStore {
  return new MemoryStore();
}

type Spaces = Map<string | number, MemorySpace>;

class MemoryStore implements KeyedStore {
  readonly #journal = new UndoJournal();
  #spaces: Spaces = new Map();
  /** The spaces as they were at `begin`; undefined while none was added or dropped since. */
  #spacesBefore: Spaces | undefined;
  #nextSpace = 0;
  #base: SnapshotBase | undefined;

  space<V = unknown>(name: string | number): Space<V> {
    return this.#ofName(name) as unknown as Space<V>;
  }

  peek<V = unknown>(name: string | number): Space<V> | undefined {
    return this.#spaces.get(name) as unknown as Space<V> | undefined;
  }

  panes(): number[] {
    const numbers = [...this.#spaces.keys()].filter((name) => typeof name === 'number');
    return numbers.sort((a, b) => a - b);
  }

  drop(name: string | number): void {
    if (!this.#spaces.has(name)) return;
    this.#keepSpaces();
    this.#spaces.delete(name);
  }

  begin(): void {
    assert(!this.#journal.isOpen, 'an attempt begins inside another');
    this.#journal.open();
  }

  commit(): void {
    assert(this.#journal.isOpen, 'commit without begin');
    this.#spacesBefore = undefined;
    this.#journal.close();
  }

  rollback(): void {
    assert(this.#journal.isOpen, 'rollback without begin');
    if (this.#spacesBefore !== undefined) this.#spaces = this.#spacesBefore;
    this.#spacesBefore = undefined;
    this.#journal.undo();
    this.#journal.close();
  }

  snapshot(since?: SnapshotMark): StoreSnapshot {
    assert(!this.#journal.isOpen, 'a snapshot begins inside an attempt');
    assert(this.#journal.reading === undefined, 'a snapshot begins while another is read');
    assert(since === undefined || since === this.#base?.mark, 'an increment to what is not the last whole snapshot');
    const base = since === undefined ? undefined : this.#base;
    return new SnapshotUnderWay(this.#journal, this.#spaces, base, (whole) => {
      if (whole !== undefined) this.#base = whole;
    });
  }

  restore(rows: Iterable<SnapshotRow>): SnapshotMark {
    assert(!this.#journal.isOpen, 'restored inside an attempt');
    assert(this.#journal.reading === undefined, 'restored while a snapshot is read');
    for (const row of rows) this.#apply(row);
    // So that the first change of each restored cell comes by `keep`: a list is then copied before it grows, and an increment has it.
    this.#journal.epoch += 1;
    this.#journal.trackedBelow = this.#journal.nextOrder;
    for (const { gone, changed } of this.#spaces.values()) {
      gone.length = 0;
      changed.clear();
    }
    this.#journal.trackedFrom = this.#journal.epoch;
    const mark = this.#journal.epoch as SnapshotMark;
    this.#base = { mark, spaces: new Map([...this.#spaces].map(([name, space]) => [name, space.id])) };
    return mark;
  }

  #apply(row: SnapshotRow): void {
    switch (row.kind) {
      case 'cell':
        this.#ofName(row.space).put(row.key, row.value, row.count);
        return;
      case 'deleted':
        this.#spaces.get(row.space)?.delete(row.key);
        return;
      case 'dropped':
        this.drop(row.space);
        return;
      default:
        unreachable(row);
    }
  }

  #ofName(name: string | number): MemorySpace {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = new MemorySpace(this.#journal, this.#nextSpace++);
      this.#keepSpaces();
      this.#spaces.set(name, space);
    }
    return space;
  }

  /** A copy of the few names, once an attempt, in place of an undo for each. */
  #keepSpaces(): void {
    if (this.#journal.isOpen) this.#spacesBefore ??= new Map(this.#spaces);
  }
}
