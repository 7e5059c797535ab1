/** Latencies as a histogram: percentiles that have enough samples behind them, and a small picture. */
import type { Histogram } from 'hdr-histogram-js';
// Without the package's WebAssembly and its codec of logs, which cost each start of a worker more than all else that it loads of packages.
import { constructorFromBucketSize } from 'hdr-histogram-js/dist/JsHistogramFactory.js';

/** Latencies in whole microseconds. A figure that too few samples stand behind is undefined. */
export interface LatencySummary {
  readonly p50: number | undefined;
  readonly p90: number | undefined;
  readonly p99: number | undefined;
  readonly p999: number | undefined;
  readonly max: number | undefined;
  readonly mean: number | undefined;
  readonly count: number;
  /** Samples below 0, counted as 0: two clocks that disagree. */
  readonly negatives: number;
}

/** Samples below an end, and not below the end before. */
export interface LatencyRange {
  /** us */
  readonly below: number;
  readonly count: number;
}

/** Ends of the ranges of a picture: 1, 2, 5, 10 … us, up to about three hours. The last takes all that is above. */
const RANGE_ENDS: readonly number[] = Array.from({ length: 31 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** Math.floor(i / 3));
/** The highest latency before the histogram grows by itself: one hour (us). */
const HIGHEST = 3_600_000_000;
/** A percentile p needs 10 / (1 - p) samples: then about ten lie above it. */
const SAMPLES_ABOVE = 10;

/** Records latencies with three significant digits. Recording allocates nothing; about 100 KB in all. */
export class Latency {
  readonly #histogram = newHistogram();
  readonly #ranges = new Float64Array(RANGE_ENDS.length);
  #negatives = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Records one latency (us), rounded to whole microseconds. */
  record(latency: number): void {
    let value = Math.round(latency);
    if (value < 0) {
      this.#negatives++;
      value = 0;
    }
    this.#sum += value;
    if (value > this.#max) this.#max = value;
    this.#ranges[rangeOf(value)]!++;
    this.#histogram.recordValue(value);
  }

  /** Adds all samples of another. */
  merge(other: Latency): void {
    this.#histogram.add(other.#histogram);
    for (let i = 0; i < RANGE_ENDS.length; i++) this.#ranges[i]! += other.#ranges[i]!;
    this.#negatives += other.#negatives;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  /** The latency (us) that the share `p` of samples does not exceed, as 0.99; undefined below 10 / (1 - p) samples. */
  percentile(p: number): number | undefined {
    if (this.count < Math.ceil(SAMPLES_ABOVE / (1 - p) - 1e-6)) return undefined;
    return Math.min(this.#max, this.#histogram.getValueAtPercentile(p * 100));
  }

  summary(): LatencySummary {
    const some = this.count > 0;
    return {
      p50: this.percentile(0.5),
      p90: this.percentile(0.9),
      p99: this.percentile(0.99),
      p999: this.percentile(0.999),
      max: some ? this.#max : undefined,
      mean: some ? this.#sum / this.count : undefined,
      count: this.count,
      negatives: this.#negatives,
    };
  }

  /** How many samples lie in each range from the first that has any to the last; ranges end at 1, 2, 5, 10, 20 … us. */
  ranges(): readonly LatencyRange[] {
    const first = this.#ranges.findIndex((count) => count > 0);
    const last = this.#ranges.findLastIndex((count) => count > 0);
    if (first < 0) return [];
    return Array.from(this.#ranges.subarray(first, last + 1), (count, i) => ({ below: RANGE_ENDS[first + i]!, count }));
  }
}

function newHistogram(): Histogram {
  const histogram = new (constructorFromBucketSize(32))(1, HIGHEST, 3);
  histogram.autoResize = true;
  return histogram;
}

/**
 * A picture of a distribution, a line for each range:
 *
 *      < 1 ms   ████████████████████  61.2 %
 *      < 2 ms   ████████              25.0 %
 */
export function drawLatency(latency: Latency, width = 40): readonly string[] {
  const ranges = latency.ranges();
  const most = Math.max(1, ...ranges.map((range) => range.count));
  const labels = ranges.map((range) => `< ${formatLatency(range.below)}`);
  const labelWidth = Math.max(0, ...labels.map((label) => label.length));
  return ranges.map(({ count }, i) => {
    const length = count === 0 ? 0 : Math.max(1, Math.round((count / most) * width));
    const share = ((100 * count) / latency.count).toFixed(1);
    return `${labels[i]!.padEnd(labelWidth)}  ${'█'.repeat(length).padEnd(width)}  ${share.padStart(5)} %`;
  });
}

/** A latency with three digits in the unit that suits it: `870 us`, `12.5 ms`, `1.02 s`. */
export function formatLatency(latency: number): string {
  const [value, unit] =
    latency < 1_000 ? [latency, 'us'] : latency < 1e6 ? [latency / 1e3, 'ms'] : [latency / 1e6, 's'];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

/** For each bit length of a value, the first range that it can lie in. */
const FIRST_RANGE = Uint8Array.from({ length: 33 }, (_, bits) => {
  const least = bits === 0 ? 0 : 2 ** (bits - 1);
  return RANGE_ENDS.findIndex((end) => end > least);
});

function rangeOf(value: number): number {
  let range = FIRST_RANGE[32 - Math.clz32(Math.min(value, 0xffff_ffff))]!;
  while (RANGE_ENDS[range]! <= value && range < RANGE_ENDS.length - 1) range++;
  return range;
}
