/** When a highest rate is not told. */
import { expect, it } from 'vitest';
import { whyWithheld } from '../../src/compare/drains.js';

const long = { records: 1_000, took: 50_000 };

it.each([
  ['long runs', [long, long], null],
  ['no runs', [], null],
  ['a run of few records', [long, { ...long, records: 999 }], 'too few records'],
  ['a run of a moment', [{ ...long, took: 49_999 }], 'too few records'],
])('%s', (_name, runs, reason) => {
  expect(whyWithheld(runs)).toBe(reason);
});
