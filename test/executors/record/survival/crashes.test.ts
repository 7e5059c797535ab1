/** The driver dies between any two durable steps of a barrier: random jobs say what they would have said undisturbed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../../../../src/core/prng.js';
import { isLong, isWide } from '../../../breadth.js';
import { build } from '../../random/build.js';
import { askOracle, differences, promisedCounts, runIn, type Witness } from '../../random/judge.js';
import { recipes, singles } from '../../random/recipe.js';
import { missingOrStrange } from './comparison.js';
import { type Lives, type LivesParts, live } from './lives.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 2_000 : isWide ? 20 : 12;

const asWitness = ({ job, sinks }: Lives): Witness => ({ job, sinks }) as unknown as Witness;

describe(`exactly-once, seed ${seed}`, () => {
  it('a driver that dies before or after any step of a barrier: the output of an undisturbed run', async () => {
    let [crashes, restored] = [0, 0];
    await fc.assert(
      fc.asyncProperty(recipes, fc.nat(1_000_000), async (recipe, chance) => {
        const random = prng(chance);
        const oneOf = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
        const built = build(recipe);
        const parallelism = oneOf(1, 2, 3);
        const parts: LivesParts = {
          topology: built.topology,
          trace: built.trace,
          settings: { guarantee: 'exactly-once' },
          parallelism,
          chaining: oneOf(true, false),
          options: {
            turnRecordsMax: oneOf(1, 2, 7, 1_000),
            ringCapacity: oneOf(2, 1_024),
            maxSpoutPending: oneOf(2, 4_096),
          },
          atOnce: oneOf(true, false),
          interval: oneOf(1, 500, 2_500),
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
        };
        const undisturbed = await live(parts);
        const plain = await runIn(built, { mode: 'micro-batch', parallelism, atOnce: true, heartbeatEach: 1 });
        const oracle = await askOracle(built);
        expect(undisturbed.job.error).toBeUndefined();
        expect(differences(built, plain, asWitness(undisturbed), oracle)).toEqual([]);
        const steps = undisturbed.steps[0]!.length;
        const at = Array.from({ length: 1 + random.below(3) }, () => 1 + random.below(steps));
        const disturbed = await live({ ...parts, crashes: at });
        crashes += disturbed.steps.length - 1;
        restored += disturbed.snapshots.saved.length;
        expect([disturbed.job.outcome, disturbed.job.error]).toEqual(['finished', undefined]);
        expect(differences(built, plain, asWitness(disturbed), oracle), `crashes after ${at.join(', ')}`).toEqual([]);
        expect(disturbed.job.lateRecords).toBe(undisturbed.job.lateRecords);
        expect(disturbed.job.recordsRead).toEqual(undisturbed.job.recordsRead);
        expect(promisedCounts(built, disturbed.job)).toEqual(promisedCounts(built, undisturbed.job));
      }),
      { seed, numRuns },
    );
    console.log(`exactly-once: ${crashes} crashes, ${restored} snapshots`);
    expect(crashes).toBeGreaterThan(numRuns / 2);
  });
});

describe(`at-least-once, seed ${seed}`, () => {
  it('a driver that dies before or after any step of a barrier: nothing is missing, results since the last snapshot are repeated', async () => {
    let crashes = 0;
    // One partition, a record at a time: what a job says does not depend on how its input is cut.
    await fc.assert(
      fc.asyncProperty(singles, fc.nat(1_000_000), async (recipe, chance) => {
        const random = prng(chance);
        const built = build(recipe);
        const parts: LivesParts = {
          topology: built.topology,
          trace: built.trace,
          settings: { guarantee: 'at-least-once' },
          parallelism: 1 + random.below(3),
          chaining: random.below(2) === 0,
          options: { turnRecordsMax: 1 },
          interval: [1, 500, 2_500][random.below(3)]!,
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
        };
        const undisturbed = await live(parts);
        const steps = undisturbed.steps[0]!.length;
        const at = Array.from({ length: 1 + random.below(3) }, () => 1 + random.below(steps));
        const disturbed = await live({ ...parts, crashes: at });
        crashes += disturbed.steps.length - 1;
        expect(disturbed.job.error).toBeUndefined();
        expect(missingOrStrange(built, undisturbed, disturbed), `crashes after ${at.join(', ')}`).toEqual([]);
        expect(disturbed.job.lateRecords).toBe(undisturbed.job.lateRecords);
      }),
      { seed, numRuns },
    );
    expect(crashes).toBeGreaterThan(numRuns / 4);
  });
});
