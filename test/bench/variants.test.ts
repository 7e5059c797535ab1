/** That all variants of a benchmark do the same work. What they cost is no test's business. */
import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../bench/variants.js';

/** Fewer than an interval, so that the end of the input matters too. */
const LINES = 2_000;
/** For a group whose variants start threads, which load TypeScript anew, on a machine that is busy. */
const TIMEOUT_MS = 300_000;

describe('the variants of a benchmark', () => {
  it.each(GROUPS.filter(({ isOneJob }) => isOneJob))(
    'give the same checksum: $name',
    async ({ variants }) => {
      const checksums = new Map<string, string[]>();
      for (const [name, variant] of Object.entries(variants)) {
        const { checksum } = await variant({ lines: LINES, seed: 1 });
        checksums.set(checksum!, [...(checksums.get(checksum!) ?? []), name]);
      }
      expect([...checksums.values()]).toEqual([Object.keys(variants)]);
    },
    TIMEOUT_MS,
  );
});
