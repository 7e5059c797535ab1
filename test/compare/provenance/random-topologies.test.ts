/** Random jobs with provenance: plain results stay what they were, and both modes make each result of the same records as the oracle. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { OracleAnswer } from '../../../src/compare/oracle/answer.js';
import { withIds } from '../../../src/compare/provenance/record-ids.js';
import { plainRecord, type Traced } from '../../../src/compare/provenance/traced.js';
import { withProvenance } from '../../../src/compare/provenance/with-provenance.js';
import { CapturedSink } from '../../../src/testing/captured-sink.js';
import { isLong } from '../../breadth.js';
import { type Built, build } from '../../executors/random/build.js';
import { askOracle, differences, runIn, type Witness } from '../../executors/random/judge.js';
import { OPERATORS, recipes } from '../../executors/random/recipe.js';
import { waysOf } from '../../executors/random/ways.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 3_000 : 80;

it(`gives the same plain results, and the oracle's provenance, in both modes on ${numRuns} random topologies`, async () => {
  const coverage = new Map<string, number>(OPERATORS.map((name) => [name, 0]));
  await fc.assert(
    fc.asyncProperty(recipes, async (recipe) => {
      const plain = build(recipe);
      const traced = decorated(plain);
      const [plainOracle, tracedOracle] = await Promise.all([askOracle(plain), askOracle(traced)]);
      expect(plainSinks(tracedOracle), 'the oracle').toEqual(sinksOf(plainOracle));
      for (const parallelism of [1, 2]) {
        const [microBatch, record] = waysOf(recipe, parallelism);
        const [batches, records] = [await runIn(traced, microBatch), await runIn(traced, record)];
        expect([batches.job.error, records.job.error]).toEqual([undefined, undefined]);
        expect(differences(plain, stripped(batches), stripped(records), plainOracle), 'plain results').toEqual([]);
        expect(differences(traced, batches, records, tracedOracle), 'provenance').toEqual([]);
      }
      for (const operator of plain.operators) coverage.set(operator, coverage.get(operator)! + 1);
    }),
    { seed, numRuns, verbose: 0 },
  );
  expect([...coverage].filter(([, count]) => count === 0)).toEqual([]);
});

function decorated({ topology, trace, operators }: Built): Built {
  return { topology: withProvenance(topology), trace: withIds(trace), operators };
}

function stripped({ job, sinks }: Witness): Witness {
  const plain = new Map(
    Array.from(sinks, ([name, { results }]) => {
      const sink = new CapturedSink('record');
      sink.results.push(...results.map((result) => ({ ...result, value: plainRecord(result.value) })));
      return [name, sink];
    }),
  );
  const state = (uid: string) => Array.from(job.state(uid), ([key, value]) => [key, (value as Traced).value] as const);
  return { job: { ...job, state }, sinks: plain };
}

function sinksOf({ sinks }: OracleAnswer) {
  return Array.from(sinks, ([name, results]) => [
    name,
    results.map(({ value, timestamp, windowEnd }) => ({ value, timestamp, windowEnd })),
  ]);
}

function plainSinks(answer: OracleAnswer) {
  return sinksOf({
    ...answer,
    sinks: new Map(
      Array.from(answer.sinks, ([name, results]) => [
        name,
        results.map((result) => ({ ...result, value: plainRecord(result.value) })),
      ]),
    ),
  });
}
