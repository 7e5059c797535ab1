/** The types that lead the hand: what a stream of some element can do, and what does not compile. */
import type { Key } from '../core/keys.js';
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

/** A user's update function, a method for the same reason. */
export type Update<V, S> = { update(values: readonly V[], state: S | undefined): S | undefined }['update'];

/** An operator that may be named. */
export interface Named {
  /** Names the operator in plans, errors and statistics, and its state in checkpoints. */
  readonly uid?: string;
}
