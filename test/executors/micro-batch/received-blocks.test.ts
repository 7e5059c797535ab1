/** What a receiver took is safe from the moment that its block is in the log: the driver is gone at each step from there to the checkpoint. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { topology } from '../../../src/topology/builder.js';
import type { Topology } from '../../../src/topology/graph.js';
import type { Guarantee, SinkSpec, SourceSpec } from '../../../src/topology/specs.js';
import { FakeWorkers } from './fake-workers.js';
import { type Crash, type Life, type LifeOptions, live } from './incarnations.js';

const BATCH = 10_000;
const RECORDS = 24;

/** A queue: it cannot be read again, and forgets what it heard to be durable. */
const queue: SourceSpec<number> = {
  role: 'source',
  kind: 'captured',
  options: {},
  capabilities: { replayable: false, acknowledged: true, bounded: true, partitions: 1, intake: 'receiver' },
};
const sink: SinkSpec<unknown> = {
  role: 'sink',
  kind: 'captured',
  options: {},
  capabilities: { guarantee: 'exactly-once', delivery: 'record' },
};

function job(guarantee: Guarantee): Topology {
  return topology('received', { batchInterval: millis(10), guarantee }, (t) => {
    const numbers = t.source('numbers', queue);
    numbers.map((n) => `n${n}`).to('each', sink);
    const pairs = numbers.map((n) => [n % 3, n] as const);
    pairs.runningReduce({ uid: 'sums', reduce: (a, b) => a + b }).to('running', sink);
    pairs.reduceByKeyAndWindow({ window: millis(20), slide: millis(20), reduce: (a, b) => a + b }).to('windows', sink);
  });
}

/** Two records an interval, each at its time, a heartbeat at each multiple of the interval, and the end. */
const trace = (() => {
  const timestamps = Float64Array.from({ length: RECORDS }, (_, i) => i * 5_000 + 100);
  const heartbeats = Array.from({ length: 14 }, (_, i) => (i + 1) * BATCH).map((watermark) => ({
    at: timestamps.filter((time) => time < watermark).length,
    watermark,
  }));
  const values = Array.from({ length: RECORDS }, (_, i) => i);
  return { sources: [{ name: 'numbers', partitions: [{ values, timestamps, heartbeats }] }] };
})();

const STEPS = [
  'before receive',
  'after receive',
  'batchSubmitted',
  'before allocate',
  'after allocate',
  'result',
  'batchCompleted',
  'before snapshot',
  'after snapshot',
  'snapshotSaved',
] as const;

/** Blocks are cut five times a batch. */
function run(guarantee: Guarantee, crashes: readonly Crash[], more: Partial<LifeOptions> = {}): Promise<Life> {
  return live({
    topology: job(guarantee),
    trace,
    crashes,
    snapshotEach: 2,
    parallelism: 2,
    options: { blockInterval: 2_000 },
    ...more,
  });
}

const crashAt = (step: string, ...nths: readonly number[]): readonly Crash[] =>
  nths.map((nth) => ({ kind: 'step', step, nth }) as const);

function seen({ sinks }: Life): Record<string, string[]> {
  return Object.fromEntries(
    [...sinks].map(([name, { visible }]) => [
      name,
      visible.map(({ value, timestamp }) => JSON.stringify([value, timestamp])).sort(),
    ]),
  );
}

/** Offsets at which each driver opened the source, with what the source had heard to be durable by then. */
function openings({ opened, commits }: Life): readonly (readonly [number, number])[] {
  return opened.map(([, offset], driver) => [offset, Math.max(0, ...commits.slice(0, driver).flat())] as const);
}

describe('what was received', () => {
  it.each(STEPS)('driver crash at "%s", four times, exactly-once: the output of an undisturbed job', async (step) => {
    const undisturbed = await run('exactly-once', []);
    const life = await run('exactly-once', crashAt(step, 1, 2, 3, 5));
    expect(life.job).toMatchObject({ outcome: 'finished', recordsRead: { numbers: RECORDS } });
    expect(life.crashed).toBeGreaterThan(2);
    expect(seen(life)).toEqual(seen(undisturbed));
    expect(seen(life)['each']).toHaveLength(RECORDS);
    // A queue has nothing left of what it heard to be durable.
    for (const [offset, durable] of openings(life)) expect(offset).toBeGreaterThanOrEqual(durable);
  });

  it.each(STEPS)('driver crash at "%s", four times, at-least-once: nothing is missing', async (step) => {
    const undisturbed = seen(await run('at-least-once', []));
    const life = await run('at-least-once', crashAt(step, 1, 2, 3, 5));
    expect(life.job.outcome).toBe('finished');
    for (const [name, results] of Object.entries(seen(life)))
      expect([...new Set(results)], name).toEqual([...new Set(undisturbed[name])]);
    for (const [offset, durable] of openings(life)) expect(offset).toBeGreaterThanOrEqual(durable);
  });

  it('in no batch yet is in the first batch after the restart, once, with the time that it had', async () => {
    // The fifth block of records is the first of the third batch, which is never cut.
    const life = await run('exactly-once', [{ kind: 'step', step: 'after receive', nth: 7 }], { downTime: 20_000 });
    const before = life.events.findIndex(({ kind }) => kind === 'jobRestored');
    expect(before).toBeGreaterThan(0);
    const received = life.opened[1]![1];
    const batched = life.events
      .slice(0, before)
      .reduce((sum, event) => sum + (event.kind === 'batchSubmitted' ? event.numRecords : 0), 0);
    expect(received).toBeGreaterThan(batched);
    expect(seen(life)).toEqual(seen(await run('exactly-once', [])));
  });

  it('is heard of by its source when its block is in the log, and long before its batch', async () => {
    const heard: string[] = [];
    await run('at-least-once', [], {
      snapshotEach: 1_000,
      hear: (step) => heard.push(step),
      wrap: (reader) => ({
        poll: (block, max) => reader.poll(block, max),
        onReady: (wake) => reader.onReady(wake),
        failure: undefined,
        commit: (offset) => heard.push(`commit ${offset}`),
      }),
    });
    const first = heard.indexOf('commit 1');
    expect(heard.slice(0, first)).toContain('after receive');
    expect(heard.slice(0, first)).not.toContain('batchSubmitted');
    const commits = heard.filter((step) => step.startsWith('commit'));
    expect(commits).toEqual(Array.from({ length: RECORDS }, (_, i) => `commit ${i + 1}`));
    // Never more than what is written.
    let written = 0;
    for (const step of heard) {
      if (step === 'after receive') written += 1;
      if (step.startsWith('commit')) expect(written).toBeGreaterThan(0);
    }
  });

  it('waits for the log: no more is polled than receivedRecordsMax, however slow the log is', async () => {
    const atOnce = {
      ...trace.sources[0]!.partitions[0]!,
      timestamps: new Float64Array(RECORDS).fill(100),
      heartbeats: [],
    };
    let read = 0;
    let safe = 0;
    let most = 0;
    const life = await run('at-least-once', [], {
      trace: { sources: [{ name: 'numbers', partitions: [atOnce] }] },
      options: { blockInterval: 100, receivedRecordsMax: 4 },
      wrap: (reader) => ({
        poll: (block, max) => {
          reader.poll(block, max);
          read += block.length;
          most = Math.max(most, read - safe);
        },
        onReady: (wake) => reader.onReady(wake),
        failure: undefined,
        commit: (offset) => {
          safe = offset;
        },
      }),
    });
    expect(life.job).toMatchObject({ outcome: 'finished', recordsRead: { numbers: RECORDS } });
    expect(most).toBe(4);
  });

  it('is taken as far as it is there when the job is asked to stop', async () => {
    // The latest block was cut at 40 ms; the ninth record came 100 us later.
    const life = await run('exactly-once', [{ kind: 'stop', after: 43_000 }], { options: { blockInterval: 5_000 } });
    expect(life.results.map(({ outcome }) => outcome)).toEqual(['stopped', 'finished']);
    expect(life.results[0]!.recordsRead).toEqual({ numbers: 9 });
    expect(seen(life)).toEqual(seen(await run('exactly-once', [])));
  });

  it('stands in the log once: a batch names its blocks', async () => {
    const life = await run('at-least-once', [{ kind: 'step', step: 'batchCompleted', nth: 4 }], {
      snapshotEach: 1_000,
    });
    for (const record of life.survived.written) {
      if (record.kind === 'allocated')
        for (const range of record.ranges) expect([range.values, range.times]).toEqual([undefined, []]);
    }
    const values = life.survived.written.flatMap((record) =>
      record.kind === 'received' ? (record.range.values as number[]) : [],
    );
    expect(values).toEqual([...new Set(values)]);
    expect(values).toHaveLength(RECORDS);
  });

  it('that the log has not any more, though a batch names it, stops the job with RG054', async () => {
    const life = run('at-least-once', crashAt('after allocate', 3), {
      snapshotEach: 1_000,
      forget: (record) => record.kind === 'received' && record.batch === 2,
    });
    await expect(life).rejects.toMatchObject({ code: 'RG054', message: expect.stringContaining('for batch 2') });
  });
});

describe('without a log, on two workers', () => {
  const MESSAGES = 40;

  /** One worker is lost at one of its messages. `polled`: records that the source was asked for. */
  async function losing(worker: number, after: number): Promise<{ life: Life; lost: number; polled: number }> {
    let [workers, polled]: [FakeWorkers | undefined, number] = [undefined, 0];
    const topology = job('at-least-once');
    const life = await run('at-least-once', [], {
      topology,
      isDurable: false,
      services: (world, plan) => {
        workers = new FakeWorkers(world, plan, topology.functions, 2, [{ worker, after }]);
        return { workers };
      },
      wrap: (reader) => ({
        poll: (block, max) => {
          const before = block.length;
          reader.poll(block, max);
          polled += block.length - before;
        },
        onReady: (wake) => reader.onReady(wake),
        failure: undefined,
        commit: (offset) => reader.commit(offset),
      }),
    });
    return { life, lost: workers!.losses, polled };
  }

  it.each([0, 1])(
    'a block outlives worker %i, lost at each of its messages: the driver has it still',
    async (worker) => {
      const undisturbed = seen(await run('at-least-once', []));
      let losses = 0;
      for (let after = 1; after <= MESSAGES; after++) {
        const { life, lost, polled } = await losing(worker, after);
        losses += lost;
        expect([life.job.outcome, polled], `message ${after}`).toEqual(['finished', RECORDS]);
        expect(seen(life), `message ${after}`).toEqual(undisturbed);
      }
      expect(losses).toBeGreaterThan(MESSAGES / 2);
    },
  );
});
