/** Rows that are used again, and what is not kept for it. */
import { describe, expect, it } from 'vitest';
import { Rows, SpareRows } from '../../../src/executors/micro-batch/rows.js';
import { newTaskContext } from '../../../src/executors/micro-batch/task-context.js';

describe('spare rows', () => {
  it('are given out empty, in the order in which they came back', () => {
    const spare = new SpareRows();
    const [large, small] = [filled(1_000), filled(1)];
    spare.give(large);
    spare.give(small);
    expect(spare.take()).toBe(large);
    expect(spare.take()).toBe(small);
    expect([large.length, small.length]).toEqual([0, 0]);
    expect(large.values.every((value) => value === undefined)).toBe(true);
    expect(large.timestamps.length).toBeGreaterThanOrEqual(1_000);
    expect(spare.take().length).toBe(0);
  });

  it('of a batch that is larger than most are not kept', () => {
    const spare = new SpareRows();
    const huge = filled(100_000);
    spare.give(huge);
    expect(spare.take()).not.toBe(huge);
  });
});

function filled(count: number): Rows {
  const rows = new Rows();
  const context = newTaskContext();
  for (let i = 0; i < count; i++) rows.add({ i }, context);
  return rows;
}
