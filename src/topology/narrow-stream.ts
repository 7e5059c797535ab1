/** Operators that take one record at a time and keep nothing. */
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import { type CallContext, type CallOptions, checkedCalls } from './calls.js';
import { checkDurations, checkFunctions } from './check-arguments.js';
import { StreamBase } from './stream-base.js';
import type { KeyedStream, Stream } from './streams.js';
import type { Named, Ordered, StreamOf } from './types.js';

/** A stream with its narrow operators. */
export class NarrowStream<T> extends StreamBase<T> {
  /**
   * One element out for each one in. Source: Spark `DStream.map`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.map((n) => n * 10)
   */
  map<U>(map: (value: T) => U, options: Ordered = {}): StreamOf<U> {
    return this.next({ kind: 'map', input: this.ref }, { map }, this.map, options);
  }

  /**
   * Any number of elements out, in order, for each one in. Source: Spark `DStream.flatMap`.
   *
   * @example
   *   words: [['a b', 'c'], ['d']]
   *   words.flatMap((line) => line.split(' '))
   */
  flatMap<U>(flatMap: (value: T) => Iterable<U>, options: Ordered = {}): StreamOf<U> {
    return this.next({ kind: 'flatMap', input: this.ref }, { flatMap }, this.flatMap, options);
  }

  /**
   * Keeps the elements for which `keep` is true. Source: Spark `DStream.filter`.
   *
   * @example
   *   numbers: [[1, 2], [3, 4]]
   *   numbers.filter((n) => n % 2 === 0)
   */
  filter(keep: (value: T) => boolean, options: Ordered = {}): this {
    return this.next({ kind: 'filter', input: this.ref }, { filter: keep }, this.filter, options);
  }

  /**
   * Calls a function for each element and hands the element on. What the function returns counts for nothing. It runs again when a
   * record does: after a fault it may have seen an element twice. Source: Storm Streams `peek`.
   *
   * @throws StreamError `RG031` for a function that returns a promise.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.peek((n) => console.debug(n))
   */
  peek(look: (value: T) => void, options: Named = {}): this {
    checkFunctions({ peek: look }, this.peek);
    // A promise is handed on in place of the element, so that the operator refuses it.
    const map = (value: T): unknown => {
      const returned: unknown = look(value);
      return returned instanceof Promise ? returned : value;
    };
    return this.next({ kind: 'peek', input: this.ref }, { map, peek: look }, this.peek, options);
  }

  /**
   * One element out for each one in, whose call may take time: a look-up in a database or a service.
   *
   * 1. Each task has at most `concurrency` calls under way; further elements wait, and then their sources.
   * 2. A result has the time and the partition of its element. No watermark passes an element whose call is under way, so no window
   *    closes without its result. A batch ends, and a checkpoint is taken, when the calls before it have ended.
   * 3. A call that fails, or takes longer than `timeout`, is made again, and after `attemptsMax` times `onError` decides.
   * 4. After a fault, calls whose results were not committed are made again, and others since the last checkpoint may be: a call should
   *    change nothing that must not be changed twice.
   *
   * 5. The call's second argument has a `signal`, which is aborted when its answer is not heard any more: hand it on, so that the call
   *    ends where it was made too. A job that is stopped waits for its calls.
   *
   * With `ordered: false` results come as their calls end: what depends on the order behind it is order-sensitive. A function that
   * returns a plain value is a call that has ended. Source: Flink, async I/O.
   *
   * @throws StreamError `RG065` in the run for a call that took too long.
   *
   * @example
   *   words: [['rain', 'gauge'], ['rain']]
   *   words.mapAsync(async (word) => `${word}: ${word.length}`, { concurrency: 4, timeout: seconds(2) })
   */
  mapAsync<U>(call: (value: T, context: CallContext) => U | PromiseLike<U>, options: CallOptions = {}): StreamOf<U> {
    const node = { kind: 'mapAsync', input: this.ref, ...checkedCalls(call, options, this.mapAsync) } as const;
    const { uid, orderSensitive } = options;
    return this.add(node, { mapAsync: call }, this.mapAsync, { uid, orderSensitive });
  }

  /**
   * Pairs each element with its key. Source: Spark `RDD.keyBy`.
   *
   * @example
   *   words: [['ab', 'c'], ['de']]
   *   words.keyBy((word) => word.length)
   */
  keyBy<K extends Key>(key: (value: T) => K, options: Named = {}): KeyedStream<K, T> {
    return this.next({ kind: 'keyBy', input: this.ref }, { keyBy: key }, this.keyBy, options);
  }

  /**
   * All elements of both streams; their slides must be equal. Source: Spark `DStream.union`.
   *
   * @example
   *   numbers: [[1], [2]]
   *   more: [[8], [9]]
   *   numbers.union(more)
   */
  union(...others: readonly Stream<T>[]): this {
    const inputs = [this.ref, ...others.map((other) => this.refOf(other))];
    return this.next({ kind: 'union', inputs }, {}, this.union);
  }

  /**
   * Each element goes to the first arm whose predicate holds, and nowhere when none does. Each arm must be
   * consumed, with `none()` at the least: a job that forgets one is refused (`RG016`). Source: Storm Streams `branch`.
   *
   * @example
   *   numbers: [[1, 2], [3, 4]]
   *   numbers.branch({ even: (n) => n % 2 === 0 }).even
   */
  branch<A extends Readonly<Record<string, (value: T) => boolean>>>(
    arms: A,
    options: Ordered = {},
  ): { readonly [N in keyof A]: StreamOf<T> } {
    const functions = Object.fromEntries(Object.entries(arms).map(([name, predicate]) => [`arm:${name}`, predicate]));
    const node = { kind: 'branch', input: this.ref, arms: Object.keys(arms) } as const;
    const { ref } = this.next(node, functions, this.branch, options) as StreamBase<T>;
    const streams = Object.keys(arms).map((name) => [name, this.draft.stream({ node: ref.node, output: name })]);
    return Object.fromEntries(streams) as { readonly [N in keyof A]: StreamOf<T> };
  }

  /**
   * Spreads the elements over `partitions` tasks, one after the other, so that what follows runs in as many.
   *
   * Which element goes to which task depends on how input is split: only operators that look at partitions (`glom`, `mapPartitions`)
   * can tell. @throws StreamError `RG011` unless there are 1 to 128. Source: Spark `DStream.repartition`.
   *
   * @example
   *   numbers: [[1, 2], [3]]
   *   numbers.repartition(2)
   */
  repartition(partitions: number, options: Named = {}): this {
    return this.next({ kind: 'repartition', input: this.ref }, {}, this.repartition, { ...options, partitions });
  }

  /**
   * Gives each element its own time of occurrence (us). Must come before the first grouping.
   *
   * 1. The partition's watermark is its highest timestamp so far minus `maxOutOfOrderness`.
   * 2. An element below the watermark of its own partition at that place is late: it goes to `late` and is counted.
   * 3. With `idleTimeout`, silence that long lets the watermark go on with the ingest clock.
   *
   * @example
   *   numbers: [[1, 8, 6], [15, 4]]
   *   numbers.timestamps({ extract: (n) => n * 100_000, maxOutOfOrderness: seconds(0.5) })
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
    const timed = this.next(node, { extract }, this.timestamps, options) as StreamBase<T>;
    const late = this.draft.stream({ node: timed.ref.node, output: 'late' });
    return Object.assign(timed, { late }) as unknown as StreamOf<T> & { readonly late: StreamOf<T> };
  }
}
