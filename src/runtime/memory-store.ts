/** The keyed store in memory. It knows cells and attempts; never kernels, files or the meaning of a space. */
import { assert } from '../core/assert.js';
import type { KeyedStore, Space } from '../core/keyed-store.js';
import { MemorySpace } from './memory-space.js';
import { UndoJournal } from './undo-journal.js';

/**
 * Makes an empty store.
 *
 * 1. Between `begin` and `commit` the first change of a cell is journaled; the journal holds at most one entry a cell.
 * 2. `rollback` restores values, counts, cells and spaces, and the order of insertion too.
 * 3. Without `begin` nothing is journaled.
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

  space<V = unknown>(name: string | number): Space<V> {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = new MemorySpace(this.#journal);
      this.#keepSpaces();
      this.#spaces.set(name, space);
    }
    return space as unknown as Space<V>;
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

  /** A copy of the few names, once an attempt, in place of an undo for each. */
  #keepSpaces(): void {
    if (this.#journal.isOpen) this.#spacesBefore ??= new Map(this.#spaces);
  }
}
