/** Streams of pairs, with what they do to each value and what they keep of each key. */
import type { Key } from '../core/keys.js';
import { type CallContext, type CallOptions, checkedCalls } from './calls.js';
import { checkDurations, checkedKeys, checkFunctions, checkTable } from './check-arguments.js';
import type { MapWithStateNode } from './graph.js';
import { statesByKey, type Table } from './join-stream.js';
import { KeyedIntervalStream } from './keyed-interval-stream.js';
import type { ProcessOptions } from './process.js';
import type { StateSpec } from './state-spec.js';
import type { Stream } from './stream.js';
import type { KeptKeys, Ordered, Placed, Reduce, ReduceOptions, StreamOf, Update } from './types.js';

// All kinds of streams have one address, though they are built in layers.
export { Stream } from './stream.js';

/** Options of `updateStateByKey`. */
export interface UpdateOptions<K extends Key, V, S> extends Placed, KeptKeys {
  readonly update: Update<V, S, K>;
  readonly initialState?: Table<K, S>;
}

/** What `mapWithState` has beside its results. */
export interface MappedWithState<K extends Key, S> {
  /**
   * `[key, state]` of every key that has one, at each interval's end. Costs as `updateStateByKey`. Source: Spark `MapWithStateDStream`.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [['b', 3]]]
   *   pairs.mapWithState<number, number>({ map: (_key, value, state) => void state.update(value!) }).stateSnapshots()
   */
  stateSnapshots(): KeyedStream<K, S>;
}

/** A stream of pairs `[key, value]`: the only kind with operators by key. */
export class KeyedStream<K extends Key, V> extends KeyedIntervalStream<K, V> {
  /** For types only. */
  declare readonly pair: { readonly key: K; readonly value: V };

  /**
   * Maps the value and keeps the key. Source: Spark `PairDStreamFunctions.mapValues`.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2]]]
   *   pairs.mapValues((n) => n * 10)
   */
  mapValues<U>(map: (value: V) => U, options: Ordered = {}): KeyedStream<K, U> {
    return this.next({ kind: 'mapValues', input: this.ref }, { mapValues: map }, this.mapValues, options);
  }

  /**
   * Any number of values out for each one in, all under its key. Source: Spark `PairDStreamFunctions.flatMapValues`.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2]]]
   *   pairs.flatMapValues((n) => [n, -n])
   */
  flatMapValues<U>(flatMap: (value: V) => Iterable<U>, options: Ordered = {}): KeyedStream<K, U> {
    return this.next(
      { kind: 'flatMapValues', input: this.ref },
      { flatMapValues: flatMap },
      this.flatMapValues,
      options,
    );
  }

  /**
   * Brings the pairs of a key to one task, so that what follows has all of them. With `by`, those for whose keys it gives the same.
   *
   * Which task that is, and which keys share one, only operators that look at partitions (`glom`, `mapPartitions`) can tell. Keeps
   * nothing. Source: PySpark `DStream.partitionBy`.
   *
   * @throws StreamError `RG032` in the run for a record that is no pair. `RG033` with several tasks, where what `by` gives, or without it the
   * pair's first part, is no key: one task has all pairs and does not look.
   *
   * @example
   *   pairs: [[['a', 1], ['b', 2], ['a', 3]]]
   *   pairs.partitionBy({ by: (key) => key === 'a' })
   */
  partitionBy(options: Omit<Placed, 'orderSensitive'> & { readonly by?: (key: K) => Key } = {}): KeyedStream<K, V> {
    const { by, ...placed } = options;
    const functions = by === undefined ? {} : { by };
    checkFunctions(functions, this.partitionBy);
    const isByKey = by === undefined;
    return this.add({ kind: 'partitionBy', input: this.ref, isByKey }, functions, this.partitionBy, placed);
  }

  /**
   * As `mapAsync`, of the value alone; the key stays.
   *
   * @throws StreamError `RG065` in the run for a call that took too long.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2]]]
   *   pairs.mapValuesAsync(async (n) => n * 10)
   */
  mapValuesAsync<U>(
    call: (value: V, context: CallContext) => U | PromiseLike<U>,
    options: CallOptions = {},
  ): KeyedStream<K, U> {
    const calls = checkedCalls(call, options, this.mapValuesAsync);
    const node = { kind: 'mapValuesAsync', input: this.ref, ...calls } as const;
    const { uid, orderSensitive } = options;
    return this.add(node, { mapValuesAsync: call }, this.mapValuesAsync, { uid, orderSensitive });
  }

  /**
   * Emits `[key, total so far]` for each record, at once. Keeps one value per key, for ever: for at most
   * `maxKeys` keys in each task (`RG066`).
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [['b', 3], ['a', 4]]]
   *   pairs.runningReduce((a, b) => a + b)
   */
  runningReduce(options: (ReduceOptions<V> & KeptKeys) | Reduce<V>): KeyedStream<K, V> {
    const given: ReduceOptions<V> & KeptKeys = typeof options === 'function' ? { reduce: options } : (options ?? {});
    const { reduce, maxKeys, ...placed } = given;
    const node = { kind: 'runningReduce', input: this.ref, ...checkedKeys(maxKeys, this.runningReduce) } as const;
    return this.next(node, { reduce }, this.runningReduce, placed);
  }

  /**
   * Calls `update(values of the interval, state, { key, end })` once per interval for every key that has state or values, and emits
   * `[key, state]`. `undefined` removes the key. Costs a call for each key that is held.
   *
   * A key of `initialState` has that state before its first interval with values, and is silent until then (Spark calls it at once).
   * Source: Spark `PairDStreamFunctions.updateStateByKey`.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [['b', 3]]]
   *   pairs.updateStateByKey<number>((values, state) => values.reduce((a, b) => a + b, state ?? 0))
   */
  updateStateByKey<S>(options: Update<V, S, K> | UpdateOptions<K, V, S>): KeyedStream<K, S> {
    const given: UpdateOptions<K, V, S> = typeof options === 'function' ? { update: options } : (options ?? {});
    const { update, initialState, maxKeys, ...placed } = given;
    checkFunctions({ update }, this.updateStateByKey);
    const states = initialState && statesByKey(checkTable(initialState, this.updateStateByKey));
    const functions = { update, ...(states && { initialState: states }) };
    const limit = checkedKeys(maxKeys, this.updateStateByKey);
    const node = { kind: 'updateStateByKey', input: this.ref, ...limit } as const;
    return this.add(node, functions, this.updateStateByKey, placed);
  }

  /**
   * A function of each record and its key's state, with a timeout; see `StateSpec`. `stateSnapshots()` are all states of each interval.
   * Source: Spark `PairDStreamFunctions.mapWithState`.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [['b', 3], ['a', 4]]]
   *   pairs.mapWithState<number, number>({
   *     map: (_key, value, state) => {
   *       state.update((state.getOption() ?? 0) + value!);
   *       return state.get();
   *     },
   *   })
   */
  mapWithState<S, R>(spec: StateSpec<K, V, S, R>): StreamOf<R> & MappedWithState<K, S> {
    const { map, timeout, initialState, maxKeys, ...placed } = spec ?? {};
    checkFunctions({ map }, this.mapWithState);
    checkDurations({ timeout }, this.mapWithState);
    const states = initialState && statesByKey(checkTable(initialState, this.mapWithState));
    const limit = checkedKeys(maxKeys, this.mapWithState);
    const node = { kind: 'mapWithState', input: this.ref, timeout, snapshots: false, ...limit } as const;
    const functions = { mapWithState: map, ...(states && { initialState: states }) };
    const mapped = this.add(node, functions, this.mapWithState, placed) as Stream<R>;
    const stateSnapshots = (): unknown => {
      const added = this.draft.nodes[mapped.ref.node] as MapWithStateNode;
      this.draft.replace({ ...added, snapshots: true }, stateSnapshots);
      return this.draft.stream({ node: added.id, output: 'snapshots' });
    };
    return Object.assign(mapped, { stateSnapshots }) as unknown as StreamOf<R> & MappedWithState<K, S>;
  }

  /**
   * The user's own keyed operator with state and stream-time timers; see `ProcessOptions`.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2]], []]
   *   pairs.process<number, string>({
   *     uid: 'reminders',
   *     onRecord: (_value, context) => context.setTimer(context.timestamp + seconds(0.5)),
   *     onTimer: (context) => context.emit(`${context.key} was here`),
   *   })
   */
  process<S, R>(options: ProcessOptions<K, V, S, R>): StreamOf<R> {
    const { onRecord, onTimer, uid, maxKeys } = options ?? {};
    const node = { kind: 'process', input: this.ref, ...checkedKeys(maxKeys, this.process) } as const;
    return this.next(node, { onRecord, onTimer }, this.process, { uid });
  }
}
