/** Back-pressure: how many records a source may give to a batch, by the rate that it was processed at. It knows no batch but its numbers. */
import type { BackpressureOptions } from '../executor.js';
import { PidRateEstimator, type ProcessedBatch } from './rate-estimator.js';
import type { ReceivedPartition } from './received.js';

/** Whatever the rate says, a partition may give so many to a batch (Spark: `minRatePerPartition`). */
const RECORDS_MIN = 1;

interface SourceRate {
  readonly partitions: readonly ReceivedPartition[];
  readonly estimator: PidRateEstimator;
  /** Records a second; Infinity while none is known. */
  rate: number;
  /** What the source may still give to the batch at hand. */
  left: number;
}

/**
 * Spark's `RateController`, for each source.
 *
 * 1. A batch that is done gives the rate for the next one. Before the first, `initialRate` holds.
 * 2. At a tick a source may give rate x batch interval records. Each partition has an equal share; what one does not use the others
 *    may, in turn. `maxRatePerPartition` limits each beside that.
 * 3. A receiver gives its share of a block interval at each block.
 */
export class RateControl {
  readonly #options: BackpressureOptions;
  /** The batch interval (us). */
  readonly #interval: number;
  readonly #sources = new Map<string, SourceRate>();
  #tick = Number.NaN;

  constructor(partitions: readonly ReceivedPartition[], interval: number, options: BackpressureOptions) {
    this.#options = options;
    this.#interval = interval;
    for (const name of new Set(partitions.map(({ source }) => source))) {
      this.#sources.set(name, {
        partitions: partitions.filter(({ source }) => source === name),
        estimator: new PidRateEstimator(interval, options.estimator),
        rate: options.initialRate ?? Number.POSITIVE_INFINITY,
        left: Number.POSITIVE_INFINITY,
      });
    }
  }

  /** Polls every partition for the batch of that tick, within its limits. Calls for the same tick go on with what is left. */
  receive(tick: number): void {
    for (const source of this.#sources.values()) {
      if (tick !== this.#tick) source.left = this.#recordsOf(source, this.#interval);
      const share = Math.max(RECORDS_MIN, Math.floor(source.left / source.partitions.length));
      for (const max of [share, Number.POSITIVE_INFINITY])
        for (const partition of source.partitions) this.#poll(source, partition, max);
    }
    this.#tick = tick;
  }

  /** Polls a receiver for the block of so much time (us). */
  receiveBlock(partition: ReceivedPartition, blockInterval: number): void {
    const source = this.#sources.get(partition.source)!;
    const records = this.#recordsOf(source, blockInterval) / source.partitions.length;
    partition.receive(Math.min(Number.MAX_SAFE_INTEGER, Math.max(RECORDS_MIN, Math.floor(records))));
  }

  /** True when a source has given all that it may give to the batch at hand: nobody waits for more of it. */
  isSpent({ source }: ReceivedPartition): boolean {
    return (this.#sources.get(source)?.left ?? 1) <= 0;
  }

  /** A batch is done; `records` says how many of each source it had. */
  completed(records: ReadonlyMap<string, number>, batch: Omit<ProcessedBatch, 'records'>): void {
    if (this.#options.isEstimated === false) return;
    for (const [name, source] of this.#sources) {
      const rate = source.estimator.compute({ ...batch, records: records.get(name) ?? 0 });
      if (rate !== undefined) source.rate = Math.floor(rate);
    }
  }

  #recordsOf({ rate, partitions }: SourceRate, time: number): number {
    const { maxRatePerPartition = Number.POSITIVE_INFINITY } = this.#options;
    const records = Math.min(rate, maxRatePerPartition * partitions.length) * (time / 1_000_000);
    return Math.max(RECORDS_MIN * partitions.length, Math.floor(records));
  }

  #poll(source: SourceRate, partition: ReceivedPartition, max: number): void {
    if (source.left <= 0) return;
    const { maxRatePerPartition = Number.POSITIVE_INFINITY } = this.#options;
    const most = Math.max(RECORDS_MIN, Math.floor((maxRatePerPartition * this.#interval) / 1_000_000));
    const before = partition.recordsRead;
    partition.receive(Math.min(source.left, max, most - partition.waiting, Number.MAX_SAFE_INTEGER));
    source.left -= partition.recordsRead - before;
  }
}
