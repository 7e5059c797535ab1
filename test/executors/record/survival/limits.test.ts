/** Limits of barriers and workers: what waits, what is given up, what is refused. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../../src/core/time.js';
import type { RecordOptions } from '../../../../src/executors/executor.js';
import { topology } from '../../../../src/topology/builder.js';
import type { JobSettings } from '../../../../src/topology/graph.js';
import { memory } from '../../../../src/topology/sink-specs.js';
import { aSource } from '../../../compare/memory-ends.js';
import { FakeWorkers } from './fake-workers.js';
import { type LivesParts, live } from './lives.js';

/** Counts numbers by their last digit; one comes each millisecond. */
const digits = (count: number, more: Partial<LivesParts> = {}): LivesParts => ({
  topology: topology('digits', { batchInterval: millis(10), guarantee: 'at-least-once' }, (t) => {
    t.source('in', aSource<number>())
      .map((n) => [n % 10, 1] as const)
      .runningReduce({ uid: 'digits', reduce: (a, b) => a + b })
      .to('out', memory());
  }),
  trace: {
    sources: [
      {
        name: 'in',
        partitions: [
          {
            values: Array.from({ length: count }, (_, n) => n),
            timestamps: Float64Array.from({ length: count }, (_, n) => 1_000 * n),
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
  ...more,
});

it('a barrier that cannot begin because a tree stays pending is given up and counted, and a later one is taken', async () => {
  let lost = 0;
  const { job, events, snapshots } = await live(
    digits(60, {
      options: { messageTimeout: 20_000, barrierTimeout: 3_000 },
      channels: () => ({ acks: (_component, send) => send, tuples: () => () => lost++ !== 5 }),
    }),
  );
  expect(job.outcome).toBe('finished');
  expect(job.barriersSkipped).toBeGreaterThan(0);
  expect(events.filter(({ kind }) => kind === 'barrierSkipped')).toHaveLength(job.barriersSkipped!);
  expect(job.replayed).toBe(1);
  expect(snapshots.saved.length).toBeGreaterThan(1);
  const counts = [...(job.state('digits') as Iterable<[number, number]>)].map(([, total]) => total);
  expect(counts.reduce((a, b) => a + b, 0)).toBe(60);
});

it('while a barrier waits, sources give nothing new', async () => {
  let lost = 0;
  const times: number[] = [];
  await live(
    digits(30, {
      options: { messageTimeout: 20_000, barrierTimeout: 5_000 },
      channels: ({ clock }) => ({
        acks: (_component, send) => send,
        tuples: () => () => {
          times.push(clock.now());
          return lost++ !== 5;
        },
      }),
    }),
  );
  // Due at 10 ms, given up at 15 ms.
  expect(times.filter((time) => time > 10_000 && time < 15_000)).toEqual([]);
  expect(times.some((time) => time >= 15_000 && time < 20_000)).toBe(true);
});

it('maxUncommitted records without a checkpoint: the source waits, and a barrier comes before it is due', async () => {
  const { job, snapshots } = await live(
    digits(50, { interval: 1_000_000_000, atOnce: true, options: { maxUncommitted: 10, turnRecordsMax: 4 } }),
  );
  expect(job.outcome).toBe('finished');
  expect(snapshots.saved.length).toBeGreaterThanOrEqual(5);
  expect(job.recordsRead['in']).toBe(50);
});

it('nothing happens: no barrier', async () => {
  const { snapshots } = await live(digits(1, { interval: 1_000, trace: quietTrace() }));
  expect(snapshots.saved.length).toBeLessThanOrEqual(4);
});

/** Two records, half a second apart. */
function quietTrace(): LivesParts['trace'] {
  const sequence = { values: [1, 2], timestamps: Float64Array.of(0, 500_000), heartbeats: [] };
  return { sources: [{ name: 'in', partitions: [sequence] }] };
}

describe('workers', () => {
  it('a worker that stands still stalls the source: rows under way stay bounded', async () => {
    let workers: FakeWorkers | undefined;
    const parts = digits(2_000, { atOnce: true, options: { workerRowsMax: 50, turnRecordsMax: 10 } });
    const { job } = await live({
      ...parts,
      workers: (world, plan) => {
        const { functions } = parts.topology;
        workers = new FakeWorkers({ world, plan, functions, count: 2, latency: 10, absence: 10 });
        world.scheduler.at(world.clock.now() + 200, () => workers!.stop(1, 50_000));
        return workers;
      },
    });
    expect(job.outcome).toBe('finished');
    expect(job.resultsWritten['out']).toBe(2_000);
    expect(workers!.rowsMax).toBeGreaterThan(20);
    expect(workers!.rowsMax).toBeLessThan(200);
  });

  it('Storm’s numbers are those of one thread', async () => {
    const parts = digits(200, { atOnce: true });
    const here = await live(parts);
    const there = await live({
      ...parts,
      workers: (world, plan) =>
        new FakeWorkers({ world, plan, functions: parts.topology.functions, count: 2, latency: 10, absence: 10 }),
    });
    const counted = ({ job }: typeof here) =>
      job.components.map(({ component, emitted, executed, acked, failed, executedByTask }) => [
        component,
        emitted,
        executed,
        acked,
        failed,
        [...executedByTask].toSorted(),
      ]);
    expect(counted(there)).toEqual(counted(here));
    expect([...there.job.state('digits')].length).toBe(10);
  });
});

describe('what is refused', () => {
  it.each<[string, string, RecordOptions['ackOn'], Partial<LivesParts>, Partial<JobSettings>]>([
    ['ackOn expiry with checkpoints', 'RG019', 'expiry', {}, {}],
    ['ackOn expiry and state that no window ends', 'RG019', 'expiry', { isDurable: false }, {}],
    ['ackOn expiry with exactly-once', 'RG017', 'expiry', {}, { guarantee: 'exactly-once' }],
    ['ackOn update with exactly-once', 'RG017', 'update', {}, { guarantee: 'exactly-once' }],
    ['ackOn checkpoint without a checkpoint', 'RG019', 'checkpoint', { isDurable: false }, {}],
  ])('%s', async (_what, code, ackOn, more, settings) => {
    await expect(live(digits(1, { ...more, settings, options: { ackOn: ackOn! } }))).rejects.toMatchObject({ code });
  });
});
