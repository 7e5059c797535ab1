/** A made-up result for tests of the report: plausible figures of a word count, varied by each test. */
import { LatencyPicture } from '../../src/compare/latency-picture.js';
import type {
  CompareResult,
  Estimate,
  LatencySummary,
  MicroBatchMeasures,
  PreparedMeasures,
  RecordMeasures,
} from '../../src/compare/result.js';

/** A distribution from `low` to `high` ms, even on a logarithmic axis or on a plain one. */
export function latency(low: number, high: number, axis: 'log' | 'plain', count = 5_000): LatencySummary {
  const at = (share: number) => (axis === 'log' ? low * (high / low) ** share : low + (high - low) * share);
  const picture = new LatencyPicture();
  for (let i = 0; i < count; i++) picture.add(at(i / count) * 1_000);
  const enough = (needed: number, share: number) => (count >= needed ? at(share) : null);
  return {
    p50: enough(20, 0.5),
    p90: enough(100, 0.9),
    p99: enough(1_000, 0.99),
    p999: null,
    max: count > 0 ? high : null,
    count,
    buckets: picture.counts,
    atMost: [],
  };
}

const estimate = (median: number): Estimate => ({ median, low: median * 0.95, high: median * 1.04, rounds: 3 });
const resources = { cpuUserMs: 3_100, cpuSystemMs: 200, heapMbMax: 211, gcPauseMs: 42, eventLoopDelayMsP99: 1.2 };
const paced = {
  offeredPerSecond: 1_366,
  achievedPerSecond: 1_366,
  results: 329_882,
  lateRecords: 0,
  deadLetters: 0,
  resources,
};

const prepared = (on: string, ratio: number, latencyMs: PreparedMeasures['latencyMs']): PreparedMeasures => ({
  on,
  recordsPerSecond: { off: 152_345, on: 152_345 * ratio },
  costRatio: ratio,
  costEstimate: estimate(ratio),
  latencyMs,
  windowLatencyMs: null,
  withheld: null,
});

const microBatch: MicroBatchMeasures = {
  latencyMs: latency(12, 531, 'plain'),
  windowLatencyMs: latency(9, 33, 'log'),
  throughput: { recordsPerSecond: 152_345, estimate: estimate(152_345), withheld: null, cpuSecondsPerMillion: 7.1 },
  ...paced,
  prepared: prepared('log and checkpoints', 0.93, { off: latency(12, 531, 'plain'), on: latency(14, 540, 'plain') }),
  batches: {
    count: 32,
    numRecords: 683,
    schedulingDelayMs: 0.4,
    processingDelayMs: 11.3,
    totalDelayMs: 11.7,
    totalDelayMsMax: 30,
    taskRetries: 0,
  },
};
const record: RecordMeasures = {
  latencyMs: latency(0.08, 9.1, 'log'),
  windowLatencyMs: latency(1.5, 12, 'log'),
  throughput: { recordsPerSecond: 140_000, estimate: estimate(140_000), withheld: null, cpuSecondsPerMillion: 7.5 },
  ...paced,
  prepared: prepared('acking and checkpoints', 0.81, { off: latency(0.07, 8, 'log'), on: latency(0.09, 30, 'log') }),
  acking: { acked: 21_843, failed: 0, replayed: 0, costRatio: 0.92, costEstimate: estimate(0.92) },
};

/** The result of a good comparison. */
export const goodResult: CompareResult = {
  schema: 'raingauge/compare@1',
  job: 'word-count',
  seed: 1,
  command: 'raingauge compare comparisons/word-count.ts',
  valid: true,
  reasons: [],
  interrupted: false,
  input: {
    sources: [{ name: 'lines', partitions: 1, records: 21_843 }],
    records: 21_843,
    rate: 1_366,
    spanSeconds: 16,
    batchIntervalMs: 500,
    parallelism: 1,
    state: 'memory',
  },
  verdict: {
    same: true,
    oracle: 'pass',
    oracleReason: null,
    guarantee: 'held',
    declaredGuarantee: 'at-least-once',
    compared: { keys: 17_140, windows: 17, records: 21_843, results: 329_882 },
    parts: [
      {
        name: 'sink running',
        rule: 'equal multiset',
        note: null,
        same: true,
        oracle: 'pass',
        results: 218_882,
        keys: 17_140,
        windows: 0,
        differences: 0,
      },
      {
        name: 'sink counts',
        rule: 'equal windows',
        note: null,
        same: true,
        oracle: 'pass',
        results: 111_000,
        keys: 17_140,
        windows: 17,
        differences: 0,
      },
    ],
    firstDifference: null,
    tolerance: 1e-9,
  },
  modes: { 'micro-batch': microBatch, record },
  ratios: { latencyP50: 318, latencyP99: 60, windowLatencyP50: 4.1, throughput: estimate(1.09) },
  lowerBounds: [],
  driver: {
    latenessMsP50: 0.001,
    latenessMsP90: 0.01,
    latenessMsP99: 0.4,
    latenessMsMax: 1.1,
    dropped: 0,
    valid: true,
  },
  environment: {
    raingauge: '0.1.0',
    node: 'v20.19.0',
    v8: '11.3',
    platform: 'linux x64',
    cpu: 'a processor',
    cores: 2,
    memoryGib: 8,
    loadAverage: 0.1,
    flags: [],
    gitSha: null,
    startedAt: '2026-01-01T00:00:00.000Z',
  },
};
