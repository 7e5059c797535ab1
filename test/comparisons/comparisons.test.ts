/** The jobs of `comparisons/`: their answers are the ones checked in and show what was planted, and `compare` finds them the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { accessLog } from '../../comparisons/access-log.js';
import accessLogSessions from '../../comparisons/access-log-sessions.js';
import lateEarthquakes from '../../comparisons/late-earthquakes.js';
import { mobyDick } from '../../comparisons/moby-dick.js';
import ordersAndPayments from '../../comparisons/orders-and-payments.js';
import sensorAnomalies from '../../comparisons/sensor-anomalies.js';
import { shop } from '../../comparisons/shop.js';
import trendingWords, { PLANTED, plantedLines, STRETCH } from '../../comparisons/trending-words.js';
import wordCount from '../../comparisons/word-count.js';
import { compare } from '../../src/compare/compare.js';
import { seconds } from '../../src/core/time.js';
import type { Mode } from '../../src/runtime/events.js';
import { runIntervals } from '../../src/testing/run-intervals.js';
import { foreach } from '../../src/topology/sink-specs.js';
import {
  lateEarthquakesAnswer,
  ordersAndPaymentsAnswer,
  sensorAnomaliesAnswer,
  trendingWordsAnswer,
  wordCountAnswer,
} from './plain-answers.js';
import { expectCheckedIn, resultsOf, textOf } from './results.js';

const MODES: readonly Mode[] = ['micro-batch', 'record'];
const AGREED = { same: true, oracle: 'pass', guarantee: 'held', firstDifference: null };
/** How many intervals a book is spread over, where results depend on the time of input. */
const INTERVALS = 60;
const VARIANTS = MODES.flatMap((mode) => [1, 2].map((parallelism) => ({ mode, parallelism })));

describe('the words of Moby Dick', () => {
  it.each(VARIANTS)('are counted as a loop counts them: $mode, parallelism $parallelism', async (variant) => {
    const lines = mobyDick().flatMap((file) => readFileSync(file, 'utf8').split('\n'));
    const input = inIntervals(lines);
    const { outputs } = await runIntervals(wordCount, { ...variant, inputs: { lines: input } });
    const totals = new Map((outputs['running'] as [string, number][][]).flat());
    const windows = outputs['counts']!.flatMap((found, i) =>
      found.length === 0 ? [] : [[i, new Map(found as [string, number][])] as const],
    );
    const tops = windows.map(([i, counts]) => [`window to interval ${i}:`, [ranked(counts).slice(0, 5)]] as const);
    await expectCheckedIn(
      'word-count',
      ranked(totals)
        .slice(0, 50)
        .map(([word, count]) => `${word} ${count}\n`)
        .join('') + textOf(Object.fromEntries(tops)),
    );
    const answer = wordCountAnswer(input);
    expect(totals).toEqual(answer.totals);
    expect(new Map(windows)).toEqual(answer.windows);
    expect(outputs['running']!.flat()).toHaveLength([...totals.values()].reduce((sum, count) => sum + count));
  });

  function ranked(counts: ReadonlyMap<string, number>): readonly [string, number][] {
    return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  }
});

describe('the sessions of an access log', () => {
  it.each(VARIANTS)('are the visits that were made: $mode, parallelism $parallelism', async (variant) => {
    const { visits } = await resultsOf(accessLogSessions, variant.mode, variant.parallelism);
    await expectCheckedIn('access-log-sessions', textOf({ visits: visits! }));
    const made = accessLog().visits.map(({ host, requests, bytes, errors }) => [host, { requests, bytes, errors }]);
    const found = (visits as [string, unknown][]).map(([, visit]) => visit);
    expect(new Set(found.map((visit) => JSON.stringify(visit)))).toEqual(
      new Set(made.map((visit) => JSON.stringify(visit))),
    );
    expect(found).toHaveLength(made.length);
  });
});

describe('the top words', () => {
  const SLIDE = 2;
  const WINDOW = 10;

  it.each(VARIANTS)('show the planted trend: $mode, parallelism $parallelism', async (variant) => {
    const input = inIntervals(plantedLines());
    const { outputs } = await runIntervals(trendingWords, { ...variant, inputs: { lines: input } });
    const trends = outputs['trends']!;
    await expectCheckedIn(
      'trending-words',
      textOf(Object.fromEntries(trends.map((lists, i) => [`interval ${i}:`, lists]))),
    );
    const lists = trends.flatMap((found, i) => found.map((list) => [i, list] as const));
    expect(lists).toEqual([...trendingWordsAnswer(input)]);
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
    await expectCheckedIn('sensor-anomalies', lines.join(''));
    expect(last).toEqual(sensorAnomaliesAnswer());
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
  it.each(VARIANTS)(
    'meet when paid in time, and what was never paid is told: $mode, parallelism $parallelism',
    async (variant) => {
      const results = await resultsOf(ordersAndPayments, variant.mode, variant.parallelism);
      await expectCheckedIn('orders-and-payments', textOf(results));
      const answer = ordersAndPaymentsAnswer(shop());
      expect(textOf(results)).toBe(textOf(answer));
      expect(answer['paid']!.length).toBeLessThan(shop().payments.length);
      expect(answer['unpaid']).toHaveLength(77);
    },
  );
});

describe('late earthquakes', () => {
  it.each(VARIANTS)('are told apart: $mode, parallelism $parallelism', async (variant) => {
    const results = await resultsOf(lateEarthquakes, variant.mode, variant.parallelism);
    await expectCheckedIn('late-earthquakes', textOf(results));
    const answer = lateEarthquakesAnswer();
    expect(textOf(results)).toBe(textOf(answer));
    expect(answer['late']).toHaveLength(557);
  });
});

describe.concurrent('compare', () => {
  it.each([
    { name: 'access-log-sessions', job: accessLogSessions, parallelism: 1, records: accessLog().lines.length },
    { name: 'sensor-anomalies', job: sensorAnomalies, parallelism: 1, records: 18_915 },
    { name: 'orders-and-payments', job: ordersAndPayments, parallelism: 2, records: 2_990 },
    { name: 'late-earthquakes', job: lateEarthquakes, parallelism: 1, records: 1_707 },
  ])(
    'finds the same answer in both modes, of all records: $name, parallelism $parallelism',
    async ({ job, parallelism, records }) => {
      // With no rate and no number of records, all are spread over the duration.
      const { verdict, input } = await compare(job, { duration: seconds(2), parallelism, drainRounds: 0 });
      expect(verdict).toMatchObject(AGREED);
      expect(input.records).toBe(records);
      expect(verdict.compared.results).toBeGreaterThan(0);
    },
  );

  it('finds the same trends in both modes, of all records: the planted one is among them', async () => {
    const tops: (readonly [string, number][])[] = [];
    const sinks = { trends: foreach((top: readonly [string, number][]) => void tops.push(top)) };
    const { verdict, input } = await compare(trendingWords, {
      duration: seconds(2),
      drainRounds: 0,
      sinks,
      realSinks: true,
    });
    expect(verdict).toMatchObject(AGREED);
    expect(input.records).toBe(plantedLines().length);
    expect(tops.filter(([first]) => first![0] === PLANTED).length).toBeGreaterThan(0);
  });
});

function inIntervals(lines: readonly string[]): readonly (readonly string[])[] {
  const size = Math.ceil(lines.length / INTERVALS);
  return Array.from({ length: INTERVALS }, (_, i) => lines.slice(i * size, (i + 1) * size));
}
