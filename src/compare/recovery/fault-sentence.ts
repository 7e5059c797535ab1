/** What a fault did to the answer, in a sentence for people. */
import { counted, formatCount } from '../report/format.js';
import type { FaultVerdict } from './judge-fault-run.js';
import type { RecordCount } from './tally.js';

/** The sentence: the guarantee first, then what was found, then why it is so judged. `unjudged`: why it could not be. */
export function faultSentence(found: Omit<FaultVerdict, 'sentence'>, unjudged?: string): string {
  const { guarantee, verdict, lost, duplicated, results } = found;
  if (unjudged !== undefined) return `${guarantee} could not be checked: ${unjudged}.`;
  const facts = [
    lost.count > 0 ? `${records(lost)} lost` : 'nothing lost',
    duplicated.count > 0 ? `${records(duplicated)} counted again` : 'nothing duplicated',
    ...(results.missing > 0 ? [`${counted(results.missing, 'result')} missing`] : []),
    ...(results.repeated > 0 ? [`${counted(results.repeated, 'result')} delivered again`] : []),
    ...(results.unexpected > 0 ? [`${counted(results.unexpected, 'result')} that no record explains`] : []),
    ...(results.unclear > 0 ? [`${counted(results.unclear, 'result')} different where nothing can be counted`] : []),
  ];
  const word = verdict === 'not checked' ? 'could not be checked' : verdict === 'held' ? 'held' : 'is broken';
  const why = reason(found);
  return `${guarantee} ${word}: ${joined(facts)}${why === undefined ? '' : `; ${why}`}.`;
}

/** Example places for people: `lines 17, lines/1 4 and 9 more`. */
export function places({ examples, count }: RecordCount, max = 3): string {
  const shown = examples
    .slice(0, max)
    .map(({ source, partition, offset }) => `${source}${partition === 0 ? '' : `/${partition}`} ${offset}`);
  return `${shown.join(', ')}${count > shown.length ? ` and ${formatCount(count - shown.length)} more` : ''}`;
}

function reason({
  guarantee,
  verdict,
  lost,
  duplicated,
  results,
  replayed,
  reexecuted,
}: Omit<FaultVerdict, 'sentence'>) {
  const again = replayed + reexecuted;
  const isMore = duplicated.count + results.repeated + results.changed > 0;
  if (verdict === 'not checked') return 'only totals that a function of the job had changed again differ';
  if (results.unexpected > 0) return 'that breaks every guarantee';
  if (guarantee === 'at-least-once' && isMore) {
    if (verdict === 'held')
      return `all of it among the ${counted(again, 'record')} that ${again === 1 ? 'was' : 'were'} done again`;
    if (lost.count === 0 && results.missing === 0)
      return again === 0
        ? 'but the engine reports nothing that was done again'
        : `but only ${formatCount(again)} were done again`;
  }
  if (guarantee === 'at-most-once' && verdict === 'held' && lost.count > 0)
    return 'this guarantee allows it, since what was under way at the fault is not done again';
  return undefined;
}

function records(count: RecordCount): string {
  return `${count.isExact ? '' : 'at least '}${counted(count.count, 'record')}`;
}

function joined(parts: readonly string[]): string {
  return parts.length < 3 ? parts.join(' and ') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
