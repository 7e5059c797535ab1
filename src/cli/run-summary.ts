/** The summary of a run, for people: what was read and written, then Spark's or Storm's own figures by their names. */
import { formatDuration } from '../core/time.js';
import type { ComponentStats, JobResult } from '../executors/executor.js';
import type { ComponentMetric } from '../executors/metrics.js';
import type { BatchInfo } from '../runtime/events.js';
import type { SinkUnits } from './sink-units.js';

/** A few lines, with an empty one in front. `goesOn`: counts are of all lives of the job, and the time is of this one. */
export function formatSummary(job: string, result: JobResult, units: SinkUnits, goesOn: boolean): string {
  const records = total(result.recordsRead);
  const seconds = result.duration / 1e6;
  // A rate of a few milliseconds says more about the start than about the job.
  const isTold = seconds >= 0.1 && records > 0;
  const rate = goesOn
    ? ', with those before the restart'
    : isTold
      ? ` (${count(Math.round(records / seconds))}/s)`
      : '';
  const lines = [
    '',
    `${job}, ${result.mode === 'record' ? 'record at a time' : 'micro-batch'}: ${result.outcome} after ${formatDuration(Math.max(1_000, Math.round(result.duration / 1e3) * 1e3))}`,
    `  read     ${entries(result.recordsRead, () => 'record')}${rate}`,
    `  written  ${entries(result.resultsWritten, (name) => units[name] ?? 'result')}`,
    ...notes(result),
    ...firstDeadLetter(result),
    '',
    ...(result.mode === 'record' ? [] : batchTable(result.batches, result.batchCount)),
    ...componentTable(result.components, result.mode),
    ...metricTable(result.metrics),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function notes(result: JobResult): readonly string[] {
  const facts = [
    [result.lateRecords, 'late record', ', see the side output late'],
    [result.skippedEmptyIntervals, 'empty interval', ' skipped'],
    [result.deadLetterCount, 'record', ' in the dead letters'],
    [result.taskRetries, 'task', ' tried again'],
    [result.replayed, 'tuple', ' replayed'],
    [result.failed, 'tuple tree', ' failed'],
    [result.components.reduce((sum, { errors }) => sum + errors, 0), 'error', ' reported by spouts and bolts'],
  ] as const;
  const noted = facts.filter(([value]) => value > 0).map(([value, what, rest]) => `${counted(value, what)}${rest}`);
  return [...noted, ...sourceNotes(result)].map((note) => `  note     ${note}`);
}

/** What sources counted beside their records. */
function sourceNotes({ sourceCounters }: JobResult): readonly string[] {
  return Object.entries(sourceCounters).flatMap(([source, { invalidUtf8Lines = 0 }]) =>
    invalidUtf8Lines === 0
      ? []
      : [`${counted(invalidUtf8Lines, 'line')} with invalid UTF-8 in source ${source}, replaced by U+FFFD`],
  );
}

/** One example says more than how many there are; the others stand in the JSON document. */
function firstDeadLetter({ deadLetters }: JobResult): readonly string[] {
  const first = deadLetters[0];
  if (first === undefined) return [];
  const { source, offset, error } = first;
  const operator = error.operator === undefined ? '' : ` in operator '${error.operator}'`;
  return [
    `           the first: ${source}, offset ${offset}${operator}: ${error.code} ${error.message.split('\n')[0]}`,
  ];
}

function batchTable(batches: readonly BatchInfo[], batchCount: number): readonly string[] {
  if (batches.length === 0) return ['  no batch completed'];
  const row = (name: string, values: readonly number[]): readonly string[] => [
    name,
    ms(quantile(values, 0.5)),
    ms(quantile(values, 0.99)),
    ms(Math.max(...values)),
  ];
  const kept = batchCount > batches.length ? `, of the latest ${count(batches.length)}` : '';
  return [
    `  ${count(batchCount)} ${batchCount === 1 ? 'batch' : 'batches'}${kept}; ${counted(
      quantile(
        batches.map((batch) => batch.numRecords),
        0.5,
      ),
      'record',
    )} in the median one`,
    ...table([
      ['', 'median ms', 'p99 ms', 'max ms'],
      row(
        'scheduling delay',
        batches.map((batch) => batch.schedulingDelay),
      ),
      row(
        'processing delay',
        batches.map((batch) => batch.processingDelay),
      ),
      row(
        'total delay',
        batches.map((batch) => batch.totalDelay),
      ),
    ]),
  ];
}

function componentTable(components: readonly ComponentStats[], mode: JobResult['mode']): readonly string[] {
  if (components.length === 0) return [];
  const rows = table([
    [
      'component',
      'tasks',
      'emitted',
      'transferred',
      'executed',
      'acked',
      'failed',
      'complete ms',
      'execute ms',
      'process ms',
      'capacity',
    ],
    ...components.map((stats) => [
      stats.component,
      String(stats.tasks),
      count(stats.emitted),
      count(stats.transferred),
      count(stats.executed),
      count(stats.acked),
      count(stats.failed),
      ms(stats.completeLatency),
      ms(stats.executeLatency),
      ms(stats.processLatency),
      stats.capacity.toFixed(3),
    ]),
  ]);
  return mode === 'record' ? rows : ['', ...rows];
}

/** What components counted about themselves; a cell that a kind of metric does not have is `-`. */
function metricTable(metrics: readonly ComponentMetric[]): readonly string[] {
  if (metrics.length === 0) return [];
  const figure = (value: number | undefined): string =>
    value === undefined ? '-' : value.toLocaleString('en-US', { maximumFractionDigits: 3 });
  return [
    '',
    ...table([
      ['metric', 'kind', 'count', 'value', 'mean', 'p50', 'p99', 'max', 'per s'],
      ...metrics.map((metric) => {
        const { component, task, name, kind } = metric;
        const values =
          'p50' in metric ? [metric.mean, metric.p50, metric.p99, metric.max] : new Array(4).fill(undefined);
        return [
          `${component}[${task}] ${name}`,
          kind === 'timer' ? 'timer, us' : kind,
          figure('count' in metric ? metric.count : undefined),
          figure('value' in metric ? metric.value : undefined),
          ...values.map(figure),
          figure('meanRate' in metric ? metric.meanRate : undefined),
        ];
      }),
    ]),
  ];
}

/** Columns as wide as their widest cell, the first one to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')}`,
  );
}

/** `lines 1 record, more 2 records`. */
function entries(counts: Readonly<Record<string, number>>, unitOf: (name: string) => string): string {
  const each = Object.entries(counts).map(([name, value]) => `${name} ${counted(value, unitOf(name))}`);
  return each.join(', ') || 'none';
}

function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0);
}

/** The value below which a share of the sorted values lies. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** `-` for a figure that the component does not have, such as the complete latency of a bolt. */
function ms(micros: number): string {
  if (!Number.isFinite(micros) || micros === 0) return '-';
  const value = micros / 1e3;
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 3);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
