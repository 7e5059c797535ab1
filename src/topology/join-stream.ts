/** Streams of pairs meet others: cogroup and the joins of two streams, and the joins with a table. */
import { StreamError } from '../core/errors.js';
import { encodeKey, type Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import { checkDurations, checkTable, shown } from './check-arguments.js';
import { Stream } from './stream.js';
import type { KeyedStream } from './streams.js';
import type { Named, Placed } from './types.js';

/** A table to join with: its rows, of which several may have the same key. Read once, when the job is built. */
export type Table<K extends Key, W> = Iterable<readonly [K, W]>;

/** Pairs with their joins. Those of two streams work per interval of their slide, which must be equal. */
export class JoinStream<K extends Key, V> extends Stream<readonly [K, V]> {
  /**
   * For each key of each interval, the values of both streams: `[key, [values, others]]`, either of which may be empty.
   * Over windows: `a.window(…).cogroup(b.window(…))`. Emits at interval ends; keeps the open intervals. Source: Spark `cogroup`.
   *
   * @throws StreamError `RG021` for streams of different slides.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [['b', 3]]]
   *   others: [[['a', 9]], []]
   *   pairs.cogroup(others)
   */
  cogroup<W>(
    other: KeyedStream<K, W>,
    options: Placed = {},
  ): KeyedStream<K, readonly [values: readonly V[], others: readonly W[]]> {
    return this.#meet('cogroup', other, options, this.cogroup);
  }

  /**
   * Each value with each of the other stream's for the same key and interval. Source: Spark `PairDStreamFunctions.join`.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2]], [['b', 3]]]
   *   others: [[['a', 9]], [['b', 8]]]
   *   pairs.join(others)
   */
  join<W>(other: KeyedStream<K, W>, options: Placed = {}): KeyedStream<K, readonly [V, W]> {
    return this.#meet('join', other, options, this.join);
  }

  /**
   * As `join`; a value without any other has `undefined` beside it. Source: Spark `leftOuterJoin`.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2]]]
   *   others: [[['a', 9], ['c', 7]]]
   *   pairs.leftOuterJoin(others)
   */
  leftOuterJoin<W>(other: KeyedStream<K, W>, options: Placed = {}): KeyedStream<K, readonly [V, W | undefined]> {
    return this.#meet('leftOuterJoin', other, options, this.leftOuterJoin);
  }

  /**
   * As `join`; another stream's value without any of this one has `undefined` beside it. Source: Spark `rightOuterJoin`.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2]]]
   *   others: [[['a', 9], ['c', 7]]]
   *   pairs.rightOuterJoin(others)
   */
  rightOuterJoin<W>(other: KeyedStream<K, W>, options: Placed = {}): KeyedStream<K, readonly [V | undefined, W]> {
    return this.#meet('rightOuterJoin', other, options, this.rightOuterJoin);
  }

  /**
   * As `join`; a value without partner, of either stream, has `undefined` beside it. Source: Spark `fullOuterJoin`.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2]]]
   *   others: [[['a', 9], ['c', 7]]]
   *   pairs.fullOuterJoin(others)
   */
  fullOuterJoin<W>(
    other: KeyedStream<K, W>,
    options: Placed = {},
  ): KeyedStream<K, readonly [V | undefined, W | undefined]> {
    return this.#meet('fullOuterJoin', other, options, this.fullOuterJoin);
  }

  /**
   * Each value with each of the other stream's for the same key whose stream time is from `before` less to `after` more than its own.
   *
   *      left         a                     before = |--|, after = |-----|
   *      right    x  y   z      w           gives [a, y], [a, z]
   *
   * Each two meet once, when the later one arrives; the result carries the higher of both times. Keeps the records of about `before + after`
   * of stream time. Source: Flink `intervalJoin`; Spark's stream-stream join with a time range.
   *
   * @example
   *   pairs: [[['a', 1]], [], [['a', 2]]]
   *   others: [[], [['a', 9]], []]
   *   pairs.intervalJoin(others, { before: seconds(0), after: seconds(1) })
   */
  intervalJoin<W>(
    other: KeyedStream<K, W>,
    options: Placed & { readonly before: Duration; readonly after: Duration },
  ): KeyedStream<K, readonly [V, W]> {
    const { before, after, ...placed } = options ?? {};
    checkDurations({ before, after }, this.intervalJoin, ['before', 'after']);
    const node = { kind: 'intervalJoin', inputs: [this.ref, this.refOf(other)], before, after } as const;
    return this.add(node, {}, this.intervalJoin, placed);
  }

  /**
   * Each value with each row of a table for its key, at once, per record. Source: Spark `transform(rdd => rdd.join(table))`.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2], ['a', 3]]]
   *   pairs.joinTable([['a', 'apple']])
   */
  joinTable<W>(table: Table<K, W>, options: Named = {}): KeyedStream<K, readonly [V, W]> {
    const rows = rowsByKey(checkTable(table, this.joinTable));
    const flatMap = withRows(rows, []);
    return this.add({ kind: 'joinTable', input: this.ref }, { flatMap, rows: rows.all }, this.joinTable, options);
  }

  /**
   * As `joinTable`; a value without a row has `undefined` beside it. Source: Spark `transform(rdd => rdd.leftOuterJoin(table))`.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2]]]
   *   pairs.leftOuterJoinTable([['a', 'apple']])
   */
  leftOuterJoinTable<W>(table: Table<K, W>, options: Named = {}): KeyedStream<K, readonly [V, W | undefined]> {
    const rows = rowsByKey(checkTable(table, this.leftOuterJoinTable));
    const flatMap = withRows(rows, [undefined]);
    const node = { kind: 'leftOuterJoinTable', input: this.ref } as const;
    return this.add(node, { flatMap, rows: rows.all }, this.leftOuterJoinTable, options);
  }

  #meet<W>(
    kind: 'cogroup' | 'join' | 'leftOuterJoin' | 'rightOuterJoin' | 'fullOuterJoin',
    other: KeyedStream<K, W>,
    options: Placed,
    caller: (...args: never[]) => unknown,
  ): never {
    return this.next({ kind, inputs: [this.ref, this.refOf(other)] }, {}, caller, options);
  }
}

/** No kernel looks at what meets a table. @throws StreamError `RG032` for what is no pair. */
function checkedPair(record: unknown): readonly [Key, unknown] {
  if (Array.isArray(record) && record.length === 2) return record as unknown as readonly [Key, unknown];
  throw new StreamError(
    'RG032',
    `a keyed operator got ${shown(record)}, not a pair [key, value]`,
    'return [key, value] from the map before it, or use keyBy',
  );
}

/** A table's values by key. */
interface TableRows {
  /** By encoded key: of all keys. */
  readonly all: ReadonlyMap<string, readonly unknown[]>;
  /** The same of the keys that are texts, as they are: they need not be encoded for each record. */
  readonly ofTexts: ReadonlyMap<string, readonly unknown[]>;
}

/** Puts the rows of its key beside a pair's value; `none`: of a key that has no row. */
function withRows({ all, ofTexts }: TableRows, none: readonly unknown[]): (record: unknown) => unknown[] {
  return (record) => {
    const [key, value] = checkedPair(record);
    const found = (typeof key === 'string' ? ofTexts.get(key) : all.get(encodeKey(key))) ?? none;
    const results = new Array<unknown>(found.length);
    for (let i = 0; i < found.length; i++) results[i] = [key, [value, found[i]]];
    return results;
  };
}

function rowsByKey(table: Table<Key, unknown>): TableRows {
  const all = new Map<string, unknown[]>();
  const ofTexts = new Map<string, unknown[]>();
  for (const [key, value] of table) {
    const name = encodeKey(key);
    const known = all.get(name);
    if (known !== undefined) {
      known.push(value);
      continue;
    }
    const rows = [value];
    all.set(name, rows);
    if (typeof key === 'string') ofTexts.set(key, rows);
  }
  return { all, ofTexts };
}

/** One state for each encoded key; of several the last. */
export function statesByKey(table: Table<Key, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...table].map(([key, state]) => [encodeKey(key), state]));
}
