/** When figures must not be quoted. */
import { expect, it } from 'vitest';
import { type Evidence, invalidReasons } from '../../src/compare/validity.js';
import { goodResult } from './sample-result.js';

const { verdict, modes, driver } = goodResult;
const good: Evidence = { verdict, modes, driver, drainsDiffer: false, interrupted: false };

it('a good comparison has no reason against it', () => {
  expect(invalidReasons(good)).toEqual([]);
});

it.each<[string, Partial<Evidence>, string]>([
  ['the oracle fails', { verdict: { ...verdict, oracle: 'fail' } }, 'the oracle does not confirm'],
  [
    'the modes differ and no oracle says who is right',
    { verdict: { ...verdict, same: false, oracle: 'not available' } },
    'different answers',
  ],
  [
    'a mode got through less than 99 % of the rate',
    { modes: { ...modes, record: { ...modes.record, achievedPerSecond: 1_350 } } },
    'record got through 98.8 %',
  ],
  ['the driver dropped records', { driver: { ...driver, dropped: 3 } }, 'dropped 3'],
  ['the driver was late', { driver: { ...driver, latenessMsP99: 6.2, valid: false } }, '6.2 ms late'],
  ['somebody stopped it', { interrupted: true }, 'interrupted'],
  ['drain runs disagree', { drainsDiffer: true }, 'different numbers of results'],
])('invalid: %s', (_name, change, reason) => {
  expect(invalidReasons({ ...good, ...change })).toEqual([expect.stringContaining(reason)]);
});
