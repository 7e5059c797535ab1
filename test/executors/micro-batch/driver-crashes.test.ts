/** The driver is gone at any moment, and the next one goes on: what is seen is what the job's guarantee says. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withSettings } from '../../../src/topology/builder.js';
import { isLong, isWide } from '../../breadth.js';
import { type Built, build } from '../random/build.js';
import { askOracle, differences, promisedCounts, runIn } from '../random/judge.js';
import { recipes } from '../random/recipe.js';
import { type Crash, live } from './incarnations.js';
import { witness } from './witness.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));

const crash: fc.Arbitrary<Crash> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('events' as const), count: fc.integer({ min: 1, max: 200 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), after: fc.nat(20_000) }) },
);

const lives = fc.record({
  recipe: recipes,
  crashes: fc.array(crash, { minLength: 1, maxLength: 4 }),
  parallelism: fc.constantFrom(1, 2, 3),
  chaining: fc.boolean(),
  snapshotEach: fc.constantFrom(1, 2, 3, 7, 1_000),
  downTime: fc.constantFrom(0, 700, 5_000),
  options: fc.record({
    trigger: fc.constantFrom('interval' as const, 'available' as const),
    blockRecordsMax: fc.constantFrom(1, 3, 10_000),
    batchRecordsMax: fc.constantFrom(1, 2, 5, 10_000),
    receivedRecordsMax: fc.constantFrom(4, 1_000_000),
  }),
});

describe('exactly-once', () => {
  it('a driver that crashes anywhere, again and again: the output of an undisturbed job', async () => {
    let crashed = 0;
    let restored = 0;
    await fc.assert(
      fc.asyncProperty(lives, async ({ recipe, ...options }) => {
        const built = exactlyOnce(build(recipe));
        const life = await live({ ...built, ...options });
        crashed += life.crashed;
        restored += life.events.filter(({ kind }) => kind === 'jobRestored').length;
        expect([life.job.error, life.job.outcome]).toEqual([undefined, 'finished']);
        const undisturbed = await runIn(built, {
          mode: 'micro-batch',
          atOnce: false,
          heartbeatEach: 1,
          parallelism: options.parallelism,
        });
        expect(differences(built, witness(life), undisturbed, await askOracle(built))).toEqual([]);
        expect(life.job.lateRecords).toBe(undisturbed.job.lateRecords);
        expect(promisedCounts(built, life.job)).toEqual(promisedCounts(built, undisturbed.job));
        expect(life.job.recordsRead).toEqual(undisturbed.job.recordsRead);
      }),
      { seed, numRuns: isLong ? 5_000 : isWide ? 75 : 50, verbose: 0 },
    );
    expect(crashed).toBeGreaterThan(50);
    expect(restored).toBeGreaterThan(50);
  });
});

function exactlyOnce(built: Built): Built {
  return { ...built, topology: withSettings(built.topology, { guarantee: 'exactly-once' }) };
}
