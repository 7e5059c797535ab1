/** Jobs of bolts and operators at random: as micro-batches they give what they give record at a time. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runIntervals } from '../../../src/testing/index.js';
import { isLong, isWide } from '../../breadth.js';
import { jobOf, type Recipe, recipe, silenceOf } from './random-jobs.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 5_000 : isWide ? 50 : 35;

async function answer(given: Recipe, mode: 'micro-batch' | 'record') {
  const { steps, input, parallelism } = given;
  const run = await runIntervals(jobOf(given), {
    mode,
    inputs: { in: input },
    parallelism,
    intervals: input.length + silenceOf(steps),
  });
  const sorted = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();
  const outputs = Object.entries(run.outputs).map(([sink, intervals]) => [
    sink,
    sink.startsWith('timed') ? intervals.map(sorted) : sorted(intervals.flat()),
  ]);
  const states = Object.entries(run.state).map(([uid, entries]) => [uid, sorted(entries)]);
  return { outputs: Object.fromEntries(outputs), states: Object.fromEntries(states) };
}

it('give the same in both modes, whatever bolts, streams, groupings, ticks and operators they have', async () => {
  await fc.assert(
    fc.asyncProperty(recipe, async (given) => {
      expect(await answer(given, 'micro-batch')).toEqual(await answer(given, 'record'));
    }),
    { numRuns, seed },
  );
});
