/** The sinks that a topology can name, as plain specs. Nothing here opens or writes anything; connectors do. */
import { StreamError } from '../core/errors.js';
import { type FormatSpec, formatOptions } from './formats.js';
import { checkYesOrNo } from './source-specs.js';
import type { Interval, SinkSpec } from './specs.js';

/** The time and origin of a result. The object is used again for the next result: copy what is to be kept. */
export interface ResultInfo {
  /** Stream time (us). */
  readonly timestamp: number;
  /** End of the result's window (us), or NaN. */
  readonly windowEnd: number;
  readonly partition: number;
  /** With `ids`: the same when the result is given again. Undefined: nothing names it (`raingauge explain` says which). */
  readonly id?: string | undefined;
}

/** Options of sinks that can know again what they were given before. */
export interface IdOptions {
  /** Ask for the ids of results. Default false. */
  readonly ids?: boolean | undefined;
}

/** Options of `stdout`. */
export interface StdoutOptions {
  /** `blocks`: a block for each closed interval, as Spark's `print`. `lines`: a line for each result. Default: blocks behind an operator that works per interval, else lines. */
  readonly format?: 'blocks' | 'lines' | undefined;
  /** The most results that a block shows; `...` stands for the others. Default 10, as Spark. */
  readonly max?: number | undefined;
}

/** A memory sink: a spec that also holds what arrived. */
export interface MemorySink<T> extends SinkSpec<T> {
  /** The results of the latest run, in order of arrival. Emptied when a run opens the sink, unless it goes on with an earlier one. */
  readonly results: readonly T[];
}

/** Results of a block that are shown unless told otherwise. */
const BLOCK_RESULTS_MAX = 10;

/**
 * Prints results. Pairs look like Spark's: `(word,3)`.
 *
 *      -------------------------------------------
 *      Time: 1795324291000 ms
 *      -------------------------------------------
 *      (call,1)
 *      (me,2)
 *      ...
 *
 * At most at-least-once: what is printed cannot be taken back. @throws StreamError `RG004`, `RG011` for a wrong option.
 * Source: Spark Streaming, `DStream.print`.
 */
export function stdout(options: StdoutOptions = {}): SinkSpec<unknown> {
  const { format, max = BLOCK_RESULTS_MAX } = options;
  if (format !== undefined && format !== 'blocks' && format !== 'lines') {
    throw new StreamError('RG004', `format is '${String(format)}', but must be blocks or lines`, "use format: 'lines'");
  }
  if (!Number.isSafeInteger(max) || max < 0) {
    throw new StreamError('RG011', `max is ${String(max)}, but must be a whole number from 0 on`, 'use max: 10');
  }
  const delivery = format === undefined ? 'auto' : format === 'blocks' ? 'interval' : 'record';
  return {
    role: 'sink',
    kind: 'stdout',
    options: { max },
    capabilities: { guarantee: 'at-least-once', delivery },
  };
}

/**
 * Writes each closed interval to a file of its own, `<folder>/part-<end of interval in ms>-<partition>`, a result a line.
 *
 * A file appears whole or not at all, also for an empty interval, and writing an interval again puts the same name in
 * place: so an interval that is done again after a fault leaves no trace. The folder is made when it is missing.
 * In an exactly-once job files appear when their epoch is committed; until then they have hidden names, such as
 * `.staged-<epoch>-part-…`, and a restart finishes them or throws them away.
 *
 * With `format` a result is written as that says; a format without lines has each result behind its length (4 bytes, big-endian).
 *
 * @throws StreamError `RG040` without a folder. Source: Spark Streaming, `DStream.saveAsTextFiles`.
 */
export function textFile(
  folder: string,
  options: { readonly format?: FormatSpec<unknown> | undefined } = {},
): SinkSpec<unknown> {
  if (typeof folder !== 'string' || folder === '') {
    throw new StreamError('RG040', 'textFile() has no folder', "name a folder: textFile('counts')");
  }
  return {
    role: 'sink',
    kind: 'text-file',
    options: { folder, ...encoding(options.format) },
    capabilities: { guarantee: 'exactly-once', delivery: 'interval' },
  };
}

/**
 * Keeps results in memory, for tests and small programs. Grows with every result. In an exactly-once job a result is there when its
 * epoch is committed, exactly once as long as the process lives. With `ids` a result that has come before is dropped, also at least once.
 *
 * ```ts
 * import { topology } from 'raingauge';
 * import { memory as values } from 'raingauge/sources';
 * import { memory } from 'raingauge/sinks';
 *
 * const lengths = memory<number>();
 * export default topology('lengths', (t) => {
 *   t.source('words', values(['rain', 'gauge'])).map((word) => word.length).to('lengths', lengths);
 * });
 * // after `await run(…)`: lengths.results is [4, 5]
 * ```
 */
export function memory<T = unknown>({ ids = false }: IdOptions = {}): MemorySink<T> {
  checkYesOrNo('ids', ids);
  const results: T[] = [];
  return {
    role: 'sink',
    kind: 'memory',
    options: ids ? { ids } : {},
    capabilities: { guarantee: 'exactly-once', delivery: 'record', ...(ids && { ids }) },
    functions: { results },
    results,
  };
}

/**
 * Calls a function for each result, as it is made. At most at-least-once: what the function did cannot be taken back.
 * A function that throws, or returns a promise, fails the job with `RG030` or `RG031`. With `ids` it is told each result's id, by which it
 * can leave out what it has done before: a unique column of a table, for example.
 */
export function foreach<T>(call: (value: T, info: ResultInfo) => void, { ids = false }: IdOptions = {}): SinkSpec<T> {
  checkYesOrNo('ids', ids);
  return {
    role: 'sink',
    kind: 'foreach',
    options: ids ? { ids } : {},
    capabilities: { guarantee: 'at-least-once', delivery: 'record', ...(ids && { ids }) },
    functions: { call },
  };
}

/**
 * Calls a function once per closed interval, also an empty one, with its results and its end (us). At most at-least-once.
 * A function that throws, or returns a promise, fails the job with `RG030` or `RG031`. Source: Spark `DStream.foreachRDD`.
 */
export function foreachBatch<T>(call: (values: readonly T[], end: number) => void): SinkSpec<T> {
  if (typeof call !== 'function') {
    throw new StreamError('RG004', `foreachBatch() got ${String(call)}, not a function`, 'write (values, end) => …');
  }
  return {
    role: 'sink',
    kind: 'foreach',
    options: {},
    capabilities: { guarantee: 'at-least-once', delivery: 'interval' },
    functions: { call: ({ values, end }: Interval<T>) => call(values, end) },
  };
}

/** Takes results and drops them; the run's result still counts them. Exactly-once holds: none is ever there twice. */
export function none(): SinkSpec<unknown> {
  return {
    role: 'sink',
    kind: 'none',
    options: {},
    capabilities: { guarantee: 'exactly-once', delivery: 'record' },
  };
}

/** Sinks decode nothing, so that only the format itself counts. */
function encoding(format: FormatSpec<unknown> | undefined): Readonly<Record<string, unknown>> {
  const { format: spec } = formatOptions(format === undefined ? {} : { format });
  return spec === undefined ? {} : { format: spec };
}
