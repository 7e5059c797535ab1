/** The oracle's groups, joins, sessions and states against results written by hand. */
import { describe, expect, it } from 'vitest';
import { aSource } from '../memory-ends.js';
import { add, keyed, pairs, plain, results, us } from './evaluate-job.js';

const other = (t: Parameters<typeof keyed>[0]) => t.source('in2', aSource<readonly [string, number]>());

describe('the oracle', () => {
  it('closes an interval of two streams for both, also for a timer’s result above all that its own stream says of time', async () => {
    const input = { in: [pairs(['a', 1, 10], ['a', 2, 10])], in2: [[...pairs(['a', 0, 0]), { beat: 10 }]] };
    const { out } = await results(input, (t) => {
      const timed = other(t).process<number, string>({
        uid: 'timed',
        onRecord: (_value, { timestamp, setTimer }) => setTimer(us(timestamp + 10)),
        onTimer: ({ emit }) => emit('timer'),
      });
      return keyed(t).transformWith(timed, (values, others) => [[values.length, others]]);
    });
    expect(out.at(-1)).toEqual([[2, ['timer']], 20, 'window']);
  });

  it('groups a key’s values of an interval, and joins those of two streams', async () => {
    const input = { in: [pairs(['a', 1, 0], ['a', 2, 9], ['b', 3, 10])], in2: [pairs(['a', 7, 5], ['b', 8, 25])] };
    expect((await results(input, (t) => keyed(t).groupByKey())).out).toEqual([
      [['a', [1, 2]], 10, 'window'],
      [['b', [3]], 20, 'window'],
    ]);
    expect((await results(input, (t) => keyed(t).fullOuterJoin(other(t)))).out).toEqual([
      [['a', [1, 7]], 10, 'window'],
      [['a', [2, 7]], 10, 'window'],
      [['b', [3, undefined]], 20, 'window'],
      [['b', [undefined, 8]], 30, 'window'],
    ]);
  });

  it('tells partitions apart', async () => {
    const input = {
      in: [
        [{ value: 1, at: 1 }],
        [
          { value: 2, at: 2 },
          { value: 3, at: 3 },
        ],
      ],
    };
    const { out } = await results(input, (t) => t.source('in', aSource<number>(2)).glom());
    expect(out).toEqual([
      [[1], 10, 'window'],
      [[2, 3], 10, 'window'],
    ]);
  });

  it('emits an element in each window that it is in', async () => {
    const { out } = await results(
      {
        in: [
          [
            { value: 5, at: 3 },
            { value: 6, at: 14 },
          ],
        ],
      },
      (t) => plain(t).window({ window: us(20) }),
    );
    expect(out).toEqual([
      [5, 10, 'window'],
      [5, 20, 'window'],
      [6, 20, 'window'],
    ]);
  });

  it('cuts sessions where the gap is, whatever the order, and closes the last at the end', async () => {
    const input = { in: [pairs(['a', 1, 0], ['a', 2, 12], ['a', 4, 5], ['a', 8, 22])] };
    const { out } = await results(input, (t) => keyed(t).sessionWindow({ gap: us(10), reduce: add }));
    expect(out).toEqual([
      [['a', 7], 22, 'window'],
      [['a', 8], 32, 'window'],
    ]);
  });

  it('joins what is near in time', async () => {
    const input = {
      in: [pairs(['a', 1, 10])],
      in2: [pairs(['a', 2, 7], ['a', 3, 8], ['a', 4, 15], ['a', 5, 16], ['b', 6, 10])],
    };
    const { out } = await results(input, (t) => keyed(t).intervalJoin(other(t), { before: us(2), after: us(5) }));
    expect(out).toEqual([
      [['a', [1, 3]], 10],
      [['a', [1, 4]], 15],
    ]);
  });

  it('times states out before a later record, and up to the last watermark', async () => {
    const input = { in: [[...pairs(['a', 1, 0], ['b', 5, 3], ['a', 2, 12]), { beat: 20 }]] };
    const { out, answer } = await results(input, (t) =>
      keyed(t).mapWithState<number, string>({
        uid: 'op',
        timeout: us(10),
        map(key, value, state) {
          if (state.isTimingOut()) return `${key} was ${state.get()}`;
          state.update((state.getOption() ?? 0) + value!);
          return undefined;
        },
      }),
    );
    expect(out).toEqual([
      ['a was 1', 10],
      ['b was 5', 13],
    ]);
    expect([...answer.states.get('op')!.values()].map(({ key, value }) => [key, value])).toEqual([['a', 2]]);
  });
});
