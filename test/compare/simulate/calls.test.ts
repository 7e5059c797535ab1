/** Calls under drawn faults: no promise is broken, and calls that wait for the real world are refused. */

import { topology } from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { expect, it } from 'vitest';
import { simulate } from '../../../src/compare/simulate/simulate.js';
import { isLong } from '../../breadth.js';

const seeds = isLong ? 2_000 : 20;
const words = Array.from({ length: 500 }, (_, i) => `word ${i % 17}`);

const lookUps = (lengthOf: (word: string) => Promise<number>) =>
  topology('look-ups', (t) => {
    const called = t.source('words', memory(words)).mapAsync(async (word) => [word, await lengthOf(word)] as const);
    called.reduceByKey({ uid: 'lengths', reduce: (a, b) => a + b }).to('lengths', none());
    called.mapValuesAsync(async (n) => n + 1, { ordered: false }).to('each', none());
  });

it(`keeps every promise in ${seeds} seeds`, async () => {
  const { failure, crashes } = await simulate(
    lookUps(async (word) => word.length),
    { seeds, twice: 0.05 },
  );
  expect(failure).toBeNull();
  expect(crashes).toBeGreaterThan(seeds);
});

it('says that a call waits for the real world, and not that a promise is broken', async () => {
  const inTime = (word: string): Promise<number> =>
    new Promise((resolve) => setTimeout(() => resolve(word.length), 20));
  await expect(simulate(lookUps(inTime), { seeds: 1, records: 10, twice: 0 })).rejects.toMatchObject({
    code: 'RG065',
    message: expect.stringContaining('it waits for the real world'),
  });
});
