/** Tasks on workers: the same answer as in one thread, also when workers are lost, and when the driver is too. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/runtime/events.js';
import { withSettings } from '../../../src/topology/builder.js';
import { isLong, isWide } from '../../breadth.js';
import { type Built, build } from '../random/build.js';
import { askOracle, differences, runIn } from '../random/judge.js';
import { recipes } from '../random/recipe.js';
import { FakeWorkers } from './fake-workers.js';
import { live } from './incarnations.js';
import { witness } from './witness.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 5_000 : isWide ? 60 : 40;

const lives = fc.record({
  recipe: recipes,
  workers: fc.constantFrom(1, 2, 3),
  losses: fc.array(fc.record({ worker: fc.nat(2), after: fc.nat(60) }), { maxLength: 5 }),
  crashes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({ kind: fc.constant('events' as const), count: fc.integer({ min: 1, max: 400 }) }),
        { minLength: 1, maxLength: 2 },
      ),
    },
  ),
  isDurable: fc.boolean(),
  /** Of a message (us): with the longer ones batches overlap. */
  delay: fc.constantFrom(20, 3_000, 12_000),
  /** A worker that is much slower than the others. */
  slow: fc.constantFrom(undefined, undefined, 0, 1),
  parallelism: fc.constantFrom(1, 2, 3),
  concurrentJobs: fc.constantFrom(1, 1, 2, 3),
  chaining: fc.boolean(),
  snapshotEach: fc.constantFrom(1, 2, 3, 7, 1_000),
  options: fc.record({
    trigger: fc.constantFrom('interval' as const, 'available' as const),
    blockRecordsMax: fc.constantFrom(1, 3, 10_000),
    batchRecordsMax: fc.constantFrom(1, 2, 5, 10_000),
  }),
});

describe('workers', () => {
  it('lost at any moment: the output of an undisturbed job', async () => {
    let lost = 0;
    let overlapping = 0;
    let twins = 0;
    const events: JobEvent[] = [];
    await fc.assert(
      fc.asyncProperty(
        lives,
        async ({ recipe, workers, losses, crashes, isDurable, delay, slow, concurrentJobs, ...options }) => {
          const built = exactlyOnce(build(recipe));
          const pools: FakeWorkers[] = [];
          const life = await live({
            ...built,
            ...options,
            options: { ...options.options, concurrentJobs, speculation: workers > 1, speculationInterval: 20_000 },
            crashes: isDurable ? crashes : [],
            isDurable,
            services: (world, plan) => {
              const pool = new FakeWorkers(world, plan, built.topology.functions, workers, losses, (worker) =>
                worker === slow ? 400_000 : delay,
              );
              pools.push(pool);
              return { workers: pool };
            },
          });
          for (const pool of pools) {
            lost += pool.losses;
            if (pool.batchesOpenMax > 1) overlapping++;
          }
          twins += life.events.filter(({ kind }) => kind === 'taskSpeculated').length;
          events.push(...life.events.filter(({ kind }) => kind === 'taskRecomputed'));
          expect([life.job.error, life.job.outcome]).toEqual([undefined, 'finished']);
          const { parallelism } = options;
          const undisturbed = await runIn(built, { mode: 'micro-batch', atOnce: false, heartbeatEach: 1, parallelism });
          expect(differences(built, witness(life), undisturbed, await askOracle(built))).toEqual([]);
          expect(life.job.lateRecords).toBe(undisturbed.job.lateRecords);
          expect(life.job.recordsRead).toEqual(undisturbed.job.recordsRead);
        },
      ),
      { seed, numRuns, verbose: 0 },
    );
    expect(lost).toBeGreaterThan(30);
    expect(overlapping).toBeGreaterThan(10);
    expect(twins).toBeGreaterThan(10);
    expect(events.length).toBeGreaterThan(10);
  });
});

function exactlyOnce(built: Built): Built {
  return { ...built, topology: withSettings(built.topology, { guarantee: 'exactly-once' }) };
}
