/** A table of latencies: percentiles of both modes, their ratio, and a small picture of each on one axis. */
import { BUCKETS_PER_DECADE, commonAxis, drawBars } from '../latency-picture.js';
import type { LatencySummary } from '../result.js';
import { formatCount, formatMs, formatRatio } from './format.js';
import type { Paint } from './paint.js';

/** What a table shows. */
export interface LatencyTable {
  /** What is measured, from when to when. */
  readonly title: string;
  readonly microBatch: LatencySummary;
  readonly record: LatencySummary;
}

const COLUMNS = ['p50', 'p90', 'p99', 'max'] as const;
const LABEL = 22;
const COLUMN = 11;
/** Samples that a percentile needs. */
const NEEDED = { p50: 20, p90: 100, p99: 1_000 } as const;

/** The table as lines; none when neither mode has a sample. */
export function latencyLines({ title, microBatch, record }: LatencyTable, paint: Paint): readonly string[] {
  if (microBatch.count === 0 && record.count === 0) return [];
  const axis = commonAxis([microBatch.buckets, record.buckets]);
  const picture = (summary: LatencySummary): string => (axis === undefined ? '' : drawBars(summary.buckets, ...axis));
  const heading = ' '.repeat(LABEL) + COLUMNS.map((name) => name.padStart(COLUMN)).join('');
  const row = (label: string, cells: readonly string[]): string =>
    `  ${label}`.padEnd(LABEL) + cells.map((cell) => cell.padStart(COLUMN)).join('');
  const figures = (summary: LatencySummary) => COLUMNS.map((name) => figure(summary, name));
  const ratios = COLUMNS.map((name) => ratio(microBatch, record, name));
  return [
    paint('heading', title),
    `${heading}   ${axis === undefined ? '' : axisLabels(...axis)}`.trimEnd(),
    `${row('micro-batch', figures(microBatch))}   ${paint('micro-batch', picture(microBatch))}`.trimEnd(),
    `${row('record', figures(record))}   ${paint('record', picture(record))}`.trimEnd(),
    row('micro-batch / record', ratios),
    ...notes(microBatch, record).map((note) => paint('dim', `  ${note}`)),
  ];
}

function figure(summary: LatencySummary, name: (typeof COLUMNS)[number]): string {
  const isAtMost = name !== 'max' && summary.atMost.includes(name) && summary[name] !== null;
  return (isAtMost ? '<=' : '') + formatMs(summary[name]);
}

function ratio(a: LatencySummary, b: LatencySummary, name: (typeof COLUMNS)[number]): string {
  const [above, below] = [a[name], b[name]];
  if (above === null || below === null || below === 0) return '-';
  return (name !== 'max' && b.atMost.includes(name) ? '>=' : '') + formatRatio(above / below);
}

/** `|1ms` and its like where each factor of ten begins; they fit, since a factor of ten is six buckets. */
function axisLabels(from: number, to: number): string {
  let line = '';
  for (
    let bucket = Math.ceil(from / BUCKETS_PER_DECADE) * BUCKETS_PER_DECADE;
    bucket <= to;
    bucket += BUCKETS_PER_DECADE
  ) {
    line = `${line.padEnd(bucket - from)}|${AXIS[bucket / BUCKETS_PER_DECADE] ?? ''}`;
  }
  return line;
}

const AXIS = ['1us', '10us', '0.1ms', '1ms', '10ms', '0.1s', '1s', '10s'];

function notes(a: LatencySummary, b: LatencySummary): readonly string[] {
  const few = (Object.keys(NEEDED) as (keyof typeof NEEDED)[]).find((name) => a[name] === null || b[name] === null);
  const fewest = Math.min(a.count, b.count);
  return [
    ...(few === undefined || fewest === 0
      ? []
      : [`- : ${few} needs ${formatCount(NEEDED[few])} results; there were ${formatCount(fewest)}.`]),
    ...(![a, b].some((summary) => COLUMNS.some((name) => figure(summary, name).startsWith('<=')))
      ? []
      : ['<= : at most that much, since the load driver itself was late by more than a tenth of it.']),
  ];
}
