/** Tasks on workers: the same answer as in one thread, also when workers are lost at any moment. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../../../../src/core/prng.js';
import type { FunctionTable } from '../../../../src/topology/graph.js';
import { isLong, isWide } from '../../../breadth.js';
import { build } from '../../random/build.js';
import { askOracle, differences, runIn, type Witness } from '../../random/judge.js';
import { recipes, singles } from '../../random/recipe.js';
import { missingOrStrange } from './comparison.js';
import { FakeWorkers } from './fake-workers.js';
import { type Lives, type LivesParts, live } from './lives.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 2_000 : isWide ? 20 : 12;

const asWitness = ({ job, sinks }: Lives): Witness => ({ job, sinks }) as unknown as Witness;

describe(`without faults, seed ${seed}`, () => {
  it('the answer of one thread, with and without checkpoints', async () => {
    await fc.assert(
      fc.asyncProperty(recipes, fc.nat(1_000_000), async (recipe, chance) => {
        const random = prng(chance);
        const built = build(recipe);
        const parallelism = 1 + random.below(3);
        const lives = await live({
          topology: built.topology,
          trace: built.trace,
          settings: { guarantee: random.below(2) === 0 ? 'exactly-once' : 'at-least-once' },
          parallelism,
          chaining: random.below(2) === 0,
          options: { turnRecordsMax: [1, 7, 1_000][random.below(3)]!, acking: random.below(4) > 0 },
          isDurable: random.below(2) === 0,
          atOnce: random.below(2) === 0,
          interval: 500,
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
          workers: (world, plan) =>
            new FakeWorkers({
              world,
              plan,
              functions: built.topology.functions,
              count: 1 + random.below(3),
              latency: random.below(2) * 300,
              absence: 1,
            }),
        });
        const plain = await runIn(built, { mode: 'micro-batch', parallelism, atOnce: true, heartbeatEach: 1 });
        expect([lives.job.outcome, lives.job.error]).toEqual(['finished', undefined]);
        expect(differences(built, plain, asWitness(lives), await askOracle(built))).toEqual([]);
        expect(lives.job.lateRecords).toBe(plain.job.lateRecords);
      }),
      { seed, numRuns },
    );
  });
});

describe(`lost workers, seed ${seed}`, () => {
  it('exactly-once: workers that are lost at any moment, one or several: the output of an undisturbed run', async () => {
    let losses = 0;
    await fc.assert(
      fc.asyncProperty(recipes, fc.nat(1_000_000), async (recipe, chance) => {
        const random = prng(chance);
        const built = build(recipe);
        const parallelism = 1 + random.below(3);
        let made: FakeWorkers | undefined;
        const lives = await live({
          topology: built.topology,
          trace: built.trace,
          settings: { guarantee: 'exactly-once' },
          parallelism,
          chaining: random.below(2) === 0,
          options: { turnRecordsMax: [1, 7][random.below(2)]! },
          interval: [500, 2_000][random.below(2)]!,
          crashes: random.below(3) === 0 ? [1 + random.below(20)] : [],
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
          workers: (world, plan) => {
            const count = 1 + random.below(3);
            const latency = [0, 100, 400][random.below(3)]!;
            const workers = new FakeWorkers({
              world,
              plan,
              functions: built.topology.functions,
              count,
              latency,
              absence: 1 + random.below(2_000),
            });
            made = workers;
            for (let kill = random.below(4); kill > 0; kill--)
              world.scheduler.at(world.clock.now() + random.below(20_000), () => workers.kill(random.below(count)));
            return workers;
          },
        });
        losses += made!.losses;
        const plain = await runIn(built, { mode: 'micro-batch', parallelism, atOnce: true, heartbeatEach: 1 });
        expect([lives.job.outcome, lives.job.error]).toEqual(['finished', undefined]);
        expect(differences(built, plain, asWitness(lives), await askOracle(built))).toEqual([]);
        expect(lives.job.lateRecords).toBe(plain.job.lateRecords);
      }),
      { seed, numRuns },
    );
    expect(losses).toBeGreaterThan(numRuns / 2);
  });
});

describe(`lost workers where records may be repeated, seed ${seed}`, () => {
  /** Workers of which some are lost, or stopped for a while. */
  const mortal =
    (chance: number, functions: FunctionTable, lost: () => void): NonNullable<LivesParts['workers']> =>
    (world, plan) => {
      const random = prng(chance).fork('workers');
      const count = 1 + random.below(3);
      const latency = [0, 100, 400][random.below(3)]!;
      const workers = new FakeWorkers({ world, plan, functions, count, latency, absence: 1 + random.below(2_000) });
      for (let kill = random.below(4); kill > 0; kill--)
        world.scheduler.at(world.clock.now() + random.below(20_000), () => {
          workers.kill(random.below(count));
          lost();
        });
      for (let stop = random.below(3); stop > 0; stop--)
        world.scheduler.at(world.clock.now() + random.below(20_000), () =>
          workers.stop(random.below(count), random.below(5_000)),
        );
      return workers;
    };
  const STATELESS: readonly string[] = ['map', 'flatMap', 'filter', 'mapValues', 'flatMapValues', 'keyBy', 'union'];
  const stateless = recipes.map((recipe) => ({
    ...recipe,
    steps: recipe.steps.filter(({ operator }) => STATELESS.includes(operator)).map((step) => ({ ...step, sink: 1 })),
  }));

  it('state must survive: everything goes back to the last checkpoint, and nothing is missing', async () => {
    let losses = 0;
    await fc.assert(
      fc.asyncProperty(singles, fc.nat(1_000_000), async (recipe, chance) => {
        const built = build(recipe);
        const { topology, trace } = built;
        const parts: LivesParts = {
          topology,
          trace,
          settings: { guarantee: 'at-least-once' },
          parallelism: 1 + (chance % 3),
          options: { turnRecordsMax: 1, ackOn: 'checkpoint' },
          interval: 1_000,
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
        };
        const found = await live({ ...parts, workers: mortal(chance, topology.functions, () => losses++) });
        expect([found.job.outcome, found.job.error]).toEqual(['finished', undefined]);
        expect(missingOrStrange(built, await live(parts), found)).toEqual([]);
      }),
      { seed, numRuns },
    );
    expect(losses).toBeGreaterThan(numRuns / 2);
  });

  it('no state: the trees under way are replayed, and nothing is missing', async () => {
    let replayed = 0;
    await fc.assert(
      fc.asyncProperty(stateless, fc.nat(1_000_000), async (recipe, chance) => {
        const built = build(recipe);
        const { topology, trace } = built;
        const parts: LivesParts = {
          topology,
          trace,
          settings: { guarantee: 'at-least-once' },
          parallelism: 1 + (chance % 3),
          interval: 1_000,
          isDurable: chance % 2 === 0,
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
        };
        const found = await live({ ...parts, workers: mortal(chance, topology.functions, () => undefined) });
        replayed += found.job.replayed;
        expect([found.job.outcome, found.job.error]).toEqual(['finished', undefined]);
        expect(missingOrStrange(built, await live(parts), found)).toEqual([]);
      }),
      { seed, numRuns },
    );
    expect(replayed).toBeGreaterThan(0);
  });

  it('ackOn update, and at-most-once: the lost tasks come back, and the job comes to its end', async () => {
    await fc.assert(
      fc.asyncProperty(recipes, fc.nat(1_000_000), async (recipe, chance) => {
        const { topology, trace } = build(recipe);
        const isAtMostOnce = chance % 3 === 0;
        const found = await live({
          topology,
          trace,
          settings: { guarantee: isAtMostOnce ? 'at-most-once' : 'at-least-once' },
          parallelism: 1 + (chance % 3),
          options: isAtMostOnce ? { acking: false } : { ackOn: 'update' },
          isDurable: chance % 2 === 0,
          interval: 1_000,
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
          workers: mortal(chance, topology.functions, () => undefined),
        });
        expect([found.job.outcome, found.job.error]).toEqual(['finished', undefined]);
        expect(found.events.filter(({ kind }) => kind === 'jobRestored')).toEqual([]);
      }),
      { seed, numRuns },
    );
  });

  it('exactly-once without a checkpoint: the job fails and says so', async () => {
    const { topology, trace } = build({
      sources: [[[[1, 1, 1, 0]]]],
      steps: [],
      maxEmptyIntervals: 1,
      silence: 3,
      split: 1,
    });
    const found = await live({
      topology,
      trace,
      settings: { guarantee: 'exactly-once' },
      isDurable: false,
      interval: 1_000,
      workers: (world, plan) => {
        const workers = new FakeWorkers({
          world,
          plan,
          functions: topology.functions,
          count: 1,
          latency: 10,
          absence: 10,
        });
        world.scheduler.at(100, () => workers.kill(0));
        return workers;
      },
    });
    expect([found.job.outcome, found.job.error?.code]).toEqual(['failed', 'RG017']);
  });
});
