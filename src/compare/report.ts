/** The first screen of a comparison as text: the verdict in words, then what each mode paid, then why. */
import { resourceLines, throughputLines } from './report/costs.js';
import { counted, formatCount, formatMs, wrap } from './report/format.js';
import { latencyLines } from './report/latency.js';
import { BESIDE, block, type Paint, plain } from './report/paint.js';
import { preparedLines } from './report/prepared.js';
import { recoveryLines } from './report/recovery.js';
import { verdictLines } from './report/verdict.js';
import { whatNext, whyLatencyDiffers } from './report/why.js';
import type { CompareResult } from './result.js';

/** Writes the screen. `paint` colours it; every line is complete without. */
export function report(result: CompareResult, paint: Paint = plain): string {
  const { modes } = result;
  const why = whyLatencyDiffers(result);
  const next = whatNext(result);
  const sections = [
    headLines(result, paint),
    verdictLines(result, paint),
    result.fault === undefined ? [] : recoveryLines(result, paint),
    latencyLines(
      {
        title: 'LATENCY OF A RECORD: from when it was due to the hand-over of its result',
        microBatch: modes['micro-batch'].latencyMs,
        record: modes.record.latencyMs,
      },
      paint,
    ),
    latencyLines(
      {
        title: 'LATENCY OF A WINDOW: from its end to the hand-over of each of its results',
        microBatch: modes['micro-batch'].windowLatencyMs,
        record: modes.record.windowLatencyMs,
      },
      paint,
    ),
    missingLines(result, paint),
    throughputLines(result, paint),
    preparedLines(result, paint),
    result.fault === undefined ? recoveryLines(result, paint) : [],
    resourceLines(result, paint),
    [
      ...(why === undefined ? [] : block(paint, 'heading', 'WHY', wrap(why, BESIDE, ''))),
      ...block(paint, 'heading', 'NEXT', [next.command, paint('dim', next.why)]),
    ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines({ job, input, seed }: CompareResult, paint: Paint): readonly string[] {
  const { records, spanSeconds, rate, batchIntervalMs, parallelism, state } = input;
  const kept = state === 'memory' ? '' : `, state in ${state}`;
  const each = input.sources.length > 1 ? ' from each source' : '';
  const played = `${counted(records, 'record')} in ${formatMs(spanSeconds * 1_000)}, ${formatCount(rate)} a second${each}`;
  return [
    paint('heading', `raingauge: ${job}, as micro-batches and record at a time`),
    paint(
      'dim',
      `${played}; batch interval ${formatMs(batchIntervalMs)}, parallelism ${parallelism}, seed ${seed}${kept}`,
    ),
  ];
}

/** A figure that is not there is explained, not left out in silence. */
function missingLines({ modes, interrupted }: CompareResult, paint: Paint): readonly string[] {
  const count = (kind: 'latencyMs' | 'windowLatencyMs'): number =>
    modes['micro-batch'][kind].count + modes.record[kind].count;
  if (interrupted || count('latencyMs') + count('windowLatencyMs') > 0) return [];
  return [
    paint(
      'dim',
      'No latency: no result came while the input ran, or `timestamps` or a spout gave it times of its own.',
    ),
  ];
}

export type { Paint } from './report/paint.js';
