/** A sink that keeps every result in memory and records its latency when it is visible. Knows neither mode. */
import { Latency } from '../runtime/latency.js';
import type { ResultContext, SinkTransactions, SinkWriter } from '../runtime/sink.js';
import { StagedEpochs } from '../runtime/staged-epochs.js';
import type { Clock } from '../runtime/world.js';
import type { Interval } from '../topology/specs.js';
import { LatencyPicture } from './latency-picture.js';
import type { LatencySeries } from './recovery/latency-series.js';
import type { ResultList } from './result-list.js';

/** What the latencies of one run's results go to: per-record and windowed ones apart, never in one figure. */
export interface LatencySinks {
  readonly record: MeasuredLatency;
  readonly window: MeasuredLatency;
}

/** A histogram, and the small picture of it. With `series`, also each latency in order: how a fault went by. */
export class MeasuredLatency {
  readonly histogram = new Latency();
  readonly picture = new LatencyPicture();
  readonly series: LatencySeries | undefined;

  constructor(series?: LatencySeries) {
    this.series = series;
  }

  record(latency: number, handOver: number): void {
    this.histogram.record(latency);
    this.picture.add(latency);
    this.series?.add(handOver, latency);
  }
}

/** How results are measured. */
export interface CaptureOptions {
  /** Reads stream time. */
  readonly clock: Clock;
  /** Undefined: latencies mean nothing for this sink, as behind `timestamps`. */
  readonly latencies: LatencySinks | undefined;
  /** Windows that end later were closed by the end of the input, not by time: they have no latency. */
  readonly lastHeartbeat: number;
  /** Hands results on as well. */
  readonly next?: SinkWriter | undefined;
  /** Set when values arrive as whole intervals: how long one is (us). */
  readonly interval?: number | undefined;
  /**
   * The job is exactly-once: a result is there, and its latency over, when its epoch is committed. `next` must be open in the same way.
   * Default: at hand-over.
   */
  readonly transactional?: boolean | undefined;
}

/** A result that waits for its commit. */
interface StagedResult {
  readonly value: unknown;
  readonly timestamp: number;
  readonly windowEnd: number;
}

const ROOM_MIN = 1_024;

/** The captured results of one sink, in the order of hand-over; what is committed by epoch, in the order of the commits. */
export class Capture implements SinkWriter, ResultList {
  readonly values: unknown[] = [];
  timestamps = new Float64Array(ROOM_MIN);
  windowEnds = new Float64Array(ROOM_MIN);
  /** When the latest result was there, in stream time. */
  lastHandOver = Number.NEGATIVE_INFINITY;
  readonly transactions?: SinkTransactions;
  readonly #options: CaptureOptions;
  readonly #staged: StagedEpochs<StagedResult> | undefined;

  constructor(options: CaptureOptions) {
    this.#options = options;
    if (options.transactional !== true) return;
    this.#staged = new StagedEpochs(({ value, timestamp, windowEnd }) => {
      this.#handOver();
      this.#keep(value, timestamp, windowEnd);
    });
    this.transactions = both(options.next?.transactions, this.#staged);
  }

  get ready(): boolean {
    return this.#options.next?.ready ?? true;
  }

  get failure(): SinkWriter['failure'] {
    return this.#options.next?.failure;
  }

  accept(value: unknown, context: ResultContext): void {
    const { interval, next } = this.#options;
    if (this.#staged === undefined) this.#handOver();
    if (interval === undefined) this.#take(value, context.timestamp, context.windowEnd);
    else {
      const { end, values } = value as Interval<unknown>;
      for (const each of values) this.#take(each, end - 1, end);
    }
    next?.accept(value, context);
  }

  #handOver(): void {
    this.lastHandOver = this.#options.clock.now();
  }

  #take(value: unknown, timestamp: number, windowEnd: number): void {
    if (this.#staged === undefined) this.#keep(value, timestamp, windowEnd);
    else this.#staged.add({ value, timestamp, windowEnd });
  }

  #keep(value: unknown, timestamp: number, windowEnd: number): void {
    const { latencies, lastHeartbeat } = this.#options;
    if (latencies !== undefined) {
      if (Number.isNaN(windowEnd)) latencies.record.record(this.lastHandOver - timestamp, this.lastHandOver);
      else if (windowEnd <= lastHeartbeat) latencies.window.record(this.lastHandOver - windowEnd, this.lastHandOver);
    }
    const index = this.values.push(value) - 1;
    if (index === this.timestamps.length) this.#grow();
    this.timestamps[index] = timestamp;
    this.windowEnds[index] = windowEnd;
  }

  flush(): void {
    this.#options.next?.flush();
  }

  onReady(wake: () => void): void {
    if (this.#options.next === undefined) wake();
    else this.#options.next.onReady(wake);
  }

  async synced(): Promise<void> {
    await this.#options.next?.synced?.();
  }

  async close(): Promise<void> {
    await this.#options.next?.close();
  }

  #grow(): void {
    for (const column of ['timestamps', 'windowEnds'] as const) {
      const grown = new Float64Array(this[column].length * 2);
      grown.set(this[column]);
      this[column] = grown;
    }
  }
}

/** Commits two sinks as one: nothing is captured that the first could not commit. */
function both(first: SinkTransactions | undefined, second: SinkTransactions): SinkTransactions {
  return {
    // Both cut their epoch at once: what is accepted meanwhile belongs to the next.
    prepare: async (epoch) => void (await Promise.all([first?.prepare(epoch), second.prepare(epoch)])),
    commit: async (epoch) => {
      await first?.commit(epoch);
      await second.commit(epoch);
    },
    recover: async (epoch) => void (await Promise.all([first?.recover(epoch), second.recover(epoch)])),
  };
}

/** A sink for drain runs: it only counts, so that the highest rate is the engine's. `isTransactional`: what it counts is committed by epoch. */
export class CountingSink implements SinkWriter {
  count = 0;
  readonly ready = true;
  readonly failure = undefined;
  readonly transactions?: SinkTransactions;
  readonly #staged: StagedEpochs<undefined> | undefined;

  constructor(isTransactional = false) {
    if (!isTransactional) return;
    this.#staged = new StagedEpochs(() => {
      this.count++;
    });
    this.transactions = this.#staged;
  }

  accept(): void {
    if (this.#staged === undefined) this.count++;
    else this.#staged.add(undefined);
  }

  flush(): void {}

  onReady(wake: () => void): void {
    wake();
  }

  async close(): Promise<void> {}
}
