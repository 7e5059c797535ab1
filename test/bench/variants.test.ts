/** That all variants of a benchmark do the same work. What they cost is no test's business. */

import { describe, expect, it } from 'vitest';
import { OPERATORS } from '../../bench/operators.js';
import { GROUPS } from '../../bench/variants.js';
import { isLong, isWide } from '../breadth.js';
import { operatorNames } from '../conformance/vocabulary/operator-names.js';

/** Fewer than an interval, so that the end of the input matters too. */
const LINES = 600;
/** They start threads, or drivers, that load TypeScript anew: one such variant stands for the others, but in a long run. */
const DEAR = /^(?:(?:round-robin|keyed)-workers|restart-record)$/;
/** For a group whose variants start threads, which load TypeScript anew, on a machine that is busy. */

/** Operators that are no case of their own. */
const WITHOUT_CASE: Readonly<Record<string, string>> = {
  to: 'all cases end in it',
  print: 'it is `to` with a sink, whose cost is what it writes to',
  foreachBatch: 'as print',
  saveAsTextFiles: 'as print',
};

describe('the variants of a benchmark', () => {
  it('have a case for each operator, or a reason why not', () => {
    const cases = new Set([...OPERATORS.flatMap(({ name }) => name.split(' ')), ...Object.keys(WITHOUT_CASE)]);
    expect(operatorNames().filter((name) => !cases.has(name))).toEqual([]);
  });

  // The conformance tests run all operators too, if not with these inputs.
  it.each(GROUPS.filter(({ isOneJob, family }) => isOneJob && (isWide || family !== 'operators')))(
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
  );
});
