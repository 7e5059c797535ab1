/** That all variants of a benchmark do the same work. What they cost is no test's business. */
import { describe, expect, it } from 'vitest';
import { GROUPS } from '../../bench/variants.js';

/** Fewer than an interval, so that the end of the input matters too. */
const LINES = 2_000;
const isLong = process.env['RAINGAUGE_LONG'] === '1';
/** They start threads, or drivers, that load TypeScript anew: one such variant stands for the others, but in a long run. */
const DEAR = /^(?:(?:round-robin|keyed)-workers|restart-record)$/;
/** For a group whose variants start threads, which load TypeScript anew, on a machine that is busy. */
const TIMEOUT_MS = 300_000;

describe('the variants of a benchmark', () => {
  it.each(GROUPS.filter(({ isOneJob }) => isOneJob))(
    'give the same checksum: $name',
    async ({ variants }) => {
      const checksums = new Map<string, string[]>();
      const names = Object.keys(variants).filter((name) => isLong || !DEAR.test(name));
      for (const name of names) {
        const variant = variants[name]!;
        const { checksum } = await variant({ lines: LINES, seed: 1 });
        checksums.set(checksum!, [...(checksums.get(checksum!) ?? []), name]);
      }
      expect([...checksums.values()]).toEqual([names]);
    },
    TIMEOUT_MS,
  );
});
