/** Streams of pairs, with what they do to each value and what they keep of each key. */
import type { Key } from '../core/keys.js';
import { type CallContext, type CallOptions, checkedCalls } from './calls.js';
import { checkDurations, checkFunctions, checkTable } from './check-arguments.js';
import type { MapWithStateNode } from './graph.js';
import { statesByKey, type Table } from './join-stream.js';
import { KeyedIntervalStream } from './keyed-interval-stream.js';
import type { ProcessOptions } from './process.js';
import type { StateSpec } from './state-spec.js';
import type { Stream } from './stream.js';
import type { Named, Placed, Reduce, ReduceOptions, StreamOf, Update } from './types.js';

// All kinds of streams have one address, though they are built in layers.
export { Stream } from './stream.js';

/** Options of `updateStateByKey`. */
export interface UpdateOptions<K extends Key, V, S> extends Placed {
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
  mapValues<U>(map: (value: V) => U, options: Named = {}): KeyedStream<K, U> {
    return this.next({ kind: 'mapValues', input: this.ref }, { mapValues: map }, this.mapValues, options);
  }

  /**
   * Any number of values out for each one in, all under its key. Source: Spark `PairDStreamFunctions.flatMapValues`.
   *
   * @example
   *   pairs: [[['a', 1]], [['b', 2]]]
   *   pairs.flatMapValues((n) => [n, -n])
   */
  flatMapValues<U>(flatMap: (value: V) => Iterable<U>, options: Named = {}): KeyedStream<K, U> {
    return this.next(
      { kind: 'flatMapValues', input: this.ref },
      { flatMapValues: flatMap },
      this.flatMapValues,
      options,
    );
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
    return this.add(node, { mapValuesAsync: call }, this.mapValuesAsync, { uid: options.uid });
  }

  /**
   * Emits `[key, total so far]` for each record, at once. Keeps one value per key, for ever.
   *
   * @example
   *   pairs: [[['a', 1], ['a', 2]], [['b', 3], ['a', 4]]]
   *   pairs.runningReduce((a, b) => a + b)
   */
  runningReduce(options: ReduceOptions<V> | Reduce<V>): KeyedStream<K, V> {
    const { reduce, ...placed } = typeof options === 'function' ? { reduce: options } : (options ?? {});
    return this.next({ kind: 'runningReduce', input: this.ref }, { reduce }, this.runningReduce, placed);
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
    const { update, initialState, ...placed } = given;
    checkFunctions({ update }, this.updateStateByKey);
    const states = initialState && statesByKey(checkTable(initialState, this.updateStateByKey));
    const functions = { update, ...(states && { initialState: states }) };
    return this.add({ kind: 'updateStateByKey', input: this.ref }, functions, this.updateStateByKey, placed);
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
    const { map, timeout, initialState, ...placed } = spec ?? {};
    checkFunctions({ map }, this.mapWithState);
    checkDurations({ timeout }, this.mapWithState);
    const states = initialState && statesByKey(checkTable(initialState, this.mapWithState));
    const node = { kind: 'mapWithState', input: this.ref, timeout, snapshots: false } as const;
    const functions = { mapWithState: map, ...(states && { initialState: states }) };
    const mapped = this.add(node, functions, this.mapWithState, placed) as Stream<R>;
    const stateSnapshots = (): unknown => {
      const added = this.draft.nodes[mapped.ref.node] as MapWithStateNode;
      this.draft.replace({ ...added, snapshots: true });
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
    const { onRecord, onTimer, uid } = options ?? {};
    return this.next({ kind: 'process', input: this.ref }, { onRecord, onTimer }, this.process, { uid });
  }
}
