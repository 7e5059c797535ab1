/** Windows of tuples: which elements are in which window, by table and by law. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LastElementsWindows, LastWhileWindows } from '../../src/topology/mixed-windows.js';
import { CountWindows, TimeWindows, type WindowListener, type Windows } from '../../src/topology/tuple-windows.js';

/** Says each window as `[start, end): elements`, and each element that is out for good. */
const saying = (log: string[]): WindowListener<string> => ({
  fire: ({ start, end, entries }) => {
    log.push(`[${start}, ${end}): ${entries.map(({ value, isSeen }) => (isSeen ? value : `${value}+`)).join(' ')}`);
    for (const entry of entries) entry.isSeen = true;
  },
  leave: ({ value, isSeen }) => log.push(isSeen ? `out ${value}` : `never ${value}`),
});

type MakesWindows = new (length: number, slide: number, listener: WindowListener<string>) => Windows<string>;

/** Elements are `name@time`, watermarks numbers. */
const times = (
  length: number,
  slide: number,
  steps: readonly (string | number)[],
  Kind: MakesWindows = TimeWindows,
) => {
  const log: string[] = [];
  const windows: Windows<string> = new Kind(length, slide, saying(log));
  for (const step of steps) {
    if (step === 'flush') windows.flush();
    else if (typeof step === 'number') windows.advance(step);
    else {
      const [value, time] = step.split('@') as [string, string];
      if (!windows.add(value, Number(time))) log.push(`late ${value}`);
    }
  }
  return { log, size: windows.size };
};

describe('time windows', () => {
  it.each<[string, number, number, (string | number)[], string[], number]>([
    ['nothing', 10, 10, [5, 20], [], 0],
    [
      'tumbling: start belongs to it, end to the next',
      10,
      10,
      ['a@0', 'b@9', 'c@10', 10],
      ['[0, 10): a+ b+', 'out a', 'out b'],
      1,
    ],
    ['none before its end', 10, 10, ['a@0', 9], [], 1],
    [
      'sliding: new ones are marked, and leave when no later window has them',
      10,
      5,
      ['a@2', 5, 'b@7', 10, 15, 20],
      ['[-5, 5): a+', '[0, 10): a b+', 'out a', '[5, 15): b', 'out b'],
      0,
    ],
    [
      'several at one watermark, in order',
      10,
      5,
      ['a@2', 'b@7', 100],
      ['[-5, 5): a+', '[0, 10): a b+', 'out a', '[5, 15): b', 'out b'],
      0,
    ],
    [
      'in order of time, and of arrival at one time',
      10,
      10,
      ['b@5', 'a@1', 'c@5', 10],
      ['[0, 10): a+ b+ c+', 'out a', 'out b', 'out c'],
      0,
    ],
    [
      'a gap costs no empty window',
      10,
      10,
      ['a@1', 'b@1000005', 2_000_000],
      ['[0, 10): a+', 'out a', '[1000000, 1000010): b+', 'out b'],
      0,
    ],
    [
      'late is below the watermark, and equal is not',
      10,
      10,
      [10, 'a@9', 'b@10', 20],
      ['late a', '[10, 20): b+', 'out b'],
      0,
    ],
    ['gaps between windows: what is in none leaves', 4, 10, ['a@1', 'b@7', 10], ['[6, 10): b+', 'never a', 'out b'], 0],
    ['gaps between windows: what is in none, alone', 4, 10, ['a@1', 10], ['never a'], 0],
    ['before time 0', 10, 10, ['a@-1', 0], ['[-10, 0): a+', 'out a'], 0],
    ['at the end all close', 10, 5, ['a@2', 'flush'], ['[-5, 5): a+', 'out a'], 0],
    ['at the end of nothing', 10, 5, ['flush'], [], 0],
    [
      'behind the end it goes on',
      10,
      10,
      ['a@2', 'flush', 'b@3', 'c@10', 20],
      ['[0, 10): a+', 'out a', 'late b', '[10, 20): c+', 'out c'],
      0,
    ],
  ])('%s', (_name, length, slide, steps, log, size) => {
    expect(times(length, slide, steps)).toEqual({ log, size });
  });

  it('law: each window has exactly the elements of its span, each once, however watermarks are thinned', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat(60), { maxLength: 30 }),
        fc.func(fc.boolean()),
        (length, slide, elements, isWatermark) => {
          const sorted = elements.toSorted((a, b) => a - b);
          const end = 200;
          const expected = Array.from({ length: end / slide + 1 }, (_, k) => k * slide)
            .map((to) => [to, sorted.filter((time) => time >= to - length && time < to)] as const)
            .filter(([to, inside]) => to <= end && inside.length > 0);
          const fired: (readonly [number, number[]])[] = [];
          let left = 0;
          const windows = new TimeWindows<number>(length, slide, {
            fire: (due) => fired.push([due.end, due.entries.map(({ value }) => value)]),
            leave: () => left++,
          });
          sorted.forEach((time, i) => {
            expect(windows.add(time, time)).toBe(true);
            if (isWatermark(i)) windows.advance(time);
          });
          windows.advance(end);
          expect(fired).toEqual(expected);
          expect([windows.size, left]).toEqual([0, sorted.length]);
        },
      ),
    );
  });
});

describe('the last elements, each so often', () => {
  it.each<[string, number, number, (string | number)[], string[], number]>([
    ['nothing', 2, 10, [5, 20], [], 0],
    ['none before the first end', 2, 10, ['a@0', 'b@5', 9], [], 2],
    ['fewer than that', 2, 10, ['a@3', 10], ['[3, 10): a+'], 1],
    ['so many, and the others are out', 2, 10, ['a@0', 'b@1', 'c@2', 10], ['never a', '[1, 10): b+ c+'], 2],
    [
      'the same again when nothing came',
      2,
      10,
      ['a@0', 'b@1', 10, 20, 'c@21', 30],
      ['[0, 10): a+ b+', '[0, 20): a b', 'out a', '[1, 30): b c+'],
      2,
    ],
    [
      'what is younger than the end is in the next',
      2,
      10,
      ['a@0', 'b@12', 10, 20],
      ['[0, 10): a+', '[0, 20): a b+'],
      2,
    ],
    ['in order of time', 2, 10, ['c@15', 'a@3', 'b@4', 10, 20], ['[3, 10): a+ b+', 'out a', '[4, 20): b c+'], 2],
    [
      'at the end one more, and all are out',
      2,
      10,
      ['a@0', 10, 'b@11', 'flush'],
      ['[0, 10): a+', '[0, 20): a b+', 'out a', 'out b'],
      0,
    ],
    ['at the end none more when nothing came', 2, 10, ['a@0', 10, 'flush'], ['[0, 10): a+', 'out a'], 0],
    ['at the end of nothing', 2, 10, ['flush'], [], 0],
  ])('%s', (_name, length, slide, steps, log, size) => {
    expect(times(length, slide, steps, LastElementsWindows)).toEqual({ log, size });
  });

  it('law: each window has the last elements before its end, however watermarks are thinned', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat(60), { minLength: 1, maxLength: 30 }),
        fc.func(fc.boolean()),
        (length, slide, elements, isWatermark) => {
          const sorted = elements.toSorted((a, b) => a - b);
          const expected = Array.from({ length: Math.floor(100 / slide) + 1 }, (_, k) => k * slide)
            .map((end) => [end, sorted.filter((time) => time < end).slice(-length)] as const)
            .filter(([, inside]) => inside.length > 0);
          const fired: (readonly [number, number[]])[] = [];
          let left = 0;
          const windows = new LastElementsWindows<number>(length, slide, {
            fire: (due) => fired.push([due.end, due.entries.map(({ value }) => value)]),
            leave: () => left++,
          });
          sorted.forEach((time, i) => {
            windows.add(time, time);
            if (isWatermark(i)) windows.advance(time);
          });
          windows.advance(100);
          expect(fired).toEqual(expected);
          expect(windows.size).toBe(Math.min(length, sorted.length));
          expect(left).toBe(sorted.length - windows.size);
        },
      ),
    );
  });
});

describe('the last while, after so many elements', () => {
  it.each<[string, number, number, (string | number)[], string[], number]>([
    [
      'each slides by one',
      10,
      1,
      ['a@0', 'b@5', 'c@12'],
      ['[-9, 1): a+', '[-4, 6): a b+', 'out a', '[3, 13): b c+'],
      2,
    ],
    ['too few', 10, 3, ['a@0', 'b@5'], [], 2],
    ['what is too old is in none', 10, 2, ['a@0', 'b@15'], ['never a', '[6, 16): b+'], 1],
    [
      'the length is its own',
      10,
      1,
      ['a@0', 'b@9', 'c@10'],
      ['[-9, 1): a+', '[0, 10): a b+', 'out a', '[1, 11): b c+'],
      2,
    ],
    ['behind the watermark they are out', 10, 2, ['a@0', 'b@5', 9, 10, 15], ['[-4, 6): a+ b+', 'out a', 'out b'], 0],
    [
      'at the end one more, and all are out',
      10,
      2,
      ['a@0', 'b@1', 'c@2', 'flush'],
      ['[-8, 2): a+ b+', '[-7, 3): a b c+', 'out a', 'out b', 'out c'],
      0,
    ],
    ['at the end of nothing', 10, 2, ['flush'], [], 0],
    ['at the end when all is too old', 10, 3, ['a@0', 20, 'flush'], ['never a'], 0],
  ])('%s', (_name, length, slide, steps, log, size) => {
    expect(times(length, slide, steps, LastWhileWindows)).toEqual({ log, size });
  });
});

describe('count windows', () => {
  const counts = (length: number, slide: number, elements: string, flush = false) => {
    const log: string[] = [];
    const windows = new CountWindows(length, slide, saying(log));
    for (const [i, value] of [...elements].entries()) windows.add(value, i);
    if (flush) windows.flush();
    return { log, size: windows.size };
  };

  it.each<[string, number, number, string, boolean, string[], number]>([
    ['tumbling', 2, 2, 'abcde', false, ['[0, 1): a+ b+', 'out a', 'out b', '[2, 3): c+ d+', 'out c', 'out d'], 1],
    ['sliding by one', 2, 1, 'abc', false, ['[0, 0): a+', '[0, 1): a b+', 'out a', '[1, 2): b c+', 'out b'], 1],
    [
      'sliding: short at first',
      3,
      2,
      'abcd',
      false,
      ['[0, 1): a+ b+', 'out a', '[1, 3): b c+ d+', 'out b', 'out c'],
      1,
    ],
    ['gaps between windows', 1, 3, 'abcd', false, ['never a', 'never b', '[2, 2): c+', 'out c'], 1],
    ['at the end what is there', 2, 2, 'abc', true, ['[0, 1): a+ b+', 'out a', 'out b', '[2, 2): c+', 'out c'], 0],
    ['at the end nothing new', 3, 1, 'a', true, ['[0, 0): a+', 'out a'], 0],
  ])('%s', (_name, length, slide, elements, flush, log, size) => {
    expect(counts(length, slide, elements, flush)).toEqual({ log, size });
  });
});
