/** `ackOn: 'expiry'`: a record is done when the windows that it is in have closed, and what was not done is read again. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../../src/core/time.js';
import { expiryProblem } from '../../../../src/executors/record/expiry-errors.js';
import { SourceMarks } from '../../../../src/executors/record/source-marks.js';
import { compile } from '../../../../src/plan/compile.js';
import { expiryOf, heldFor } from '../../../../src/plan/expiry.js';
import { type TopologyBuilder, topology } from '../../../../src/topology/builder.js';
import type { Spout } from '../../../../src/topology/components.js';
import { memory } from '../../../../src/topology/sink-specs.js';
import { aSource } from '../../../compare/memory-ends.js';
import { FakeWorkers } from './fake-workers.js';
import { type LivesParts, live } from './lives.js';

const COUNT = 60;
const LATE = new Set([10, 20, 30, 40, 50]);
const ONE = (a: number, b: number): number => a + b;

/** Numbers by their last digit, one each millisecond, with the time that they say: every tenth comes 15 ms late. */
const timed = (more: Partial<LivesParts> = {}): LivesParts => ({
  topology: topology('timed', { batchInterval: millis(10), guarantee: 'at-least-once' }, (t) => {
    const inTime = t.source('in', aSource<number>()).timestamps({
      uid: 'time',
      extract: (n) => 1_000 * (n % 10 === 0 ? Math.max(0, n - 15) : n),
      maxOutOfOrderness: millis(5),
    });
    inTime.to('seen', memory());
    inTime
      .map((n) => [n % 10, 1] as const)
      .reduceByKeyAndWindow({ uid: 'counts', window: millis(30), slide: millis(10), reduce: ONE })
      .to('out', memory());
  }),
  trace: {
    sources: [
      {
        name: 'in',
        partitions: [
          {
            values: Array.from({ length: COUNT }, (_, n) => n),
            timestamps: Float64Array.from({ length: COUNT }, (_, n) => 1_000 * n),
            heartbeats: [],
          },
        ],
      },
    ],
  },
  settings: {},
  parallelism: 2,
  chaining: false,
  interval: 10_000,
  isDurable: false,
  ...more,
  options: { ackOn: 'expiry', ...more.options },
});

const sorted = (results: readonly { readonly windowEnd: number; readonly value: unknown }[]): string[] =>
  results.map(({ windowEnd, value }) => `${windowEnd} ${JSON.stringify(value)}`).toSorted();

describe('a lost worker', () => {
  it.each([3_000, 12_345, 25_500, 31_000, 47_000, 59_500, 60_400])(
    'at %i us: each window has the same result, once, and late records stay late',
    async (time) => {
      const plain = await live(timed({ options: { ackOn: 'update' } }));
      expect(plain.job.lateRecords).toBe(LATE.size);
      const parts = timed();
      const { job, sinks, events } = await live({
        ...parts,
        workers: (world, plan) => {
          const { functions } = parts.topology;
          const workers = new FakeWorkers({ world, plan, functions, count: 2, latency: 400, absence: 700 });
          world.scheduler.at(time, () => workers.kill(0));
          world.scheduler.at(time + 4_000, () => workers.kill(1));
          return workers;
        },
      });
      expect([job.outcome, job.error]).toEqual(['finished', undefined]);
      expect(events.some(({ kind }) => kind === 'jobRestored')).toBe(true);
      const results = sorted(sinks.get('out')!.results);
      const expected = sorted(plain.sinks.get('out')!.results);
      expect(results).toEqual(expected);
      const seen = new Set(sinks.get('seen')!.results.map(({ value }) => value));
      expect(seen.size).toBe(COUNT - LATE.size);
      for (const late of LATE) expect(seen).not.toContain(late);
    },
  );
});

describe('what the source hears', () => {
  it('a record is done when its last window has closed, and all are at the end', async () => {
    const heard: (readonly [now: number, offset: number])[] = [];
    const { job } = await live(timed({ committed: (now, offset) => void heard.push([now, offset]) }));
    expect(job.outcome).toBe('finished');
    expect(heard.length).toBeGreaterThan(2);
    expect(heard.at(-1)![1]).toBe(COUNT);
    // Record n is in windows up to the one that ends at (n + 30) ms or a little before; that one closes when a later record comes.
    for (const [now, offset] of heard.slice(0, -1)) expect(1_000 * (offset - 1) + 20_000).toBeLessThan(now);
  });

  it('more records in open windows than maxUncommitted: the job stops with what to do, and does not hang', async () => {
    const { job } = await live(timed({ options: { maxUncommitted: 20 } }));
    expect(job.outcome).toBe('failed');
    expect(job.error).toMatchObject({ code: 'RG019' });
    expect(job.error!.message).toContain("20 records of 'in' (partition 0) are in windows of 35 ms");
  });

  it('enough room for the windows: the job ends', async () => {
    expect((await live(timed({ options: { maxUncommitted: 50 } }))).job.outcome).toBe('finished');
  });
});

it('a spout hears ack when the window of its message has closed', async () => {
  const log: string[] = [];
  let next = 0;
  const spout: Spout<{ readonly n: number }> = {
    nextTuple: (out) => {
      if (next === 4) return 'done';
      out.emit({ n: next }, next++);
      return undefined;
    },
    ack: (id) => void log.push(`ack ${id}`),
  };
  const job = topology('spout', { batchInterval: millis(10), guarantee: 'at-least-once' }, (t) => {
    t.setBolt<{ n: number }, { n: number }>('pass', () => ({
      execute: (tuple, out) => {
        out.emit(tuple.values, tuple);
        out.ack(tuple);
      },
    }))
      .shuffleGrouping(t.setSpout<{ readonly n: number }>('numbers', () => spout))
      .map(({ n }) => [n, 1] as const)
      .reduceByKey({ uid: 'sum', reduce: ONE })
      .to('out', memory());
  });
  const { job: result } = await live(
    timed({
      topology: job,
      trace: { sources: [] },
      listener: (event) => void (event.kind === 'result' && log.push('out')),
    }),
  );
  expect(result.outcome).toBe('finished');
  expect(log.slice(0, 4)).toEqual(['out', 'out', 'out', 'out']);
  expect(log.slice(4).toSorted()).toEqual(['ack 0', 'ack 1', 'ack 2', 'ack 3']);
});

it('a mark counts when all before it is processed and expired, and never before', () => {
  const context = { timestamp: 0, windowEnd: Number.NaN };
  const marks = new SourceMarks({ context, rows: () => new Map(), expiryOf: (time) => time + 10 });
  const push = marks.seeing(() => {});
  const at = (offset: number): void =>
    marks.mark({ source: 'in', partition: 0, offset, hasEnded: false, times: NO_TIMES, reader: undefined }, offset);
  at(0);
  for (let n = 0; n < 3; n++) {
    context.timestamp = 100 * n;
    push(n);
    at(n + 1);
    at(n + 1);
  }
  expect(marks.pass(109, 3)).toBe(1);
  expect(marks.pass(110, 1)).toBe(1);
  expect(marks.pass(110, 2)).toBe(2);
  expect(marks.passed.sequence).toBe(2);
  expect(marks.pass(Number.POSITIVE_INFINITY, 3)).toBe(3);
});

const NO_TIMES = { watermark: 0, nextStep: 0, highest: 0, sent: 0 };

describe('when records expire', () => {
  const planOf = (build: (t: TopologyBuilder) => void) =>
    compile(topology('job', { batchInterval: seconds(1) }, build), { mode: 'record' });
  const numbers = (t: TopologyBuilder) => t.source('in', aSource<number>()).map((n) => [n, 1] as const);

  it('a window ends for a record with the last one that holds it; windows of windows add up', () => {
    const plan = planOf((t) => {
      const sums = numbers(t).reduceByKeyAndWindow({ window: seconds(3), slide: seconds(1), reduce: ONE });
      sums.to('a', memory());
      sums.reduceByKeyAndWindow({ window: seconds(4), slide: seconds(2), reduce: ONE }).to('b', memory());
    });
    // In [0, 3) to [2, 5): results at 2.99 to 4.99 s, the last of which is in [4, 8) at the latest.
    expect(expiryOf(plan, 2_500_000)).toBe(8_000_000);
    expect(heldFor(plan)).toBe(6_000_000);
  });

  it.each<[string, (t: TopologyBuilder) => void, string]>([
    [
      'runningReduce',
      (t) => numbers(t).runningReduce({ uid: 'x', reduce: ONE }).to('out', memory()),
      "'x' keeps state",
    ],
    ['count', (t) => numbers(t).count().to('out', memory()), 'tells of empty windows'],
  ])('%s is refused', (_name, build, message) => {
    const job = { acking: true, hasCheckpoints: false, maxUncommitted: 10 };
    expect(expiryProblem(planOf(build), job)?.message).toContain(message);
  });

  it('a rate at which windows hold more than may be uncommitted is refused before anything runs', () => {
    const plan = planOf((t) => {
      numbers(t)
        .reduceByKeyAndWindow({ window: seconds(3), slide: seconds(1), reduce: ONE })
        .to('a', memory());
    });
    const job = { acking: true, hasCheckpoints: false, maxUncommitted: 3_000 };
    expect(expiryProblem(plan, { ...job, rate: 1_000 })).toBeUndefined();
    expect(expiryProblem(plan, { ...job, rate: 1_001 })).toMatchObject({ code: 'RG019' });
  });
});
