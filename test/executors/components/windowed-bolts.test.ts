/** Windowed and join bolts as micro-batches: the windows of record mode, in a state that attempts and drivers go back to. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../src/core/time.js';
import { runIntervals } from '../../../src/testing/index.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { Spout, TaskInfo } from '../../../src/topology/components.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import { joinBolt } from '../../../src/topology/join-bolt.js';
import { memory } from '../../../src/topology/sink-specs.js';
import type { Stream } from '../../../src/topology/streams.js';
import type { WindowedBolt, WindowOptions } from '../../../src/topology/windowed-bolt.js';
import { aSource } from '../../compare/memory-ends.js';
import { type Crash, type Life, type LifeOptions, live } from '../micro-batch/incarnations.js';
import { live as liveAsRecords } from '../record/survival/lives.js';

interface N {
  readonly n: number;
  /** Event time (ms). */
  readonly at: number;
}
type Seen = { readonly seen: string };
type Late = { late: N };
type Options = WindowOptions<N, Late>;

/** Tells each window as `[start, end) events/new/expired`. */
const telling = (): WindowedBolt<N, Seen, Late> => ({
  execute: ({ start, end, events, newEvents, expiredEvents }, out) => {
    const [all, fresh, old] = [events, newEvents, expiredEvents].map((each) =>
      each.map(({ values }) => values.n).join(' '),
    );
    out.emit({ seen: `[${start / 1_000}, ${end / 1_000}) ${all}/${fresh}/${old}` }, events);
  },
});

const job = (
  options: Options,
  create = telling,
  settings: Partial<JobSettings> = {},
  behind: (windows: Stream<Seen>) => void = () => undefined,
): Topology =>
  topology('windows', { batchInterval: millis(5), ...settings }, (t) => {
    const numbers = t.source('in', aSource<number>()).map((n) => ({ n, at: n % 7 === 6 ? n - 6 : n ^ 1 }));
    const windows = t
      .setWindowedBolt<N, Seen, Late>('windows', create, { streams: { late: 'grouped' }, ...options })
      .shuffleGrouping(numbers);
    behind(windows);
    windows.to('out', memory());
    windows.stream('late').to('late', memory());
  });

const values = Array.from({ length: 24 }, (_, n) => n);
const trace = {
  sources: [
    { name: 'in', partitions: [{ values, timestamps: Float64Array.from(values, (n) => n * 1_000), heartbeats: [] }] },
  ],
};
const asBatches = (topology: Topology, crashes: readonly Crash[] = [], more: Partial<LifeOptions> = {}) =>
  live({ topology, trace, crashes, snapshotEach: 2, ...more });
const seen = ({ sinks }: Life, sink = 'out'): string[] =>
  sinks.get(sink)!.visible.map((result) => JSON.stringify((result as { value: unknown }).value));

// Behind a source record mode ends when every tuple is acked: those of windows by count are, once they were in one.
const ackOn = 'activation';
const WINDOWS: readonly [string, Options][] = [
  ['in time', { window: millis(6), slide: millis(3) }],
  [
    'by a timestamp, with late tuples',
    {
      window: millis(6),
      slide: millis(3),
      timestamp: ({ at }) => millis(at),
      lag: millis(2),
      watermarkInterval: millis(2),
      lateStream: 'late',
      idleTimeout: millis(4),
      ackOn,
    },
  ],
  ['of tuples', { count: 4, slideCount: 3, ackOn }],
  ['of tuples, with gaps', { count: 2, slideCount: 3 }],
  ['of the last tuples', { count: 4, slide: millis(3), ackOn }],
  ['of the last while', { window: millis(6), slideCount: 3, ackOn }],
];

describe.each(WINDOWS)('windows %s', (name, options) => {
  it('have the activations that they have record at a time', async () => {
    const batches = await asBatches(job(options));
    const records = await liveAsRecords({ topology: job(options), trace, settings: {}, interval: 2_500 });
    expect([batches.job.error, records.job.error]).toEqual([undefined, undefined]);
    for (const sink of ['out', 'late'])
      expect(seen(batches, sink)).toEqual(records.sinks.get(sink)!.results.map(({ value }) => JSON.stringify(value)));
    expect(seen(batches).length).toBeGreaterThan(4);
    expect(seen(batches, 'late').length > 0).toBe(name.includes('late'));
  });

  it('go on with the tuples of before, whenever the driver dies', async () => {
    const expected = new Set(seen(await asBatches(job(options))));
    let crashed = 0;
    for (let count = 1 + (name.length % 6); count < 70; count += 6) {
      const disturbed = await asBatches(job(options), [{ kind: 'events', count }]);
      crashed += disturbed.crashed;
      expect([disturbed.job.outcome, disturbed.job.error], `crash after ${count}`).toEqual(['finished', undefined]);
      expect(new Set(seen(disturbed)), `crash after ${count}`).toEqual(expected);
    }
    expect(crashed).toBeGreaterThan(5);
  });
});

describe('a window that throws', () => {
  /** Throws at the windows whose numbers are given, and tells how many it has had. */
  const throwing = (...at: number[]) => {
    const made: TaskInfo[] = [];
    let called = 0;
    const create = (): WindowedBolt<N, Seen, Late> => {
      let had = 0;
      const { execute } = telling();
      return {
        prepare: (info) => void made.push(info),
        execute: (window, out) => {
          had++;
          if (at.includes(++called)) throw new Error('no window');
          execute(window, {
            ...out,
            emit: ({ seen: each }, anchors) => out.emit({ seen: `${had}: ${each}` }, anchors),
          });
        },
      };
    };
    return { create, made };
  };

  it.each(WINDOWS)('is tried again with its batch, and its windows are as before (%s)', async (_name, options) => {
    const whole = seen(await asBatches(job(options)));
    const { create, made } = throwing(3);
    const disturbed = await asBatches(job(options, create));
    expect([disturbed.job.error, disturbed.job.taskRetries]).toEqual([undefined, 1]);
    expect(seen(disturbed).map((each) => each.replace(/\d+: /, ''))).toEqual(whole);
    // Its own memory is not taken back, and not lost either: the windows of that batch are counted twice.
    expect(Number(/(\d+): /.exec(seen(disturbed).at(-1)!)![1])).toBeGreaterThan(whole.length);
    expect(made).toMatchObject([{ component: 'windows', task: 0, parallelism: 1 }]);
    expect(made[0]).not.toHaveProperty('state');
  });

  it.each(['micro-batch', 'record'] as const)('each time fails the job, also with dead letters (%s)', async (mode) => {
    for (const options of [{ count: 2 }, { window: millis(2) }]) {
      const { create } = throwing(...Array.from({ length: 50 }, (_, each) => each + 2));
      const topology = job(options, create, { onError: 'dead-letter' });
      const { job: result } =
        mode === 'record'
          ? await liveAsRecords({ topology, trace, settings: {}, interval: 2_500 })
          : await asBatches(topology);
      expect(result.error).toMatchObject({ code: 'RG030', operator: 'windows' });
      expect(result.deadLetterCount).toBe(0);
    }
  });
});

it.each(['micro-batch', 'record'] as const)('the last windows are in the intervals behind them (%s)', async (mode) => {
  const topology = job({ window: millis(5) }, undefined, {}, (windows) => {
    const counts = windows.map(() => ['windows', 1] as const).reduceByKey({ reduce: (a, b) => a + b });
    counts.to('counts', memory());
  });
  const count = (results: readonly unknown[]) =>
    results.reduce<number>((sum, each) => sum + (each as [string, number])[1], 0);
  if (mode === 'micro-batch')
    expect(count(seen(await asBatches(topology), 'counts').map((each) => JSON.parse(each)))).toBe(5);
  else {
    const { sinks } = await liveAsRecords({ topology, trace, settings: {}, interval: 2_500 });
    expect(count(sinks.get('counts')!.results.map(({ value }) => value))).toBe(5);
  }
});

/** Emits numbers one by one, a few at each poll. */
const numbers = (count: number, heard: string[]): Spout<N> => {
  let next = 0;
  return {
    nextTuple: (out) => {
      if (next === count) return 'done';
      const n = next++;
      out.emit({ n, at: n }, n);
      return n % 2 === 1 ? 'idle' : undefined;
    },
    ack: (id) => void heard.push(`ack ${id}`),
    fail: (id) => void heard.push(`fail ${id}`),
  };
};

describe('a tuple in a window', () => {
  const ofSpout = (
    heard: string[],
    settings: Partial<JobSettings> = {},
    behind?: (from: Stream<Seen>, t: TopologyBuilder) => void,
  ) =>
    topology('acks', { batchInterval: millis(5), ...settings }, (t) => {
      const from = t.setSpout<N>('numbers', () => numbers(4, heard));
      const windows = t
        .setWindowedBolt<N, Seen, Late>('windows', telling, { count: 4, slideCount: 2, streams })
        .shuffleGrouping(from);
      if (behind === undefined) windows.to('out', memory());
      else behind(windows, t);
    });
  const streams = { late: 'grouped' } as const;
  const options = { blockInterval: 2_000 };

  it('is acked when its batch is done, though later windows will have it', async () => {
    const heard: string[] = [];
    const { job: result } = await asBatches(ofSpout(heard), [], { trace: { sources: [] }, isDurable: false, options });
    expect([result.outcome, result.error]).toEqual(['finished', undefined]);
    expect(heard).toEqual(['ack 0', 'ack 1', 'ack 2', 'ack 3']);
  });

  it('is acked when a checkpoint has its window, where checkpoints are taken', async () => {
    const heard: string[] = [];
    const hear = (step: string) => void (step === 'snapshotSaved' && heard.push('saved'));
    await asBatches(ofSpout(heard), [], { trace: { sources: [] }, options, hear });
    expect(heard[0]).toBe('saved');
    expect(heard.filter((each) => each.startsWith('ack'))).toHaveLength(4);
  });

  it('is nothing that a bolt behind can fail: of what comes of windows onError decides', async () => {
    const failing = (from: Stream<Seen>, t: TopologyBuilder): void => {
      t.setBolt<Seen, never>('fail', () => ({ execute: (tuple, out) => out.fail(tuple) })).shuffleGrouping(from);
    };
    for (const onError of ['fail', 'dead-letter'] as const) {
      const heard: string[] = [];
      const topology = ofSpout(heard, { onError }, failing);
      const { job: result } = await asBatches(topology, [], { trace: { sources: [] }, isDurable: false, options });
      if (onError === 'fail') expect(result.error).toMatchObject({ code: 'RG035', operator: 'fail' });
      else expect([result.error, result.deadLetterCount, heard.length]).toEqual([undefined, 2, 4]);
      expect(heard.filter((each) => each.startsWith('fail'))).toEqual([]);
    }
  });
});

describe.each(['micro-batch', 'record'] as const)('a join bolt (%s)', (mode) => {
  interface Click {
    readonly user: number;
    readonly page: string;
  }
  interface User {
    readonly id: number;
    readonly name: string;
  }

  it.each(['join', 'leftJoin'] as const)('%s: by equal fields within a window', async (kind) => {
    const joins = topology('joins', { batchInterval: seconds(1) }, (t) => {
      const clicks = t.source('clicks', aSource<Click>()) as Stream<Click>;
      const users = t.source('users', aSource<User>()) as Stream<User>;
      const named = joinBolt('click', clicks, 'user')
        [kind]('user', users, 'id', 'click')
        .select(({ click, user }) => ({ page: click.page, name: user?.name ?? 'nobody' }));
      t.setWindowedBolt('named', named, { window: seconds(2), parallelism: 2 })
        .fieldsGrouping(clicks, 'user')
        .fieldsGrouping(users, 'id')
        .to('out', memory());
    });
    const a = { user: 1, page: 'a' };
    const { outputs } = await runIntervals(joins, {
      mode,
      inputs: {
        clicks: [[a, { user: 2, page: 'b' }], [{ user: 1, page: 'c' }], [a]],
        users: [
          [],
          [
            { id: 1, name: 'Ann' },
            { id: 3, name: 'Cy' },
          ],
          [],
        ],
      },
      intervals: 5,
    });
    const rows = outputs['out']!.flat().map((row) => Object.values(row as object).join(' '));
    const unnamed = kind === 'join' ? [] : ['a nobody', 'b nobody'];
    expect(rows.toSorted()).toEqual([...unnamed, 'a Ann', 'c Ann'].toSorted());
  });
});
