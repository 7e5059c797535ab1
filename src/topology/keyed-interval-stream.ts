/** Operators that reduce or gather each key's values, per interval and over windows. */
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import { checkDurations, checkedKeys, checkFunctions } from './check-arguments.js';
import { inverseFunctions } from './inverse-functions.js';
import { JoinStream } from './join-stream.js';
import type { KeyedStream } from './streams.js';
import type { CombineOptions, Placed, Reduce, ReduceOptions } from './types.js';
import type { InverseOptions, WindowSpan } from './window-stream.js';

/** Options of `reduceByKeyAndWindow`. */
export interface ReduceWindowOptions<K, V> extends ReduceOptions<V>, WindowSpan, InverseOptions<V> {
  /** Which results are told. It changes no total: a key that is not told stays while it has records (Spark forgets it). */
  filter?(result: readonly [K, V]): boolean;
}

/** Pairs, per interval and over windows. */
export class KeyedIntervalStream<K extends Key, V> extends JoinStream<K, V> {
  /**
   * Reduces each key's values within each interval. Source: Spark `PairDStreamFunctions.reduceByKey`.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2], ['a', 3]], [['b', 4]]]
   *   pairs.reduceByKey((a, b) => a + b)
   */
  reduceByKey(options: ReduceOptions<V> | Reduce<V>): KeyedStream<K, V> {
    const { reduce, ...placed } = typeof options === 'function' ? { reduce: options } : (options ?? {});
    return this.next({ kind: 'reduceByKey', input: this.ref }, { reduce }, this.reduceByKey, placed);
  }

  /**
   * Each key's values of each interval as one array, in order of arrival; between partitions no order is promised.
   * Emits at interval ends; keeps all values of the open intervals. Source: Spark `PairDStreamFunctions.groupByKey`.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2], ['a', 3]], [['b', 4]]]
   *   pairs.groupByKey()
   */
  groupByKey(options: Placed = {}): KeyedStream<K, readonly V[]> {
    return this.add({ kind: 'groupByKey', input: this.ref }, {}, this.groupByKey, options);
  }

  /**
   * As `groupByKey`, over sliding windows: keeps all values of the window. Source: Spark `groupByKeyAndWindow`.
   *
   * @example
   *   pairs: [[['a', 1]], [['a', 2]], []]
   *   pairs.groupByKeyAndWindow({ window: seconds(2), slide: seconds(1) })
   */
  groupByKeyAndWindow(options: Placed & WindowSpan): KeyedStream<K, readonly V[]> {
    const { window, slide, ...placed } = options ?? {};
    checkDurations({ window, slide }, this.groupByKeyAndWindow, ['window']);
    const node = {
      kind: 'groupByKeyAndWindow',
      input: this.ref,
      window: window!,
      slide,
      inverse: false,
      keepEmptyKeys: false,
    } as const;
    return this.add(node, {}, this.groupByKeyAndWindow, placed);
  }

  /**
   * Reduces each key's values, within each interval or window, to something of another type.
   *
   * 1. A key's first value of a pane makes a combiner; `mergeValue` puts the further ones in.
   * 2. Combiners of several partitions or panes are put together by `mergeCombiners`.
   *
   * Keeps one combiner per key and pane. Emits at interval ends. Source: Spark `PairDStreamFunctions.combineByKey`.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 3]], [['b', 4]]]
   *   pairs.combineByKey<string>({
   *     createCombiner: (value) => `${value}`,
   *     mergeValue: (combiner, value) => `${combiner}+${value}`,
   *     mergeCombiners: (a, b) => `${a}+${b}`,
   *   })
   */
  combineByKey<C>(options: CombineOptions<V, C>): KeyedStream<K, C> {
    const { createCombiner, mergeValue, mergeCombiners, window, slide, ...placed } = options ?? {};
    checkFunctions({ createCombiner, mergeValue, mergeCombiners }, this.combineByKey);
    checkDurations({ window, slide }, this.combineByKey);
    const node = { kind: 'combineByKey', input: this.ref, window, slide } as const;
    return this.add(node, { createCombiner, mergeValue, mergeCombiners }, this.combineByKey, placed);
  }

  /**
   * Reduces each key's values of a session: values with less than `gap` of stream time between them.
   *
   *      values      a  b    c            d        gap = |-----|
   *      sessions   [a--b----c-----)     [d-----)
   *
   * `[key, total]` is emitted when the watermark reaches the last value's time + `gap`, which is its `windowEnd`. Values may come out of
   * order: then `reduce` must be commutative. Keeps one total for each open session. Source: Spark `session_window`.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [], [['a', 5]], [], []]
   *   pairs.sessionWindow({ gap: seconds(1), reduce: (a, b) => a + b })
   */
  sessionWindow(options: ReduceOptions<V> & { readonly gap: Duration }): KeyedStream<K, V> {
    const { gap, reduce, ...placed } = options ?? {};
    checkDurations({ gap }, this.sessionWindow, ['gap']);
    return this.next({ kind: 'sessionWindow', input: this.ref, gap }, { reduce }, this.sessionWindow, placed);
  }

  /**
   * Reduces each key's values over a sliding window, once per slide.
   *
   *      panes     |  a  |  b  |  c  |  d  |
   *      window 1  [-----------------]          total = a + b + c
   *      window 2        [-----------------]    total = (a + b + c) - a + d
   *
   * 1. A value is folded into its key's current pane.
   * 2. At each multiple of the slide the total becomes `reduce(inverse(total, left), entered)`; without `inverse`
   *    all panes of the window are folded again.
   * 3. `[key, total]` is emitted with timestamp `end - 1` and `windowEnd = end`, before the watermark moves on.
   *
   * Keeps one value per key and pane; with `keepEmptyKeys` a total per key, for ever, of `maxKeys` keys in each task.
   * @throws StreamError `RG012` if window or slide is no multiple of the parent's slide; `RG066` in the run beyond `maxKeys`.
   * Source: Spark `PairDStreamFunctions.reduceByKeyAndWindow`, `ReducedWindowedDStream.compute`.
   *
   * @example
   *   pairs: [[['a', 1]], [['a', 2]], []]
   *   pairs.reduceByKeyAndWindow({ window: seconds(2), slide: seconds(1), reduce: (a, b) => a + b, inverse: (a, b) => a - b })
   */
  reduceByKeyAndWindow(options: ReduceWindowOptions<K, V>): KeyedStream<K, V> {
    const {
      window,
      slide,
      inverse,
      keepEmptyKeys = false,
      maxKeys,
      filter,
      reduce: _,
      checkInverse: __,
      ...placed
    } = options ?? {};
    const reducing = inverseFunctions(options, this.reduceByKeyAndWindow);
    checkDurations({ window, slide }, this.reduceByKeyAndWindow, ['window']);
    const node = {
      kind: 'reduceByKeyAndWindow',
      input: this.ref,
      window: window!,
      slide,
      inverse: inverse !== undefined,
      keepEmptyKeys,
      ...checkedKeys(maxKeys, this.reduceByKeyAndWindow),
      ...(filter === undefined ? {} : { isFiltered: true }),
    } as const;
    const functions = filter === undefined ? reducing : { ...reducing, filter };
    return this.next(node, functions, this.reduceByKeyAndWindow, placed);
  }
}
