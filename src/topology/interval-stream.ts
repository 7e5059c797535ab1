/** Operators that act once per interval on all of a stream's elements, or on those of one partition. */
import { canonicalJson } from '../core/json.js';
import type { Key } from '../core/keys.js';
import type { Timestamp } from '../core/time.js';
import { checkCount, checkDurations, checkFunctions } from './check-arguments.js';
import { NarrowStream } from './narrow-stream.js';
import type { Interval } from './specs.js';
import { queryStates } from './state-query.js';
import type { KeyedStream, Stream } from './streams.js';
import type { CombineOptions, Named, Ordered, Placed, Reduce, ReduceOptions, Span, StreamOf } from './types.js';

/** A stream with its operators per interval. */
export class IntervalStream<T> extends NarrowStream<T> {
  /**
   * Reduces all elements of each interval to one; an empty interval gives nothing. Emits at interval ends.
   * `reduce` must be associative, and commutative unless there is one partition. Source: Spark `DStream.reduce`.
   *
   * @example
   *   numbers: [[1, 2], [], [3]]
   *   numbers.reduce((a, b) => a + b)
   */
  reduce(options: ReduceOptions<T> | Reduce<T>): Stream<T> {
    const { reduce, ...placed } = typeof options === 'function' ? { reduce: options } : (options ?? {});
    return this.next({ kind: 'reduce', input: this.ref }, { reduce }, this.reduce, placed);
  }

  /**
   * Aggregates all elements of each interval, or window, to one of another type; an empty one gives nothing. Emits at its end.
   *
   * 1. The first element becomes a combiner by `createCombiner`; `mergeValue` puts each further one into it.
   * 2. Combiners of several partitions or panes are put together by `mergeCombiners`.
   *
   * Keeps one combiner per pane. What it gives is as `combineByKey` under one key. Source: Storm Streams `aggregate`, Spark `RDD.aggregate` in a
   * `transform`.
   *
   * @example
   *   numbers: [[1, 2], [], [3]]
   *   numbers.aggregate<string>({
   *     createCombiner: (n) => `${n}`,
   *     mergeValue: (all, n) => `${all}+${n}`,
   *     mergeCombiners: (a, b) => `${a}+${b}`,
   *   })
   */
  aggregate<C>(options: CombineOptions<T, C>): StreamOf<C> {
    const { createCombiner, mergeValue, mergeCombiners, window, slide, ...placed } = options ?? {};
    checkFunctions({ createCombiner, mergeValue, mergeCombiners }, this.aggregate);
    checkDurations({ window, slide }, this.aggregate);
    const node = { kind: 'aggregate', input: this.ref, window, slide } as const;
    return this.add(node, { createCombiner, mergeValue, mergeCombiners }, this.aggregate, placed);
  }

  /**
   * The number of elements of each interval, 0 for an empty one. Source: Spark `DStream.count`.
   *
   * @example
   *   words: [['a', 'b'], [], ['c']]
   *   words.count()
   */
  count(options: Named = {}): Stream<number> {
    return this.next({ kind: 'count', input: this.ref }, {}, this.count, options);
  }

  /**
   * How often each element occurs in each interval. Source: Spark `DStream.countByValue`.
   *
   * @example
   *   words: [['a', 'b', 'a'], ['b']]
   *   words.countByValue()
   */
  countByValue(this: Stream<T & Key>, options: Placed = {}): KeyedStream<T & Key, number> {
    const { countByValue } = IntervalStream.prototype;
    return this.add({ kind: 'countByValue', input: this.ref }, {}, countByValue, options);
  }

  /**
   * Each element once for each interval, or window, in which it occurs: what is kept is bounded by that span.
   * Emits at its end. Source: Spark `RDD.distinct` in a `transform`.
   *
   * @example
   *   words: [['a', 'b', 'a'], ['a']]
   *   words.distinct()
   */
  distinct(this: Stream<T & Key>, options: Placed & Span = {}): StreamOf<T> {
    const { distinct } = IntervalStream.prototype;
    const { window, slide, ...placed } = options;
    checkDurations({ window, slide }, distinct);
    return this.add({ kind: 'distinct', input: this.ref, window, slide }, {}, distinct, placed);
  }

  /**
   * The `max` greatest elements of each interval, or window, by a number: one list for each that has elements, greatest first.
   *
   * Equal numbers are ordered by the elements' canonical JSON, so that the answer depends on no order. Keeps `max` elements for each pane.
   * @throws StreamError `RG011` unless `max` is a whole number from 1; `RG032` in the run for a `by` that gives no number, or NaN.
   * Source: Spark `RDD.top` in a `transform`.
   *
   * @example
   *   numbers: [[3, 9, 4], [1]]
   *   numbers.top({ max: 2, by: (n) => n })
   */
  top(options: Named & Span & { readonly max: number; readonly by: (value: T) => number }): Stream<readonly T[]> {
    const { max, by, window, slide, uid } = options ?? {};
    checkFunctions({ by }, this.top);
    checkCount('max', max, this.top);
    checkDurations({ window, slide }, this.top);
    const node = { kind: 'top', input: this.ref, window, slide, max } as const;
    return this.add(node, { by, text: canonicalJson }, this.top, uid === undefined ? {} : { uid });
  }

  /**
   * The elements of each partition of each interval as one array. A partition is a partition of the source, or a task behind a shuffle;
   * behind a union the tasks of the job. An empty partition gives nothing. Emits at interval ends; keeps the open intervals.
   *
   * Depends on partitions, which `compare` says by name. Source: Spark `DStream.glom`.
   *
   * @example
   *   numbers: [[1, 2], [], [3]]
   *   numbers.glom()
   */
  glom(options: Named = {}): Stream<readonly T[]> {
    return this.next({ kind: 'glom', input: this.ref }, {}, this.glom, options);
  }

  /**
   * Calls a function with the elements of each partition of each interval, as `glom` has them, and the partition's number from 0, and emits
   * what it gives.
   *
   * Depends on partitions, which `compare` says by name. @throws StreamError `RG032` for a function that gives no iterable.
   * Source: Spark `DStream.mapPartitions`, PySpark `mapPartitionsWithIndex`.
   *
   * @example
   *   numbers: [[1, 2], [], [3]]
   *   numbers.mapPartitions((all) => [Math.max(...all)])
   */
  mapPartitions<U>(map: (values: readonly T[], partition: number) => Iterable<U>, options: Named = {}): StreamOf<U> {
    return this.next({ kind: 'mapPartitions', input: this.ref }, { mapPartitions: map }, this.mapPartitions, options);
  }

  /**
   * Calls a function once per interval with all its elements and its end (us), also for an empty interval from the first element on,
   * and emits what it gives. All elements of an interval are gathered in one task.
   *
   * `values` are in order of arrival; between partitions no order is promised: a function that needs one sorts them, or says
   * `orderSensitive`. Source: Spark `DStream.transform`.
   *
   * @example
   *   numbers: [[3, 1, 2], [5, 4]]
   *   numbers.transform((all) => all.toSorted((a, b) => a - b))
   */
  transform<U>(transform: (values: readonly T[], end: Timestamp) => Iterable<U>, options: Ordered = {}): StreamOf<U> {
    checkFunctions({ transform }, this.transform);
    const functions = { flatMap: intervalCall(transform), transform };
    return this.add({ kind: 'transform', input: this.ref }, functions, this.transform, options);
  }

  /**
   * As `transform`, with the elements of two streams of the same slide. Source: Spark `DStream.transformWith`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   more: [[9], [8, 7]]
   *   numbers.transformWith(more, (all, others) => [all.length - others.length])
   */
  transformWith<O, U>(
    other: Stream<O>,
    transform: (values: readonly T[], others: readonly O[], end: Timestamp) => Iterable<U>,
    options: Ordered = {},
  ): StreamOf<U> {
    checkFunctions({ transform }, this.transformWith);
    const node = { kind: 'transformWith', inputs: [this.ref, this.refOf(other)] } as const;
    const functions = { flatMap: pairedIntervalCall(transform), transform };
    return this.add(node, functions, this.transformWith, options);
  }

  /**
   * The elements are keys: `[key, state]` for each, with the latest state that another stream gave the key up to the end of the interval,
   * or `undefined`. Emits at interval ends; keeps one state per key. Both streams must have one slide.
   *
   * @throws StreamError `RG021` for streams of different slides. Source: Storm `Stream.stateQuery`.
   *
   * @example
   *   words: [['a'], ['a', 'b']]
   *   pairs: [[['a', 1]], [['a', 2], ['b', 3]]]
   *   words.stateQuery(pairs.runningReduce((a, b) => a + b))
   */
  stateQuery<S>(
    this: Stream<T & Key>,
    states: KeyedStream<T & Key, S>,
    options: Omit<Placed, 'orderSensitive'> = {},
  ): KeyedStream<T & Key, S | undefined> {
    const { stateQuery } = IntervalStream.prototype;
    const answers = queryStates(this.draft, [this.ref, this.refOf(states)], options, stateQuery);
    return this.draft.stream(answers) as KeyedStream<T & Key, S | undefined>;
  }
}

/** A function of an interval's values as the `flatMap` of whole intervals that it is lowered to. */
export function intervalCall<T, U>(
  transform: (values: readonly T[], end: Timestamp) => Iterable<U>,
): (interval: Interval<T>) => Iterable<U> {
  return ({ values, end }) => transform(values, end);
}

/** The same for two streams: behind each value stands its side. */
export function pairedIntervalCall<T, O, U>(
  transform: (values: readonly T[], others: readonly O[], end: Timestamp) => Iterable<U>,
): (interval: Interval<unknown>) => Iterable<U> {
  return ({ values, end }) => {
    const sides: readonly [unknown[], unknown[]] = [[], []];
    for (let i = 0; i < values.length; i += 2) sides[values[i + 1] as 0 | 1].push(values[i]);
    return transform(sides[0] as T[], sides[1] as O[], end);
  };
}
