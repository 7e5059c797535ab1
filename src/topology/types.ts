/** The types that lead the hand: what a stream of some element can do, and what does not compile. */
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import type { UpdateContext } from './state-spec.js';
import type { KeyedStream, Stream } from './streams.js';

/** A type that shows a sentence in the editor where a wrong call is made. */
export interface StreamTypeError<Message extends string> {
  readonly error: Message;
}

/** `1` becomes `number`, `true` becomes `boolean`: so that `[word, 1] as const` counts with `(a, b) => a + b`. */
export type Widen<V> = V extends number
  ? number
  : V extends boolean
    ? boolean
    : V extends bigint
      ? bigint
      : V extends string
        ? WidenText<V>
        : V;
type WidenText<V extends string, All extends string = V> = V extends string ? ([All] extends [V] ? string : V) : never;

/** A stream of pairs whose first part is a key is a `KeyedStream`; any other is a plain `Stream`. */
export type StreamOf<U> = [U] extends [never]
  ? Stream<U>
  : [U] extends [PromiseLike<unknown>]
    ? StreamTypeError<'this function returns a promise; operators are synchronous'>
    : [U] extends [readonly [infer K, infer V]]
      ? [K] extends [Key]
        ? KeyedStream<K & Key, Widen<V>>
        : Stream<U>
      : Stream<U>;

/** A user's reduce function. Written as a method, so that a stream of a narrower type still is a stream of a wider one. */
export type Reduce<V> = { reduce(a: V, b: V): V }['reduce'];

/** Options of an operator that reduces values. */
export interface ReduceOptions<V> extends Placed {
  /** Must be associative; commutative too unless each key comes from one partition. Must not change its arguments. */
  readonly reduce: Reduce<V>;
}

/** A user's update function, a method for the same reason. */
export type Update<V, S, K extends Key = Key> = {
  update(values: readonly V[], state: S | undefined, context: UpdateContext<K>): S | undefined;
}['update'];

/** An operator whose function may look at the order of several values: of those that it is given, or of a list's. */
export interface Ordered extends Named {
  /** Says that the function depends on the order of what it gets: then no more is demanded of its answer than the order allows. */
  readonly orderSensitive?: boolean | undefined;
}

/** An operator that moves records between tasks, or depends on how they are grouped. */
export interface Placed extends Ordered {
  /** Tasks of this operator: Spark's `numPartitions`. Default: the job's parallelism. */
  readonly partitions?: number | undefined;
}

/** An operator that keeps state by key, and removes none by itself. */
export interface KeptKeys {
  /** The most keys that may have state in one task, and timers of `process`; one more is an error (`RG066`). Default: `maxKeys` of the job, 10,000,000. */
  readonly maxKeys?: number | undefined;
}

/** A span of stream time. Without `window` an operator works per interval. */
export interface Span {
  readonly window?: Duration;
  /** Default: the slide of the parent stream. */
  readonly slide?: Duration;
}

/** Options of `combineByKey` and `aggregate`: `mergeValue(c, v)` and `mergeCombiners(c, createCombiner(v))` must be the same. */
export interface CombineOptions<V, C> extends Placed, Span {
  /** Makes a combiner of the first value. */
  readonly createCombiner: (value: V) => C;
  /** Puts a further value into a combiner: gives a new one, and changes neither. */
  readonly mergeValue: (combiner: C, value: V) => C;
  /** Puts two combiners together: of two partitions, or of two panes of a window. Must not change its arguments. */
  readonly mergeCombiners: (a: C, b: C) => C;
}

/** An operator that may be named. */
export interface Named {
  /** Names the operator in plans, errors and statistics, and its state in checkpoints. */
  readonly uid?: string | undefined;
}
