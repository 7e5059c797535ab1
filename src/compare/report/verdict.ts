/** The first words of the report: are the answers the same, and may the figures be quoted. */
import type { CompareResult, Difference, Verdict } from '../result.js';
import { INTERRUPTED } from '../validity.js';
import { counted, formatCount, formatMs, wrap } from './format.js';
import { BESIDE, block, type Paint } from './paint.js';
import { guaranteeLines } from './recovery.js';

type Messages = NonNullable<Verdict['messages']>;

/** The verdict as lines. */
export function verdictLines(result: CompareResult, paint: Paint): readonly string[] {
  const lines = result.fault === undefined ? answerLines(result, paint) : guaranteeLines(result, paint);
  return [...lines, ...validityLines(result, paint)];
}

function answerLines({ verdict, input }: CompareResult, paint: Paint): readonly string[] {
  const { keys, windows, results } = verdict.compared;
  if (verdict.same === null) {
    return block(paint, 'warning', 'NO VERDICT', wrapped(`Nothing was compared: ${verdict.oracleReason}.`));
  }
  const checked = [
    ...(keys > 0 ? [counted(keys, 'key')] : []),
    ...(windows > 0 ? [counted(windows, 'window')] : []),
    `${counted(results, 'result')} of ${counted(input.records, 'record')}`,
  ].join(', ');
  if (!verdict.same || verdict.oracle === 'fail') return differenceLines(verdict, checked, paint);
  const broken = ledgerViolations(verdict);
  if (broken.length > 0)
    return block(
      paint,
      'bad',
      'BROKEN',
      broken.flatMap((what) => wrapped(`${what}.`)),
    );
  const judged =
    verdict.oracle === 'pass'
      ? 'Both modes gave the same answer, and so did the oracle, a separate sequential evaluation.'
      : `Both modes gave the same answer. No oracle: ${verdict.oracleReason}.`;
  const guarantee =
    verdict.messages !== undefined
      ? ledgerLines(verdict, verdict.messages)
      : verdict.guarantee === 'held'
        ? [`Guarantee ${verdict.declaredGuarantee} held: nothing lost, nothing duplicated.`]
        : [];
  if (verdict.parts.every((part) => part.results === 0)) {
    const empty = `Neither mode gave a result for ${counted(input.records, 'record')}, so nothing could differ.`;
    return block(paint, 'warning', 'NOTHING TO COMPARE', wrapped(empty));
  }
  return block(paint, 'good', 'SAME', [
    ...wrapped(judged),
    ...wrapped(`Checked: ${checked}.`),
    ...guarantee,
    ...noteLines(verdict),
  ]);
}

/** Of each part that is not compared as it is: the rule, the operator, and why. */
function noteLines({ parts }: Verdict): readonly string[] {
  return parts.flatMap(({ name, rule, note }) => (note === null ? [] : wrapped(`${name}: ${rule}; ${note}.`)));
}

/** What the ledger of messages says where the modes agree. */
function ledgerLines({ guarantee, declaredGuarantee }: Verdict, messages: Messages): readonly string[] {
  const again = Object.entries(messages).flatMap(([mode, { failed, givenUp }]) =>
    failed === 0 ? [] : [`${mode}: ${counted(failed, 'emission')} failed, ${givenUp} given up by the spout`],
  );
  const answered = Object.values(messages).map(({ acked, failed }) => formatCount(acked + failed));
  const held = `Guarantee ${declaredGuarantee} held: each emission of a message was acked or failed once, ${answered[0]} as micro-batches and ${answered[1]} record at a time.`;
  return [...(guarantee === 'held' ? wrapped(held) : []), ...again.flatMap((text) => wrapped(`${text}.`))];
}

function ledgerViolations({ messages }: Verdict): readonly string[] {
  return Object.entries(messages ?? {}).flatMap(([mode, { violations }]) => {
    const [first] = violations;
    if (first === undefined) return [];
    return [`${mode}: ${first}${violations.length > 1 ? `, and ${violations.length - 1} more such` : ''}`];
  });
}

function differenceLines(verdict: CompareResult['verdict'], checked: string, paint: Paint): readonly string[] {
  const places = verdict.parts.reduce((sum, part) => sum + part.differences, 0);
  const parts = verdict.parts
    .filter((part) => part.differences > 0)
    .map((part) => `${part.name} (${formatCount(part.differences)})`);
  const what =
    verdict.same === false
      ? 'The modes gave different answers'
      : 'Both modes gave the same answer, but the oracle another one';
  return block(paint, 'bad', 'DIFFERENT', [
    ...wrapped(`${what}: ${counted(places, 'place')} in ${parts.join(', ')}.`),
    ...wrapped(`Checked: ${checked}.`),
    ...(verdict.firstDifference === null ? [] : firstLines(verdict.firstDifference)),
    ...assumedLines(verdict),
    ...noteLines(verdict),
  ]);
}

/** What may explain a difference: functions that count as free of an order that nobody promises. */
function assumedLines({ parts }: Verdict): readonly string[] {
  const names = new Set(parts.flatMap(({ differences, assumed }) => (differences > 0 ? (assumed ?? []) : [])));
  if (names.size === 0) return [];
  return wrapped(
    `No order is promised of what these get: ${[...names].join(', ')}. If the function of one depends on it, give that operator orderSensitive: true.`,
  );
}

function firstLines(first: Difference): readonly string[] {
  const key = first.key === null ? '' : `, key ${first.key}`;
  const seconds = (micros: number): string => (micros === 0 ? '0 s' : formatMs(micros / 1_000));
  const time =
    first.windowEnd !== null
      ? `, window that ends ${seconds(first.windowEnd)} after the start`
      : first.timestamp === null
        ? ''
        : `, ${seconds(first.timestamp)} after the start`;
  const against = (said: string): string =>
    first.oracle === 'not available' || said === first.oracle ? '' : '   <- not what the oracle says';
  return [
    `The first one: ${first.part}${key}${time}`,
    `  micro-batch  ${first.microBatch}${against(first.microBatch)}`,
    `  record       ${first.record}${against(first.record)}`,
    `  oracle       ${first.oracle}`,
  ];
}

function validityLines({ valid, reasons, interrupted }: CompareResult, paint: Paint): readonly string[] {
  const stopped = interrupted
    ? block(
        paint,
        'warning',
        'STOPPED',
        wrapped('Interrupted: what follows was measured until then, and must not be quoted.'),
      )
    : [];
  const others = reasons.filter((reason) => reason !== INTERRUPTED);
  if (valid || others.length === 0) return stopped;
  const lines = others.flatMap((reason) => wrap(`- ${reason}.`, BESIDE, '  '));
  return [...stopped, ...block(paint, 'bad', 'INVALID', ['The figures below must not be quoted:', ...lines])];
}

function wrapped(text: string): readonly string[] {
  return wrap(text.trim(), BESIDE, '');
}
