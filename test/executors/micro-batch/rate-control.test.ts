/** Back-pressure of micro-batches: Spark's estimator by Spark's own cases, and what sources give by it. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../../src/core/time.js';
import { PidRateEstimator } from '../../../src/executors/micro-batch/rate-estimator.js';
import { run } from '../../../src/host/run.js';
import type { BatchInfo } from '../../../src/runtime/events.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { topology } from '../../../src/topology/builder.js';
import { none } from '../../../src/topology/sink-specs.js';
import { generator } from '../../../src/topology/source-specs.js';

/** Milliseconds as microseconds. */
const ms = (value: number): number => value * 1_000;
const BATCH = ms(20);

function estimator(proportional = 1, integral = 0, derived = 0, minRate = 10): PidRateEstimator {
  return new PidRateEstimator(BATCH, { proportional, integral, derived, minRate });
}

const batch = (time: number, records: number, processing: number, scheduling: number) => ({
  time: ms(time),
  records,
  processingDelay: ms(processing),
  schedulingDelay: ms(scheduling),
});

/** One batch after another, 20 ms apart. */
function estimates(of: PidRateEstimator, records: readonly number[], scheduling = 0): readonly (number | undefined)[] {
  return records.map((count, index) => of.compute(batch((index + 1) * 20, count, 20, scheduling)));
}

const UP = Array.from({ length: 50 }, (_, index) => index + 1);
const DOWN = UP.toReversed();

describe('the rate estimator', () => {
  it('gives nothing for the first batch, and the rate for the second', () => {
    const of = estimator();
    expect(of.compute(batch(0, 10, 10, 0))).toBeUndefined();
    expect(of.compute(batch(10, 10, 10, 0))).toBeCloseTo(1_000, 6);
  });

  it('gives nothing without time between batches, without records, or without processing', () => {
    const of = estimator();
    of.compute(batch(10, 10, 10, 0));
    expect(of.compute(batch(20, 10, 10, 0))).toBeDefined();
    expect(of.compute(batch(20, 10, 10, 0))).toBeUndefined();
    expect(of.compute(batch(30, 0, 10, 0))).toBeUndefined();
    expect(of.compute(batch(40, 10, 0, 0))).toBeUndefined();
  });

  it('never goes below the lowest rate', () => {
    const rates = estimates(estimator(1, 1, 0, 5), new Array<number>(50).fill(1), 1_000);
    expect(rates.slice(1).every((rate) => rate! >= 5)).toBe(true);
    expect(rates.at(-1)).toBe(5);
  });

  it('follows the processing speed up, and down', () => {
    expect(estimates(estimator(1, 1), UP).slice(1)).toEqual(UP.slice(1).map((count) => expect.closeTo(count * 50, 6)));
    expect(estimates(estimator(1, 1), DOWN).slice(1)).toEqual(
      DOWN.slice(1).map((count) => expect.closeTo(Math.max(10, count * 50), 6)),
    );
  });

  it('stays below the processing speed while batches wait', () => {
    const rates = estimates(estimator(1, 0.01), DOWN, 50);
    expect(rates.slice(1).every((rate, index) => rate! <= Math.max(10, DOWN[index + 1]! * 50))).toBe(true);
    expect(rates[1]!).toBeLessThan(49 * 50);
  });

  it('follows the speed more slowly with a smaller proportion', () => {
    const of = estimator(0.1, 0, 0, 10);
    of.compute(batch(20, 10, 20, 0));
    // 500 a second, then 1,000: a tenth of the way.
    expect(of.compute(batch(40, 20, 20, 0))).toBeCloseTo(550, 6);
  });
});

describe('batches with back-pressure', () => {
  async function batchesOf(backpressure: object, partitions = 2): Promise<readonly BatchInfo[]> {
    const job = topology('limited', { batchInterval: seconds(1) }, (t) => {
      t.source(
        'numbers',
        generator((index) => index, { count: 2_000, partitions }),
      ).to('out', none());
    });
    const batches: BatchInfo[] = [];
    const world = createSimulatedWorld();
    const result = await world.complete(
      run(job, {
        mode: 'micro-batch',
        world,
        microBatch: { backpressure },
        listener: (event) => void (event.kind === 'batchCompleted' && batches.push(event.batch)),
      }),
      1_000_000,
    );
    expect(result).toMatchObject({ outcome: 'finished', recordsRead: { numbers: 2_000 } });
    return batches;
  }

  it('have at most what each partition may give, and all records come', async () => {
    const batches = await batchesOf({ maxRatePerPartition: 150 });
    expect(Math.max(...batches.map(({ numRecords }) => numRecords))).toBe(300);
    expect(batches.filter(({ numRecords }) => numRecords > 0)).toHaveLength(7);
  });

  it('begin with the initial rate of the source, shared by its partitions', async () => {
    const [first] = await batchesOf({ initialRate: 500 });
    expect(first!.numRecords).toBe(500);
  });

  it('are unlimited where no rate is known', async () => {
    const [first] = await batchesOf({});
    expect(first!.numRecords).toBe(2_000);
  });
});
