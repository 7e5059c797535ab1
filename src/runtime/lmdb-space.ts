/** The cells of one namespace of the lmdb store: those in memory, and the way to the others. Knows no snapshot. */
import { assert } from '../core/assert.js';
import type { Cell, Space } from '../core/keyed-store.js';
import { encodeKey, type Key } from '../core/keys.js';

/** A cell in memory. */
export class LmdbCell implements Cell {
  readonly key: Key;
  /** From `encodeKey`. */
  readonly text: string;
  readonly order: number;
  value: unknown;
  count: number;
  epoch = -1;
  /** It may differ from what is on the disk. */
  isDirty = false;
  /** The disk knows it. */
  isStored: boolean;
  /** It is the one that its space gives for its key. */
  isCurrent = true;

  constructor(key: Key, text: string, order: number, value: unknown, count: number, isStored: boolean) {
    this.key = key;
    this.text = text;
    this.order = order;
    this.value = value;
    this.count = count;
    this.isStored = isStored;
  }
}

/** What a space needs of its store. */
export interface SpaceHost {
  /** Number of the attempt, or of the time between two snapshots. */
  readonly epoch: number;
  readonly isOpen: boolean;
  nextOrder(): number;
  /** A deleted cell of a lower order must be told to the next increment. */
  readonly trackedBelow: number;
  load(space: LmdbSpace, text: string): LmdbCell | null;
  /** The place of those behind `after`. */
  page(space: LmdbSpace, after: number): readonly { readonly order: number; readonly text: string }[];
  /** One cell more is in memory; may put others out. */
  cached(): void;
  /** The disk must forget it. */
  removed(space: LmdbSpace, cell: LmdbCell): void;
  /** The disk must know of them before their order is read. */
  storeNew(space: LmdbSpace): void;
  changedInAttempt(space: LmdbSpace): void;
}

/** What a key had before an attempt; null: no cell. */
type Image = Pick<LmdbCell, 'key' | 'order' | 'value' | 'count'> | null;

/**
 * Cells in memory are in two generations: one that is asked for goes to the young one, and when there are too many young ones the old ones
 * are written and let go. So a cell is good until as many others were asked for as a generation holds.
 */
export class LmdbSpace implements Space {
  readonly id: number;
  size = 0;
  /** Null: no cell has that key. */
  young = new Map<string, LmdbCell | null>();
  old = new Map<string, LmdbCell | null>();
  hasLists = false;
  /** Everything is in memory: what is not there is nowhere. */
  isInMemory = true;
  /** Came since the disk was told. */
  newCells: LmdbCell[] = [];
  /** Keys that left since the snapshot to which the next increment adds, by their order. */
  readonly gone = new Map<number, Key>();
  readonly #host: SpaceHost;
  #images: Map<string, Image> | undefined;
  #sizeBefore = 0;

  constructor(host: SpaceHost, id: number) {
    this.#host = host;
    this.id = id;
  }

  get(key: Key): LmdbCell | undefined {
    return this.find(encodeKey(key));
  }

  writable(key: Key): LmdbCell | undefined {
    const cell = this.find(encodeKey(key));
    if (cell !== undefined) this.touch(cell);
    return cell;
  }

  touch(cell: LmdbCell): void {
    if (!cell.isCurrent) this.#adopt(cell);
    if (cell.epoch !== this.#host.epoch) this.#keep(cell.text, cell);
    cell.epoch = this.#host.epoch;
    cell.isDirty = true;
  }

  /** @throws StreamError `RG033` for what is no key. */
  insert(key: Key, value: unknown, count: number): LmdbCell {
    const text = encodeKey(key);
    assert(this.find(text) === undefined, 'inserted a key that has a cell');
    this.#keep(text, null);
    const cell = new LmdbCell(key, text, this.#host.nextOrder(), value, count, false);
    cell.epoch = this.#host.epoch;
    this.#add(cell);
    this.size += 1;
    return cell;
  }

  append(key: Key, element: unknown, mark?: number): void {
    const cell = this.writable(key);
    this.hasLists = true;
    if (cell === undefined) {
      const list = mark === undefined ? [element] : [element, mark];
      this.insert(key, list, list.length);
      return;
    }
    const list = cell.value as unknown[];
    if (list.length > cell.count) list.length = cell.count;
    list.push(element);
    if (mark !== undefined) list.push(mark);
    cell.count = list.length;
  }

  delete(key: Key): void {
    const cell = this.get(key);
    if (cell === undefined) return;
    this.#keep(cell.text, cell);
    this.#take(cell);
    this.size -= 1;
    if (cell.order < this.#host.trackedBelow) this.gone.set(cell.order, cell.key);
  }

  /** What is inserted meanwhile comes too. */
  *cells(): IterableIterator<LmdbCell> {
    for (let last = -1; ; ) {
      this.#host.storeNew(this);
      const page = this.#host.page(this, last);
      if (page.length === 0) return;
      for (const { order, text } of page) {
        last = order;
        const cell = this.find(text);
        if (cell?.order === order) yield cell;
      }
    }
  }

  find(text: string): LmdbCell | undefined {
    let cell = this.young.get(text);
    if (cell !== undefined) return cell ?? undefined;
    cell = this.old.get(text);
    if (cell === undefined) cell = this.isInMemory ? null : this.#host.load(this, text);
    else this.old.delete(text);
    // What is nowhere need not be remembered.
    if (cell === null && this.isInMemory) return undefined;
    this.young.set(text, cell);
    this.#host.cached();
    return cell ?? undefined;
  }

  /** Lets go of the old ones, which are written; the young ones are the old ones from now on. */
  grow(): void {
    for (const cell of this.old.values()) if (cell !== null) cell.isCurrent = false;
    if (this.old.size > 0) this.isInMemory = false;
    this.old = this.young;
    this.young = new Map();
  }

  /** Lets go of all, which is written. */
  letGo(): void {
    this.grow();
    this.grow();
  }

  forgetStored(): void {
    if (this.newCells.length > 0) this.newCells = this.newCells.filter((cell) => !cell.isStored && cell.isCurrent);
  }

  /** All of them, in no order. */
  *inMemory(): Generator<LmdbCell> {
    for (const map of [this.old, this.young]) for (const cell of map.values()) if (cell !== null) yield cell;
  }

  /** Undoes an attempt. */
  undo(): void {
    for (const [text, image] of this.#images ?? []) {
      const now = this.find(text);
      if (image !== null && now?.order === image.order) {
        now.value = image.value;
        now.count = image.count;
        now.isDirty = true;
        continue;
      }
      if (now !== undefined) this.#take(now);
      if (image === null) continue;
      this.#add(new LmdbCell(image.key, text, image.order, image.value, image.count, false));
      this.gone.delete(image.order);
    }
    this.size = this.#images === undefined ? this.size : this.#sizeBefore;
    this.settle();
  }

  /** The attempt stands, or is undone. */
  settle(): void {
    this.#images = undefined;
  }

  #keep(text: string, cell: LmdbCell | null): void {
    if (!this.#host.isOpen) return;
    if (this.#images === undefined) {
      this.#images = new Map();
      this.#sizeBefore = this.size;
      this.#host.changedInAttempt(this);
    }
    if (this.#images.has(text)) return;
    this.#images.set(text, cell && { key: cell.key, order: cell.order, value: cell.value, count: cell.count });
  }

  #add(cell: LmdbCell): void {
    cell.isDirty = true;
    this.newCells.push(cell);
    this.old.delete(cell.text);
    this.young.set(cell.text, cell);
    this.#host.cached();
  }

  #take(cell: LmdbCell): void {
    cell.isCurrent = false;
    this.young.set(cell.text, null);
    this.#host.removed(this, cell);
  }

  /** It was let go, and whoever still has it goes on with it. */
  #adopt(cell: LmdbCell): void {
    const other = this.find(cell.text);
    assert(other?.order === cell.order && !other.isDirty, 'a cell was changed long after it was asked for');
    other.isCurrent = false;
    cell.isCurrent = true;
    this.young.set(cell.text, cell);
  }
}
