/** A sink that keeps every result in memory and records its latency at hand-over. Knows neither mode. */
import { Latency } from '../runtime/latency.js';
import type { ResultContext, SinkWriter } from '../runtime/sink.js';
import type { Clock } from '../runtime/world.js';
import type { Interval } from '../topology/specs.js';
import { LatencyPicture } from './latency-picture.js';
import type { ResultList } from './result-list.js';

/** What the latencies of one run's results go to: per-record and windowed ones apart, never in one figure. */
export interface LatencySinks {
  readonly record: MeasuredLatency;
  readonly window: MeasuredLatency;
}

/** A histogram, and the small picture of it. */
export class MeasuredLatency {
  readonly histogram = new Latency();
  readonly picture = new LatencyPicture();

  record(latency: number): void {
    this.histogram.record(latency);
    this.picture.add(latency);
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
}

const ROOM_MIN = 1_024;

/** The captured results of one sink, in the order of hand-over. */
export class Capture implements SinkWriter, ResultList {
  readonly values: unknown[] = [];
  timestamps = new Float64Array(ROOM_MIN);
  windowEnds = new Float64Array(ROOM_MIN);
  /** When the latest result was handed over, in stream time. */
  lastHandOver = Number.NEGATIVE_INFINITY;
  readonly #options: CaptureOptions;

  constructor(options: CaptureOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#options.next?.ready ?? true;
  }

  get failure(): SinkWriter['failure'] {
    return this.#options.next?.failure;
  }

  accept(value: unknown, context: ResultContext): void {
    const { clock, interval, next } = this.#options;
    this.lastHandOver = clock.now();
    if (interval === undefined) this.#keep(value, context.timestamp, context.windowEnd);
    else {
      const { end, values } = value as Interval<unknown>;
      for (const each of values) this.#keep(each, end - 1, end);
    }
    next?.accept(value, context);
  }

  #keep(value: unknown, timestamp: number, windowEnd: number): void {
    const { latencies, lastHeartbeat } = this.#options;
    if (latencies !== undefined) {
      if (Number.isNaN(windowEnd)) latencies.record.record(this.lastHandOver - timestamp);
      else if (windowEnd <= lastHeartbeat) latencies.window.record(this.lastHandOver - windowEnd);
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

/** A sink for drain runs: it only counts, so that the highest rate is the engine's. */
export class CountingSink implements SinkWriter {
  count = 0;
  readonly ready = true;
  readonly failure = undefined;

  accept(): void {
    this.count++;
  }

  flush(): void {}

  onReady(wake: () => void): void {
    wake();
  }

  async close(): Promise<void> {}
}
