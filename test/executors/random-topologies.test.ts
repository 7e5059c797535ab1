/** Random jobs on random input: both modes must say what the oracle says, at every parallelism, however input is split. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Node } from '../../src/topology/graph.js';
import { isLong } from '../breadth.js';
import { type Built, build } from './random/build.js';
import { askOracle, demandsIn, differences, runIn } from './random/judge.js';
import { OPERATORS, type Recipe, recipes } from './random/recipe.js';
import { waysOf } from './random/ways.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 10_000 : 300;

const TWO_SOURCES = 'two sources';
const SEVERAL_PARTITIONS = 'several partitions';
const LATE = 'late records';
const GAPS = 'skipped empty intervals';
const OWN_PARTITIONS = 'partitions of their own';
const QUERIES_DEMANDED = 'queries whose answer is promised';
const features = [TWO_SOURCES, SEVERAL_PARTITIONS, LATE, GAPS, OWN_PARTITIONS, QUERIES_DEMANDED];

it(`gives the oracle's answer in both modes on ${numRuns} random topologies`, async () => {
  const coverage = new Map<string, number>([...OPERATORS, ...features].map((name) => [name, 0]));
  const cover = (name: string, holds = true): void => void (holds && coverage.set(name, coverage.get(name)! + 1));

  await fc.assert(
    fc.asyncProperty(recipes, async (recipe) => {
      const built = build(recipe);
      const oracle = await askOracle(built);
      for (const parallelism of [1, 2, 3]) {
        const [microBatch, record] = waysOf(recipe, parallelism);
        const [batches, records] = [await runIn(built, microBatch), await runIn(built, record)];
        expect([batches.job.error, records.job.error]).toEqual([undefined, undefined]);
        expect([batches.job.outcome, records.job.outcome]).toEqual(['finished', 'finished']);
        const found = differences(built, batches, records, oracle);
        expect(found, `parallelism ${parallelism}\n${describeJob(recipe)}`).toEqual([]);
        const late = [...oracle.late.values()].reduce((sum, items) => sum + items.length, 0);
        expect([batches.job.lateRecords, records.job.lateRecords], 'late records').toEqual([late, late]);
        if (parallelism > 1) continue;
        cover(LATE, late > 0);
        cover(GAPS, batches.job.skippedEmptyIntervals > 0);
      }
      for (const operator of built.operators) cover(operator);
      cover(OWN_PARTITIONS, built.topology.graph.nodes.some(hasOwnPartitions));
      cover(QUERIES_DEMANDED, hasPromisedQuery(built));
      cover(TWO_SOURCES, recipe.sources.length === 2);
      cover(
        SEVERAL_PARTITIONS,
        recipe.sources.some((partitions) => partitions.length > 1),
      );
    }),
    { seed, numRuns, verbose: 0 },
  );

  console.log(
    `random topologies, seed ${seed}: ${[...coverage].map(([name, count]) => `${name} ${count}`).join(', ')}`,
  );
  expect([...coverage].filter(([, count]) => count === 0)).toEqual([]);
});

function hasOwnPartitions(node: Node): boolean {
  return node.kind !== 'repartition' && node.kind !== 'partitionBy' && 'partitions' in node;
}

/** A query is the only `mapWithState` that goes by an order. */
function hasPromisedQuery(built: Built): boolean {
  const { states } = demandsIn(built);
  return built.topology.graph.nodes.some(
    ({ kind, uid, ...node }) =>
      kind === 'mapWithState' && 'orderSensitive' in node && states.get(uid)!.rule !== 'not demanded',
  );
}

function describeJob(recipe: Recipe): string {
  const { graph } = build(recipe).topology;
  return graph.nodes.map(({ id, place: _place, ...node }) => `${id}: ${JSON.stringify(node)}`).join('\n');
}
