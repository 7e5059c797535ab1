/** The first screen: golden files for whole screens, and the rules that each line keeps. */
import { describe, expect, it } from 'vitest';
import { formatMs, formatRatio } from '../../src/compare/report/format.js';
import { whatNext } from '../../src/compare/report/why.js';
import { report } from '../../src/compare/report.js';
import type { CompareResult, MessageVerdict } from '../../src/compare/result.js';
import { goodResult, latency } from './sample-result.js';

const { verdict, modes } = goodResult;
const none = latency(1, 1, 'log', 0);

/** The good result with other latencies for each mode. */
function withLatencies(
  change: Partial<Pick<CompareResult['modes']['record'], 'latencyMs' | 'windowLatencyMs'>>,
): CompareResult {
  return {
    ...goodResult,
    modes: { 'micro-batch': { ...modes['micro-batch'], ...change }, record: { ...modes.record, ...change } },
  };
}

const disagreement: CompareResult = {
  ...goodResult,
  valid: false,
  reasons: [
    'the oracle does not confirm the answer, so the figures are of a wrong answer',
    'record got through 93.1 % of the offered rate; at least 99 % is needed: lower --rate',
  ],
  verdict: {
    ...verdict,
    same: false,
    oracle: 'fail',
    guarantee: 'broken',
    parts: [{ ...verdict.parts[1]!, same: false, oracle: 'fail', differences: 3 }],
    firstDifference: {
      part: 'sink counts',
      key: '"whale"',
      windowEnd: 7_000_000,
      timestamp: 6_999_999,
      microBatch: '12',
      record: '11',
      oracle: '12',
    },
  },
};

const NOTE = "batch-sensitive: glom 'parts' depends on which task has which element: compared are the elements of all";
const noted: CompareResult = {
  ...goodResult,
  verdict: { ...verdict, parts: [{ ...verdict.parts[0]!, rule: 'equal windows', note: NOTE }, verdict.parts[1]!] },
};
const ordered: CompareResult = {
  ...disagreement,
  verdict: {
    ...disagreement.verdict,
    parts: [...noted.verdict.parts, { ...disagreement.verdict.parts[0]!, assumed: ["reduceByKey 'firsts'"] }],
  },
};

const { latencyMs } = modes.record;
const bounded: CompareResult = {
  ...goodResult,
  modes: { ...modes, record: { ...modes.record, latencyMs: { ...latencyMs, atMost: ['p50', 'p90'] } } },
  lowerBounds: ['latencyP50'],
};

const interrupted: CompareResult = {
  ...withLatencies({ latencyMs: none, windowLatencyMs: none }),
  interrupted: true,
  valid: false,
  reasons: ['interrupted'],
  verdict: {
    ...verdict,
    same: null,
    oracle: 'not available',
    oracleReason: 'the runs were interrupted before both had finished',
    guarantee: 'not checked',
    parts: [],
  },
};

const unmeasured = { recordsPerSecond: null, estimate: null, cpuSecondsPerMillion: null, withheld: 'too few records' };
const tiny: CompareResult = {
  ...withLatencies({ latencyMs: none, windowLatencyMs: none }),
  modes: {
    'micro-batch': { ...modes['micro-batch'], latencyMs: none, windowLatencyMs: none, throughput: unmeasured },
    record: {
      ...modes.record,
      latencyMs: none,
      windowLatencyMs: none,
      throughput: unmeasured,
      acking: { ...modes.record.acking, costRatio: null, costEstimate: null },
    },
  },
  verdict: {
    ...verdict,
    compared: { keys: 0, windows: 0, records: 21_843, results: 0 },
    parts: [{ ...verdict.parts[0]!, results: 0, keys: 0 }],
  },
};

const screens: Readonly<Record<string, CompareResult>> = {
  good: goodResult,
  disagreement,
  noted,
  ordered,
  bounded,
  interrupted,
  tiny,
  'per-record-only': withLatencies({ windowLatencyMs: none }),
  'windows-only': withLatencies({ latencyMs: none }),
  'few-samples': withLatencies({ latencyMs: latency(1, 9, 'log', 60), windowLatencyMs: none }),
  'no-latency': withLatencies({ latencyMs: none, windowLatencyMs: none }),
};

it.each(Object.entries(screens))('the screen: %s', async (name, result) => {
  await expect(report(result)).toMatchFileSnapshot(`golden/report-${name}.txt`);
});

describe('every screen', () => {
  it.each(Object.entries(screens))('fits a hundred columns: %s', (_name, result) => {
    for (const line of report(result).split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('says the verdict before any figure', () => {
    for (const result of Object.values(screens))
      expect(report(result).split('\n')[3]).toMatch(/^(SAME|DIFFERENT|NO VERDICT|NOTHING TO COMPARE)/);
  });

  it('is the same text with colour as without', () => {
    const coloured = report(disagreement, (style, text) => `<${style}>${text}</>`);
    expect(coloured.replaceAll(/<[\w/-]*>/g, '')).toBe(report(disagreement).replaceAll(/<[\w/-]*>/g, ''));
    expect(coloured).toContain('<bad>DIFFERENT');
  });
});

describe('the screen of a job with spouts', () => {
  const counts: MessageVerdict = { emitted: 61, acked: 60, failed: 0, givenUp: 0, violations: [] };
  const spouts = (record: Partial<MessageVerdict>, guarantee: typeof verdict.guarantee) => ({
    ...goodResult,
    verdict: {
      ...verdict,
      oracle: 'not available' as const,
      oracleReason: "spout 'lines' is the user's own code on tuples: only running it says what it means",
      guarantee,
      messages: { 'micro-batch': counts, record: { ...counts, ...record } },
    },
  });

  it('tells of the messages in place of the oracle', () => {
    const text = report(spouts({ failed: 9 }, 'held')).replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      'each emission of a message was acked or failed once, 60 as micro-batches and 69 record at a time',
    );
    expect(text).toContain('record: 9 emissions failed, 0 given up by the spout.');
  });

  it('claims nothing that was not checked, and names what must never happen', () => {
    expect(report(spouts({ givenUp: 1, failed: 1 }, 'not checked'))).not.toContain('held');
    const broken = report(spouts({ violations: ['it is so', 'and so'] }, 'broken'));
    expect(broken.split('\n')[3]).toBe('BROKEN      record: it is so, and 1 more such.');
  });
});

it.each([
  [0.207, '0.21 ms'],
  [0.0042, '0.004 ms'],
  [1, '1.00 ms'],
  [51.23, '51.2 ms'],
  [511.9, '512 ms'],
  [1_023, '1.02 s'],
  [0, '0 ms'],
  [null, '-'],
])('a latency of %s ms is written %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

it.each([
  [1_248.6, '1,250x'],
  [12.44, '12.4x'],
  [0.9444, '0.944x'],
  [null, '-'],
])('a ratio of %s is written %s', (ratio, text) => {
  expect(formatRatio(ratio)).toBe(text);
});

describe('what to try next', () => {
  it('is a shorter batch interval when all went well, in place of the one that was given', () => {
    expect(whatNext(goodResult).command).toBe('raingauge compare comparisons/word-count.ts --batch-interval 100ms');
    const given = { ...goodResult, command: 'raingauge compare job.ts --batch-interval 500ms --rate 5k' };
    expect(whatNext(given).command).toBe('raingauge compare job.ts --rate 5k --batch-interval 100ms');
  });

  it('is the plan when the answers differ, the same again after a busy driver, and half the rate when it was too much', () => {
    expect(whatNext(disagreement).command).toBe('raingauge explain comparisons/word-count.ts');
    const tooMuch = { ...goodResult, valid: false, reasons: ['too much'] };
    expect(whatNext(tooMuch).command).toBe('raingauge compare comparisons/word-count.ts --rate 683');
    expect(whatNext({ ...tooMuch, driver: { ...goodResult.driver, valid: false } }).command).toBe(goodResult.command);
  });
});
