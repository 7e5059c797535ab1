/** The keyed store for state beyond the heap: some cells in memory, the others in lmdb. Knows no file and no kernel. */
import { assert, unreachable } from '../core/assert.js';
import type { KeyedStore, SnapshotMark, SnapshotRow, Space, StoreSnapshot } from '../core/keyed-store.js';
import { LmdbSnapshot, type LmdbSnapshotBase } from './lmdb-snapshot.js';
import { LmdbCell, LmdbSpace, type SpaceHost } from './lmdb-space.js';
import type { LmdbTables } from './lmdb-tables.js';
import { decodeCell, encodeCell } from './state-codec.js';

/** Cells in memory of one store, in each of two generations. A kernel may hold on to a cell until so many others were asked for. */
const CACHED_CELLS = 32_768;

/**
 * Makes an empty store.
 *
 * 1. A cell that is asked for is read into memory; one that has not been asked for for long is written and let go.
 * 2. An attempt keeps in memory what the cells had that it changes, and nothing more.
 * 3. A snapshot first writes what is in memory, and then reads lmdb as it is at that moment, while the store goes on.
 *
 * What is on the disk is no checkpoint: it is never synced, and worth nothing once the process is gone.
 *
 * @throws StreamError `RG056` when a value is written that is no plain data.
 */
export function createLmdbStore(tables: LmdbTables, cachedCells: number = CACHED_CELLS): KeyedStore {
  return new LmdbStore(tables, cachedCells);
}

class LmdbStore implements KeyedStore, SpaceHost {
  epoch = 0;
  isOpen = false;
  trackedBelow = 0;
  readonly #tables: LmdbTables;
  readonly #number: number;
  readonly #cachedMax: number;
  #spaces = new Map<string | number, LmdbSpace>();
  /** The spaces as they were at `begin`; undefined while none was added or dropped since. */
  #spacesBefore: Map<string | number, LmdbSpace> | undefined;
  /** Dropped, or made in an attempt that was undone: to be cleared. */
  #dropped: LmdbSpace[] = [];
  readonly #changed = new Set<LmdbSpace>();
  #removed: { readonly space: number; readonly order: number; readonly text: string }[] = [];
  #order = 0;
  #young = 0;
  /** Written now; a snapshot begins a new one. */
  #generation = 1;
  #base: LmdbSnapshotBase | undefined;
  #reading: LmdbSnapshot | undefined;

  constructor(tables: LmdbTables, cachedMax: number) {
    this.#tables = tables;
    this.#number = tables.number();
    this.#cachedMax = cachedMax;
  }

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
    const space = this.#spaces.get(name);
    if (space === undefined) return;
    this.#keepSpaces();
    this.#spaces.delete(name);
    if (this.isOpen) this.#dropped.push(space);
    else this.#clear(space);
  }

  begin(): void {
    assert(!this.isOpen, 'an attempt begins inside another');
    this.epoch += 1;
    this.isOpen = true;
  }

  commit(): void {
    assert(this.isOpen, 'commit without begin');
    for (const space of this.#changed) space.settle();
    this.#end(this.#dropped);
  }

  rollback(): void {
    assert(this.isOpen, 'rollback without begin');
    const before = this.#spacesBefore;
    const made = before === undefined ? [] : [...this.#spaces.values(), ...this.#dropped];
    if (before !== undefined) this.#spaces = before;
    const kept = new Set(this.#spaces.values());
    for (const space of this.#changed) {
      if (kept.has(space)) space.undo();
      else space.settle();
    }
    this.#end(made.filter((space) => !kept.has(space)));
  }

  snapshot(since?: SnapshotMark): StoreSnapshot {
    assert(!this.isOpen, 'a snapshot begins inside an attempt');
    assert(this.#reading === undefined, 'a snapshot begins while another is read');
    assert(since === undefined || since === this.#base?.mark, 'an increment to what is not the last whole snapshot');
    this.#writeAll();
    this.#generation += 1;
    this.trackedBelow = this.#order;
    const base = since === undefined ? undefined : this.#base;
    const mark = this.#generation as SnapshotMark;
    this.#reading = new LmdbSnapshot(
      this.#tables,
      { store: this.#number, mark, spaces: this.#spaces, base },
      (whole) => {
        this.#reading = undefined;
        if (whole === undefined) return;
        this.#base = whole;
        this.#tables.forgetChanges(this.#number, mark);
      },
    );
    return this.#reading;
  }

  restore(rows: Iterable<SnapshotRow>): SnapshotMark {
    assert(!this.isOpen, 'restored inside an attempt');
    assert(this.#reading === undefined, 'restored while a snapshot is read');
    for (const row of rows) this.#apply(row);
    this.#writeAll();
    this.epoch += 1;
    this.#generation += 1;
    this.trackedBelow = this.#order;
    for (const space of this.#spaces.values()) {
      space.gone.clear();
      // What is in memory holds values of whoever gave the rows: it must not grow.
      space.letGo();
    }
    this.#tables.forgetChanges(this.#number, this.#generation);
    const mark = this.#generation as SnapshotMark;
    this.#base = { mark, spaces: new Map([...this.#spaces].map(([name, { id }]) => [name, id])) };
    return mark;
  }

  nextOrder(): number {
    return this.#order++;
  }

  load(space: LmdbSpace, text: string): LmdbCell | null {
    const bytes = this.#tables.cell(space.id, text);
    if (bytes === undefined) return null;
    const { key, order, value, count } = decodeCell(bytes);
    return new LmdbCell(key, text, order, value, count, true);
  }

  page(space: LmdbSpace, after: number): readonly { readonly order: number; readonly text: string }[] {
    return this.#tables.page(space.id, after);
  }

  cached(): void {
    this.#young += 1;
    if (this.#young <= this.#cachedMax) return;
    this.#young = 0;
    const spaces = [...this.#spaces.values(), ...(this.#spacesBefore?.values() ?? [])];
    this.#write([...new Set(spaces)].flatMap((space) => dirtyOf(space, space.old.values())));
    for (const space of new Set(spaces)) {
      space.grow();
    }
  }

  removed(space: LmdbSpace, cell: LmdbCell): void {
    if (cell.isStored) this.#removed.push({ space: space.id, order: cell.order, text: cell.text });
    cell.isDirty = false;
  }

  /** They stay dirty: a kernel may be about to change one. */
  storeNew(space: LmdbSpace): void {
    const cells = dirtyOf(space, space.newCells);
    this.#write(cells);
    for (const { cell } of cells) cell.isDirty = true;
  }

  changedInAttempt(space: LmdbSpace): void {
    this.#changed.add(space);
  }

  #end(dropped: readonly LmdbSpace[]): void {
    this.isOpen = false;
    this.#changed.clear();
    this.#dropped = [];
    this.#spacesBefore = undefined;
    for (const space of dropped) this.#clear(space);
  }

  #writeAll(): void {
    this.#write([...this.#spaces.values()].flatMap((space) => dirtyOf(space, space.inMemory())));
  }

  #write(cells: readonly DirtyCell[]): void {
    const written = cells.map(({ space, cell }) => {
      const { key, order, text, count } = cell;
      const value = space.hasLists ? (cell.value as unknown[]).slice(0, count) : cell.value;
      return { space: space.id, order, text, isNew: !cell.isStored, bytes: encodeCell({ key, order, value, count }) };
    });
    const isListed = this.#base !== undefined || this.#generation > 1;
    const listed = isListed ? { store: this.#number, generation: this.#generation } : undefined;
    this.#tables.write(this.#removed, written, listed);
    this.#removed = [];
    for (const { cell } of cells) {
      cell.isStored = true;
      cell.isDirty = false;
    }
    for (const space of new Set(cells.map((each) => each.space))) space.forgetStored();
  }

  #clear(space: LmdbSpace): void {
    this.#removed = this.#removed.filter((each) => each.space !== space.id);
    this.#tables.clear(space.id);
  }

  #apply(row: SnapshotRow): void {
    switch (row.kind) {
      case 'cell': {
        const space = this.#ofName(row.space);
        const cell = space.writable(row.key);
        if (cell === undefined) space.insert(row.key, row.value, row.count);
        else Object.assign(cell, { value: row.value, count: row.count });
        return;
      }
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

  #ofName(name: string | number): LmdbSpace {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = new LmdbSpace(this, this.#tables.number());
      this.#keepSpaces();
      this.#spaces.set(name, space);
    }
    return space;
  }

  #keepSpaces(): void {
    if (this.isOpen) this.#spacesBefore ??= new Map(this.#spaces);
  }
}

interface DirtyCell {
  readonly space: LmdbSpace;
  readonly cell: LmdbCell;
}

function dirtyOf(space: LmdbSpace, cells: Iterable<LmdbCell | null>): DirtyCell[] {
  const dirty: DirtyCell[] = [];
  for (const cell of cells) if (cell?.isDirty === true && cell.isCurrent) dirty.push({ space, cell });
  return dirty;
}
