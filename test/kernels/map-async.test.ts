/** Which call a record makes, and what its answer gives. */
import { expect, it } from 'vitest';
import { CallOutcome, createMapAsync, recordOf } from '../../src/kernels/map-async.js';

const CONTEXT = { signal: new AbortController().signal };

it('calls for the record, and gives the answer', () => {
  const { begin, result } = createMapAsync({ call: (n) => `call of ${n}` }, 'value');
  expect([begin(7, CONTEXT), result(7, 'answer')]).toEqual(['call of 7', 'answer']);
});

it('calls for the value of a pair, and keeps the key', () => {
  const { begin, result } = createMapAsync({ call: (n) => `call of ${n}` }, 'pair-values');
  expect([begin(['a', 7], CONTEXT), result(['a', 7], 'answer')]).toEqual(['call of 7', ['a', 'answer']]);
});

it.each([[7], [['a']], [['a', 1, 2]], [undefined]])('refuses %j where a pair is needed', (record) => {
  const { begin } = createMapAsync({ call: (n) => n }, 'pair-values');
  expect(() => begin(record, CONTEXT)).toThrow(/not a pair \[key, value\]/);
});

it('hands on what a call is told', () => {
  const call = (n: unknown, { signal }: { readonly signal: AbortSignal }) => [n, signal];
  expect(createMapAsync({ call }, 'value').begin(7, CONTEXT)).toEqual([7, CONTEXT.signal]);
  expect(createMapAsync({ call }, 'pair-values').begin(['a', 7], CONTEXT)).toEqual([7, CONTEXT.signal]);
});

it('knows the record behind an outcome', () => {
  expect([recordOf(new CallOutcome('a', 1)), recordOf('b')]).toEqual(['a', 'b']);
});
