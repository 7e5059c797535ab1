/** The oracle’s keyed state against results written by hand. */
import { describe, expect, it } from 'vitest';
import { add, keyed, numbers, pairs, plain, results, us } from './evaluate-job.js';

describe('keyed state', () => {
  it('runningReduce: the total so far for each record, and the final totals', async () => {
    const { out, answer } = await results({ in: [pairs(['a', 1, 1], ['b', 5, 2], ['a', 2, 30])] }, (t) =>
      keyed(t).runningReduce({ uid: 'sum', reduce: add }),
    );
    expect(out).toEqual([
      [['a', 1], 1],
      [['b', 5], 2],
      [['a', 3], 30],
    ]);
    expect([...answer.states.get('sum')!.values()]).toEqual([
      { key: 'a', value: 3, scale: 3 },
      { key: 'b', value: 5, scale: 5 },
    ]);
  });

  const update = (values: readonly number[], state: number | undefined) => {
    const total = (state ?? 0) + values.reduce(add, 0);
    return values.includes(0) ? undefined : total;
  };

  it('updateStateByKey: every interval while the key has state; undefined removes it', async () => {
    const input = { in: [pairs(['a', 1, 1], ['a', 2, 2], ['b', 7, 12], ['a', 0, 25], ['b', 1, 31])] };
    const { out, answer } = await results(input, (t) => keyed(t).updateStateByKey({ uid: 'u', update }));
    expect(out).toEqual([
      [['a', 3], 10, 'window'],
      [['a', 3], 20, 'window'],
      [['b', 7], 20, 'window'],
      [['b', 7], 30, 'window'],
      [['b', 8], 40, 'window'],
    ]);
    expect([...answer.states.get('u')!.values()]).toEqual([{ key: 'b', value: 8, scale: 8 }]);
  });

  it('updateStateByKey: silent after maxEmptyIntervals until there are values again', async () => {
    const input = { in: [pairs(['a', 1, 1], ['a', 1, 51])] };
    const { out } = await results(input, (t) => keyed(t).updateStateByKey(update), { maxEmptyIntervals: 2 });
    expect(out).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 1], 20, 'window'],
      [['a', 1], 30, 'window'],
      [['a', 2], 60, 'window'],
    ]);
  });

  it('updateStateByKey: a key whose only values lie in an interval that never closes has not taken its initial state', async () => {
    const { out, answer } = await results({ in: [[...numbers([7, 5]), { beat: 20 }]] }, (t) =>
      plain(t)
        .count()
        .map((n) => [n === 0 ? 'none' : 'some', n] as const)
        .sessionWindow({ gap: us(4), reduce: add })
        .updateStateByKey({ uid: 'u', update, initialState: [['none', 3]] }),
    );
    expect(out).toEqual([[['some', 1], 20, 'window']]);
    expect([...answer.states.get('u')!.values()]).toMatchObject([{ key: 'some', value: 1 }]);
  });

  it('process: due timers before the record, in order of time; those above the final watermark never', async () => {
    const input = { in: [pairs(['a', 20, 1], ['a', 10, 2], ['a', 99, 25])] };
    const { out, answer } = await results(input, (t) =>
      keyed(t).process<number, string>({
        uid: 'p',
        onRecord: (at, context) => {
          context.setState((context.state ?? 0) + 1);
          context.setTimer(at);
          context.emit(`record ${at}`);
        },
        onTimer: (context) => {
          context.emit(`timer with ${context.state}`);
          if (context.timestamp === 10) context.setTimer(11);
          if (context.timestamp === 11) context.setTimer(5);
        },
      }),
    );
    expect(out.toSorted((a, b) => (a[1] as number) - (b[1] as number))).toEqual([
      ['record 20', 1],
      ['record 10', 2],
      ['timer with 2', 10],
      ['timer with 2', 11],
      ['timer with 2', 12],
      ['timer with 2', 20],
      ['record 99', 25],
    ]);
    expect(answer.states.get('p')!.get('s1:a')!.value).toBe(3);
  });

  it('process: a deleted timer does not fire, a timer at the final watermark does', async () => {
    const input = { in: [[...pairs(['a', 30, 1], ['a', 40, 2]), { beat: 40 }]] };
    const { out } = await results(input, (t) =>
      keyed(t).process<number, number>({
        uid: 'p',
        onRecord: (at, context) => {
          context.setTimer(at);
          if (at === 40) context.deleteTimer(30);
        },
        onTimer: (context) => context.emit(context.timestamp),
      }),
    );
    expect(out).toEqual([[40, 40]]);
  });
});
