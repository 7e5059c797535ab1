/** Windowed bolts in a running job: what each activation has, when tuples are acked, what is late, and what cannot be. */
import { describe, expect, it } from 'vitest';
import { micros, millis, minutes, seconds } from '../../../src/core/time.js';
import { runTuples, type TupleRunOptions } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import { isTick, type Spout } from '../../../src/topology/components.js';
import { joinBolt } from '../../../src/topology/join-bolt.js';
import { memory, none } from '../../../src/topology/sink-specs.js';
import { memory as memorySource } from '../../../src/topology/source-specs.js';
import type { WindowedBolt, WindowOptions } from '../../../src/topology/windowed-bolt.js';

interface N {
  readonly n: number;
  /** Event time (ms). */
  readonly at?: number;
}
type Late = { late: N };
const silent = (): Spout<N> => ({ nextTuple: () => 'done' });
const summing = (): WindowedBolt<N, { sum: number }, Late> => ({
  execute: ({ events }, out) => out.emit({ sum: events.reduce((sum, { values }) => sum + values.n, 0) }),
});
const windowed = (options: WindowOptions<N, Late>, create = summing, settings = {}) =>
  topology('windows', settings, (t) => {
    const spout = t.setSpout<N>('numbers', silent);
    const bolt = t.setWindowedBolt<N, { sum: number }, Late>('sums', create, {
      streams: { late: 'grouped' },
      ...options,
    });
    bolt.shuffleGrouping(spout).to('out', memory());
    bolt.stream('late').to('late', memory());
  });
const numbers = (...values: (number | N)[]) =>
  values.map((value, id) => ({ id, values: typeof value === 'number' ? { n: value } : value }));
const run = (
  job: ReturnType<typeof windowed>,
  messages = numbers(1, 2, 3, 4, 5),
  more: Partial<TupleRunOptions> = {},
) => runTuples(job, { spouts: { numbers: { messages, maxReplays: 0 } }, ...more });
/** Shorter: `events/new/expired` as numbers. */
const told = ({ activations }: Awaited<ReturnType<typeof run>>) =>
  activations.map(({ events, newEvents, expiredEvents }) =>
    [events, newEvents, expiredEvents].map((each) => each.map((values) => (values as N).n).join('')).join('/'),
  );

describe('windows of tuples', () => {
  it('tumbling: acked as soon as no later window has them', async () => {
    const result = await run(windowed({ count: 2 }), numbers(1, 2, 3, 4));
    expect(told(result)).toEqual(['12/12/', '34/34/12']);
    expect(result.outputs['out']).toEqual([{ sum: 3 }, { sum: 7 }]);
    expect([result.acked, result.failed]).toEqual([[0, 1, 2, 3], []]);
    expect(result.emitted.filter(({ component }) => component === 'sums').map(({ anchors }) => anchors)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('sliding: those that wait for a later window are under way', async () => {
    const result = await run(windowed({ count: 3, slideCount: 1 }), undefined, { until: { virtualMs: 100 } });
    expect(told(result)).toEqual(['1/1/', '12/2/', '123/3/', '234/4/1', '345/5/2']);
    expect(result.acked).toEqual([0, 1, 2]);
  });

  it('idleTimeout ends them as the end of an input does', async () => {
    const job = windowed({ count: 3, slideCount: 2, idleTimeout: seconds(1) });
    const result = await run(job);
    expect(told(result)).toEqual(['12/12/', '234/34/1', '45/5/23']);
    expect([result.acked.toSorted(), result.failed]).toEqual([[0, 1, 2, 3, 4], []]);
  });

  it('ackOn activation: acked after their first window, and anchors no more', async () => {
    const job = windowed({ count: 3, slideCount: 1, ackOn: 'activation' });
    const result = await run(job);
    expect(told(result)).toEqual(['1/1/', '12/2/', '123/3/', '234/4/1', '345/5/2']);
    expect(result.acked).toEqual([0, 1, 2, 3, 4]);
    expect(result.emitted.filter(({ component }) => component === 'sums').map(({ anchors }) => anchors)).toEqual([
      [0],
      [1],
      [2],
      [3],
      [4],
    ]);
  });

  it('each task has its own', async () => {
    const job = topology('tasks', (t) => {
      const spout = t.setSpout<N>('numbers', silent);
      t.setWindowedBolt('sums', summing, { count: 2, parallelism: 2, streams: { late: 'grouped' } })
        .customGrouping(spout, () => ({ chooseTasks: ({ n }) => n % 2 }))
        .to('out', memory());
    });
    const { activations } = await run(job, numbers(1, 2, 3, 4));
    expect(activations.map(({ task, events }) => [task, events.map((values) => (values as N).n)]).toSorted()).toEqual([
      [0, [2, 4]],
      [1, [1, 3]],
    ]);
  });
});

describe('windows in time', () => {
  /** Emits `n` at each of these times (ms) of the virtual clock. */
  const atTimes = (options: WindowOptions<N, Late>, due: readonly number[]) => {
    const result = { windows: [] as string[], acked: [] as unknown[] };
    let [next, clock] = [0, 0];
    const job = topology('clock', { batchInterval: millis(1) }, (t) => {
      const spout = t.setSpout<N>('numbers', () => ({
        nextTuple: (out) => {
          if (next === due.length) return 'done';
          if (clock < due[next]!) return 'idle';
          out.emit({ n: next }, next++);
          return undefined;
        },
        ack: (id) => void result.acked.push(id),
      }));
      // Its ticks are what the spout goes by.
      t.setBolt<N, N>(
        'clock',
        () => ({
          execute: (tuple, out) => {
            if (isTick(tuple)) clock = tuple.timestamp / 1_000;
            else out.ack(tuple);
          },
        }),
        { tick: millis(1) },
      ).shuffleGrouping(spout);
      t.setWindowedBolt<N, N, Late>(
        'windows',
        () => ({
          execute: ({ start, end, events, newEvents, expiredEvents }) => {
            const [all, fresh, old] = [events, newEvents, expiredEvents].map((each) =>
              each.map(({ values }) => values.n).join(''),
            );
            result.windows.push(`[${start / 1_000}, ${end / 1_000}) ${all}/${fresh}/${old}`);
          },
        }),
        { streams: { late: 'grouped' }, ...options },
      ).shuffleGrouping(spout);
    });
    return startVirtual(job, () => ({ mode: 'record' }))
      .then((each) => each.end())
      .then(({ outcome, error }) => {
        expect([outcome, error]).toEqual(['finished', undefined]);
        return result;
      });
  };

  it('tumble by the clock, and the job ends when all have closed', async () => {
    expect(await atTimes({ window: millis(10) }, [1, 5, 12, 35])).toEqual({
      windows: ['[0, 10) 01/01/', '[10, 20) 2/2/01', '[30, 40) 3/3/2'],
      acked: [0, 1, 2, 3],
    });
  });

  it('the last tuples at each multiple of a time', async () => {
    expect(await atTimes({ count: 2, slide: millis(5), idleTimeout: millis(20) }, [1, 2, 3, 12])).toEqual({
      windows: [
        '[2, 5) 12/12/',
        '[2, 10) 12//',
        '[3, 15) 23/3/1',
        '[3, 20) 23//',
        '[3, 25) 23//',
        '[3, 30) 23//',
        '[3, 35) 23//',
      ],
      acked: [0, 1, 2, 3],
    });
  });

  it('the last while after each so many tuples', async () => {
    expect(await atTimes({ window: millis(10), slideCount: 1 }, [1, 6, 12])).toEqual({
      windows: ['[-8.999, 1.001) 0/0/', '[-3.999, 6.001) 01/1/', '[2.001, 12.001) 12/2/0'],
      acked: [0, 1, 2],
    });
  });

  it('slide by the clock', async () => {
    expect(await atTimes({ window: millis(10), slide: millis(5) }, [1, 6, 12])).toEqual({
      windows: ['[-5, 5) 0/0/', '[0, 10) 01/1/', '[5, 15) 12/2/0', '[10, 20) 2//1'],
      acked: [0, 1, 2],
    });
  });

  it('by a timestamp: out of order within the lag, late below the watermark', async () => {
    const event = { timestamp: ({ at = 0 }: N) => millis(at), watermarkInterval: millis(10) };
    const job = windowed({
      window: seconds(10),
      lag: seconds(2),
      lateStream: 'late',
      idleTimeout: seconds(1),
      ...event,
    });
    const result = await run(
      job,
      numbers({ n: 1, at: 1_000 }, { n: 2, at: 12_000 }, { n: 3, at: 9_999 }, { n: 4, at: 25_000 }),
    );
    expect(told(result)).toEqual(['13/13/', '2/2/13', '4/4/2']);
    expect(result.activations.map(({ start, end }) => [start, end])).toEqual([
      [0, 10_000_000],
      [10_000_000, 20_000_000],
      [20_000_000, 30_000_000],
    ]);
    expect(result.acked.toSorted()).toEqual([0, 1, 2, 3]);
  });

  it('a tuple below the watermark goes to the late stream, anchored, and is acked', async () => {
    let [count, clock] = [0, 0];
    const events: N[] = [
      { n: 1, at: 5_000 },
      { n: 2, at: 30_000 },
      { n: 3, at: 29_999 },
      { n: 4, at: 30_000 },
    ];
    const acked: unknown[] = [];
    const late: unknown[] = [];
    const windows: string[] = [];
    const job = topology('late', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({
        // One between two rises of the watermark.
        nextTuple: (out) => {
          if (count === events.length) return 'done';
          if (clock < count) return 'idle';
          out.emit(events[count]!, count++);
          return undefined;
        },
        ack: (id) => void acked.push(id),
      }));
      t.setBolt<N, N>(
        'clock',
        () => ({
          execute: (tuple, out) => {
            if (isTick(tuple)) clock = tuple.timestamp / 100_000 - 1;
            else out.ack(tuple);
          },
        }),
        { tick: millis(100) },
      ).shuffleGrouping(spout);
      const bolt = t
        .setWindowedBolt<N, N, Late>(
          'windows',
          () => ({ execute: ({ events: each }) => void windows.push(each.map(({ values }) => values.n).join('')) }),
          {
            window: seconds(10),
            timestamp: ({ at = 0 }) => millis(at),
            watermarkInterval: millis(10),
            streams: { late: 'grouped' },
            lateStream: 'late',
            idleTimeout: seconds(1),
          },
        )
        .shuffleGrouping(spout);
      t.setBolt<N, N>('late', () => ({
        execute: (tuple, out) => {
          late.push(tuple.values.n);
          out.ack(tuple);
        },
      })).shuffleGrouping(bolt.stream('late'));
    });
    const { outcome, error } = await (await startVirtual(job, () => ({ mode: 'record' }))).end();
    expect([outcome, error]).toEqual(['finished', undefined]);
    expect([windows, late]).toEqual([['1', '24'], [3]]);
    expect(acked.toSorted()).toEqual([0, 1, 2, 3]);
  });

  it('behind a source a bounded input ends, and its records are done', async () => {
    const job = topology('source', { batchInterval: millis(5) }, (t) => {
      const records = t.source('in', memorySource([1, 2, 3])).map((n) => ({ n }));
      t.setWindowedBolt<N, { sum: number }, Late>('sums', summing, {
        window: millis(10),
        streams: { late: 'grouped' },
      })
        .shuffleGrouping(records)
        .to('out', none());
    });
    const result = await (await startVirtual(job, () => ({ mode: 'record' }))).end();
    expect([result.outcome, result.error, result.failed]).toEqual(['finished', undefined, 0]);
    expect(result.resultsWritten['out']).toBeGreaterThan(0);
  });
});

describe('what fails', () => {
  it('a function that throws fails the job: its window cannot be given again', async () => {
    const throwing = () => ({
      execute: () => {
        throw new Error('no window');
      },
    });
    await expect(run(windowed({ count: 2 }, throwing))).rejects.toMatchObject({ code: 'RG030', operator: 'sums' });
    const inTime = windowed({ window: millis(10) }, throwing, { batchInterval: millis(10) });
    await expect(run(inTime)).rejects.toMatchObject({ code: 'RG030', operator: 'sums' });
  });

  it('an async function is refused', async () => {
    const later = () => ({ execute: (async () => undefined) as never });
    await expect(run(windowed({ count: 2 }, later))).rejects.toMatchObject({ code: 'RG031', operator: 'sums' });
  });

  it('what is no timestamp fails its tuple', async () => {
    const job = windowed({ window: seconds(1), timestamp: () => Number.NaN as never }, summing, { attemptsMax: 1 });
    await expect(run(job)).rejects.toMatchObject({ code: 'RG034', operator: 'sums' });
  });

  it('windows that hold tuples longer than a message may live', async () => {
    await expect(run(windowed({ window: seconds(20), slide: seconds(11) }))).rejects.toMatchObject({
      code: 'RG019',
      message: expect.stringContaining(
        'for up to 31 s (length, slide and lag), and the message timeout is 30 s',
      ) as unknown,
    });
    await expect(run(windowed({ count: 10 }), undefined, { maxSpoutPending: 19 })).rejects.toMatchObject({
      code: 'RG019',
      message: expect.stringContaining('up to 20 tuples (length and slide), and maxSpoutPending is 19') as unknown,
    });
    const activation = windowed({ window: minutes(20), ackOn: 'activation' });
    await expect(run(activation, [], { until: { virtualMs: 1 } })).resolves.toMatchObject({ failed: [] });
  });

  it.each<[string, object, string]>([
    ['no length', {}, 'RG004'],
    ['two lengths', { count: 2, window: seconds(1) }, 'RG004'],
    ['a count of 0', { count: 0 }, 'RG011'],
    ['half a slide', { count: 2, slideCount: 0.5 }, 'RG011'],
    ['a window of 0', { window: micros(0) }, 'RG010'],
    ['a slide of 0', { window: seconds(1), slide: micros(0) }, 'RG010'],
    ['a lag that is none', { window: seconds(1), lag: -1 }, 'RG010'],
    ['two slides', { count: 2, slide: seconds(1), slideCount: 1 }, 'RG004'],
    ['a slide of 0 tuples', { window: seconds(1), slideCount: 0 }, 'RG011'],
    ['a slide of no time', { count: 2, slide: micros(0) }, 'RG010'],
    ['a time of tuples in order of arrival', { count: 2, timestamp: () => 1 }, 'RG004'],
    ['a lag of a window that slides by tuples', { window: seconds(1), slideCount: 1, lag: seconds(1) }, 'RG004'],
    ['a timestamp that is no function', { window: seconds(1), timestamp: 'at' }, 'RG004'],
    ['an undeclared late stream', { window: seconds(1), lateStream: 'laet' }, 'RG018'],
    ['an ackOn that is none', { count: 2, ackOn: 'never' }, 'RG004'],
  ])('%s is refused where it is written', (_what, options, code) => {
    expect(() => windowed(options as never)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the join bolt', () => {
  interface Click {
    readonly user: number;
    readonly page: string;
  }
  interface User {
    readonly id: number;
    readonly name: string;
  }
  const job = (kind: 'join' | 'leftJoin') =>
    topology('joins', (t) => {
      const clicks = t.setSpout<Click>('clicks', () => ({ nextTuple: () => 'done' }));
      const users = t.setSpout<User>('users', () => ({ nextTuple: () => 'done' }));
      const joined = joinBolt('click', clicks, 'user')
        [kind]('user', users, 'id', 'click')
        .select(({ click, user }) => ({ page: click.page, name: user?.name ?? 'nobody' }));
      t.setWindowedBolt('joined', joined, { window: seconds(1), parallelism: 2 })
        .fieldsGrouping(clicks, 'user')
        .fieldsGrouping(users, 'id')
        .to('out', memory());
    });
  const spouts = {
    clicks: {
      messages: [
        { id: 'c1', values: { user: 1, page: 'a' } },
        { id: 'c2', values: { user: 2, page: 'b' } },
        { id: 'c3', values: { user: 1, page: 'c' } },
      ],
    },
    users: {
      messages: [
        { id: 'u1', values: { id: 1, name: 'Ann' } },
        { id: 'u3', values: { id: 3, name: 'Cy' } },
      ],
    },
  };
  const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).toSorted();

  it('joins by equal fields within a window, and anchors each result to its own tuples', async () => {
    const { outputs, acked, emitted } = await runTuples(job('join'), { spouts });
    expect(sorted(outputs['out']!)).toEqual(['{"page":"a","name":"Ann"}', '{"page":"c","name":"Ann"}']);
    expect(acked.toSorted()).toEqual(['c1', 'c2', 'c3', 'u1', 'u3']);
    expect(emitted.filter(({ component }) => component === 'joined').map(({ anchors }) => anchors.toSorted())).toEqual([
      ['c1', 'u1'],
      ['c3', 'u1'],
    ]);
  });

  it('leftJoin keeps what has no partner', async () => {
    const { outputs } = await runTuples(job('leftJoin'), { spouts });
    expect(sorted(outputs['out']!)).toEqual([
      '{"page":"a","name":"Ann"}',
      '{"page":"b","name":"nobody"}',
      '{"page":"c","name":"Ann"}',
    ]);
  });

  it('refuses sides that are there twice or not at all, and streams without a component', () => {
    const build = (use: (t: Parameters<Parameters<typeof topology>[1]>[0]) => unknown) => () =>
      topology('wrong', (t) => void use(t));
    const spout = (t: Parameters<Parameters<typeof topology>[1]>[0], name = 'n') => t.setSpout<N>(name, silent);
    const refused = expect.objectContaining({ code: 'RG018' }) as Error;
    expect(build((t) => joinBolt('a', spout(t), 'n').join('a', spout(t, 'm'), 'n', 'a'))).toThrow(refused);
    expect(build((t) => joinBolt('a', spout(t), 'n').join('b', spout(t, 'm'), 'n', 'c' as 'a'))).toThrow(refused);
    expect(
      build((t) =>
        joinBolt(
          'a',
          spout(t).map(({ n }) => ({ n })),
          'n',
        ),
      ),
    ).toThrow(refused);
    expect(build((t) => joinBolt('a', spout(t), '' as 'n'))).toThrow(refused);
  });
});
