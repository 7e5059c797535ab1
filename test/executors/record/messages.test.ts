/** The entries of a ring go to another host and come back as they were, with what belongs to them. */
import { describe, expect, it } from 'vitest';
import { blockOf, rowsOf } from '../../../src/executors/record/messages.js';
import { Ring, WATERMARK } from '../../../src/executors/record/ring.js';

const CAPACITY = 16;

describe('the entries of an edge', () => {
  // From eight on pairs go as columns; a control entry among them has no value.
  it.each([
    ['few pairs', pairs(7)],
    ['pairs', pairs(8)],
    ['pairs around the end of the ring', pairs(12)],
    ['pairs and a watermark', [...pairs(8), undefined]],
    ['texts', Array.from({ length: 9 }, (_, i) => `a text of more than twelve characters ${i}`)],
    ['tuples of three', Array.from({ length: 9 }, (_, i) => ['a', i, true])],
    ['nothing', []],
  ])('%s', (_, values) => {
    const ring = ringOf(values);
    const sent = structuredClone(rowsOf(3, { ring, from: 10, to: 10 + values.length }));
    expect(sent).toMatchObject({ edge: 3, count: values.length });
    expect(ring.values.every((value) => value === undefined)).toBe(true);
    const block = blockOf(sent);
    expect([block.from, block.to]).toEqual([0, values.length]);
    values.forEach((value, i) => {
      const at = i & block.ring.mask;
      expect(block.ring.values[at]).toStrictEqual(value);
      expect([...block.ring.times.slice(2 * at, 2 * at + 2)]).toEqual([1_000 + i, Number.NaN]);
      expect([...block.ring.ids.slice(4 * at, 4 * at + 4)]).toEqual([value === undefined ? WATERMARK : i, 1, 2, 3]);
      expect(block.ring.recordIds![at]).toBe(value === undefined ? undefined : `record ${i}`);
    });
  });
});

function pairs(count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => [`word ${i}`, i]);
}

/** From index 10 on. */
function ringOf(values: readonly unknown[]): Ring {
  const ring = new Ring(CAPACITY, false, true);
  values.forEach((value, i) => {
    const at = (10 + i) & ring.mask;
    ring.values[at] = value;
    ring.times.set([1_000 + i, Number.NaN], 2 * at);
    ring.ids.set([value === undefined ? WATERMARK : i, 1, 2, 3], 4 * at);
    ring.recordIds![at] = value === undefined ? undefined : `record ${i}`;
  });
  return ring;
}
