/** Calls under way when a driver or a worker is gone, when nobody waits for them, and when there are too many. */
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../src/compare/trace.js';
import { micros, millis, seconds } from '../../src/core/time.js';
import { run, start } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { runTuples } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import type { CallOptions } from '../../src/topology/calls.js';
import type { Bolt, Tuple } from '../../src/topology/components.js';
import type { JobSettings, Topology } from '../../src/topology/graph.js';
import { receiver } from '../../src/topology/receiver-spec.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';
import { aSink, aSource } from '../compare/memory-ends.js';
import { FakeWorkers as BatchWorkers } from './micro-batch/fake-workers.js';
import { live as liveInBatches } from './micro-batch/incarnations.js';
import { callsTakeTimeOf, later } from './random/call-time.js';
import { FakeWorkers as RecordWorkers } from './record/survival/fake-workers.js';
import { type LivesParts, live } from './record/survival/lives.js';

const COUNT = 40;
const NUMBERS = Array.from({ length: COUNT }, (_, n) => n);

/** One number each millisecond, with a heartbeat. */
const TRACE: Trace = {
  sources: [
    {
      name: 'in',
      partitions: [
        {
          values: NUMBERS,
          timestamps: Float64Array.from(NUMBERS, (n) => n * 1_000),
          heartbeats: NUMBERS.map((n) => ({ at: n + 1, watermark: (n + 1) * 1_000 })),
        },
      ],
    },
  ],
};

/** Looks numbers up, each in about two milliseconds, and remembers how often it was asked for each. */
function lookUps(options: CallOptions = {}, settings: Partial<JobSettings> = {}) {
  const asked = new Map<number, number>();
  const job = topology('look-ups', { batchInterval: millis(1), guarantee: 'exactly-once', ...settings }, (t) => {
    t.source('in', aSource<number>())
      .mapAsync(async (n) => {
        asked.set(n, (asked.get(n) ?? 0) + 1);
        await later(1_500 + (n % 3) * 500);
        return n;
      }, options)
      .to('out', aSink());
  });
  return { job, asked };
}

const visible = (sinks: ReadonlyMap<string, { readonly results: readonly { readonly value: unknown }[] }>) =>
  sinks.get('out')!.results.map(({ value }) => value);
const often = (asked: ReadonlyMap<number, number>, times: number) =>
  NUMBERS.filter((n) => asked.get(n) === times).length;
const inRecord = (topologyOf: Topology, more: Partial<LivesParts> = {}): LivesParts => ({
  topology: topologyOf,
  trace: TRACE,
  settings: {},
  interval: 5_000,
  ...more,
});

describe('a driver that is gone', () => {
  it('micro-batch: calls that were not committed are made again, and no others', async () => {
    const { job, asked } = lookUps();
    const { sinks, crashed, ...rest } = await liveInBatches({
      topology: job,
      trace: TRACE,
      snapshotEach: 1,
      crashes: [{ kind: 'events', count: 100 }],
    });
    expect([crashed, rest.job.error]).toEqual([1, undefined]);
    expect([...sinks.get('out')!.visible].map(({ value }) => value)).toEqual(NUMBERS);
    expect(often(asked, 1)).toBeGreaterThan(COUNT / 2);
    expect(often(asked, 2)).toBeGreaterThan(0);
    expect(often(asked, 1) + often(asked, 2)).toBe(COUNT);
  });

  it('record: calls behind the last barrier are made again, and no others', async () => {
    const { job, asked } = lookUps();
    const { sinks, steps, job: result } = await live(inRecord(job, { crashes: [9] }));
    expect([steps.length, result.error]).toEqual([2, undefined]);
    expect(visible(sinks)).toEqual(NUMBERS);
    expect(often(asked, 1)).toBeGreaterThan(COUNT / 2);
    expect(often(asked, 2)).toBeGreaterThan(0);
    expect(often(asked, 1) + often(asked, 2)).toBe(COUNT);
  });
});

describe('a worker that is gone', () => {
  it('micro-batch: its calls are made again elsewhere, and results come once', async () => {
    const { job, asked } = lookUps();
    const {
      sinks,
      job: result,
      events,
    } = await liveInBatches({
      topology: job,
      trace: TRACE,
      crashes: [],
      services: (world, plan) => ({
        workers: new BatchWorkers(world, plan, job.functions, 2, [{ worker: 1, after: 8 }]),
      }),
    });
    expect(result.error).toBeUndefined();
    expect(events.some(({ kind }) => kind === 'workerLost')).toBe(true);
    expect([...sinks.get('out')!.visible].map(({ value }) => value)).toEqual(NUMBERS);
    expect(Math.max(...asked.values())).toBe(2);
  });

  it('record: everything goes back to the last barrier, and results come once', async () => {
    const { job, asked } = lookUps();
    const { sinks, job: result } = await live(
      inRecord(job, {
        workers: (world, plan) => {
          const parts = { world, plan, functions: job.functions, count: 2, latency: 100, absence: 500 };
          const workers = new RecordWorkers(parts);
          world.scheduler.at(world.clock.now() + 18_300, () => workers.kill(1));
          return workers;
        },
      }),
    );
    expect(result.error).toBeUndefined();
    expect(visible(sinks)).toEqual(NUMBERS);
    expect(Math.max(...asked.values())).toBe(2);
  });
});

describe('on workers', () => {
  it.each(['micro-batch', 'record'] as const)('%s: a call takes too long there too', async (mode) => {
    const { job } = lookUps({ timeout: micros(2_250) }, { onError: 'dead-letter', attemptsMax: 2 });
    const late = NUMBERS.filter((n) => n % 3 === 2);
    const { deadLetters, error } =
      mode === 'record'
        ? (
            await live(
              inRecord(job, {
                settings: { guarantee: 'at-least-once' },
                workers: (world, plan) =>
                  new RecordWorkers({ world, plan, functions: job.functions, count: 2, latency: 100, absence: 500 }),
              }),
            )
          ).job
        : (
            await liveInBatches({
              topology: job,
              trace: TRACE,
              crashes: [],
              services: (world, plan) => ({ workers: new BatchWorkers(world, plan, job.functions, 2, []) }),
            })
          ).job;
    expect(error).toBeUndefined();
    expect(deadLetters.map(({ value }) => value).sort()).toEqual(late.sort());
    expect(new Set(deadLetters.map((letter) => letter.error.code))).toEqual(new Set(['RG065']));
  });
});

describe('a source of two partitions', () => {
  const [even, odd] = [0, 1].map((rest) => {
    const values = NUMBERS.filter((n) => n % 2 === rest);
    const timestamps = Float64Array.from(values, (n) => n * 1_000);
    return { values, timestamps, heartbeats: [{ at: values.length, watermark: COUNT * 1_000 }] };
  });
  const trace: Trace = { sources: [{ name: 'in', partitions: [even!, odd!] }] };
  const job = topology('partitions', { batchInterval: millis(COUNT), guarantee: 'exactly-once' }, (t) => {
    t.source('in', aSource<number>(2))
      .mapAsync(async (n) => {
        await later((COUNT - n) * 100);
        return n;
      })
      .glom()
      .to('out', aSink());
  });

  it.each(['micro-batch', 'record'] as const)('%s: results stay in the partition of their record', async (mode) => {
    const parts = { topology: job, trace, parallelism: 3, crashes: [] };
    const results =
      mode === 'record'
        ? visible((await live({ ...parts, settings: {}, interval: 5_000 })).sinks)
        : [...(await liveInBatches(parts)).sinks.get('out')!.visible].map(({ value }) => value);
    expect(results).toHaveLength(2);
    expect(results).toEqual(expect.arrayContaining([even!.values, odd!.values]));
  });
});

/** Runs numbers at most once, without acking, in record mode. */
async function untracked(build: (numbers: Stream<number>) => Stream<unknown>, stopAfter?: number) {
  const world = createSimulatedWorld();
  callsTakeTimeOf(world);
  const sink = memorySink();
  const job = topology('untracked', { batchInterval: millis(10), guarantee: 'at-most-once' }, (t) => {
    build(t.source('in', memory(NUMBERS))).to('out', sink);
  });
  const running = await start(job, { mode: 'record', world, record: { acking: false } });
  if (stopAfter !== undefined) world.scheduler.at(world.clock.now() + stopAfter, () => running.stop());
  const { error } = await world.complete(running.done);
  return { error, results: sink.results };
}

describe('record mode', () => {
  const slow = async (n: number): Promise<number> => {
    await later(n === 0 ? 3_000_000 : 1_000);
    return n;
  };

  it('no watermark passes a call under way, also where no tree holds it back', async () => {
    const { error, results } = await untracked((numbers) => numbers.mapAsync(slow, { ordered: false }).count());
    expect([error, results]).toEqual([undefined, [COUNT]]);
  });

  it('a job that is stopped finishes its calls, also where nothing is acked', async () => {
    const { error, results } = await untracked((numbers) => numbers.mapAsync(slow), 20_000);
    expect([error, results]).toEqual([undefined, NUMBERS]);
  });

  it('a call is told that the job failed meanwhile, also when it asks afterwards', async () => {
    const world = createSimulatedWorld();
    callsTakeTimeOf(world);
    const told: unknown[] = [];
    let asksLate = (): boolean => false;
    const job = topology('fails', { batchInterval: millis(10) }, (t) => {
      const lost = receiver<number>(() => ({
        onStart: (output) => void later(millis(40)).then(() => output.fail(new Error('lost'))),
      }));
      t.source('other', lost).to('others', memorySink());
      t.source('in', memory([1, 2, 3]))
        .mapAsync((n, context) => {
          if (n === 1) asksLate = () => context.signal.aborted;
          else context.signal.addEventListener('abort', () => told.push([n, context.signal.reason.name]));
          return n < 3 ? new Promise<number>(() => {}) : n;
        })
        .to('out', memorySink());
    });
    const { outcome } = await world.complete(run(job, { mode: 'record', world }));
    expect([outcome, told, asksLate()]).toEqual(['failed', [[2, 'AbortError']], true]);
  });

  it('a tuple does not time out while its call is under way, or waits for others', async () => {
    const { job } = lookUps({ concurrency: 1 }, { guarantee: 'at-least-once' });
    const { job: result, sinks } = await live(
      inRecord(job, { atOnce: true, options: { messageTimeout: 2_000 }, isDurable: false }),
    );
    expect([result.error, result.failed, result.replayed]).toEqual([undefined, 0, 0]);
    expect(visible(sinks)).toEqual(NUMBERS);
  });

  it('sources wait while a task holds too many records, also where nothing is acked', async () => {
    const world = createSimulatedWorld();
    callsTakeTimeOf(world);
    let [asked, readAhead] = [0, 0];
    const sink = memorySink();
    const values = Array.from({ length: 12_000 }, (_, n) => n);
    const job = topology('many', { guarantee: 'at-most-once' }, (t) => {
      t.source('in', memory(values))
        .map((n) => {
          readAhead = Math.max(readAhead, n - asked);
          return n;
        })
        .mapAsync(
          async (n) => {
            asked++;
            await later(millis(1));
            return n;
          },
          { concurrency: 500 },
        )
        .to('out', sink);
    });
    const result = await world.complete(
      run(job, { mode: 'record', world, record: { acking: false, turnRecordsMax: 100 } }),
    );
    expect(result.error).toBeUndefined();
    expect(sink.results).toEqual(values);
    expect(readAhead).toBeGreaterThan(2_000);
    expect(readAhead).toBeLessThan(4_096 + 500 + 100);
  });

  it('a call that fails fails every tree of its tuple, and they are done when it succeeds', async () => {
    let failures = 1;
    const pairing = (): Bolt<{ n: number }, { sum: number }> => {
      const held: Tuple<{ n: number }>[] = [];
      return {
        execute(tuple, collector) {
          if (held.push(tuple) < 2) return;
          const both = held.splice(0);
          collector.emit({ sum: both.reduce((sum, { values }) => sum + values.n, 0) }, both);
          for (const each of both) collector.ack(each);
        },
      };
    };
    const job = topology('pairs', (t) => {
      t.setBolt('pair', pairing, { holdsTuples: true })
        .shuffleGrouping(t.setSpout<{ n: number }>('numbers', () => ({ nextTuple: () => 'done' })))
        .mapAsync(async ({ sum }) => {
          if (failures-- > 0) throw new Error('not now');
          return sum;
        })
        .to('out', memorySink());
    });
    const messages = [1, 2].map((n) => ({ id: n, values: { n } }));
    const { acked, failed, outputs } = await runTuples(job, { spouts: { numbers: { messages, maxReplays: 3 } } });
    expect(failed.map(({ id, reason }) => [id, reason])).toEqual([
      [1, 'error'],
      [2, 'error'],
    ]);
    expect([acked.toSorted(), outputs['out']]).toEqual([[1, 2], [3]]);
  });

  it('a result of a window, which nobody delivers again, is called for again in place', async () => {
    const world = createSimulatedWorld();
    let failures = 0;
    const sink = memorySink();
    const job = topology('windows', { batchInterval: seconds(1), attemptsMax: 3 }, (t) => {
      t.source('in', memory(NUMBERS))
        .count()
        .mapAsync(async (n) => {
          if (failures++ < 2) throw new Error('not now');
          return n;
        })
        .to('out', sink);
    });
    const result = await world.complete(run(job, { mode: 'record', world }));
    expect([result.error, result.replayed]).toEqual([undefined, 0]);
    expect(sink.results).toEqual([COUNT]);
  });
});
