/**
 * Each planted defect of the fault-tolerance code is found on its recorded seed, and the program without it passes the same seed.
 * `RAINGAUGE_LONG=1`: each is found within 500 fresh seeds. It needs the built program.
 */

import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { isLong, isWide } from '../breadth.js';
import { MUTANTS, type Mutant } from './mutants.mjs';
import { endChildren, simulateMutant, simulateWords } from './simulate-mutant.js';

const kills = JSON.parse(readFileSync(new URL('kills.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>;
/** The first seed that no recording has used. */
const FRESH = 100_001;

afterAll(endChildren);

describe('mutants', () => {
  it('are at least 32, each with the seed that finds it', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(32);
    expect(Object.keys(kills).sort()).toEqual(MUTANTS.map(({ name }) => name).sort());
  });

  it.concurrent.each(MUTANTS)('finds $name: $breaks', async ({ name }) => {
    expect((await simulateMutant(name, kills[name]!.split(' '))).failure).not.toBeNull();
  });

  if (isWide)
    it.each(MUTANTS)('passes where $name is found, without it', async ({ name }) => {
      expect((await simulateWords(kills[name]!.split(' '))).failure).toBeNull();
    });
});

if (isLong)
  describe('mutants on fresh seeds', () => {
    it.concurrent.each(MUTANTS)('finds $name within 500', async (mutant) => {
      expect(await isFound(mutant)).toBe(true);
    });
  });

async function isFound({ name, jobs, where }: Mutant): Promise<boolean> {
  for (const job of jobs) {
    const words = [job, '--seeds', '500', '--seed', String(FRESH), ...where];
    if ((await simulateMutant(name, words)).failure !== null) return true;
  }
  return false;
}
