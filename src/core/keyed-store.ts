/** The keyed store, as kernels see it. Retry, rollback, checkpoints and large state are the store's business, once. */
import type { Key } from './keys.js';

/**
 * One key's state. A kernel may change `value` and `count` of a cell that it got from `writable` or `insert` in the
 * same call. Values count as immutable: put a new one in place of the old.
 */
export interface Cell<V = unknown> {
  readonly key: Key;
  value: V;
  /** A number beside the value, such as the hidden count of a window's records. */
  count: number;
  /** The store's epoch in which the cell was last made writable. Kernels leave it alone. */
  epoch: number;
}

/** The cells of one namespace, by key. Iterates in order of insertion. */
export interface Space<V = unknown> {
  readonly size: number;
  /** The cell for reading only. */
  get(key: Key): Cell<V> | undefined;
  /** The cell for changing: its old content is kept until the attempt ends. */
  writable(key: Key): Cell<V> | undefined;
  /** Makes a cell that was got by iteration or `get` writable. */
  touch(cell: Cell<V>): void;
  /** Adds a cell for a key that has none. */
  insert(key: Key, value: V, count: number): Cell<V>;
  delete(key: Key): void;
  /** The cells in order of insertion. A cell deleted while iterating does not appear later. */
  cells(): IterableIterator<Cell<V>>;
}

/**
 * The state of one operator on one task: spaces by name (a pane's number, or a word such as `totals`).
 *
 * An attempt begins with `begin`, and ends with `commit`, or with `rollback`, which restores every cell as it was.
 * Without `begin` every change is final at once (record mode).
 */
export interface KeyedStore {
  /** The space of that name, made when it is missing. */
  space<V = unknown>(name: string | number): Space<V>;
  /** The space of that name if it exists. */
  peek<V = unknown>(name: string | number): Space<V> | undefined;
  /** Names of the existing spaces that are numbers, ascending: the panes. */
  panes(): number[];
  /** Forgets a space with all its cells. */
  drop(name: string | number): void;
  begin(): void;
  commit(): void;
  rollback(): void;
}
