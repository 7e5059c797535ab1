/** Streams: each method appends one node to the graph and returns a handle on its output. Nothing runs here. */
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import { checkDurations, checkFunctions } from './check-arguments.js';
import type { GraphDraft } from './draft.js';
import type { StreamRef } from './graph.js';
import type { ProcessOptions } from './process.js';
import { checkEnd, type SinkSpec } from './specs.js';
import type { Named, Reduce, StreamOf, Update } from './types.js';

/** Options of an operator that reduces each key's values. */
export interface ReduceOptions<V> extends Named {
  /** Must be associative; commutative too unless each key comes from one partition. Must not change its arguments. */
  readonly reduce: Reduce<V>;
}

/** Options of `reduceByKeyAndWindow`. */
export interface ReduceWindowOptions<V> extends ReduceOptions<V> {
  readonly window: Duration;
  /** Default: the slide of the parent stream. */
  readonly slide?: Duration;
  /** `inverse(reduce(a, b), b)` is `a`: then a slide costs what entered and left, not the window's length. */
  readonly inverse?: Reduce<V>;
  /** Keep a key whose records have all left the window, as Spark does without a filter. Default false. */
  readonly keepEmptyKeys?: boolean;
}

/** A stream of elements. Made by `t.source`, by operators and by components. */
export class Stream<T> {
  /** For types only. */
  declare readonly element: T;
  readonly ref: StreamRef;
  protected readonly draft: GraphDraft;

  constructor(draft: GraphDraft, ref: StreamRef) {
    this.draft = draft;
    this.ref = ref;
  }

  /** One element out for each one in. Source: Spark `DStream.map`. */
  map<U>(map: (value: T) => U, options: Named = {}): StreamOf<U> {
    return this.#next({ kind: 'map', input: this.ref }, { map }, this.map, options.uid) as unknown as StreamOf<U>;
  }

  /** Any number of elements out, in order, for each one in. Source: Spark `DStream.flatMap`. */
  flatMap<U>(flatMap: (value: T) => Iterable<U>, options: Named = {}): StreamOf<U> {
    return this.#next(
      { kind: 'flatMap', input: this.ref },
      { flatMap },
      this.flatMap,
      options.uid,
    ) as unknown as StreamOf<U>;
  }

  /** Keeps the elements for which `keep` is true. Source: Spark `DStream.filter`. */
  filter(keep: (value: T) => boolean, options: Named = {}): this {
    return this.#next(
      { kind: 'filter', input: this.ref },
      { filter: keep },
      this.filter,
      options.uid,
    ) as unknown as this;
  }

  /** Pairs each element with its key. Source: Storm Streams `keyBy`. */
  keyBy<K extends Key>(key: (value: T) => K, options: Named = {}): KeyedStream<K, T> {
    return this.#next(
      { kind: 'keyBy', input: this.ref },
      { keyBy: key },
      this.keyBy,
      options.uid,
    ) as unknown as KeyedStream<K, T>;
  }

  /** All elements of both streams; their slides must be equal. Source: Spark `DStream.union`. */
  union(...others: readonly Stream<T>[]): this {
    const inputs = [this.ref, ...others.map((other) => this.refOf(other))];
    return this.#next({ kind: 'union', inputs }, {}, this.union) as unknown as this;
  }

  /** Each element goes to the first arm whose predicate holds, and nowhere when none does. Source: Storm Streams `branch`. */
  branch<A extends Readonly<Record<string, (value: T) => boolean>>>(
    arms: A,
    options: Named = {},
  ): { readonly [N in keyof A]: StreamOf<T> } {
    const functions = Object.fromEntries(Object.entries(arms).map(([name, predicate]) => [`arm:${name}`, predicate]));
    checkFunctions(functions, this.branch);
    const ref = this.draft.add(
      { kind: 'branch', input: this.ref, arms: Object.keys(arms) },
      functions,
      this.branch,
      options.uid,
    );
    const streams = Object.keys(arms).map((name) => [
      name,
      new KeyedStream(this.draft, { node: ref.node, output: name }),
    ]);
    return Object.fromEntries(streams) as { readonly [N in keyof A]: StreamOf<T> };
  }

  /**
   * Gives each element its own time of occurrence (us). Must come before the first grouping.
   *
   * 1. The partition's watermark is its highest timestamp so far minus `maxOutOfOrderness`.
   * 2. An element below the watermark of its own partition at that place is late: it goes to `late` and is counted.
   * 3. With `idleTimeout`, silence that long lets the watermark go on with the ingest clock.
   */
  timestamps(
    options: Named & {
      readonly extract: (value: T) => number;
      readonly maxOutOfOrderness: Duration;
      readonly idleTimeout?: Duration;
    },
  ): StreamOf<T> & { readonly late: StreamOf<T> } {
    const { extract, maxOutOfOrderness, idleTimeout } = options ?? {};
    checkFunctions({ extract }, this.timestamps);
    checkDurations({ maxOutOfOrderness, idleTimeout }, this.timestamps, ['maxOutOfOrderness']);
    const node = { kind: 'timestamps', input: this.ref, maxOutOfOrderness, idleTimeout } as const;
    const ref = this.draft.add(node, { extract }, this.timestamps, options.uid);
    const late = new KeyedStream(this.draft, { node: ref.node, output: 'late' });
    return Object.assign(new KeyedStream(this.draft, ref), { late }) as unknown as StreamOf<T> & {
      readonly late: StreamOf<T>;
    };
  }

  /** The number of elements of each interval, 0 for an empty one. Source: Spark `DStream.count`. */
  count(options: Named = {}): Stream<number> {
    return this.#next({ kind: 'count', input: this.ref }, {}, this.count, options.uid) as unknown as Stream<number>;
  }

  /** How often each element occurs in each interval. Source: Spark `DStream.countByValue`. */
  countByValue(this: Stream<T & Key>, options: Named = {}): KeyedStream<T & Key, number> {
    const ref = this.draft.add(
      { kind: 'countByValue', input: this.ref },
      {},
      Stream.prototype.countByValue,
      options.uid,
    );
    return new KeyedStream<T & Key, number>(this.draft, ref);
  }

  /** The number of elements of each window, 0 for an empty one. Source: Spark `DStream.countByWindow`. */
  countByWindow(options: Named & { readonly window: Duration; readonly slide?: Duration }): Stream<number> {
    const { window, slide } = options ?? {};
    checkDurations({ window, slide }, this.countByWindow, ['window']);
    const node = {
      kind: 'countByWindow',
      input: this.ref,
      window,
      slide,
      inverse: true,
      keepEmptyKeys: false,
    } as const;
    return this.#next(node, {}, this.countByWindow, options.uid) as unknown as Stream<number>;
  }

  /** Writes the stream to a sink, which the command line can replace by its name. */
  to(name: string, sink: SinkSpec<T>): this {
    checkEnd('sink', name, sink);
    const { kind, options, capabilities, functions = {} } = sink;
    const roles = Object.fromEntries(Object.entries(functions).map(([role, value]) => [`spec:${role}`, value]));
    this.draft.add(
      { kind: 'sink', name, input: this.ref, spec: { kind, options, capabilities } },
      roles,
      this.to,
      `sink:${name}`,
    );
    return this;
  }

  /** The output behind another stream; that of another topology is nowhere, and validation tells of it. */
  protected refOf(other: { readonly ref: StreamRef }): StreamRef {
    const { draft, ref } = other as Stream<unknown>;
    return draft === this.draft ? ref : { node: -1, output: 'default' };
  }

  #next(
    node: Parameters<GraphDraft['add']>[0],
    functions: Readonly<Record<string, unknown>>,
    caller: (...args: never[]) => unknown,
    uid?: string,
  ): KeyedStream<never, never> {
    checkFunctions(functions, caller);
    return new KeyedStream<never, never>(this.draft, this.draft.add(node, functions, caller, uid));
  }
}

/** A stream of pairs `[key, value]`: the only kind with operators by key. */
export class KeyedStream<K extends Key, V> extends Stream<readonly [K, V]> {
  /** For types only. */
  declare readonly pair: { readonly key: K; readonly value: V };

  /** Maps the value and keeps the key. Source: Spark `PairDStreamFunctions.mapValues`. */
  mapValues<U>(map: (value: V) => U, options: Named = {}): KeyedStream<K, U> {
    return this.#keyed({ kind: 'mapValues', input: this.ref }, { mapValues: map }, this.mapValues, options.uid);
  }

  /** Any number of values out for each one in, all under its key. Source: Spark `PairDStreamFunctions.flatMapValues`. */
  flatMapValues<U>(flatMap: (value: V) => Iterable<U>, options: Named = {}): KeyedStream<K, U> {
    return this.#keyed(
      { kind: 'flatMapValues', input: this.ref },
      { flatMapValues: flatMap },
      this.flatMapValues,
      options.uid,
    );
  }

  /** Reduces each key's values within each interval. Source: Spark `PairDStreamFunctions.reduceByKey`. */
  reduceByKey(options: ReduceOptions<V> | Reduce<V>): KeyedStream<K, V> {
    const { reduce, uid } = typeof options === 'function' ? { reduce: options, uid: undefined } : (options ?? {});
    return this.#keyed({ kind: 'reduceByKey', input: this.ref }, { reduce }, this.reduceByKey, uid);
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
   * Keeps one value per key and pane. @throws StreamError `RG012` if window or slide is no multiple of the parent's slide.
   * Source: Spark Streaming, `ReducedWindowedDStream.compute`.
   */
  reduceByKeyAndWindow(options: ReduceWindowOptions<V>): KeyedStream<K, V> {
    const { window, slide, reduce, inverse, keepEmptyKeys = false, uid } = options ?? {};
    checkDurations({ window, slide }, this.reduceByKeyAndWindow, ['window']);
    const node = {
      kind: 'reduceByKeyAndWindow',
      input: this.ref,
      window,
      slide,
      inverse: inverse !== undefined,
      keepEmptyKeys,
    } as const;
    return this.#keyed(node, { reduce, inverse }, this.reduceByKeyAndWindow, uid);
  }

  /** Emits `[key, total so far]` for each record, at once. Keeps one value per key, for ever. */
  runningReduce(options: ReduceOptions<V> | Reduce<V>): KeyedStream<K, V> {
    const { reduce, uid } = typeof options === 'function' ? { reduce: options, uid: undefined } : (options ?? {});
    return this.#keyed({ kind: 'runningReduce', input: this.ref }, { reduce }, this.runningReduce, uid);
  }

  /**
   * Calls `update(values of the interval, state)` once per interval for every key that has state or values, and emits
   * `[key, state]`. `undefined` removes the key. Source: Spark `PairDStreamFunctions.updateStateByKey`.
   */
  updateStateByKey<S>(options: Update<V, S> | (Named & { readonly update: Update<V, S> })): KeyedStream<K, S> {
    const { update, uid } = typeof options === 'function' ? { update: options, uid: undefined } : (options ?? {});
    return this.#keyed({ kind: 'updateStateByKey', input: this.ref }, { update }, this.updateStateByKey, uid);
  }

  /** The user's own keyed operator with state and stream-time timers; see `ProcessOptions`. */
  process<S, R>(options: ProcessOptions<K, V, S, R>): StreamOf<R> {
    const { onRecord, onTimer, uid } = options ?? {};
    return this.#keyed(
      { kind: 'process', input: this.ref },
      { onRecord, onTimer },
      this.process,
      uid,
    ) as unknown as StreamOf<R>;
  }

  #keyed<W>(
    node: Parameters<GraphDraft['add']>[0],
    functions: Readonly<Record<string, unknown>>,
    caller: (...args: never[]) => unknown,
    uid?: string,
  ): KeyedStream<K, W> {
    checkFunctions(functions, caller);
    return new KeyedStream<K, W>(this.draft, this.draft.add(node, functions, caller, uid));
  }
}
