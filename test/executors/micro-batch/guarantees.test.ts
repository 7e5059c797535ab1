/** The driver is gone at each step of a batch: what each guarantee says of the output, and what sources are told. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import type { Heartbeat } from '../../../src/runtime/source.js';
import { topology } from '../../../src/topology/builder.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import type { SinkSpec, SourceSpec } from '../../../src/topology/specs.js';
import { FakeWorkers } from './fake-workers.js';
import { type Crash, type Life, type LifeOptions, live } from './incarnations.js';

const BATCH = 10_000;
const RECORDS = 24;

const source = (replayable: boolean): SourceSpec<number> => ({
  role: 'source',
  kind: 'captured',
  options: {},
  capabilities: { replayable, bounded: true, partitions: 1, intake: 'range' },
});
const sink: SinkSpec<unknown> = {
  role: 'sink',
  kind: 'captured',
  options: {},
  capabilities: { guarantee: 'exactly-once', delivery: 'record' },
};

function job(settings: Partial<JobSettings>, replayable = true): Topology {
  return topology('guarantees', { batchInterval: millis(10), ...settings }, (t) => {
    const numbers = t.source('numbers', source(replayable));
    numbers.map((n) => `n${n}`).to('each', sink);
    const pairs = numbers.map((n) => [n % 3, n] as const);
    pairs.runningReduce({ uid: 'sums', reduce: (a, b) => a + b }).to('running', sink);
    pairs.reduceByKeyAndWindow({ window: millis(20), slide: millis(20), reduce: (a, b) => a + b }).to('windows', sink);
  });
}

/** Two records an interval, each at its time, a heartbeat at each multiple of the interval, and the end. */
const trace = (() => {
  const timestamps = Array.from({ length: RECORDS }, (_, i) => i * 5_000 + 100);
  const heartbeats: Heartbeat[] = [];
  for (let watermark = BATCH; watermark <= 140_000; watermark += BATCH)
    heartbeats.push({ at: timestamps.filter((time) => time < watermark).length, watermark });
  const values = Array.from({ length: RECORDS }, (_, i) => i);
  return {
    sources: [{ name: 'numbers', partitions: [{ values, timestamps: Float64Array.from(timestamps), heartbeats }] }],
  };
})();

const STEPS = [
  'batchSubmitted',
  'before allocate',
  'after allocate',
  'result',
  'before prepare',
  'after prepare',
  'before log prepared',
  'after log prepared',
  'before commit',
  'after commit',
  'batchCompleted',
  'read a piece',
  'before snapshot',
  'after snapshot',
  'snapshotSaved',
] as const;

const crashAt = (step: string): readonly Crash[] =>
  [1, 2, 4].map(
    (nth) => ({ kind: 'step', step: step === 'read a piece' ? 'before read a piece' : step, nth }) as const,
  );

function run(topology: Topology, crashes: readonly Crash[], more: Partial<LifeOptions> = {}): Promise<Life> {
  return live({ topology, trace, crashes, snapshotEach: 2, parallelism: 2, ...more });
}

function seen({ sinks }: Life): Record<string, string[]> {
  return Object.fromEntries(
    [...sinks].map(([name, { visible }]) => [
      name,
      visible.map(({ value, timestamp }) => JSON.stringify([value, timestamp])).sort(),
    ]),
  );
}

describe('exactly-once', () => {
  it.each(STEPS)('driver crash at "%s", three times: output once', async (step) => {
    const exactly = job({ guarantee: 'exactly-once' });
    const undisturbed = await run(exactly, []);
    const life = await run(exactly, crashAt(step));
    expect(life.job).toMatchObject({ outcome: 'finished', recordsRead: { numbers: RECORDS } });
    expect(life.crashed).toBeGreaterThan(0);
    expect(seen(life)).toEqual(seen(undisturbed));
    expect(seen(life)['each']).toHaveLength(RECORDS);
  });
});

describe('at-least-once', () => {
  it.each(STEPS.filter((step) => !/prepare|commit/.test(step)))(
    'driver crash at "%s", three times: nothing is missing, and nothing is wrong',
    async (step) => {
      const atLeast = job({ guarantee: 'at-least-once' });
      const undisturbed = seen(await run(atLeast, []));
      const life = await run(atLeast, crashAt(step));
      expect(life.job.outcome).toBe('finished');
      expect(life.crashed).toBeGreaterThan(0);
      for (const [name, results] of Object.entries(seen(life)))
        expect([...new Set(results)], name).toEqual([...new Set(undisturbed[name])]);
    },
  );

  it('repeats what was seen after the last snapshot', async () => {
    const life = await run(job({ guarantee: 'at-least-once' }), [{ kind: 'step', step: 'batchCompleted', nth: 3 }]);
    const each = seen(life)['each']!;
    expect(each.length).toBeGreaterThan(new Set(each).size);
  });

  it.each(STEPS.filter((step) => !/prepare|commit/.test(step)))(
    'driver crash at "%s" with a source that cannot be read again: what was allocated comes out of the log',
    async (step) => {
      const atLeast = job({ guarantee: 'at-least-once' }, false);
      const life = await run(atLeast, crashAt(step), { downTime: 0 });
      expect(life.job.outcome).toBe('finished');
      const all = trace.sources[0]!.partitions[0]!.values.map((n) => `"n${n}"`);
      const out = new Set(seen(life)['each']!.map((text) => text.slice(1, text.indexOf(','))));
      expect([...out].sort()).toEqual(all.sort());
      for (const [index, commits] of life.commits.entries())
        for (const offset of commits) expect(offset, `driver ${index}`).toBeLessThanOrEqual(RECORDS);
    },
  );
});

describe('at-most-once', () => {
  it.each(STEPS.filter((step) => !/prepare|commit/.test(step)))(
    'driver crash at "%s", three times: no result twice',
    async (step) => {
      const atMost = job({ guarantee: 'at-most-once' });
      const undisturbed = seen(await run(atMost, []));
      const life = await run(atMost, crashAt(step));
      expect(life.job.outcome).toBe('finished');
      expect(life.crashed).toBeGreaterThan(0);
      const { each, windows } = seen(life);
      expect(new Set(each).size).toBe(each!.length);
      for (const result of each!) expect(undisturbed['each']).toContain(result);
      // Sums lack what was lost; each window of each key is there once.
      const places = windows!
        .map((text) => JSON.parse(text) as [[number, number], number])
        .map(([[key], time]) => `${key} ${time}`);
      expect(new Set(places).size).toBe(places.length);
    },
  );

  it('what was allocated before the crash is lost', async () => {
    const life = await run(job({ guarantee: 'at-most-once' }), [{ kind: 'step', step: 'after allocate', nth: 3 }]);
    expect(seen(life)['each']!.length).toBeLessThan(RECORDS);
  });
});

describe('sources', () => {
  it('hear of an offset when a snapshot or the log covers it, and not before', async () => {
    const heard: string[] = [];
    const order = (replayable: boolean) =>
      run(job({ guarantee: 'at-least-once' }, replayable), [], {
        snapshotEach: 3,
        wrap: (reader) => ({
          poll: (block, max) => reader.poll(block, max),
          onReady: (wake) => reader.onReady(wake),
          failure: undefined,
          commit: (offset) => heard.push(`commit ${offset}`),
        }),
        hear: (step) => /completed|snapshotSaved|after receive/i.test(step) && heard.push(step),
      });
    await order(true);
    const commits = heard.flatMap((step, index) => (step.startsWith('commit') ? [heard[index - 1]] : []));
    expect(commits.length).toBeGreaterThan(2);
    expect(new Set(commits)).toEqual(new Set(['snapshotSaved']));
    heard.length = 0;
    await order(false);
    const firstCommit = heard.findIndex((step) => step.startsWith('commit'));
    expect(heard.slice(0, firstCommit)).toContain('after receive');
    expect(heard.filter((step) => step.startsWith('commit')).length).toBe(12);
  });
});

describe('a batch', () => {
  const firstOf = async (guarantee: JobSettings['guarantee'], what: string): Promise<boolean> => {
    const heard: string[] = [];
    const plain = topology('order', { batchInterval: millis(10), guarantee }, (t) => {
      t.source('numbers', source(true))
        .map((n) => {
          heard.push('processed');
          return n;
        })
        .to('out', sink);
    });
    await run(plain, [], { hear: (step) => heard.push(step) });
    expect(heard).toContain(what);
    return heard.indexOf(what) < heard.indexOf('after allocate');
  };

  it('gives no result before it is logged, but is processed meanwhile', async () => {
    expect(await firstOf('at-least-once', 'result')).toBe(false);
    expect(await firstOf('at-least-once', 'processed')).toBe(true);
  });

  it('at most once: is not processed before it is logged', async () => {
    expect(await firstOf('at-most-once', 'processed')).toBe(false);
  });
});

describe('a restart', () => {
  const exactly = job({ guarantee: 'exactly-once' });

  it('of a finished job does nothing, and says finished', async () => {
    const life = await run(exactly, [{ kind: 'stop', after: 10_000_000 }]);
    expect(life.results.map(({ outcome }) => outcome)).toEqual(['finished', 'finished']);
    expect(life.results[1]).toMatchObject({ batchCount: 0, recordsRead: { numbers: RECORDS } });
    expect(seen(life)).toEqual(seen(await run(exactly, [])));
  });

  it('of a stopped job goes on where it stopped', async () => {
    const life = await run(exactly, [{ kind: 'stop', after: 42_000 }]);
    expect(life.results.map(({ outcome }) => outcome)).toEqual(['stopped', 'finished']);
    expect(life.events.filter(({ kind }) => kind === 'jobRestored')).toHaveLength(1);
    expect(seen(life)).toEqual(seen(await run(exactly, [])));
    expect([...life.job.state('sums')].sort()).toEqual([...(await run(exactly, [])).job.state('sums')].sort());
  });

  it('makes up for the ticks of the down time, once each', async () => {
    const crash: Crash = { kind: 'step', step: 'batchCompleted', nth: 3 };
    const life = await run(exactly, [crash], { downTime: 45_000 });
    const ticks = life.events.flatMap((event) => (event.kind === 'batchSubmitted' ? [event.batchTime] : []));
    expect([...new Set(ticks)]).toEqual(Array.from({ length: 14 }, (_, i) => (i + 1) * BATCH));
  });

  it('with nothing left but the end closes the last windows', async () => {
    const [{ partitions }] = trace.sources as [(typeof trace.sources)[0]];
    const unbeaten = { sources: [{ name: 'numbers', partitions: [{ ...partitions[0]!, heartbeats: [] }] }] };
    // The end comes a while after the last record.
    const wrap: LifeOptions['wrap'] = (reader, { clock, scheduler }) => {
      let isSilent = false;
      return {
        poll: (block, max) => {
          reader.poll(block, max);
          isSilent = block.ended && clock.now() < 200_000;
          if (isSilent) block.ended = false;
        },
        onReady: (wake) => (isSilent ? void scheduler.at(200_000, wake) : reader.onReady(wake)),
        failure: undefined,
        commit: () => {},
      };
    };
    const how = { trace: unbeaten, snapshotEach: 1, wrap };
    const undisturbed = await run(exactly, [], how);
    const withRecords = undisturbed.events.filter((event) => event.kind === 'batchSubmitted' && event.numRecords > 0);
    const life = await run(exactly, [{ kind: 'step', step: 'snapshotSaved', nth: withRecords.length }], how);
    expect(life.crashed).toBe(1);
    const restored = life.events.findIndex(({ kind }) => kind === 'jobRestored');
    for (const event of life.events.slice(restored))
      if (event.kind === 'batchSubmitted') expect(event.numRecords).toBe(0);
    expect(life.events.slice(restored).some(({ kind }) => kind === 'result')).toBe(true);
    expect(seen(life)).toEqual(seen(undisturbed));
  });

  it.each([0, 2])('keeps watermarks of paths that meet within a chain, with %i workers', async (workers) => {
    // The path of `timestamps` is far ahead already; what it waits for is the clock's.
    const values = [0, 1, 2, 3, 4, 5, 6, 7];
    const heartbeats = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ at: n, watermark: n * BATCH }));
    const timestamps = Float64Array.from(values, (n) => n * BATCH);
    const meeting = topology('meeting', { batchInterval: millis(10), guarantee: 'exactly-once' }, (t) => {
      const numbers = t.source('numbers', source(true));
      const ahead = numbers.timestamps({ extract: (n) => (n === 0 ? 75_000 : 75_001), maxOutOfOrderness: millis(0) });
      ahead
        .union(numbers)
        .map((n) => ['all', n] as const)
        .reduceByKeyAndWindow({ window: millis(10), slide: millis(10), reduce: (a, b) => a + b })
        .to('windows', sink);
    });
    const how: Partial<LifeOptions> = {
      trace: { sources: [{ name: 'numbers', partitions: [{ values, timestamps, heartbeats }] }] },
      inputEnds: false,
      snapshotEach: 1,
      parallelism: 1,
      services: (world, plan) =>
        workers === 0 ? {} : { workers: new FakeWorkers(world, plan, meeting.functions, workers, []) },
    };
    const undisturbed = await run(meeting, [], { ...how, last: { kind: 'stop', after: 65_000 } });
    expect(seen(undisturbed)['windows']!.length).toBeGreaterThan(4);
    const life = await run(meeting, [{ kind: 'step', step: 'snapshotSaved', nth: 3 }], {
      ...how,
      downTime: 0,
      last: { kind: 'stop', after: 32_000 },
    });
    expect(life.crashed).toBe(1);
    expect(seen(life)).toEqual(seen(undisturbed));
  });

  it('of a job whose input became shorter fails with RG064', async () => {
    let drivers = 0;
    const life = await run(exactly, [{ kind: 'step', step: 'after log prepared', nth: 3 }], {
      wrap: (reader) => {
        if (drivers++ === 0) return reader;
        return {
          poll: (block) => {
            block.ended = true;
          },
          onReady: (wake) => wake(),
          failure: undefined,
          commit: () => {},
        };
      },
    });
    expect(life.job).toMatchObject({ outcome: 'failed', error: { code: 'RG064' } });
  });
});
