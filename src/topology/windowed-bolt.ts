/** Windowed bolts as users write them: what a window is, what a bolt gets of it, and how long its tuples are kept. */
import type { Duration, Timestamp } from '../core/time.js';
import type { BoltOptions } from './component-streams.js';
import type {
  NoStreams,
  SpoutMessageId,
  StreamName,
  Streams,
  TaskInfo,
  Tuple,
  Values,
  ValuesOn,
} from './components.js';

/**
 * One activation of a window. `expired` are those tuples of earlier activations that are in it no more. Source: Storm `TupleWindow`:
 * `get`, `getNew`, `getExpired`, `getStartTimestamp`, `getEndTimestamp`.
 */
export interface TupleWindow<In extends Values> {
  /** In order of time; of a count window in order of arrival. */
  readonly events: readonly Tuple<In>[];
  /** Those that were in no activation before. */
  readonly newEvents: readonly Tuple<In>[];
  readonly expiredEvents: readonly Tuple<In>[];
  /** A time window is `[start, end)`; of a count window the times of its first and its last tuple (us). */
  readonly start: Timestamp;
  readonly end: Timestamp;
}

/** A windowed bolt's way out: every emit is anchored to all tuples of the window that are not acked, or to those of them that are named. */
export interface WindowCollector<V extends Values, S extends Streams = NoStreams> {
  emit(values: V, anchors?: readonly Tuple[]): void;
  emitTo<N extends keyof S & string>(stream: N, values: S[N], anchors?: readonly Tuple[]): void;
  emitDirect<N extends StreamName<S>>(
    task: number,
    stream: N,
    values: ValuesOn<V, S, N>,
    anchors?: readonly Tuple[],
  ): void;
  /** As that of `OutputCollector`; none where windows are in a state, since their tuples are answered. */
  messageIds(tuple: Tuple): readonly SpoutMessageId[];
  /** Tells of an error that fails nothing, as that of `OutputCollector`. */
  reportError(error: unknown): void;
}

/**
 * A bolt on windows of tuples; each task has windows of what it gets. What `execute` throws fails the job: its tuples may be in results
 * that are out already.
 *
 * Source: Storm `IWindowedBolt`, `WindowedBoltExecutor`.
 */
export interface WindowedBolt<In extends Values, V extends Values = Values, S extends Streams = NoStreams> {
  prepare?(info: TaskInfo): void;
  execute(window: TupleWindow<In>, collector: WindowCollector<V, S>): void;
  cleanup?(): void;
}

/** How long a window is: in stream time, or in tuples. Without a slide each tuple is in one window (Storm: it slides by one tuple). */
type Length = (
  | { readonly window: Duration; readonly count?: undefined }
  | { readonly count: number; readonly window?: undefined }
) &
  (
    | {
        /** Windows end at its multiples. One of tuples then has the last `count` of them, also when none came since the last window. */
        readonly slide?: Duration;
        readonly slideCount?: undefined;
      }
    | {
        /** A window comes after each so many tuples. One in time then ends right behind the highest time so far. */
        readonly slideCount: number;
        readonly slide?: undefined;
      }
  );

/** Event time within the bolt, as Storm has it. */
interface EventTime<In extends Values, S extends Streams> {
  /** The tuple's time (us). Default: its stream time, by the clock or by `timestamps`. Storm: `withTimestampField`, `withTimestampExtractor`. */
  readonly timestamp?: (values: In) => Timestamp;
  /** How far the watermark is behind the highest time of each input stream. Default 0. Storm: `withLag`. */
  readonly lag?: Duration;
  /** How often the watermark rises. Default 1 s. Storm: `withWatermarkInterval`. */
  readonly watermarkInterval?: Duration;
  /** The declared stream that gets tuples below the watermark; without it they are dropped. Storm: `withLateTupleStream`. */
  readonly lateStream?: keyof S & string;
}

/** Options of all windowed bolts. `timestamp`, `lag`, `watermarkInterval` and `lateStream` are for windows whose length and slide are in time. */
export type WindowOptionsOfAll<In extends Values, S extends Streams> = Omit<BoltOptions<S>, 'holdsTuples' | 'tick'> &
  Length &
  EventTime<In, S> & {
    /**
     * After so much stream time without a tuple all that is there is a window, as at the end of an input: time windows close up to the
     * first end above the highest time, a count window comes with what it has, and everything expires. Default: never, as in Storm.
     */
    readonly idleTimeout?: Duration;
  };

/** Options of a windowed bolt. */
export type WindowOptions<In extends Values, S extends Streams> = WindowOptionsOfAll<In, S> & {
  /**
   * `expiry`, as in Storm: a tuple is acked when no later window can have it, so its message must live that long. `activation`: after
   * its first window; what comes of it in later ones may be lost with a crash. As micro-batches a tuple is acked when it is in the bolt's
   * state. Default `expiry`.
   */
  readonly ackOn?: 'expiry' | 'activation';
};
