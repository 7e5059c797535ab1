/** The jobs of `comparisons/`: their answers are the ones checked in and show what was planted, and `compare` finds them the same. */
import { describe, expect, it } from 'vitest';
import { accessLog } from '../../comparisons/access-log.js';
import accessLogSessions from '../../comparisons/access-log-sessions.js';
import lateEarthquakes from '../../comparisons/late-earthquakes.js';
import ordersAndPayments from '../../comparisons/orders-and-payments.js';
import sensorAnomalies from '../../comparisons/sensor-anomalies.js';
import { MINUTES_TO_PAY, shop } from '../../comparisons/shop.js';
import trendingWords, { PLANTED, plantedLines, STRETCH } from '../../comparisons/trending-words.js';
import { compare } from '../../src/compare/compare.js';
import { seconds } from '../../src/core/time.js';
import type { Mode } from '../../src/runtime/events.js';
import { runIntervals } from '../../src/testing/run-intervals.js';
import { resultsOf, textOf } from './results.js';

const MODES: readonly Mode[] = ['micro-batch', 'record'];
const VARIANTS = MODES.flatMap((mode) => [1, 2].map((parallelism) => ({ mode, parallelism })));
const expected = (name: string): string => `../../comparisons/expected/${name}.txt`;

describe('the sessions of an access log', () => {
  it.each(VARIANTS)('are the visits that were made: $mode, parallelism $parallelism', async (variant) => {
    const { visits } = await resultsOf(accessLogSessions, variant.mode, variant.parallelism);
    await expect(textOf({ visits: visits! })).toMatchFileSnapshot(expected('access-log-sessions'));
    const made = accessLog().visits.map(({ host, requests, bytes, errors }) => [host, { requests, bytes, errors }]);
    const found = (visits as [string, unknown][]).map(([, visit]) => visit);
    expect(new Set(found.map((visit) => JSON.stringify(visit)))).toEqual(
      new Set(made.map((visit) => JSON.stringify(visit))),
    );
    expect(found).toHaveLength(made.length);
  });
});

describe('the top words', () => {
  const INTERVALS = 60;
  const SLIDE = 2;
  const WINDOW = 10;

  it.each(VARIANTS)('show the planted trend: $mode, parallelism $parallelism', async (variant) => {
    const lines = plantedLines();
    const size = Math.ceil(lines.length / INTERVALS);
    const input = Array.from({ length: INTERVALS }, (_, i) => lines.slice(i * size, (i + 1) * size));
    const { outputs } = await runIntervals(trendingWords, { ...variant, inputs: { lines: input } });
    const trends = outputs['trends']!;
    await expect(textOf(Object.fromEntries(trends.map((lists, i) => [`interval ${i}:`, lists])))).toMatchFileSnapshot(
      expected('trending-words'),
    );
    const [from, to] = STRETCH.map((share) => share * INTERVALS) as [number, number];
    for (let last = SLIDE - 1; last < INTERVALS; last += SLIDE) {
      const words = (trends[last] as [string, number][][])[0]!.map(([word]) => word);
      if (last - WINDOW + 1 >= from && last < to - 1) expect(words[0], `interval ${last}`).toBe(PLANTED);
      if (last < from - 1 || last - WINDOW > to) expect(words, `interval ${last}`).not.toContain(PLANTED);
    }
  });
});

describe('the anomalies of sensors', () => {
  it.each(VARIANTS)('are those with a label, but for three: $mode, parallelism $parallelism', async (variant) => {
    const { score } = await resultsOf(sensorAnomalies, variant.mode, variant.parallelism);
    const last = new Map((score as [unknown, number][]).map(([key, count]) => [JSON.stringify(key), count]));
    const lines = [...last].map(([key, count]) => `${key} ${count}\n`).sort();
    await expect(lines.join('')).toMatchFileSnapshot(expected('sensor-anomalies'));
    const sum = (judgement: string): number =>
      [...last].reduce((all, [key, count]) => all + (key.includes(judgement) ? count : 0), 0);
    expect({ found: sum('"found'), missed: sum('"missed'), falseAlarms: sum('"false alarm') }).toEqual({
      found: 147,
      missed: 2,
      falseAlarms: 1,
    });
    expect(sum('"quiet') + 150).toBe(18_914);
  });
});

describe('orders and payments', () => {
  it.each(VARIANTS)('meet when paid in time: $mode, parallelism $parallelism', async (variant) => {
    const results = await resultsOf(ordersAndPayments, variant.mode, variant.parallelism);
    await expect(textOf(results)).toMatchFileSnapshot(expected('orders-and-payments'));
    const { orders, payments } = shop();
    const limit = MINUTES_TO_PAY * 60_000_000;
    const inTime = payments.filter(({ order, time }) => time - orders[order]!.time <= limit);
    expect(results['paid']).toHaveLength(inTime.length);
    const taken = (results['hours'] as [string, [string, number]][]).reduce((sum, [, [, cents]]) => sum + cents, 0);
    expect(taken).toBe(inTime.reduce((sum, { cents }) => sum + cents, 0));
    expect(inTime.length).toBeLessThan(payments.length);
  });
});

describe('late earthquakes', () => {
  it.each(VARIANTS)('are told apart: $mode, parallelism $parallelism', async (variant) => {
    const results = await resultsOf(lateEarthquakes, variant.mode, variant.parallelism);
    await expect(textOf(results)).toMatchFileSnapshot(expected('late-earthquakes'));
    const count = (sink: string): number =>
      (results[sink] as [string, [number, number]][]).reduce((sum, [, [, quakes]]) => sum + quakes, 0);
    expect(results['late']).toHaveLength(557);
    expect(count('happened')).toBe(1_707 - 557);
    expect(count('told')).toBe(1_707);
  });
});

describe.concurrent('compare', () => {
  it.each([
    ['access-log-sessions', accessLogSessions],
    ['trending-words', trendingWords],
    ['sensor-anomalies', sensorAnomalies],
    ['orders-and-payments', ordersAndPayments],
    ['late-earthquakes', lateEarthquakes],
  ])('finds the same answer in both modes: %s', async (_name, job) => {
    const { verdict } = await compare(job, { rate: 1_000, records: 1_000, duration: seconds(1), drainRounds: 0 });
    expect(verdict).toMatchObject({ same: true, oracle: 'pass', guarantee: 'held', firstDifference: null });
    expect(verdict.compared.results).toBeGreaterThan(0);
  });
});
