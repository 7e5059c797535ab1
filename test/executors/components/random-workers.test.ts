/** Jobs of bolts and operators at random on workers that are lost: they give what they give in one thread. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Trace } from '../../../src/compare/trace.js';
import { seconds } from '../../../src/core/time.js';
import { isLong, isWide } from '../../breadth.js';
import { FakeWorkers } from '../micro-batch/fake-workers.js';
import { type Life, type LifeOptions, live } from '../micro-batch/incarnations.js';
import { jobOf, type Recipe, recipe, type Step, silenceOf } from './random-jobs.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 5_000 : isWide ? 40 : 25;

const ways = fc.record({
  workers: fc.constantFrom(1, 2, 3),
  losses: fc.array(fc.record({ worker: fc.nat(2), after: fc.nat(80) }), { maxLength: 4 }),
  /** Of a message (us): with the longer ones batches overlap. */
  delay: fc.constantFrom(20, 700_000, 3_000_000),
  concurrentJobs: fc.constantFrom(1, 1, 3),
  snapshotEach: fc.constantFrom(1, 2, 5, 1_000),
  isDurable: fc.boolean(),
});

/** What a bolt remembers by itself is gone with its worker: such a one is made to keep it in its state, or to remember nothing. */
function withoutMemory(step: Step): Step {
  if (step.kind === 'buckets') return { ...step, keepsState: true };
  return step.kind === 'flush' ? { ...step, kind: 'relay' } : step;
}

/** Record j of the n of interval i has stream time i·B + ⌊j·B / n⌋; heartbeats go on until windows by silence have closed. */
function traceOf({ input, steps }: Recipe): Trace {
  const interval = seconds(1);
  const values = input.flat();
  const timestamps = input.flatMap((items, i) =>
    items.map((_, j) => i * interval + Math.floor((j * interval) / items.length)),
  );
  const intervals = Array.from({ length: input.length + silenceOf(steps) }, (_, i) => i);
  const heartbeats = intervals.map((i) => ({
    at: input.slice(0, i).reduce((sum, items) => sum + items.length, 0),
    watermark: i * interval,
  }));
  return { sources: [{ name: 'in', partitions: [{ values, timestamps: Float64Array.from(timestamps), heartbeats }] }] };
}

function answer(given: Recipe, { job, sinks }: Life) {
  const sorted = (values: Iterable<unknown>): string[] => [...values].map((value) => JSON.stringify(value)).sort();
  const outputs = [...sinks].map(([name, { visible }]) => [
    name,
    sorted(visible.map(({ value, timestamp }) => (name.startsWith('timed') ? [value, timestamp] : value))),
  ]);
  const states = given.steps.map((_, i) => [`step${i}`, sorted(job.state(`step${i}`) ?? [])]);
  return {
    outcome: [job.outcome, job.error],
    outputs: Object.fromEntries(outputs),
    states: Object.fromEntries(states),
  };
}

it('give the same on workers, whichever of them are lost and whatever batches overlap', async () => {
  let lost = 0;
  let overlapping = 0;
  let recomputed = 0;
  await fc.assert(
    fc.asyncProperty(recipe, ways, async (drawn, { workers, losses, delay, concurrentJobs, ...options }) => {
      const given = losses.length === 0 ? drawn : { ...drawn, steps: drawn.steps.map(withoutMemory) };
      const topology = jobOf(given);
      const common: LifeOptions = { topology, trace: traceOf(given), crashes: [], parallelism: given.parallelism };
      const pools: FakeWorkers[] = [];
      const onWorkers = await live({
        ...common,
        ...options,
        options: { concurrentJobs, speculation: workers > 1, speculationInterval: 200_000 },
        services: (world, plan) => {
          const pool = new FakeWorkers(world, plan, topology.functions, workers, losses, delay);
          pools.push(pool);
          return { workers: pool };
        },
      });
      const alone = await live({ ...common, isDurable: false });
      expect(answer(given, onWorkers)).toEqual(answer(given, alone));
      lost += pools[0]!.losses;
      overlapping += pools[0]!.batchesOpenMax > 1 ? 1 : 0;
      recomputed += onWorkers.job.recomputedRecords ?? 0;
    }),
    { numRuns, seed, verbose: 0 },
  );
  expect(lost).toBeGreaterThan(20);
  expect(overlapping).toBeGreaterThan(10);
  expect(recomputed).toBeGreaterThan(0);
});
