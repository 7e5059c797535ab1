/** The sources that a topology can name, as plain specs. Nothing here opens a file or a socket; connectors do. */
import { nearest, StreamError } from '../core/errors.js';
import type { Prng } from '../core/prng.js';
import { type Formatted, formatOptions } from './formats.js';
import type { SourceSpec } from './specs.js';

/** Random numbers that depend on the seed of the run and on the index at hand only. */
export type Random = Pick<Prng, 'float' | 'below' | 'int32'>;

/** How a source of text reads its lines. */
export interface LineOptions {
  /** A line with invalid UTF-8 is counted and gets U+FFFD for what is invalid, or fails the job with `RG042`. Default `replace`. */
  readonly invalidUtf8?: 'replace' | 'fail' | undefined;
  /** A line longer than this fails the job with `RG044`. Default 1 MiB. */
  readonly lineBytesMax?: number | undefined;
}

/** Options of `textFile`. */
export interface TextFileOptions extends LineOptions {
  /** Goes on with what is appended to the file, and never ends. Default false. */
  readonly follow?: boolean | undefined;
}

/** Options of `tcp`. */
export interface TcpOptions extends LineOptions {
  readonly host: string;
  readonly port: number;
  /** When the other side closes: connect again, as Spark's receiver does, or end the input. Default `reconnect`. */
  readonly onClose?: 'reconnect' | 'end' | undefined;
  /** Attempts in a row to connect again, with growing waits, before the job fails with `RG043`. Default 5. */
  readonly reconnectsMax?: number | undefined;
}

/** Options of `generator`. */
export interface GeneratorOptions {
  /** Ends after so many records. Default: never. */
  readonly count?: number | undefined;
  /** Partition p of n makes the records p, p + n, p + 2n … Default 1, at most 1,024. */
  readonly partitions?: number | undefined;
  /** Default: from the seed of the run. */
  readonly seed?: number | undefined;
}

/** Makes record `index`. Must be pure: called again with the same index it gives an equal record. */
export type Make<T> = (index: number, random: Random) => T;

/** The longest line that a source of text accepts unless told otherwise. */
const LINE_BYTES_MAX = 1_048_576;
/** Partitions that a source shares its records out to by itself: each has a reader and times of its own. */
export const PARTITIONS_MAX = 1_024;
/** Attempts to connect again after a connection was lost. */
const RECONNECTS_MAX = 5;

/**
 * The lines of a UTF-8 file, or of several read one after another, without their line ends. A last line without a line
 * end counts.
 *
 * A job that goes on after a restart reads on where it was. The file may have grown since; one that was cut or replaced fails the
 * job with `RG064`. With `format` its records are what that says, in place of lines of text.
 *
 * @throws StreamError `RG040` without a path, `RG004` or `RG011` for an option that is none.
 */
export function textFile(path: string | readonly string[], options?: TextFileOptions): SourceSpec<string>;
export function textFile<T>(path: string | readonly string[], options: TextFileOptions & Formatted<T>): SourceSpec<T>;
export function textFile(
  path: string | readonly string[],
  options: TextFileOptions & Partial<Formatted<unknown>> = {},
): SourceSpec<never> {
  const paths = typeof path === 'string' ? [path] : path;
  if (!Array.isArray(paths) || paths.length === 0 || paths.some((one) => typeof one !== 'string' || one === '')) {
    throw new StreamError('RG040', 'textFile() has no path', "name the file: textFile('moby-dick.txt')");
  }
  const { follow = false } = options;
  checkYesOrNo('follow', follow);
  if (follow && paths.length > 1) {
    throw new StreamError(
      'RG004',
      `follow is set for ${paths.length} files; only one can be followed`,
      'follow one file, or leave follow out',
    );
  }
  return {
    role: 'source',
    kind: 'text-file',
    options: { paths: [...paths], follow, ...lineOptions(options), ...formatOptions(options) },
    capabilities: { replayable: true, bounded: !follow, partitions: 1, intake: 'range' },
  };
}

/**
 * Records made by a pure function of their index and of the run's seed.
 *
 * ```ts
 * import { topology } from 'raingauge';
 * import { generator } from 'raingauge/sources';
 * import { none } from 'raingauge/sinks';
 *
 * export default topology('dice', (t) => {
 *   t.source('dice', generator((_index, random) => 1 + random.below(6), { count: 1_000 })).to('out', none());
 * });
 * ```
 *
 * @throws StreamError `RG011` for a count that is none, or a number of partitions that is none or too large.
 */
export function generator<T>(make: Make<T>, options?: GeneratorOptions): SourceSpec<T>;
export function generator<T>(options: GeneratorOptions & { readonly make: Make<T> }): SourceSpec<T>;
export function generator<T>(
  first: Make<T> | (GeneratorOptions & { readonly make: Make<T> }),
  second: GeneratorOptions = {},
): SourceSpec<T> {
  const { make, count, partitions = 1, seed } = typeof first === 'function' ? { ...second, make: first } : first;
  if (count !== undefined) checkWhole('count', count, 0);
  checkWhole('partitions', partitions, 1, PARTITIONS_MAX);
  if (seed !== undefined) checkWhole('seed', seed, 0);
  return {
    role: 'source',
    kind: 'generator',
    options: { partitions, ...(count === undefined ? {} : { count }), ...(seed === undefined ? {} : { seed }) },
    capabilities: { replayable: true, bounded: count !== undefined, partitions, intake: 'range' },
    functions: { make },
  };
}

/** Values from memory, in one partition; pairs stay pairs. `memory.partitions` takes the values of each partition. */
export const memory: {
  <A, B>(values: readonly (readonly [A, B])[]): SourceSpec<readonly [A, B]>;
  <T>(values: readonly T[]): SourceSpec<T>;
  partitions<A, B>(values: readonly (readonly (readonly [A, B])[])[]): SourceSpec<readonly [A, B]>;
  partitions<T>(values: readonly (readonly T[])[]): SourceSpec<T>;
} = Object.assign(<T>(values: readonly T[]): SourceSpec<T> => memoryPartitions([values]), {
  partitions: memoryPartitions,
});

/** The lines that come in on standard input, up to its end. Cannot be read again: a restart goes on with what comes then. */
export function stdin(options?: LineOptions): SourceSpec<string>;
export function stdin<T>(options: LineOptions & Formatted<T>): SourceSpec<T>;
export function stdin(options: LineOptions & Partial<Formatted<unknown>> = {}): SourceSpec<never> {
  const read = { ...lineOptions(options), ...formatOptions(options) };
  return { role: 'source', kind: 'stdin', options: read, capabilities: LIVE };
}

/**
 * The lines that a TCP server sends: `tcp('localhost:9999')` reads what is typed into `nc -lk 9999`.
 *
 * @throws StreamError `RG006` without host or port, `RG011` for a port that is none.
 * Source: Spark Streaming, `socketTextStream`.
 */
export function tcp(address: string | TcpOptions): SourceSpec<string>;
export function tcp<T>(address: TcpOptions & Formatted<T>): SourceSpec<T>;
export function tcp(address: string | (TcpOptions & Partial<Formatted<unknown>>)): SourceSpec<never> {
  const given: TcpOptions & Partial<Formatted<unknown>> = typeof address === 'string' ? parseAddress(address) : address;
  const { host, port, onClose = 'reconnect', reconnectsMax = RECONNECTS_MAX } = given;
  checkPort(port);
  checkWhole('reconnectsMax', reconnectsMax, 0);
  checkOneOf('onClose', onClose, ['reconnect', 'end']);
  return {
    role: 'source',
    kind: 'tcp',
    options: { host, port, onClose, reconnectsMax, ...lineOptions(given), ...formatOptions(given) },
    capabilities: LIVE,
  };
}

/** What comes from elsewhere when it wants, and once. */
export const LIVE = { replayable: false, bounded: false, partitions: 1, intake: 'receiver' } as const;

function memoryPartitions<T>(values: readonly (readonly T[])[]): SourceSpec<T> {
  if (!Array.isArray(values) || values.length === 0 || !values.every(Array.isArray)) {
    throw new StreamError(
      'RG011',
      'memory() needs an array of values',
      "write memory(['a', 'b']) or memory.partitions([['a'], ['b']])",
    );
  }
  return {
    role: 'source',
    kind: 'memory',
    options: { records: values.map((partition) => partition.length) },
    capabilities: { replayable: true, bounded: true, partitions: values.length, intake: 'range' },
    functions: { values },
  };
}

/** @throws StreamError `RG004`, `RG011`. */
export function lineOptions(options: LineOptions): Readonly<Record<keyof LineOptions, string | number>> {
  const { invalidUtf8 = 'replace', lineBytesMax = LINE_BYTES_MAX } = options;
  checkOneOf('invalidUtf8', invalidUtf8, ['replace', 'fail']);
  checkWhole('lineBytesMax', lineBytesMax, 1);
  return { invalidUtf8, lineBytesMax };
}

function parseAddress(address: string): TcpOptions {
  const match = /^(.+):(\d+)$/.exec(address);
  if (match === null) {
    throw new StreamError('RG006', `'${address}' has no host and port`, "write tcp('localhost:9999')");
  }
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]) };
}

/** @throws StreamError `RG011` for a number that is none, too small or too large. */
export function checkWhole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  throw new StreamError(
    'RG011',
    `${name} is ${String(value)}, but must be a whole number ${range}`,
    `give ${name} a whole number ${range}`,
  );
}

/** @throws StreamError `RG011` for what is no port. `0`: any that is free. */
export function checkPort(port: number, min = 1): void {
  if (Number.isInteger(port) && port >= min && port <= 65_535) return;
  throw new StreamError(
    'RG011',
    `${String(port)} is no port: a port is ${min} to 65535`,
    'write for example localhost:9999',
  );
}

/** @throws StreamError `RG004` for what is neither true nor false: also `'no'` would count as true. */
export function checkYesOrNo(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  throw new StreamError(
    'RG004',
    `${name} is ${shown}, but must be true or false`,
    `write ${name}: true, or leave it out`,
  );
}

/** @throws StreamError `RG004` for a text that is not one of those. */
export function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  const near = nearest(String(value), allowed) ?? allowed[0]!;
  throw new StreamError('RG004', `${name} is '${value}', but must be ${allowed.join(' or ')}`, `use '${near}'`);
}
