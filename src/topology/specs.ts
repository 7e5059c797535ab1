/** Plain descriptions of sources and sinks, with what each can promise. A connector opens them later; nothing here does I/O. */
import { StreamError } from '../core/errors.js';

/** What a job promises about each record's effect. */
export type Guarantee = 'at-most-once' | 'at-least-once' | 'exactly-once';

/** The guarantees from weakest to strongest, to compare them by index. */
export const GUARANTEES: readonly Guarantee[] = ['at-most-once', 'at-least-once', 'exactly-once'];

/** What a source can do. */
export interface SourceCapabilities {
  /** It can be read again from an earlier offset, also by another process. */
  readonly replayable: boolean;
  /**
   * It cannot be read again, but it keeps each record until it hears that the record is durable, and otherwise gives it again, from the
   * offset that it is opened at: a queue, or requests that get a receipt. Default false.
   */
  readonly acknowledged?: boolean;
  /** It ends by itself. */
  readonly bounded: boolean;
  /** Its partitions: each is an ordered sequence with its own watermark. Belongs to the source, not to `--parallelism`. */
  readonly partitions: number;
  /** `range`: hands out offset ranges, read when a batch asks. `receiver`: pushes, so blocks are cut as data arrive. */
  readonly intake: 'range' | 'receiver';
}

/**
 * A source as data: `options` is plain JSON; functions and in-memory data sit apart in `functions`.
 * `element` exists for types only.
 */
export interface SourceSpec<T> {
  readonly role: 'source';
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly capabilities: SourceCapabilities;
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly element?: T;
}

/** What a sink can do. */
export interface SinkCapabilities {
  /** The strongest guarantee that its writes can keep. `exactly-once`: it can be opened to commit by epoch. */
  readonly guarantee: Guarantee;
  /**
   * `record`: takes each result at once. `interval`: acts once per closed interval, also an empty one.
   * `auto`: per interval behind an operator that emits per interval, else per record.
   */
  readonly delivery: 'record' | 'interval' | 'auto';
  /** It asks for the ids of results, to know again what it was given before. Default false: then nobody makes them. */
  readonly ids?: boolean;
}

/** A sink as data. `accepts` exists for types only. */
export interface SinkSpec<T> {
  readonly role: 'sink';
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly capabilities: SinkCapabilities;
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly accepts?: (value: T) => void;
}

/** What an interval sink gets: one element per closed interval. */
export interface Interval<T> {
  /** End of the interval in stream time (us, exclusive). */
  readonly end: number;
  readonly values: readonly T[];
}

/** Types keep this from happening in TypeScript. @throws StreamError `RG003` for what is no source or sink, such as `stdout`. */
export function checkEnd(role: 'source' | 'sink', name: string, spec: unknown): void {
  if (typeof spec === 'object' && spec !== null && (spec as { role?: unknown }).role === role) return;
  const hint =
    role === 'source' ? "call it: t.source('lines', textFile('book.txt'))" : "call it: .to('counts', stdout())";
  const got =
    typeof spec === 'function'
      ? `the function ${spec.name}`
      : spec === null
        ? 'null'
        : `a value of type ${typeof spec}`;
  throw new StreamError('RG003', `${role} '${String(name)}' got ${got}, not a ${role}`, hint);
}
