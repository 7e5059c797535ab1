/** Keys that are written one by one: who reads the column gets what was written. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../src/executors/column-codec.js';
import { KeyColumn } from '../../src/executors/key-column.js';

const ascii = fc.string({ unit: 'grapheme-ascii' });
const columns = fc.oneof(
  fc.array(ascii),
  fc.array(fc.string({ unit: 'binary' })),
  fc.array(fc.integer()),
  fc.array(fc.oneof(ascii, fc.double(), fc.constantFrom(null, undefined, true, 'é', 'ключ'), fc.tuple(fc.string()))),
);

function sent(keys: readonly unknown[]): readonly unknown[] {
  const column = new KeyColumn();
  const places = keys.map((key) => column.add(key));
  expect(places).toEqual(keys.map((_, i) => i));
  expect(column.length).toBe(keys.length);
  const buffers: ArrayBuffer[] = [];
  return Array.from(cellsOf(structuredClone(column.sent(buffers), { transfer: buffers })));
}

describe('a column of keys', () => {
  it('gives them back in order', () => {
    fc.assert(
      fc.property(columns, (keys) => {
        expect(sent(keys)).toEqual(keys);
      }),
      { numRuns: 500 },
    );
  });

  it('grows, also where it turns from bytes to wider texts and to other keys', () => {
    const many = Array.from({ length: 2_000 }, (_, i) => `key ${i}`);
    for (const others of [[], ['ключ'], ['a word of more than a dozen letters'], [1], ['ключ', 1]]) {
      const keys = [...many, ...others, ...many];
      expect(sent(keys)).toEqual(keys);
    }
  });
});
