/** A snapshot of the lmdb store under way: it reads lmdb as it was at its beginning. Knows nothing of what is in memory. */
import { assert } from '../core/assert.js';
import type { SnapshotMark, SnapshotRow, StoreSnapshot } from '../core/keyed-store.js';
import type { Key } from '../core/keys.js';
import type { LmdbSpace } from './lmdb-space.js';
import type { LmdbTables, ReadAt } from './lmdb-tables.js';
import { decodeCell } from './state-codec.js';

/** A snapshot that was read to its end: what an increment adds to. */
export interface LmdbSnapshotBase {
  readonly mark: SnapshotMark;
  readonly spaces: ReadonlyMap<string | number, number>;
}

export interface SnapshotOf {
  readonly store: number;
  /** What is written from now on is of this generation. */
  readonly mark: SnapshotMark;
  readonly spaces: ReadonlyMap<string | number, LmdbSpace>;
  /** What it adds to. */
  readonly base: LmdbSnapshotBase | undefined;
}

/** An increment costs as much as has changed: the cells that were written since its base are listed in lmdb. */
export class LmdbSnapshot implements StoreSnapshot {
  readonly mark: SnapshotMark;
  isWhole = false;
  readonly #tables: LmdbTables;
  readonly #of: SnapshotOf;
  readonly #ended: (base: LmdbSnapshotBase | undefined) => void;
  readonly #at: ReadAt;
  readonly #spaces: ReadonlyMap<string | number, number>;
  /** What left before: by space, with its name. */
  readonly #gone: { readonly name: string | number; readonly space: LmdbSpace; readonly keys: [number, Key][] }[] = [];
  readonly #rows: Iterator<SnapshotRow>;
  #isOpen = true;

  constructor(tables: LmdbTables, of: SnapshotOf, ended: (base: LmdbSnapshotBase | undefined) => void) {
    this.mark = of.mark;
    this.#tables = tables;
    this.#of = of;
    this.#ended = ended;
    this.#at = tables.readAt();
    this.#spaces = new Map([...of.spaces].map(([name, { id }]) => [name, id]));
    for (const [name, space] of of.spaces) this.#gone.push({ name, space, keys: [...space.gone] });
    this.#rows = of.base === undefined ? this.#all() : this.#changed(of.base);
  }

  next(max: number): readonly SnapshotRow[] {
    assert(max >= 1, 'a piece of a snapshot without rows');
    const rows: SnapshotRow[] = [];
    while (this.#isOpen && rows.length < max) {
      const row = this.#rows.next();
      if (row.done === true) this.#settle();
      else rows.push(row.value);
    }
    return rows;
  }

  close(): void {
    if (this.#isOpen) this.#end(undefined);
  }

  *#all(): Generator<SnapshotRow, undefined> {
    for (const [space, id] of this.#spaces) {
      for (let last = -1; ; ) {
        const page = this.#tables.page(id, last, this.#at);
        if (page.length === 0) break;
        for (const { order, text } of page) {
          last = order;
          yield this.#row(space, id, text);
        }
      }
    }
  }

  *#changed({ mark: since, spaces }: LmdbSnapshotBase): Generator<SnapshotRow, undefined> {
    for (const [space, id] of spaces) if (this.#spaces.get(space) !== id) yield { kind: 'dropped', space };
    for (const { name, space, keys } of this.#gone) {
      if (spaces.get(name) === space.id) for (const [, key] of keys) yield { kind: 'deleted', space: name, key };
    }
    const names = new Map([...this.#spaces].map(([name, id]) => [id, name]));
    for (let last: Buffer | undefined; ; ) {
      const page = this.#tables.changesPage(this.#of.store, [since, this.mark], last, this.#at);
      if (page.length === 0) return;
      for (const { key, space, order } of page) {
        last = key;
        const name = names.get(space);
        const text = name === undefined ? undefined : this.#tables.textAt(space, order, this.#at);
        if (text !== undefined) yield this.#row(name!, space, text);
      }
    }
  }

  #row(space: string | number, id: number, text: string): SnapshotRow {
    const { key, value, count } = decodeCell(this.#tables.cell(id, text, this.#at)!);
    return { kind: 'cell', space, key, value, count };
  }

  #settle(): void {
    this.isWhole = true;
    for (const { space, keys } of this.#gone) for (const [order] of keys) space.gone.delete(order);
    this.#end({ mark: this.mark, spaces: this.#spaces });
  }

  #end(base: LmdbSnapshotBase | undefined): void {
    this.#isOpen = false;
    this.#at.done();
    this.#ended(base);
  }
}
