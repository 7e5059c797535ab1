/** What is demanded of which sink, and how a difference is found and named. */
import { describe, expect, it } from 'vitest';
import { diffSink, diffState } from '../../src/compare/diff.js';
import type { CompareRule } from '../../src/compare/result.js';
import type { ResultList } from '../../src/compare/result-list.js';

type Row = readonly [value: unknown, timestamp: number, windowEnd?: number];

const list = (...rows: readonly Row[]): ResultList => ({
  values: rows.map(([value]) => value),
  timestamps: rows.map(([, timestamp]) => timestamp),
  windowEnds: rows.map(([, , windowEnd = Number.NaN]) => windowEnd),
});
const windowed = (value: unknown, end: number): Row => [value, end - 1, end];

function diff(rule: CompareRule, microBatch: ResultList, record: ResultList, oracle: ResultList | undefined) {
  return diffSink('out', { rule, note: null }, { microBatch, record, oracle }, { start: 0 });
}

describe('equal windows', () => {
  const right = [windowed(['a', 1], 10), windowed(['b', 2], 10), windowed(['a', 3], 20)];

  it('accepts any order within a window, and counts keys and windows', () => {
    const { part, first } = diff(
      'equal windows',
      list(...right),
      list(right[2]!, right[1]!, right[0]!),
      list(...right),
    );
    expect(part).toMatchObject({ same: true, oracle: 'pass', keys: 2, windows: 2, results: 3, differences: 0 });
    expect(first).toBeNull();
  });

  it('names the earliest window and key, with what all three said', () => {
    const wrong = list(windowed(['a', 1], 10), windowed(['b', 9], 10), windowed(['a', 8], 20));
    const { part, first } = diff('equal windows', list(...right), wrong, list(...right));
    expect(part).toMatchObject({ same: false, oracle: 'fail', differences: 2 });
    expect(first).toMatchObject({
      part: 'sink out',
      key: '"b"',
      windowEnd: 10,
      microBatch: '2',
      record: '9',
      oracle: '2',
    });
  });

  it.each<[string, Row[], string]>([
    ['missing', right.slice(0, 2), 'nothing'],
    ['twice', [...right, right[2]!], '3 and 3'],
    ['in another window', [right[0]!, right[1]!, windowed(['a', 3], 30)], 'nothing'],
  ])('finds a result that is %s', (_name, rows, said) => {
    const { part, first } = diff('equal windows', list(...rows), list(...right), list(...right));
    expect(part).toMatchObject({ same: false, oracle: 'fail' });
    expect(first).toMatchObject({ key: '"a"', windowEnd: 20, microBatch: said, record: '3', oracle: '3' });
  });

  it('tells the oracle’s disagreement from the modes’', () => {
    const wrong = list(windowed(['a', 2], 10));
    const { part } = diff('equal windows', wrong, wrong, list(windowed(['a', 1], 10)));
    expect(part).toMatchObject({ same: true, oracle: 'fail', differences: 1 });
  });

  it('compares the modes alone when there is no oracle', () => {
    const a = list(windowed(['a', 1], 10));
    expect(diff('equal windows', a, a, undefined).part).toMatchObject({ same: true, oracle: 'not available' });
    const { part, first } = diff('equal windows', a, list(windowed(['a', 2], 10)), undefined);
    expect(part).toMatchObject({ same: false, differences: 1 });
    expect(first).toMatchObject({ microBatch: '1', record: '2', oracle: 'not available' });
  });
});

describe('equal sequence and equal multiset', () => {
  const right = list(['x', 1], ['y', 2], ['x', 2]);
  const swapped = list(['x', 1], ['x', 2], ['y', 2]);

  it('a multiset may come in another order, a sequence may not', () => {
    expect(diff('equal multiset', right, swapped, right).part).toMatchObject({ same: true, oracle: 'pass' });
    const { part, first } = diff('equal sequence', right, swapped, right);
    expect(part).toMatchObject({ same: false, oracle: 'fail', differences: 1 });
    expect(first).toMatchObject({ timestamp: 2, microBatch: '"y"', record: '"x"', oracle: '"y"' });
  });

  it('a time that differs is a difference', () => {
    expect(diff('equal multiset', list(['x', 1]), list(['x', 2]), list(['x', 1])).part.same).toBe(false);
  });

  it('text and number, -0 and 0, missing and undefined are told apart as keys are', () => {
    const same = (a: unknown, b: unknown) => diff('equal multiset', list([a, 1]), list([b, 1]), list([a, 1])).part.same;
    expect(same('1', 1)).toBe(false);
    expect(same(0, -0)).toBe(true);
    expect(same(Number.NaN, Number.NaN)).toBe(true);
    expect(same(undefined, null)).toBe(false);
    expect(same({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(same({ a: 1 }, { a: 2 })).toBe(false);
    expect(same(new Map([['k', 1]]), new Map([['k', 2]]))).toBe(false);
  });
});

describe('numbers that are no integers', () => {
  const sums = (value: unknown, scale: number): ResultList => ({
    ...list(windowed(['a', value], 10)),
    scales: [scale],
  });
  const same = (a: unknown, b: unknown, scale = 0) =>
    diff('equal windows', list(windowed(['a', a], 10)), list(windowed(['a', b], 10)), sums(a, scale)).part.oracle;

  it('may differ by 1e-9 of their size, or of the inputs that went in', () => {
    expect(same(0.1 + 0.2, 0.3)).toBe('pass');
    expect(same(1.5, 1.500001)).toBe('fail');
    expect(same(1e-12, 0, 1)).toBe('pass');
    expect(same(1e-12, 0, 1e-6)).toBe('fail');
    expect(same({ sum: 0.1 + 0.2 }, { sum: 0.3 })).toBe('pass');
  });

  it('integers and infinities may not differ at all', () => {
    expect(same(10_000_000_000, 10_000_000_001, 1e15)).toBe('fail');
    expect(same(Number.POSITIVE_INFINITY, 5.5)).toBe('fail');
  });

  it('an integer on one side only is near enough as well', () => {
    expect(same(1, 0.1 + 0.2 + 0.7 - 1e-16)).toBe('pass');
  });

  it('finds its partner in any order', () => {
    const rows = (...values: number[]) => list(...values.map((value): Row => [value, 1]));
    expect(diff('equal multiset', rows(0.3, 7.5), rows(7.5, 0.1 + 0.2), rows(7.5, 0.3)).part.oracle).toBe('pass');
  });
});

describe('equal final value and count per key', () => {
  const rule = 'equal final value and count per key';

  it('accepts other values on the way', () => {
    const a = list([['a', 1], 1], [['a', 3], 2]);
    const b = list([['a', 2], 1], [['a', 3], 2]);
    expect(diff(rule, a, b, a).part).toMatchObject({ same: true, oracle: 'pass' });
  });

  it('finds another total, or another number of results', () => {
    const right = list([['a', 1], 1], [['a', 3], 2]);
    expect(diff(rule, right, list([['a', 1], 1], [['a', 4], 2]), right).part.same).toBe(false);
    const { part, first } = diff(rule, list([['a', 3], 2]), right, right);
    expect(part.same).toBe(false);
    expect(first).toMatchObject({ key: '"a"', microBatch: '{"count":1,"value":3}', record: '{"count":2,"value":3}' });
  });
});

it('demands nothing where nothing is promised', () => {
  const { part } = diff('not demanded', list(['x', 1]), list(['y', 1]), list(['z', 1]));
  expect(part).toMatchObject({ same: true, oracle: 'not available', differences: 0 });
});

describe('final state', () => {
  const demand = { rule: 'equal final state per key', note: null } as const;
  const oracle = new Map([
    ['s1:a', { key: 'a', value: 0.3, scale: 1 }],
    ['s1:b', { key: 'b', value: 2, scale: 2 }],
  ]);
  const state = (microBatch: [string, number][], record: [string, number][]) =>
    diffState('totals', demand, { microBatch, record, oracle: undefined }, oracle, { start: 0 });

  it('is compared key by key in any order', () => {
    expect(
      state(
        [
          ['b', 2],
          ['a', 0.1 + 0.2],
        ],
        [
          ['a', 0.3],
          ['b', 2],
        ],
      ).part,
    ).toMatchObject({ name: 'state of totals', same: true, oracle: 'pass', keys: 2 });
  });

  it('names the key that differs, or that one lacks', () => {
    expect(
      state(
        [
          ['a', 0.3],
          ['b', 3],
        ],
        [
          ['a', 0.3],
          ['b', 2],
        ],
      ).first,
    ).toMatchObject({ key: '"b"', windowEnd: null, timestamp: null, microBatch: '3', oracle: '2' });
    expect(
      state(
        [['a', 0.3]],
        [
          ['a', 0.3],
          ['b', 2],
        ],
      ).first,
    ).toMatchObject({ key: '"b"', microBatch: 'nothing', record: '2' });
  });
});

it('compares many results without a text for each', () => {
  const count = 300_000;
  const timestamps = Float64Array.from({ length: count }, (_, i) => Math.floor(i / 10));
  const windowEnds = new Float64Array(count).fill(Number.NaN);
  const make = (): ResultList => ({
    values: Array.from({ length: count }, (_, i) => [`w${i % 5_000}`, i]),
    timestamps,
    windowEnds,
  });
  const { part } = diff('equal multiset', make(), make(), make());
  expect(part).toMatchObject({ same: true, oracle: 'pass', results: count, keys: 5_000 });
});
