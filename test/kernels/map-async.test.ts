/** Which call a record makes, and what its answer gives. */
import { expect, it } from 'vitest';
import { CallOutcome, createMapAsync, recordOf } from '../../src/kernels/map-async.js';

it('calls for the record, and gives the answer', () => {
  const { begin, result } = createMapAsync({ call: (n) => `call of ${n}` }, 'value');
  expect([begin(7), result(7, 'answer')]).toEqual(['call of 7', 'answer']);
});

it('calls for the value of a pair, and keeps the key', () => {
  const { begin, result } = createMapAsync({ call: (n) => `call of ${n}` }, 'pair-values');
  expect([begin(['a', 7]), result(['a', 7], 'answer')]).toEqual(['call of 7', ['a', 'answer']]);
});

it.each([[7], [['a']], [['a', 1, 2]], [undefined]])('refuses %j where a pair is needed', (record) => {
  const { begin } = createMapAsync({ call: (n) => n }, 'pair-values');
  expect(() => begin(record)).toThrow(/not a pair \[key, value\]/);
});

it('knows the record behind an outcome', () => {
  expect([recordOf(new CallOutcome('a', 1)), recordOf('b')]).toEqual(['a', 'b']);
});
