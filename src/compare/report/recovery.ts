/** What a crash did to the guarantee, what it cost each model, and why that differs. */
import { places } from '../recovery/fault-sentence.js';
import type { RecordCount } from '../recovery/tally.js';
import type { CompareResult, RecoveryMeasures } from '../result.js';
import { counted, formatCount, formatMs, formatRatio, wrap } from './format.js';
import { BESIDE, block, type Paint, type Style } from './paint.js';

const LABEL = 22;
const COLUMN = 14;

/** The first words of a comparison with a fault: did the guarantee hold in each mode? */
export function guaranteeLines(result: CompareResult, paint: Paint): readonly string[] {
  const { guarantee, declaredGuarantee } = result.verdict;
  const both = bothOf(result);
  if (both === undefined) {
    return block(paint, 'warning', 'NO VERDICT', wrap(`${declaredGuarantee} was not checked.`, BESIDE, ''));
  }
  const [style, heading] = HEADINGS[guarantee];
  const lines = MODES.flatMap((mode, i) =>
    wrap(`${`${mode}:`.padEnd(13)}${both[i]!.verdict.sentence}`, BESIDE, INDENT),
  );
  const named = MODES.flatMap((mode, i) => exampleLines(mode, both[i]!));
  return block(paint, style, heading, [...lines, ...named, ...noteLines(both)]);
}

/** Of each sink that is judged by less than its records: the rule and why, once where both modes say the same. */
function noteLines(both: Both): readonly string[] {
  const notes = both.flatMap(({ verdict }) =>
    verdict.parts.flatMap(({ name, rule, note }) => (note === null ? [] : [`${name}: ${rule}; ${note}.`])),
  );
  return [...new Set(notes)].flatMap((note) => wrap(note, BESIDE, ''));
}

/** The table; none without a fault, or when it was interrupted before. */
export function recoveryLines(result: CompareResult, paint: Paint): readonly string[] {
  const both = bothOf(result);
  if (both !== undefined) return tableLines(both, result.fault!, result.verdict.declaredGuarantee, paint);
  const { crash } = result;
  if (crash === undefined) return [];
  const crashed = MODES.map((mode) => crash.modes[mode]) as unknown as Both;
  const verdicts = crashed.flatMap(({ verdict }, i) =>
    wrap(`${`${MODES[i]}:`.padEnd(13)}${verdict.sentence}`, BESIDE, INDENT),
  );
  return [
    ...tableLines(crashed, `${crash.fault}, on 2 worker processes`, crash.declaredGuarantee, paint),
    ...verdicts.map((line) => `  ${line}`),
  ];
}

function tableLines(both: Both, fault: string, guarantee: string, paint: Paint): readonly string[] {
  const row = (label: string, cell: (of: RecoveryMeasures) => string, note: string): string => {
    const cells = both.map((each) => cell(each).padStart(COLUMN)).join('');
    return `${`  ${label}`.padEnd(LABEL)}${cells}   ${paint('dim', note)}`.trimEnd();
  };
  const heading = MODES.map((mode) => paint(mode, mode.padStart(COLUMN))).join('');
  const usual = MODES.map((mode, i) => `${mode} ${formatMs(both[i]!.baselineMs.max)}`).join(', ');
  return [
    paint('heading', `WHAT A CRASH COST EACH MODEL: ${fault}`),
    ' '.repeat(LABEL) + heading,
    row('detect', ({ detectMs }) => formatMs(detectMs), 'until the driver knew'),
    row('restore', ({ restoreMs }) => formatMs(restoreMs), 'until the worker was back with its state'),
    row('replay', ({ replayMs }) => formatMs(replayMs), 'until what was under way was done again'),
    row(
      'catch up',
      ({ catchUpMs, observedMs }) => orMore(catchUpMs, observedMs),
      'until results were no further behind',
    ),
    row('  ideal', ({ idealCatchUpMs }) => formatMs(idealCatchUpMs), 'at the highest rate from the restore on'),
    row(
      'as quick',
      ({ latencyRecoveryMs, observedMs }) => orMore(latencyRecoveryMs, observedMs),
      'until latency was as before',
    ),
    row('re-executed', ({ reexecuted }) => formatCount(reexecuted), 'records worked on again'),
    row('replayed', ({ replayed }) => formatCount(replayed), 'records that the source gave again'),
    row('lost', ({ verdict }) => counts(verdict.lost), 'records missing from a result'),
    row('duplicated', ({ verdict }) => counts(verdict.duplicated), 'records in a result once more'),
    row('results again', ({ verdict }) => formatCount(verdict.results.repeated), 'delivered once more'),
    row('latency max', ({ latencyMs }) => formatMs(latencyMs.max), 'of results until then'),
    paint('dim', `  Before the crash the highest latency was: ${usual}.`),
    ...block(paint, 'heading', 'WHY', wrap(whyRecoveryDiffers(guarantee, both), BESIDE, '')),
  ];
}

type Both = readonly [microBatch: RecoveryMeasures, record: RecoveryMeasures];

const MODES = ['micro-batch', 'record'] as const;
const INDENT = ' '.repeat(13);
const HEADINGS: Readonly<Record<CompareResult['verdict']['guarantee'], readonly [Style, string]>> = {
  held: ['good', 'HELD'],
  broken: ['bad', 'BROKEN'],
  'not checked': ['warning', 'NOT CHECKED'],
};

function bothOf({ modes, fault }: CompareResult): Both | undefined {
  const [microBatch, record] = [modes['micro-batch'].recovery, modes.record.recovery];
  return fault === undefined || microBatch === undefined || record === undefined ? undefined : [microBatch, record];
}

function whyRecoveryDiffers(guarantee: string, both: Both): string {
  const [microBatch, record] = both;
  const again = ({ reexecuted, replayed }: RecoveryMeasures): number => reexecuted + replayed;
  if (guarantee === 'at-most-once') {
    const [a, b] = both.map(({ verdict }) => counts(verdict.lost));
    return `At most once, nothing is done again: micro-batch lost what its batch at hand had on the worker (${a}), record mode what was under way and its state (${b}).`;
  }
  const work = `Micro-batch did the lost tasks' share of the batches since the last snapshot again (${counted(again(microBatch), 'record')}), and a result waits for its batch as ever; record mode read again what its sources still held (${counted(again(record), 'record')})`;
  if (microBatch.catchUpMs === null || record.catchUpMs === null || record.catchUpMs === 0) return `${work}.`;
  const [slow, quick] = [microBatch.catchUpMs, record.catchUpMs];
  const end =
    slow >= quick
      ? `record mode caught up ${formatRatio(slow / quick)} as fast`
      : `micro-batch caught up ${formatRatio(quick / slow)} as fast`;
  return `${work}: ${end}.`;
}

/** Which records, when they are known. */
function exampleLines(mode: string, { verdict: { lost, duplicated } }: RecoveryMeasures): readonly string[] {
  const line = (what: string, count: RecordCount): readonly string[] =>
    count.examples.length === 0 ? [] : wrap(`${mode} ${what}: ${places(count)}.`, BESIDE, INDENT);
  return [...line('lost', lost), ...line('duplicated', duplicated)];
}

/** What was not over before the end took longer than that. */
function orMore(ms: number | null, observedMs: number): string {
  return ms === null ? `>${formatMs(observedMs)}` : formatMs(ms);
}

function counts({ count, isExact }: RecordCount): string {
  return `${isExact ? '' : '>='}${formatCount(count)}`;
}
