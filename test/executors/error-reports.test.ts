/** Which reported errors are told, and with which text. */
import { describe, expect, it } from 'vitest';
import { ERROR_TEXT_MAX, ERRORS_INTERVAL, ERRORS_TOLD_MAX, ErrorReports } from '../../src/executors/error-reports.js';

/** What is told of errors at these times: the count in each event. */
function told(times: readonly number[]): number[] {
  const reports = new ErrorReports();
  return times.flatMap((time) => {
    const event = reports.next('bad', time, 'bolt', 1);
    return event?.kind === 'errorReported' ? [event.count] : [];
  });
}

describe('how many are told', () => {
  const many = (time: number, count = ERRORS_TOLD_MAX + 2): number[] => new Array<number>(count).fill(time);

  it.each<[string, readonly number[], readonly number[]]>([
    ['none', [], []],
    ['one', [0], [1]],
    ['the first of an interval', many(7), [1, 2, 3, 4, 5]],
    ['again in the next one, with the count of all', [...many(7), 7 + ERRORS_INTERVAL], [1, 2, 3, 4, 5, 8]],
    ['not before it', [...many(7), 6 + ERRORS_INTERVAL], [1, 2, 3, 4, 5]],
    ['again when the clock was set back', [...many(7), 0], [1, 2, 3, 4, 5, 8]],
    ['all that are far from one another', [0, 1, 2, 3, 4, 5].map((n) => n * ERRORS_INTERVAL), [1, 2, 3, 4, 5, 6]],
  ])('%s', (_name, times, counts) => {
    expect(told(times)).toEqual(counts);
  });
});

const causingItself = new Error('bad');
causingItself.cause = causingItself;

const throwing = {
  __proto__: null,
  toJSON(): never {
    throw new Error('no text');
  },
};

it.each<[string, unknown, string]>([
  ['an error', new TypeError('bad line'), 'TypeError: bad line'],
  ['a text', 'bad line', 'bad line'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['an object', { line: 7 }, '{"line":7}'],
  ['what JSON cannot hold', { offset: 5n, why: 'bad' }, '{"offset":"5n","why":"bad"}'],
  ['a map', new Map([['line', 7]]), '[["line",7]]'],
  ['an object with an error', { line: 7, error: new RangeError('bad') }, '{"line":7,"error":"RangeError: bad"}'],
  [
    'an error with its causes',
    new Error('bad', { cause: new TypeError('worse', { cause: { line: 7n } }) }),
    'Error: bad, cause: TypeError: worse, cause: {"line":"7n"}',
  ],
  ['an error without a cause', new Error('bad', { cause: undefined }), 'Error: bad'],
  ['an error that causes itself', causingItself, `${'Error: bad, cause: '.repeat(200).slice(0, ERROR_TEXT_MAX)}…`],
  ['what has no text', throwing, 'object without a text'],
  [
    'an error whose text throws',
    Object.assign(new Error('bad'), { toString: undefined, [Symbol.toPrimitive]: 1 }),
    'object without a text',
  ],
  ['a symbol', Symbol('bad'), 'Symbol(bad)'],
  ['a long text', 'x'.repeat(ERROR_TEXT_MAX + 1), `${'x'.repeat(ERROR_TEXT_MAX)}…`],
])('%s is shown as text', (_name, error, text) => {
  expect(new ErrorReports().next(error, 0, 'bolt', 1)).toEqual({
    kind: 'errorReported',
    component: 'bolt',
    task: 1,
    error: text,
    count: 1,
  });
});
