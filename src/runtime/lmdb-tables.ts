/** What the lmdb store keeps on the disk: cells, their order, and what changed, as bytes. Knows neither attempts nor kernels. */
import { createHash } from 'node:crypto';
import type { Database, RootDatabase, Transaction } from 'lmdb';

type Table = Database<Buffer, Buffer>;

/** A cell to be written, or one that is gone. */
export interface StoredCell {
  readonly space: number;
  readonly order: number;
  /** From `encodeKey`. */
  readonly text: string;
}

/** Bytes of a key beyond which its hash stands for it: lmdb takes 1,978. */
const KEY_BYTES_MAX = 1_900;
/** Entries that are read at a time. */
const PAGE = 256;
const NOTHING = Buffer.alloc(0);

/** State as it is at one moment, however it goes on. */
export type ReadAt = Transaction;

/**
 * Three tables; numbers are big-endian, so that lmdb's order is theirs.
 *
 *      cells    space, key                          → the cell
 *      orders   space, order                        → key          the order of insertion
 *      changes  store, generation, space, order     →              since which snapshot
 *
 * Keys are UTF-16, in which half a surrogate pair stays what it is.
 */
export class LmdbTables {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #cells: Table;
  readonly #orders: Table;
  readonly #changes: Table;
  #numbers = 0;

  constructor(root: RootDatabase<Buffer, Buffer>) {
    const options = { keyEncoding: 'binary', encoding: 'binary' } as const;
    this.#root = root;
    this.#cells = root.openDB({ name: 'cells', ...options });
    this.#orders = root.openDB({ name: 'orders', ...options });
    this.#changes = root.openDB({ name: 'changes', ...options });
  }

  /** A number that no other space or store here has. */
  number(): number {
    return ++this.#numbers;
  }

  cell(space: number, text: string, at?: ReadAt): Buffer | undefined {
    return this.#cells.get(cellKey(space, text), at && { transaction: at });
  }

  /** The key of the cell that has this place in the order. */
  textAt(space: number, order: number, at?: ReadAt): string | undefined {
    return this.#orders.get(orderKey(space, order), at && { transaction: at })?.toString('utf16le');
  }

  /** The next cells behind `after`. */
  page(space: number, after: number, at?: ReadAt): readonly { readonly order: number; readonly text: string }[] {
    const options = { start: orderKey(space, after), exclusiveStart: true, end: prefix(space + 1), limit: PAGE };
    return Array.from(this.#orders.getRange(at ? { ...options, transaction: at } : options), ({ key, value }) => ({
      order: key.readDoubleBE(4),
      text: value.toString('utf16le'),
    }));
  }

  /** The next cells behind `after` that were written in the generations from `since` on and below `until`. */
  changesPage(
    store: number,
    [since, until]: readonly [since: number, until: number],
    after: Buffer | undefined,
    at: ReadAt,
  ): readonly { readonly key: Buffer; readonly space: number; readonly order: number }[] {
    const start = after ?? prefix(store, since);
    const options = { start, exclusiveStart: true, end: prefix(store, until), limit: PAGE, transaction: at };
    return Array.from(this.#changes.getKeys(options), (key) => ({
      key: Buffer.from(key),
      space: key.readUInt32BE(8),
      order: key.readDoubleBE(12),
    }));
  }

  /** Removes cells, and then writes others, all or none. `of`: where they are listed as changed; undefined: no snapshot will ask. */
  write(
    removed: readonly StoredCell[],
    written: readonly (StoredCell & { readonly bytes: Buffer; readonly isNew: boolean })[],
    of: { readonly store: number; readonly generation: number } | undefined,
  ): void {
    if (removed.length === 0 && written.length === 0) return;
    this.#root.transactionSync(() => {
      for (const { space, order, text } of removed) {
        this.#cells.removeSync(cellKey(space, text));
        this.#orders.removeSync(orderKey(space, order));
      }
      for (const { space, order, text, bytes, isNew } of written) {
        this.#cells.putSync(cellKey(space, text), bytes);
        if (isNew) this.#orders.putSync(orderKey(space, order), Buffer.from(text, 'utf16le'));
        if (of !== undefined) this.#changes.putSync(changeKey(of.store, of.generation, space, order), NOTHING);
      }
    });
  }

  /** Forgets all cells of a space. */
  clear(space: number): void {
    this.#removeRange(this.#cells, prefix(space), prefix(space + 1));
    this.#removeRange(this.#orders, prefix(space), prefix(space + 1));
  }

  /** Forgets what changed in the generations below `until`. */
  forgetChanges(store: number, until: number): void {
    this.#removeRange(this.#changes, prefix(store), prefix(store, until));
  }

  readAt(): ReadAt {
    return this.#root.useReadTransaction();
  }

  #removeRange(table: Table, start: Buffer, end: Buffer): void {
    for (;;) {
      const keys = Array.from(table.getKeys({ start, end, limit: 16 * PAGE }), (key) => Buffer.from(key));
      if (keys.length === 0) return;
      this.#root.transactionSync(() => {
        for (const key of keys) table.removeSync(key);
      });
    }
  }
}

function prefix(...numbers: readonly number[]): Buffer {
  const key = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => {
    key.writeUInt32BE(number, 4 * i);
  });
  return key;
}

function cellKey(space: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  // No text of a key begins with this byte twice.
  const short =
    bytes.length <= KEY_BYTES_MAX
      ? bytes
      : Buffer.concat([Buffer.from([255, 255]), createHash('sha256').update(bytes).digest()]);
  return Buffer.concat([prefix(space), short]);
}

function orderKey(space: number, order: number): Buffer {
  const key = Buffer.alloc(12);
  key.writeUInt32BE(space);
  // -1 stands before the first place; as a double it would stand behind the last.
  if (order >= 0) key.writeDoubleBE(order, 4);
  return order >= 0 ? key : key.subarray(0, 4);
}

function changeKey(store: number, generation: number, space: number, order: number): Buffer {
  const key = Buffer.alloc(20);
  key.writeUInt32BE(store);
  key.writeUInt32BE(generation, 4);
  key.writeUInt32BE(space, 8);
  key.writeDoubleBE(order, 12);
  return key;
}
