/** Rows, what is cut from them, and those that are used again. */
import { describe, expect, it } from 'vitest';
import { TracedRows } from '../../../src/executors/micro-batch/in-band.js';
import { Rows, SpareRows } from '../../../src/executors/micro-batch/rows.js';
import { newTaskContext, type Origin } from '../../../src/executors/micro-batch/task-context.js';

describe('spare rows', () => {
  it('are given out empty, in the order in which they came back', () => {
    const spare = new SpareRows();
    const [large, small] = [filled(1_000), filled(1)];
    spare.give(large);
    spare.give(small);
    expect(spare.take()).toBe(large);
    expect(spare.take()).toBe(small);
    expect([large.length, small.length]).toEqual([0, 0]);
    expect(large.values()).toEqual([]);
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

describe('rows', () => {
  it.each([0, 1, 1_023, 1_024, 1_025, 5_000])('hold %i values, wherever they are cut and filled again', (count) => {
    const rows = filled(count);
    const expected = Array.from({ length: count }, (_, i) => ({ i }));
    expect(rows.values()).toEqual(expected);
    for (const length of [count, Math.floor(count / 2), Math.min(count, 1_024)]) {
      if (length > rows.length) continue;
      rows.cutTo(length);
      expect(rows.length).toBe(length);
      rows.append(filled(1_500), 1_000);
      const all = [...expected.slice(0, length), ...Array.from({ length: 500 }, (_, i) => ({ i: 1_000 + i }))];
      expect(Array.from({ length: rows.length }, (_, i) => rows.at(i))).toEqual(all);
      expect(rows.values()).toEqual(all);
      rows.cutTo(length);
    }
  });

  it('know of which messages they came, wherever they are cut', () => {
    const rows = new TracedRows();
    const origins = Array.from({ length: 1_500 }, (_, i) => ({ i }) as unknown as Origin);
    for (const [i, origin] of origins.entries()) rows.add(i, { ...newTaskContext(), origin });
    rows.cutTo(1_100);
    rows.addAs('other', rows, 1_030);
    expect(rows.origins).toEqual([...origins.slice(0, 1_100), origins[1_030]]);
    expect(rows.values()).toEqual([...Array.from({ length: 1_100 }, (_, i) => i), 'other']);
  });

  it('take another value in a row, and keep its times', () => {
    const rows = new Rows();
    for (let i = 0; i < 2_000; i++) rows.add(i, { ...newTaskContext(), timestamp: i, windowEnd: -i });
    rows.set(1_500, 'other');
    expect([rows.at(1_500), rows.timestamps[1_500], rows.windowEnds[1_500], rows.at(1_501)]).toEqual([
      'other',
      1_500,
      -1_500,
      1_501,
    ]);
  });
});

function filled(count: number): Rows {
  const rows = new Rows();
  const context = newTaskContext();
  for (let i = 0; i < count; i++) rows.add({ i }, context);
  return rows;
}
