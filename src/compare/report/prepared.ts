/** What it costs each model to be prepared for a crash while nothing happens. */
import type { CompareResult, LatencySummary, PreparedMeasures } from '../result.js';
import { formatMs, formatPercent, formatRate, formatRatio, wrap } from './format.js';
import { BESIDE, type Paint } from './paint.js';

const LABEL = 14;
const COLUMN = 11;
const MODES = ['micro-batch', 'record'] as const;
const INDENT = ' '.repeat(15);

/** The table, and a sentence for each mode; none where nothing of it was measured. */
export function preparedLines({ modes }: CompareResult, paint: Paint): readonly string[] {
  const told = MODES.flatMap((mode) => {
    const { prepared } = modes[mode];
    return prepared === null ? [] : [{ mode, prepared }];
  });
  if (told.length === 0) return [];
  const columns = columnsOf(told.map(({ prepared }) => prepared));
  const row = (label: string, cells: readonly string[]): string =>
    (`  ${label}`.padEnd(LABEL) + cells.map((cell) => cell.padStart(COLUMN)).join('')).trimEnd();
  const rows = columns.length === 0 ? [] : told.filter(({ prepared }) => prepared.withheld === null);
  return [
    paint('heading', 'BEING PREPARED FOR A CRASH: what it costs while nothing happens'),
    ...(rows.length === 0
      ? []
      : [
          row(
            '',
            columns.flatMap(({ title }) => ['', title]),
          ),
          row(
            '',
            columns.flatMap(() => ['off', 'on']),
          ),
          ...rows.map(({ mode, prepared }) =>
            row(
              mode,
              columns.flatMap(({ cells }) => cells(prepared)),
            ),
          ),
        ]),
    ...told.flatMap(({ mode, prepared }) =>
      wrap(`${`${mode}:`.padEnd(13)}${sentence(prepared)}`, BESIDE, INDENT).map((line, i) =>
        i === 0 ? `  ${line}` : line,
      ),
    ),
  ];
}

/** Off and on of one thing. */
interface Column {
  readonly title: string;
  readonly cells: (prepared: PreparedMeasures) => readonly string[];
}

/** What was measured: rates, and latency of records, or of windows where no record has results of its own. */
function columnsOf(all: readonly PreparedMeasures[]): readonly Column[] {
  const hasRates = all.some(({ recordsPerSecond }) => recordsPerSecond !== null);
  const kind = (['latencyMs', 'windowLatencyMs'] as const).find((each) =>
    all.some((of) => (of[each]?.on.count ?? 0) > 0),
  );
  const rates: Column = {
    title: 'records/s',
    cells: ({ recordsPerSecond: rate }) => [rate?.off, rate?.on].map((each) => formatRate(each ?? null)),
  };
  const latency = (percentile: 'p50' | 'p99'): readonly Column[] =>
    kind === undefined
      ? []
      : [
          {
            title: `${kind === 'latencyMs' ? 'latency' : 'window'} ${percentile}`,
            cells: (of) => [of[kind]?.off, of[kind]?.on].map((summary) => figure(summary, percentile)),
          },
        ];
  return [...(hasRates ? [rates] : []), ...latency('p50'), ...latency('p99')];
}

function figure(summary: LatencySummary | undefined, percentile: 'p50' | 'p99'): string {
  const isAtMost = summary?.atMost.includes(percentile) === true && summary[percentile] !== null;
  return (isAtMost ? '<=' : '') + formatMs(summary?.[percentile] ?? null);
}

function sentence({ on, costRatio, costEstimate, withheld }: PreparedMeasures): string {
  if (withheld !== null) return `cannot be prepared: ${withheld}.`;
  if (costRatio === null) return `on is ${on}.`;
  const lost = 1 - costRatio;
  const cost = lost < 0.01 ? 'cost no rate that these rounds could tell' : `cost ${formatPercent(lost)} of the rate`;
  const { low, high } = costEstimate!;
  return `${on} ${cost} (on / off: ${formatRatio(costRatio)}, ${formatRatio(low)} to ${formatRatio(high)}).`;
}
