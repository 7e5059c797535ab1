/** What spouts and bolts are told about their place in the job, and what they count about themselves: the same in both modes. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../src/core/time.js';
import { type ComponentMetric, METRICS_MAX } from '../../../src/executors/metrics.js';
import { runIntervals, runTuples } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { Spout, TaskInfo } from '../../../src/topology/components.js';
import type { Topology } from '../../../src/topology/graph.js';
import type { TaskMetrics } from '../../../src/topology/metrics.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { memory as memorySource } from '../../../src/topology/source-specs.js';
import { aSource } from '../../compare/memory-ends.js';
import { FakeWorkers } from '../record/survival/fake-workers.js';
import { live } from '../record/survival/lives.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;
const plain = ({ metrics: _, ...place }: TaskInfo) => place;

/** A spout and a source, two bolts, a count by key; `told` hears what each task is told. */
function placed(told: (info: TaskInfo) => void): Topology {
  return topology('places', (t) => {
    const spout = (): Spout<N> => ({ open: (_out, info) => told(info), nextTuple: () => 'done' });
    const numbers = t.setSpout<N>('numbers', spout, { parallelism: 2 });
    const others = t.source('others', memorySource<N>([])).map(({ n }) => ({ n: -n }));
    const split = t
      .setBasicBolt<N, N, { odd: N }>(
        'split',
        () => ({ prepare: told, execute: ({ values }, out) => out.emit(values) }),
        { parallelism: 3, streams: { odd: 'grouped' } },
      )
      .fieldsGrouping(numbers, 'n')
      .shuffleGrouping(others);
    t.setBasicBolt<N, N>('last', () => ({ prepare: told, execute: () => {} }))
      .globalGrouping(split.stream('odd'))
      .allGrouping(split.map(({ n }) => ({ n })))
      .to('last', memory());
    split
      .map(({ n }) => n)
      .countByValue({ uid: 'counts' })
      .to('counts', memory());
  });
}

describe.each(MODES)('%s', (mode) => {
  it('each task is told its ids, streams, sources and targets', async () => {
    const told: TaskInfo[] = [];
    const job = placed((info) => told.push(info));
    const run = await startVirtual(job, () => ({ mode }));
    expect((await run.end()).error).toBeUndefined();
    const componentTasks = { numbers: [1, 2], others: [3], split: [4, 5, 6], last: [7], counts: [8] };
    const tasks = told.map(plain).toSorted((a, b) => a.id - b.id);
    expect(tasks.map(({ component, task, id }) => [component, task, id])).toEqual([
      ['numbers', 0, 1],
      ['numbers', 1, 2],
      ['split', 0, 4],
      ['split', 1, 5],
      ['split', 2, 6],
      ['last', 0, 7],
    ]);
    expect(tasks[0]).toEqual({
      component: 'numbers',
      task: 0,
      parallelism: 2,
      id: 1,
      componentTasks,
      streams: ['default'],
      sources: [],
      targets: [{ component: 'split', stream: 'default', grouping: 'fields' }],
    });
    expect(tasks[2]).toMatchObject({
      streams: ['default', 'odd'],
      sources: [
        { component: 'numbers', stream: 'default', grouping: 'fields' },
        { component: 'others', stream: 'default', grouping: 'shuffle' },
      ],
      targets: [
        { component: 'last', stream: 'odd', grouping: 'global' },
        { component: 'last', stream: 'default', grouping: 'all' },
        { component: 'counts', stream: 'default', grouping: 'hash' },
      ],
    });
    expect(tasks.at(-1)).toMatchObject({ targets: [], sources: [{ stream: 'odd' }, { stream: 'default' }] });
  });

  it('is told of a reader behind a window that runs in its own chain', async () => {
    const told: TaskInfo[] = [];
    const pass = () => ({
      prepare: (info: TaskInfo) => void told.push(info),
      execute: ({ values }: { values: N }, out: { emit(values: N): void }) => out.emit(values),
    });
    const job = topology('chained', { batchInterval: seconds(1) }, (t) => {
      const windows = t
        .setBasicBolt<N, N>('first', pass)
        .shuffleGrouping(t.source('in', memorySource<N>([])))
        .map(({ n }) => [n, 1] as const)
        .reduceByKey({ uid: 'windows', reduce: (a, b) => a + b })
        .map(([n]) => ({ n }));
      t.setBasicBolt<N, N>('second', pass).globalGrouping(windows).to('out', memory());
    });
    await runIntervals(job, { mode, inputs: { in: [[]] } });
    expect(told.map(({ component, targets }) => [component, targets])).toEqual([
      ['first', [{ component: 'second', stream: 'default', grouping: 'global' }]],
      ['second', []],
    ]);
  });

  /** A bolt with two tasks behind a source. */
  const counted = async (prepare: (metrics: TaskMetrics, task: number) => (n: number) => void) => {
    const job = topology('counted', { batchInterval: seconds(1) }, (t) => {
      t.setBasicBolt<N, N>(
        'bolt',
        () => {
          let execute: (n: number) => void;
          return {
            prepare: ({ metrics, task }) => {
              execute = prepare(metrics, task);
            },
            execute: ({ values }) => execute(values.n),
          };
        },
        { parallelism: 2 },
      )
        .fieldsGrouping(t.source('in', memorySource<N>([])), 'n')
        .to('out', memory());
    });
    const numbers = [1, 2, 3, 4, 5, 6].map((n) => ({ n }));
    return (await runIntervals(job, { mode, inputs: { in: [numbers, [], numbers] } })).metrics;
  };
  const sum = (metrics: readonly ComponentMetric[], of: (metric: ComponentMetric) => number | undefined) =>
    metrics.reduce((total, metric) => total + (of(metric) ?? 0), 0);

  it('counters count up and down, by task', async () => {
    const metrics = await counted((registry, task) => {
      const seen = registry.counter('seen');
      const same = registry.counter('seen');
      return (n) => {
        same.inc();
        seen.inc(10 * n);
        seen.dec(10 * n);
        if (seen.count < 1) throw new Error(`not counted in ${task}`);
      };
    });
    expect(metrics.map(({ component, task, name, kind }) => [component, task, name, kind])).toEqual([
      ['bolt', 0, 'seen', 'counter'],
      ['bolt', 1, 'seen', 'counter'],
    ]);
    expect(sum(metrics, (metric) => (metric.kind === 'counter' ? metric.count : undefined))).toBe(12);
  });

  it('a gauge is read at the end, and the last function counts', async () => {
    const metrics = await counted((registry) => {
      let last = 0;
      registry.gauge('last', () => -1);
      registry.gauge('last', () => last);
      return (n) => {
        last = Math.max(last, n);
      };
    });
    expect(Math.max(...metrics.map((metric) => (metric.kind === 'gauge' ? metric.value : 0)))).toBe(6);
  });

  it('a histogram says how values are spread, where there are enough', async () => {
    const metrics = await counted((registry, task) => {
      const values = registry.histogram('values');
      if (task === 0) for (let value = 1; value <= 100; value++) values.update(value);
      return () => {};
    });
    expect(metrics.filter(({ task }) => task === 0)).toEqual([
      {
        component: 'bolt',
        task: 0,
        name: 'values',
        kind: 'histogram',
        count: 100,
        p50: 50,
        p90: 90,
        p99: undefined,
        p999: undefined,
        max: 100,
        mean: 50.5,
      },
    ]);
    expect(metrics.filter(({ task }) => task === 1)).toMatchObject([{ count: 0, max: undefined, mean: undefined }]);
  });

  it('meters and timers go by the clock of the World', async () => {
    const metrics = await counted((registry) => {
      const [meter, timer] = [registry.meter('tuples'), registry.timer('times')];
      return (n) => {
        meter.mark();
        meter.mark(2);
        timer.update(n * 1_000);
        if (timer.time(() => n) !== n) throw new Error('a timer gives what the function gave');
      };
    });
    const meters = metrics.flatMap((metric) => (metric.kind === 'meter' ? [metric] : []));
    const timers = metrics.flatMap((metric) => (metric.kind === 'timer' ? [metric] : []));
    expect([sum(meters, () => 0), meters.length, timers.length]).toEqual([0, 2, 2]);
    expect(meters.reduce((total, { count }) => total + count, 0)).toBe(36);
    // Three seconds of virtual time, or the time at which the last batch ran.
    const rate = meters.reduce((total, { meanRate }) => total + meanRate, 0);
    expect(rate).toBeGreaterThan(8);
    expect(rate).toBeLessThan(19);
    expect(timers.reduce((total, { count }) => total + count, 0)).toBe(24);
    expect(Math.max(...timers.map(({ max }) => max ?? 0))).toBe(6_000);
  });

  it.each([
    [
      'a name of two kinds',
      (m: TaskMetrics) => m.counter('x') && m.meter('x'),
      'RG014',
      "'x' is a counter; it cannot be a meter",
    ],
    [
      'what is no number',
      (m: TaskMetrics) => m.counter('x').inc(Number.NaN),
      'RG011',
      "'x' was given the number NaN, not a finite number",
    ],
    ['a value below 0', (m: TaskMetrics) => m.histogram('x').update(-1), 'RG011', 'not a finite number from 0 on'],
    ['a negative rate', (m: TaskMetrics) => m.meter('x').mark(-1), 'RG011', 'not a finite number from 0 on'],
  ])('%s fails the job, with the component', async (_what, wrong, code, message) => {
    const failure = await counted((metrics) => {
      wrong(metrics);
      return () => {};
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, operator: 'bolt', message: expect.stringContaining(message) });
  });

  it.each([
    ['a name that is empty', (m: TaskMetrics) => m.counter(''), 'RG022', 'the string "" as its name'],
    ['no name', (m: TaskMetrics) => m.histogram(undefined as never), 'RG022', 'undefined as its name'],
    ['a gauge of a number', (m: TaskMetrics) => m.gauge('x', 5 as never), 'RG004', 'the number 5, not a function'],
    [
      'a gauge of NaN',
      (m: TaskMetrics) => m.gauge('x', () => Number.NaN),
      'RG011',
      'the number NaN, not a finite number',
    ],
    [
      'a gauge of nothing',
      (m: TaskMetrics) => m.gauge('x', (() => {}) as never),
      'RG011',
      'undefined, not a finite number',
    ],
    [
      'a gauge of text',
      (m: TaskMetrics) => m.gauge('x', () => '5' as never),
      'RG011',
      'the string "5", not a finite number',
    ],
    [
      'a gauge of a bigint',
      (m: TaskMetrics) => m.gauge('x', () => 5n as never),
      'RG011',
      'the bigint 5, not a finite number',
    ],
    [
      'a gauge of an object',
      (m: TaskMetrics) => m.gauge('x', () => ({}) as never),
      'RG011',
      'an object, not a finite number',
    ],
    [
      'a gauge of a function',
      (m: TaskMetrics) => m.gauge('x', () => Date.now as never),
      'RG011',
      'a function, not a finite',
    ],
    ['a gauge that waits', (m: TaskMetrics) => m.gauge('x', (async () => 5) as never), 'RG031', 'returned a promise'],
  ])('%s fails the job, with the component', async (_what, wrong, code, message) => {
    const failure = await counted((metrics) => {
      wrong(metrics);
      return () => {};
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, operator: 'bolt', message: expect.stringContaining(message) });
  });

  it('has room for so many metrics in each task, and one more name fails the job', async () => {
    const named = (count: number) =>
      counted((metrics) => {
        for (let n = 0; n < count; n++) metrics.counter(`requests of user ${n}`);
        metrics.counter('requests of user 0').inc();
        return () => {};
      });
    expect(await named(METRICS_MAX)).toHaveLength(2 * METRICS_MAX);
    await expect(named(METRICS_MAX + 1)).rejects.toMatchObject({
      code: 'RG011',
      operator: 'bolt',
      message: expect.stringContaining(`'requests of user ${METRICS_MAX}' would be one more than the ${METRICS_MAX}`),
      hint: expect.stringContaining('leave ids'),
    });
  });

  it('a gauge that throws fails the job, with its component', async () => {
    const failure = await counted((metrics) => {
      metrics.gauge('broken', () => {
        throw new Error('no reading');
      });
      return () => {};
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'RG030', operator: 'bolt', message: expect.stringContaining('no reading') });
  });
});

it('spouts count too, and the test kit tells', async () => {
  const job = topology('spouts', (t) => {
    const numbers = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
    t.setBasicBolt<N, N>('bolt', () => {
      let info: TaskInfo;
      return {
        prepare: (given) => {
          info = given;
        },
        execute: ({ values }) => info.metrics.counter('sum').inc(values.n),
      };
    })
      .shuffleGrouping(numbers)
      .to('out', memory());
  });
  const messages = [1, 2, 3].map((n) => ({ id: n, values: { n } }));
  const { metrics } = await runTuples(job, { spouts: { numbers: { messages } } });
  expect(metrics).toEqual([{ component: 'bolt', task: 0, name: 'sum', kind: 'counter', count: 6 }]);
});

it.each(MODES)('%s: a spout that counts what it emits', async (mode) => {
  const job = topology('spout', (t) => {
    t.setSpout<N>('numbers', () => {
      let info: TaskInfo;
      let left = 5;
      return {
        open: (_out, given) => {
          info = given;
        },
        nextTuple: (out) => {
          if (left-- === 0) return 'done';
          info.metrics.counter('emitted').inc();
          out.emit({ n: left }, left);
          return undefined;
        },
      };
    }).to('out', memory());
  });
  const run = await startVirtual(job, () => ({ mode }));
  expect((await run.end()).metrics).toEqual([
    { component: 'numbers', task: 0, name: 'emitted', kind: 'counter', count: 5 },
  ]);
});

describe('on workers', () => {
  /** A bolt with four tasks, on two workers. */
  const counted = async (prepare: (metrics: TaskMetrics) => () => void) => {
    const values = Array.from({ length: 40 }, (_, n) => n);
    const sequence = { values, timestamps: Float64Array.from(values, (n) => n * 1_000), heartbeats: [] };
    const job = topology('on workers', { batchInterval: millis(5) }, (t) => {
      t.setBasicBolt<N, N>(
        'bolt',
        () => {
          let execute: () => void;
          return {
            prepare: ({ metrics }) => {
              execute = prepare(metrics);
            },
            execute: () => execute(),
          };
        },
        { parallelism: 4 },
      )
        .shuffleGrouping(t.source('in', aSource<number>()).map((n) => ({ n })))
        .to('out', memory());
    });
    const { job: result } = await live({
      topology: job,
      trace: { sources: [{ name: 'in', partitions: [sequence] }] },
      settings: {},
      interval: 2_500,
      isDurable: false,
      workers: (world, plan) =>
        new FakeWorkers({ world, plan, functions: job.functions, count: 2, latency: 100, absence: 500 }),
    });
    return result;
  };

  it('metrics of tasks are in the result', async () => {
    const { outcome, error, metrics } = await counted((registry) => () => registry.counter('seen').inc());
    expect([outcome, error]).toEqual(['finished', undefined]);
    expect(metrics.map(({ task }) => task)).toEqual([0, 1, 2, 3]);
    expect(metrics.map((metric) => metric.kind === 'counter' && metric.count)).toEqual([10, 10, 10, 10]);
  });

  it('a gauge of what cannot be sent fails the job, with its component', async () => {
    const { outcome, error } = await counted((registry) => {
      registry.gauge('broken', () => Date.now as never);
      return () => {};
    });
    expect([outcome, error]).toMatchObject(['failed', { code: 'RG011', operator: 'bolt' }]);
  });
});
