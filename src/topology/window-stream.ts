/** Operators on sliding windows of all of a stream's elements. */
import type { Key } from '../core/keys.js';
import type { Duration } from '../core/time.js';
import { checkDurations, checkedKeys } from './check-arguments.js';
import { IntervalStream } from './interval-stream.js';
import { inverseFunctions } from './inverse-functions.js';
import type { KeyedStream, Stream } from './streams.js';
import type { KeptKeys, Named, Ordered, Placed, ReduceOptions, Span } from './types.js';

/** A span with a window. Window and slide are multiples of the parent's slide. */
export type WindowSpan = Span & { readonly window: Duration };

/** Options of an operator that reduces sliding windows. */
export interface InverseOptions<V> {
  /** `inverse(reduce(a, b), b)` is `a`: then a slide costs what entered and left, not the window's length. */
  readonly inverse?: ReduceOptions<V>['reduce'];
  /** Tries at each reduce whether `inverse` takes it back, and fails the job with `RG037` if not. For debugging. Default false. */
  readonly checkInverse?: boolean;
  /**
   * Keep a key whose records have all left the window, as Spark does without a filter. Default false. The total of each key that ever came
   * then stays for ever.
   */
  readonly keepEmptyKeys?: boolean;
  /**
   * With `keepEmptyKeys`: the most keys that may have a total in one task; one more is an error (`RG066`) at each window's end that it is in.
   * Default: `maxKeys` of the job, 10,000,000. Without it keys leave, and this limits nothing.
   */
  readonly maxKeys?: number | undefined;
}

/** A stream with its windows. */
export class WindowStream<T> extends IntervalStream<T> {
  /**
   * The elements of the last `window`, once per slide: each is emitted again in every window that it is in, with timestamp `end - 1` and
   * `windowEnd = end`. What follows works per slide. Keeps the elements of open windows.
   *
   * @throws StreamError `RG012` if window or slide is no multiple of the parent's slide. Source: Spark `DStream.window`.
   *
   * @example
   *   numbers: [[1], [2], [3]]
   *   numbers.window({ window: seconds(2), slide: seconds(1) })
   */
  window(options: Named & WindowSpan): this {
    return this.#over('window', options, {}, this.window);
  }

  /**
   * Reduces all elements of each window to one; an empty window gives nothing, unless `keepEmptyKeys` keeps what the inverse left.
   * With `inverse` a slide costs what entered and left. @throws StreamError `RG066` with more kept keys than `maxKeys`. Source: Spark `DStream.reduceByWindow`.
   *
   * @example
   *   numbers: [[1], [2], [3]]
   *   numbers.reduceByWindow({ window: seconds(2), slide: seconds(1), reduce: (a, b) => a + b })
   */
  reduceByWindow(options: Ordered & WindowSpan & ReduceOptions<T> & InverseOptions<T>): Stream<T> {
    return this.#over('reduceByWindow', options, inverseFunctions(options, this.reduceByWindow), this.reduceByWindow);
  }

  /**
   * The number of elements of each window, 0 for an empty one. Source: Spark `DStream.countByWindow`.
   *
   * @example
   *   words: [['a', 'b'], ['c'], []]
   *   words.countByWindow({ window: seconds(2), slide: seconds(1) })
   */
  countByWindow(options: Named & WindowSpan): Stream<number> {
    return this.#over('countByWindow', { ...options, inverse: true }, {}, this.countByWindow);
  }

  /**
   * How often each element occurs in each window in which it does. Source: Spark `DStream.countByValueAndWindow`.
   *
   * @example
   *   words: [['a'], ['a', 'b'], []]
   *   words.countByValueAndWindow({ window: seconds(2), slide: seconds(1) })
   */
  countByValueAndWindow(this: Stream<T & Key>, options: Placed & WindowSpan): KeyedStream<T & Key, number> {
    const { countByValueAndWindow } = WindowStream.prototype;
    const self = this as WindowStream<T & Key>;
    return self.#over('countByValueAndWindow', { ...options, inverse: true }, {}, countByValueAndWindow);
  }

  #over(
    kind: 'window' | 'reduceByWindow' | 'countByWindow' | 'countByValueAndWindow',
    options: Placed & KeptKeys & Partial<WindowSpan> & { readonly inverse?: unknown; readonly keepEmptyKeys?: boolean },
    functions: Readonly<Record<string, unknown>>,
    caller: (...args: never[]) => unknown,
  ): never {
    const { window, slide, inverse, keepEmptyKeys = false, maxKeys, ...placed } = options ?? {};
    checkDurations({ window, slide }, caller, ['window']);
    const node = {
      kind,
      input: this.ref,
      window: window!,
      slide,
      inverse: inverse !== undefined,
      keepEmptyKeys,
      ...checkedKeys(maxKeys, caller),
    } as const;
    return this.add(node, functions, caller, placed);
  }
}
