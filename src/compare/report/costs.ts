/** What each mode can do at most, what acking cost, and what the paced runs used. */
import type { CompareResult, ModeMeasures } from '../result.js';
import { formatCount, formatMs, formatPercent, formatRate, formatRatio } from './format.js';
import type { Paint } from './paint.js';

const LABEL = 22;

/** Highest rates; none when they were not measured, and why not when they are withheld. */
export function throughputLines({ modes, ratios }: CompareResult, paint: Paint): readonly string[] {
  const { 'micro-batch': microBatch, record } = modes;
  const { withheld } = microBatch.throughput;
  if (withheld !== null) return [paint('heading', 'HIGHEST RATE, and the cost of acking'), `  n/a: ${withheld}`];
  const rounds = microBatch.throughput.estimate?.rounds;
  if (rounds === undefined) return [];
  const { costRatio } = record.acking;
  const row = (label: string, measures: ModeMeasures, more: string): string =>
    `${`  ${label}`.padEnd(LABEL)}${`${formatRate(measures.throughput.recordsPerSecond)} records/s`.padStart(20)}   ${cpu(measures)}${more}`;
  const estimate = ratios.throughput;
  const interval =
    estimate === null ? '' : `  (95 % interval ${formatRatio(estimate.low)} to ${formatRatio(estimate.high)})`;
  return [
    paint('heading', `HIGHEST RATE: all input at once, nothing captured; median of ${rounds} interleaved rounds`),
    row('micro-batch', microBatch, ''),
    row('record', record, costRatio === null ? '; without acking' : '; with acking'),
    `${'  micro-batch / record'.padEnd(LABEL)}${formatRatio(estimate?.median ?? null).padStart(20)}${interval}`,
    `${''.padEnd(LABEL)}median of the rounds' own ratios, not the quotient of the rates above`,
    ...(costRatio === null ? [] : [ackingLine(costRatio)]),
  ];
}

/** What the paced runs used. */
export function resourceLines({ modes }: CompareResult, paint: Paint): readonly string[] {
  const columns = ['cpu', 'peak heap', 'GC pauses', 'loop delay p99', 'results'];
  const row = (label: string, cells: readonly string[]): string =>
    `  ${label}`.padEnd(LABEL) + cells.map((cell) => cell.padStart(15)).join('');
  const cells = ({ resources, results }: ModeMeasures): readonly string[] => [
    formatMs(resources.cpuUserMs + resources.cpuSystemMs),
    `${Math.round(resources.heapMbMax)} MB`,
    formatMs(resources.gcPauseMs),
    formatMs(resources.eventLoopDelayMsP99),
    formatCount(results),
  ];
  const used = Object.entries(modes).filter(([, { resources }]) => resources.cpuUserMs > 0);
  if (used.length === 0) return [];
  return [
    paint('heading', 'USED in the paced run, by the whole process with the load driver and the captured results'),
    row('', columns),
    ...used.map(([mode, measures]) => row(mode, cells(measures))),
  ];
}

function cpu({ throughput }: ModeMeasures): string {
  const { cpuSecondsPerMillion } = throughput;
  return cpuSecondsPerMillion === null ? '' : `${formatMs(cpuSecondsPerMillion * 1_000)} of cpu per million`;
}

function ackingLine(costRatio: number): string {
  const label = '  acking'.padEnd(LABEL);
  const lost = 1 - costRatio;
  if (lost < 0.01)
    return `${label}costs no rate that these rounds could tell (rate with / without: ${formatRatio(costRatio)})`;
  return `${label}costs ${formatPercent(lost)} of record mode's rate (rate with / without: ${formatRatio(costRatio)})`;
}
