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
  /**
   * Appends to the list of a key, made when it is missing. The cell's value is then an array that grows in place, of which only the
   * first `count` elements count. A space has either lists or other values. `mark` becomes the next element behind it: what is said of an element
   * so need not live in an array with it.
   */
  append(key: Key, element: unknown, mark?: number): void;
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
  /**
   * Begins a snapshot of what is there now; no attempt may be open. Later changes do not show in it, and it does not hold
   * them up: it is read in pieces. With `since`, only what changed after that snapshot began. One snapshot at a time.
   */
  snapshot(since?: SnapshotMark): StoreSnapshot;
  /**
   * Applies the rows of a snapshot, or of a full one and then its increments in order. Not inside an attempt. Later snapshots may add to
   * what is there now by the mark that is given back.
   */
  restore(rows: Iterable<SnapshotRow>): SnapshotMark;
}

/** Makes an empty store. */
export type StoreMaker = () => KeyedStore;

/** Names a snapshot of one store in its lifetime, so that a later one can be an increment to it. */
export type SnapshotMark = number & { readonly __snapshot: unique symbol };

/** A snapshot under way. */
export interface StoreSnapshot {
  readonly mark: SnapshotMark;
  /** It was read to its end: only then may a later one add to it. */
  readonly isWhole: boolean;
  /** The next at most `max` rows: cells of each space in order of insertion. Empty when there are no more. */
  next(max: number): readonly SnapshotRow[];
  /** Ends it early, or after the last row. */
  close(): void;
}

/** One cell as it was, or what is gone since the snapshot that this one adds to. Values are the store's own: do not change them. */
export type SnapshotRow =
  | {
      readonly kind: 'cell';
      readonly space: string | number;
      readonly key: Key;
      readonly value: unknown;
      readonly count: number;
    }
  | { readonly kind: 'deleted'; readonly space: string | number; readonly key: Key }
  | { readonly kind: 'dropped'; readonly space: string | number };
