/** The test kit on tuples as micro-batches: who got what, what each batch answered, windows, ticks and lives. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../src/core/time.js';
import { runIntervals, runTuples } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt, Tuple } from '../../src/topology/components.js';
import { isTick } from '../../src/topology/components.js';
import type { JobSettings } from '../../src/topology/graph.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;
const messages = (count: number) => Array.from({ length: count }, (_, n) => ({ id: n, values: { n } }));
const settings: Partial<JobSettings> = { batchInterval: seconds(1), attemptsMax: 1 };

const passing = (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    if (isTick(tuple)) return;
    out.emit(tuple.values, tuple);
    out.ack(tuple);
  },
});
const failing = (bad: (n: number) => boolean): Bolt<N, N> => ({
  execute: (tuple, out) => (bad(tuple.values.n) ? out.fail(tuple, 'bad') : out.ack(tuple)),
});
const withBolt = (create: () => Bolt<N, N>, more: Partial<JobSettings> = {}, tick?: ReturnType<typeof millis>) =>
  topology('one', { ...settings, ...more }, (t) => {
    const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
    t.setBolt('bolt', create, tick === undefined ? {} : { tick })
      .shuffleGrouping(spout)
      .to('out', memorySink());
  });
const numbersOf = (tuples: readonly { readonly values: unknown }[]) => tuples.map(({ values }) => (values as N).n);

describe('runTuples as micro-batches', () => {
  it('says what was delivered and acked batch by batch', async () => {
    const run = await runTuples(withBolt(passing), {
      mode: 'micro-batch',
      spouts: { numbers: { messages: messages(5) } },
      maxSpoutPending: 2,
    });
    expect(run.batches.map(({ numRecords, acked, failed }) => [numRecords, acked, failed])).toEqual([
      [2, [0, 1], []],
      [2, [2, 3], []],
      [1, [4], []],
    ]);
    expect(run.batches.map(({ delivered }) => numbersOf(delivered))).toEqual([[0, 1], [2, 3], [4]]);
    expect(run.batches.map(({ batchTime }) => batchTime)).toEqual([1_000_000, 2_000_000, 3_000_000]);
    expect(run).toMatchObject({ acked: [0, 1, 2, 3, 4], failed: [], executed: { bolt: [5] } });
    expect(numbersOf(run.outputs['out']!.map((values) => ({ values })))).toEqual([0, 1, 2, 3, 4]);
  });

  it('a message that a bolt gives up fails with its batch, and comes again in a later one', async () => {
    // A batch with a tuple that is given up is run once more, to the others' end.
    let attempts = 0;
    const run = await runTuples(
      withBolt(() => failing((n) => n === 1 && attempts++ < 2)),
      { mode: 'micro-batch', spouts: { numbers: { messages: messages(3) } } },
    );
    const failure = { id: 1, reason: 'failed', component: 'bolt', message: 'bad' };
    expect(run.batches.map(({ acked, failed }) => [acked, failed])).toEqual([
      [[0, 2], [failure]],
      [[1], []],
    ]);
    expect(run.failed).toEqual([failure]);
  });

  it('a batch that succeeds at its second attempt fails no message, and both attempts are seen', async () => {
    let attempts = 0;
    const run = await runTuples(
      withBolt(() => failing((n) => n === 1 && attempts++ < 1), { attemptsMax: 2 }),
      { mode: 'micro-batch', spouts: { numbers: { messages: messages(3) } } },
    );
    expect(run.failed).toEqual([]);
    expect(run.batches.map(({ acked, delivered }) => [acked, numbersOf(delivered)])).toEqual([
      [
        [0, 1, 2],
        [0, 1, 0, 1, 2],
      ],
    ]);
    expect(run.executed).toEqual({ bolt: [5] });
  });

  it('at most once: what a batch began with is acked, whatever becomes of it', async () => {
    const run = await runTuples(
      withBolt(() => failing((n) => n === 1), { guarantee: 'at-most-once' }),
      { mode: 'micro-batch', spouts: { numbers: { messages: messages(3) } }, maxSpoutPending: 3 },
    );
    expect(run.batches.map(({ acked, failed }) => [acked, failed])).toEqual([[[0, 1, 2], []]]);
  });

  it('until ends it with a last batch of what was emitted by then', async () => {
    const options = {
      mode: 'micro-batch',
      spouts: { numbers: { messages: messages(9) } },
      maxSpoutPending: 2,
    } as const;
    const run = await runTuples(withBolt(passing), { ...options, until: { virtualMs: 2_300 } });
    expect(run.acked).toEqual([0, 1, 2, 3, 4, 5]);
    expect(run.batches.map(({ acked }) => acked)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  it('an error that fails the job is thrown', async () => {
    const throwing = withBolt(() => ({
      execute: () => {
        throw new Error('broken');
      },
    }));
    const spouts = { numbers: { messages: messages(1) } };
    await expect(runTuples(throwing, { mode: 'micro-batch', spouts })).rejects.toMatchObject({ code: 'RG030' });
    await expect(
      runTuples(throwing, { mode: 'micro-batch', spouts, until: { virtualMs: 1_500 } }),
    ).rejects.toMatchObject({ code: 'RG030' });
  });

  it.each([
    ['messageTimeout', { messageTimeout: millis(5) }],
    ['ackers', { ackers: 2 }],
    ['faults', { faults: [{ drop: 'tuple', component: 'bolt', nth: 1 }] }],
  ] as const)('refuses %s, which is of record mode', async (name, more) => {
    const run = runTuples(withBolt(passing), { mode: 'micro-batch', spouts: {}, ...more });
    await expect(run).rejects.toMatchObject({
      problems: [{ code: 'RG019', message: expect.stringContaining(name) as string }],
    });
  });

  it('refuses a mode that is none', async () => {
    const run = runTuples(withBolt(passing), { mode: 'batch' as 'record', spouts: {} });
    await expect(run).rejects.toMatchObject({ problems: [{ code: 'RG004' }] });
  });
});

describe.each(MODES)('runTuples, %s', (mode) => {
  it('tells which task got which tuple, for each grouping', async () => {
    const job = topology('groupings', settings, (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      const three = { parallelism: 3 };
      t.setBolt('shuffled', passing, three).shuffleGrouping(spout);
      t.setBolt('all', passing, three).allGrouping(spout);
      t.setBolt('global', passing, three).globalGrouping(spout);
      t.setBolt('byNumber', passing, three).fieldsGrouping(spout, 'n');
      t.setBolt('chosen', passing, three).customGrouping(spout, () => ({ chooseTasks: ({ n }) => n % 3 }));
      t.setBolt('none', passing, three).noneGrouping(spout);
      t.setBolt('local', passing, three).localOrShuffleGrouping(spout);
      const route = t.setBolt<N, N, { routed: N }>(
        'route',
        () => ({
          execute: (tuple, out) => {
            out.emitDirect((tuple.values.n + 1) % 3, 'routed', tuple.values, tuple);
            out.ack(tuple);
          },
        }),
        { streams: { routed: 'direct' } },
      );
      t.setBolt('direct', passing, three).directGrouping(route.shuffleGrouping(spout).stream('routed'));
    });
    const twice = [...messages(6), ...messages(6).map(({ id, values }) => ({ id: id + 6, values }))];
    const run = await runTuples(job, { mode, spouts: { numbers: { messages: twice } } });
    const tasksOf = (component: string, n: number) =>
      run.delivered
        .filter((tuple) => tuple.component === component && (tuple.values as N).n === n)
        .map(({ task }) => task);
    expect(run.executed).toMatchObject({
      shuffled: [4, 4, 4],
      all: [12, 12, 12],
      global: [12, 0, 0],
      local: [4, 4, 4],
      direct: [4, 4, 4],
    });
    const drawn = run.executed['none']!;
    expect(drawn.reduce((sum, count) => sum + count)).toBe(12);
    expect(drawn.filter((count) => count > 0).length).toBeGreaterThan(1);
    for (let n = 0; n < 6; n++) {
      expect(tasksOf('all', n).toSorted()).toEqual([0, 0, 1, 1, 2, 2]);
      expect(tasksOf('chosen', n)).toEqual([n % 3, n % 3]);
      const [first, second] = tasksOf('byNumber', n);
      expect(first).toBe(second);
      expect(tasksOf('direct', n)).toEqual([(n + 1) % 3, (n + 1) % 3]);
    }
    expect(run.acked.toSorted((a, b) => Number(a) - Number(b))).toEqual(twice.map(({ id }) => id));
  });

  it('tells that partialKey shares a hot key between two tasks, and fields gives it to one', async () => {
    const job = topology('hot', settings, (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      t.setBolt('partial', passing, { parallelism: 3 }).partialKeyGrouping(spout, 'n');
      t.setBolt('fields', passing, { parallelism: 3 }).fieldsGrouping(spout, 'n');
    });
    const hot = messages(6).map(({ id }) => ({ id, values: { n: 7 } }));
    const { executed } = await runTuples(job, { mode, spouts: { numbers: { messages: hot } } });
    expect(executed['partial']!.toSorted()).toEqual([0, 3, 3]);
    expect(executed['fields']!.toSorted()).toEqual([0, 0, 6]);
  });

  it('tells the windows of windowed bolts: events, new and expired ones', async () => {
    const job = topology('windows', settings, (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      t.setWindowedBolt<N, N>('three', () => ({ execute: () => {} }), { count: 3, slideCount: 2 }).shuffleGrouping(
        spout,
      );
    });
    const run = await runTuples(job, {
      mode,
      spouts: { numbers: { messages: messages(5) } },
      until: { virtualMs: 1_500 },
    });
    const seen = run.activations.map(({ events, newEvents, expiredEvents }) =>
      [events, newEvents, expiredEvents].map((each) => each.map((values) => (values as N).n)),
    );
    expect(seen).toEqual([
      [[0, 1], [0, 1], []],
      [[1, 2, 3], [2, 3], [0]],
    ]);
  });

  it('tells ticks at their place between the tuples', async () => {
    const run = await runTuples(withBolt(passing, {}, millis(500)), {
      mode,
      spouts: { numbers: { messages: messages(1) } },
      until: { virtualMs: 2_000 },
    });
    const ticks = run.delivered.filter(({ source, stream }) => source === '__system' && stream === '__tick');
    expect(ticks.slice(0, 2).map(({ timestamp }) => timestamp)).toEqual([500_000, 1_000_000]);
    expect(numbersOf(run.delivered.filter((tuple) => !ticks.includes(tuple)))).toEqual([0]);
    expect(run.executed).toEqual({ bolt: [1] });
  });

  it('tells at which messages an emit hangs: one with two anchors at both', async () => {
    const pairing = (): Bolt<N, N> => {
      let first: Tuple<N> | undefined;
      return {
        execute: (tuple, out) => {
          if (first === undefined) {
            first = tuple;
            return;
          }
          out.emit({ n: first.values.n + tuple.values.n }, [first, tuple]);
          out.ack(first);
          out.ack(tuple);
          first = undefined;
        },
      };
    };
    const run = await runTuples(withBolt(pairing), { mode, spouts: { numbers: { messages: messages(4) } } });
    const emitted = run.emitted.filter(({ component }) => component === 'bolt');
    expect(emitted.map(({ values, anchors }) => [(values as N).n, anchors])).toEqual([
      [1, [0, 1]],
      [5, [2, 3]],
    ]);
    expect(run.emitted.filter(({ component }) => component === 'numbers').map(({ anchors }) => anchors)).toEqual([
      [0],
      [1],
      [2],
      [3],
    ]);
    expect(run.acked.toSorted()).toEqual([0, 1, 2, 3]);
  });

  it('tells the calls of a life in order', async () => {
    const run = await runTuples(withBolt(passing), { mode, spouts: { numbers: { messages: messages(2) } } });
    const calls = run.lifeCalls.map(({ component, call }) => `${component} ${call}`);
    expect(calls.filter((call) => call.startsWith('bolt'))).toEqual(['bolt prepare', 'bolt cleanup']);
    expect(calls.slice(0, 3)).toEqual(['bolt prepare', 'numbers open', 'numbers activate']);
    expect(calls.filter((call) => call.startsWith('numbers')).at(-1)).toBe('numbers close');
  });

  it('runIntervals tells deliveries, windows and lives of bolts on sources', async () => {
    const job = topology('on-source', settings, (t) => {
      const numbers = t.source('in', memory<N>([]));
      t.setBolt('bolt', passing, { parallelism: 2 }).fieldsGrouping(numbers, 'n').to('out', memorySink());
      t.setWindowedBolt<N, N>('windows', () => ({ execute: () => {} }), { window: seconds(1) }).shuffleGrouping(
        numbers,
      );
    });
    const run = await runIntervals(job, { mode, inputs: { in: [[{ n: 1 }, { n: 2 }], [{ n: 1 }], []] } });
    const own = run.delivered.filter(({ component }) => component === 'bolt');
    expect(numbersOf(own).toSorted()).toEqual([1, 1, 2]);
    expect(new Set(own.filter(({ values }) => (values as N).n === 1).map(({ task }) => task)).size).toBe(1);
    expect(run.activations.map(({ start, events }) => [start, events])).toEqual([
      [0, [{ n: 1 }, { n: 2 }]],
      [1_000_000, [{ n: 1 }]],
    ]);
    const calls = run.lifeCalls.map(({ component, task, call }) => `${component} ${task} ${call}`);
    expect(calls.filter((call) => call.endsWith('prepare')).toSorted()).toEqual([
      'bolt 0 prepare',
      'bolt 1 prepare',
      'windows 0 prepare',
    ]);
  });
});
