/** Streams of pairs, with what they do to each value and what they keep of each key. */
import type { Key } from '../core/keys.js';
import { KeyedIntervalStream } from './keyed-interval-stream.js';
import type { ProcessOptions } from './process.js';
import type { Named, Reduce, ReduceOptions, StreamOf, Update } from './types.js';

// All kinds of streams have one address, though they are built in layers.
export { Stream } from './stream.js';

/** A stream of pairs `[key, value]`: the only kind with operators by key. */
export class KeyedStream<K extends Key, V> extends KeyedIntervalStream<K, V> {
  /** For types only. */
  declare readonly pair: { readonly key: K; readonly value: V };

  /** Maps the value and keeps the key. Source: Spark `PairDStreamFunctions.mapValues`. */
  mapValues<U>(map: (value: V) => U, options: Named = {}): KeyedStream<K, U> {
    return this.next({ kind: 'mapValues', input: this.ref }, { mapValues: map }, this.mapValues, options);
  }

  /** Any number of values out for each one in, all under its key. Source: Spark `PairDStreamFunctions.flatMapValues`. */
  flatMapValues<U>(flatMap: (value: V) => Iterable<U>, options: Named = {}): KeyedStream<K, U> {
    return this.next(
      { kind: 'flatMapValues', input: this.ref },
      { flatMapValues: flatMap },
      this.flatMapValues,
      options,
    );
  }

  /** Emits `[key, total so far]` for each record, at once. Keeps one value per key, for ever. */
  runningReduce(options: ReduceOptions<V> | Reduce<V>): KeyedStream<K, V> {
    const { reduce, ...placed } = typeof options === 'function' ? { reduce: options } : (options ?? {});
    return this.next({ kind: 'runningReduce', input: this.ref }, { reduce }, this.runningReduce, placed);
  }

  /**
   * Calls `update(values of the interval, state)` once per interval for every key that has state or values, and emits
   * `[key, state]`. `undefined` removes the key. Source: Spark `PairDStreamFunctions.updateStateByKey`.
   */
  updateStateByKey<S>(options: Update<V, S> | (Named & { readonly update: Update<V, S> })): KeyedStream<K, S> {
    const { update, ...placed } = typeof options === 'function' ? { update: options } : (options ?? {});
    return this.next({ kind: 'updateStateByKey', input: this.ref }, { update }, this.updateStateByKey, placed);
  }

  /** The user's own keyed operator with state and stream-time timers; see `ProcessOptions`. */
  process<S, R>(options: ProcessOptions<K, V, S, R>): StreamOf<R> {
    const { onRecord, onTimer, uid } = options ?? {};
    return this.next({ kind: 'process', input: this.ref }, { onRecord, onTimer }, this.process, { uid });
  }
}
