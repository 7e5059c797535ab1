/** The oracle’s interval and window operators against results written by hand. */
import { describe, expect, it } from 'vitest';
import { add, keyed, numbers, pairs, plain, results, us } from './evaluate-job.js';

describe('interval operators', () => {
  it('reduceByKey: each key of each interval, no empty ones, the record on the border in the next', async () => {
    const input = { in: [pairs(['a', 1, 0], ['b', 2, 9], ['a', 3, 9], ['a', 4, 10], ['b', 5, 35])] };
    const { out } = await results(input, (t) => keyed(t).reduceByKey(add));
    expect(out).toEqual([
      [['a', 4], 10, 'window'],
      [['b', 2], 10, 'window'],
      [['a', 4], 20, 'window'],
      [['b', 5], 40, 'window'],
    ]);
  });

  it('countByValue', async () => {
    const { out } = await results({ in: [numbers([7, 1], [8, 2], [7, 3], [7, 11])] }, (t) => plain(t).countByValue());
    expect(out).toEqual([
      [[7, 2], 10, 'window'],
      [[8, 1], 10, 'window'],
      [[7, 1], 20, 'window'],
    ]);
  });

  it('count: 0 for an empty interval, from the first with data to the first end above the highest timestamp', async () => {
    const { out } = await results({ in: [numbers([1, 15], [1, 16], [1, 44])] }, (t) => plain(t).count());
    expect(out).toEqual([
      [2, 20, 'window'],
      [0, 30, 'window'],
      [0, 40, 'window'],
      [1, 50, 'window'],
    ]);
  });

  it('count: at most maxEmptyIntervals zeros in a row', async () => {
    const { out } = await results({ in: [numbers([1, 5], [1, 95])] }, (t) => plain(t).count(), {
      maxEmptyIntervals: 2,
    });
    expect(out).toEqual([
      [1, 10, 'window'],
      [0, 20, 'window'],
      [0, 30, 'window'],
      [1, 100, 'window'],
    ]);
  });

  it('count: nothing for no input, also when heartbeats came', async () => {
    expect((await results({ in: [[{ beat: 10 }, { beat: 20 }]] }, (t) => plain(t).count())).out).toEqual([]);
  });

  it('count: heartbeats beyond the last record close further intervals', async () => {
    const input = { in: [[...numbers([1, 5]), { beat: 10 }, { beat: 30 }]] };
    expect((await results(input, (t) => plain(t).count())).out).toEqual([
      [1, 10, 'window'],
      [0, 20, 'window'],
      [0, 30, 'window'],
    ]);
  });

  it('chained: a result belongs to the interval of its own end - 1', async () => {
    const input = { in: [pairs(['a', 1, 1], ['b', 1, 2], ['a', 1, 11])] };
    const { out } = await results(input, (t) => keyed(t).reduceByKey(add).count());
    expect(out).toEqual([
      [2, 10, 'window'],
      [1, 20, 'window'],
    ]);
  });
});

describe('windows', () => {
  const input = { in: [pairs(['a', 1, 5], ['a', 10, 15], ['b', 100, 25])] };
  const window = { window: us(20), slide: us(10), reduce: add };

  it.each([
    ['without inverse', {}],
    ['with inverse', { inverse: (a: number, b: number) => a - b }],
  ])('reduceByKeyAndWindow %s: early windows are partial, those beyond the end do not fire', async (_name, more) => {
    const { out } = await results(input, (t) => keyed(t).reduceByKeyAndWindow({ ...window, ...more }));
    expect(out).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 11], 20, 'window'],
      [['a', 10], 30, 'window'],
      [['b', 100], 30, 'window'],
    ]);
  });

  it('keepEmptyKeys: a key that left stays with what the inverse left behind', async () => {
    const more = { inverse: (a: number, b: number) => a - b, keepEmptyKeys: true, window: us(10) };
    const { out } = await results(input, (t) => keyed(t).reduceByKeyAndWindow({ ...window, ...more }));
    expect(out).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 10], 20, 'window'],
      [['a', 0], 30, 'window'],
      [['b', 100], 30, 'window'],
    ]);
  });

  it('keepEmptyKeys: silent after maxEmptyIntervals ends without records', async () => {
    const more = { inverse: (a: number, b: number) => a - b, keepEmptyKeys: true };
    const late = { in: [pairs(['a', 1, 5], ['b', 1, 55])] };
    const { out } = await results(late, (t) => keyed(t).reduceByKeyAndWindow({ ...window, ...more }), {
      maxEmptyIntervals: 1,
    });
    expect(out.filter(([value]) => (value as readonly string[])[0] === 'a')).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 1], 20, 'window'],
      [['a', 0], 30, 'window'],
    ]);
  });

  it('countByWindow: also empty windows, counted in windows', async () => {
    const { out } = await results(
      { in: [numbers([1, 5], [1, 65])] },
      (t) => plain(t).countByWindow({ window: us(20), slide: us(10) }),
      { maxEmptyIntervals: 1 },
    );
    expect(out).toEqual([
      [1, 10, 'window'],
      [1, 20, 'window'],
      [0, 30, 'window'],
      [1, 70, 'window'],
    ]);
  });

  it('a slide above the interval', async () => {
    const { out } = await results({ in: [numbers([1, 5], [1, 15], [1, 25])] }, (t) =>
      plain(t).countByWindow({ window: us(20), slide: us(20) }),
    );
    expect(out).toEqual([
      [2, 20, 'window'],
      [1, 40, 'window'],
    ]);
  });
});

describe('end of input', () => {
  it('uses the highest timestamp of all partitions, also where a filter dropped its record', async () => {
    const input = { in: [numbers([1, 5]), numbers([-1, 33])] };
    expect(
      (
        await results(input, (t) =>
          plain(t)
            .filter((n) => n > 0)
            .count(),
        )
      ).out,
    ).toEqual([
      [1, 10, 'window'],
      [0, 20, 'window'],
      [0, 30, 'window'],
      [0, 40, 'window'],
    ]);
  });
});
