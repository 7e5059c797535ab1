/** Explains what names the results of sinks that ask for ids, mode by mode; nothing where no sink does. */
import { wrap } from './columns.js';
import type { Plan } from './plan.js';
import { type Naming, resultIds } from './result-ids.js';

/** The lines, with an empty one before them, up to `width` wide. */
export function idLines(plan: Plan, width: number): readonly string[] {
  const { sinks, inBatches } = resultIds(plan);
  return [...sinks].flatMap(([name, namings]) => [
    '',
    `ids of sink ${name}: a result that is given again has the one that it had`,
    ...line('record at a time', namings.map(shown).join('; '), width),
    ...line('micro-batches', inBatches.has(name) ? 'batch, task and number' : DEALT_OUT, width),
  ]);
}

const DEALT_OUT = 'none: on the way records go to tasks in turn, and a batch that is done again deals them out anew';

function line(mode: string, what: string, width: number): readonly string[] {
  return wrap(`  ${mode.padEnd(16)}  ${what}`, width, 20);
}

function shown(naming: Naming): string {
  switch (naming.kind) {
    case 'record':
      return `place in ${naming.of}, and number among what came of it`;
    case 'window':
      return `operator ${naming.uid}, key and window`;
    case 'none':
      return `none behind ${naming.uid}: its results follow from more than one record, or nobody knows from how many`;
  }
}
