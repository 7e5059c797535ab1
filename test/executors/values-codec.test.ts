/** Columns, and values of records in columns, give back what they were made of, whatever form they take on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, columnOf, valuesOf } from '../../src/executors/column-codec.js';
import { readValues, type SentValues, sentValues } from '../../src/executors/values-codec.js';

const LARGEST = 2 ** 31 - 1;

describe('a column', () => {
  it.each([
    ['integers', [1, -2, 0, LARGEST, -LARGEST - 1]],
    ['one integer', [7, 7, 7]],
    ['integers of more than 32 bits', [1, LARGEST + 1]],
    ['fractions', [1, 0.5]],
    ['minus zero', [1, -0]],
    ['minus zero alone', [-0, -0]],
    ['no number', [1, Number.NaN]],
    ['infinities', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['numbers and texts', [1, 'one']],
    ['short texts', ['a', '', 'twelve chars']],
    ['short and long texts', ['a', 'thirteen char', 'b']],
    ['nothing', []],
  ])('of %s', (_, values) => {
    expect(sent(values)).toStrictEqual(values);
  });

  it('of any numbers or texts', () => {
    const number = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.constant(-0));
    const column = fc.oneof(fc.array(number), fc.array(fc.string()), fc.array(fc.oneof(number, fc.string())));
    fc.assert(
      fc.property(column, (values) => {
        expect(sent(values)).toStrictEqual(values);
      }),
    );
  });

  it('of integers holds integers, which V8 need not box', () => {
    expect(columnOf([1, 2], [])).toBeInstanceOf(Int32Array);
    expect(columnOf([1, -0], [])).toBeInstanceOf(Float64Array);
  });
});

describe('values of records', () => {
  it('are what they were, pairs or not', () => {
    const part = fc.oneof(fc.integer(), fc.double(), fc.string());
    const pair = fc.tuple(part, part);
    const control = fc.constant(undefined);
    const values = fc.oneof(
      fc.array(pair, { minLength: 7, maxLength: 9 }),
      fc.array(fc.tuple(fc.string(), fc.integer()), { minLength: 8 }),
      fc.array(fc.oneof(pair, part, control, fc.tuple(part, part, part))),
    );
    fc.assert(
      fc.property(values, (given) => {
        const buffers: ArrayBuffer[] = [];
        const values = sentValues([...given], buffers);
        expect(readValues(structuredClone<SentValues>(values, { transfer: buffers }))).toStrictEqual(given);
      }),
    );
  });

  it('are columns when all are pairs', () => {
    const pairs = Array.from({ length: 8 }, (_, i) => ['a', i]);
    expect(sentValues(pairs, [])).toMatchObject({ kind: 'pairs' });
    expect(sentValues([...pairs, undefined], [])).toMatchObject({ kind: 'values' });
  });
});

function sent(values: readonly unknown[]): unknown[] {
  const buffers: ArrayBuffer[] = [];
  const column = columnOf(values, buffers);
  return valuesOf(structuredClone<Column>(column, { transfer: buffers }));
}
