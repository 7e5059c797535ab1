/** `run` and `start`: what is opened, how a job ends, and that every end is closed again. */
import { describe, expect, it } from 'vitest';
import { ValueBuffer } from '../../src/connectors/value-buffer.js';
import { StreamError } from '../../src/core/errors.js';
import { millis, seconds } from '../../src/core/time.js';
import { type RunOptions, run, start } from '../../src/host/run.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { SinkWriter } from '../../src/runtime/sink.js';
import type { Block, PartitionReader, SourceReader } from '../../src/runtime/source.js';
import { stamped } from '../../src/runtime/stamped-source.js';
import { topology } from '../../src/topology/builder.js';
import { foreach, memory as memorySink, none, textFile as textFileSink } from '../../src/topology/sink-specs.js';
import { generator, memory, tcp, textFile } from '../../src/topology/source-specs.js';

const MODES = ['micro-batch', 'record'] as const;
const B = millis(10);

async function runVirtual(
  job: ReturnType<typeof topology>,
  options: Omit<RunOptions, 'world'>,
  world: SimulatedWorld = createSimulatedWorld(),
) {
  return world.complete(run(job, { ...options, world }), 100_000);
}

/** An end that says when it is closed. */
const closing = (log: string[]) => {
  const partition: PartitionReader = {
    poll: (block) => void Object.assign(block, { ended: true }),
    onReady: (wake) => wake(),
    failure: undefined,
    commit: () => undefined,
  };
  const source: SourceReader = { partitions: [partition], close: async () => void log.push('source closed') };
  const sink: SinkWriter = {
    accept: () => undefined,
    flush: () => undefined,
    ready: true,
    onReady: (wake) => wake(),
    failure: undefined,
    close: async () => void log.push('sink closed'),
  };
  return { source, sink, partition };
};

describe.each(MODES)('in %s mode', (mode) => {
  const copy = (sink = memorySink<number>()) =>
    topology('copy', { batchInterval: B }, (t) => t.source('in', memory([1, 2, 3])).to('out', sink));

  it('runs a bounded job to its end, and says what it did', async () => {
    const sink = memorySink<number>();
    const result = await runVirtual(copy(sink), { mode });
    expect(sink.results).toEqual([1, 2, 3]);
    expect(result).toMatchObject({
      mode,
      outcome: 'finished',
      error: undefined,
      recordsRead: { in: 3 },
      resultsWritten: { out: 3 },
      lateRecords: 0,
      deadLetterCount: 0,
    });
    if (mode === 'micro-batch') expect(result.batches.map(({ numRecords }) => numRecords)).toEqual([3]);
    else expect(result).toMatchObject({ acked: 3, failed: 0, replayed: 0 });
  });

  it('puts other sources and sinks in place of the named ones', async () => {
    const sink = memorySink<number>();
    await runVirtual(copy(), { mode, sources: { in: memory([7]) }, sinks: { out: sink } });
    expect(sink.results).toEqual([7]);
  });

  it('an input without any record ends with nothing', async () => {
    const sink = memorySink<unknown>();
    const job = topology('empty', { batchInterval: B }, (t) => {
      const words = t.source('in', memory<string>([]));
      words.count().to('count', sink);
      words
        .map((word) => [word, 1] as const)
        .reduceByKeyAndWindow({ window: B, reduce: (a, b) => a + b })
        .to('window', none());
    });
    expect(await runVirtual(job, { mode })).toMatchObject({
      outcome: 'finished',
      recordsRead: { in: 0 },
      resultsWritten: { count: 0, window: 0 },
    });
  });

  it('rate gives records their intended times, records bounds them', async () => {
    const times: number[] = [];
    const job = topology('rate', { batchInterval: B }, (t) =>
      t
        .source(
          'in',
          generator((index) => index),
        )
        .to(
          'out',
          foreach((_value, { timestamp }) => times.push(timestamp)),
        ),
    );
    expect((await runVirtual(job, { mode, rate: 1_000, records: 5 })).outcome).toBe('finished');
    // The schedule begins with the first poll: in micro-batch at the first tick.
    const start = mode === 'micro-batch' ? B : 0;
    expect(times).toEqual([0, 1_000, 2_000, 3_000, 4_000].map((time) => start + time));
  });

  it('duration stops an endless job', async () => {
    const job = topology('endless', { batchInterval: B }, (t) =>
      t
        .source(
          'in',
          generator((index) => index),
        )
        .count()
        .to('out', none()),
    );
    const result = await runVirtual(job, { mode, rate: 1_000, duration: seconds(0.1) });
    expect(result.outcome).toBe('stopped');
    expect(result.recordsRead['in']).toBeGreaterThanOrEqual(80);
    expect(result.recordsRead['in']).toBeLessThanOrEqual(110);
  });

  it('stop finishes what was read', async () => {
    const sink = memorySink<number>();
    const job = topology('endless', { batchInterval: B }, (t) =>
      t
        .source(
          'in',
          generator((index) => index),
        )
        .to('out', sink),
    );
    const world = createSimulatedWorld();
    const running = await world.complete(start(job, { mode, rate: 1_000, world }));
    await world.run(55_000);
    expect(running.progress().recordsRead).toBeGreaterThan(40);
    running.stop();
    const result = await world.complete(running.done, 100_000);
    expect(result.outcome).toBe('stopped');
    expect(sink.results).toHaveLength(result.recordsRead['in']!);
  });

  it('stop takes what a source that cannot be read again has received, and does not wait for more', async () => {
    const world = createSimulatedWorld();
    const buffer = new ValueBuffer();
    const results: number[] = [];
    const job = topology('received', { batchInterval: B }, (t) => {
      t.source('in', tcp({ host: 'localhost', port: 9 }))
        .map(Number)
        .to(
          'out',
          // For each that is done another comes: whoever takes all that comes never ends.
          foreach((value) => {
            results.push(value);
            buffer.add([value + 1_000]);
          }),
        );
    });
    const { clock, scheduler } = world;
    const source = stamped({ partitions: [buffer], close: async () => buffer.end() }, { clock, scheduler, step: B });
    const readers = new Map([['in', source]]);
    const running = await world.complete(start(job, { mode, readers, world, record: { turnRecordsMax: 10 } }));
    await world.run(15_000);
    const received = Array.from({ length: 1_000 }, (_, i) => i);
    buffer.add([...received]);
    running.stop();
    expect((await world.complete(running.done, 100_000)).outcome).toBe('stopped');
    expect(results.slice(0, 1_000)).toEqual(received);
    expect(results.length).toBeLessThan(1_100);
  });

  it('closes every end: when it is done', async () => {
    const log: string[] = [];
    const { source, sink } = closing(log);
    await runVirtual(copy(), { mode, readers: new Map([['in', source]]), writers: new Map([['out', sink]]) });
    expect(log).toEqual(['source closed', 'sink closed']);
  });

  it('closes every end: when a user function fails', async () => {
    const log: string[] = [];
    const { sink } = closing(log);
    const job = topology('failing', { batchInterval: B }, (t) => {
      t.source('in', memory([1]))
        .map(() => {
          throw new Error('no');
        })
        .to('out', none());
    });
    expect((await runVirtual(job, { mode, writers: new Map([['out', sink]]) })).error).toMatchObject({ code: 'RG030' });
    expect(log).toEqual(['sink closed']);
  });

  it('closes what is open already when another end cannot be opened', async () => {
    const log: string[] = [];
    const { source } = closing(log);
    const job = topology('two', { batchInterval: B }, (t) => {
      t.source('in', memory([1])).to('out', none());
      t.source('missing', textFile('nowhere.txt')).to('out2', none());
    });
    await expect(runVirtual(job, { mode, readers: new Map([['in', source]]) })).rejects.toMatchObject({
      code: 'RG040',
    });
    expect(log).toEqual(['source closed']);
  });

  it('a source that breaks fails the job, after what it gave before', async () => {
    const sink = memorySink<number>();
    const failure = new StreamError('RG043', 'the line is cut', 'mend it');
    let polls = 0;
    const partition = {
      poll: (block: Block) => {
        if (polls++ === 0) block.push(7, 1);
      },
      onReady: (wake: () => void) => wake(),
      get failure() {
        return polls > 0 ? failure : undefined;
      },
      commit: () => undefined,
    };
    const result = await runVirtual(copy(sink), {
      mode,
      readers: new Map([['in', { partitions: [partition], close: async () => undefined }]]),
    });
    expect(result).toMatchObject({ outcome: 'failed', error: failure });
    expect(sink.results).toEqual([7]);
  });

  it('a sink that cannot write fails the job; one whose reader went away stops it', async () => {
    const failing = (failure: SinkWriter['failure']): SinkWriter => ({ ...closing([]).sink, failure });
    const failure = new StreamError('RG046', 'the disk is full', 'empty it');
    expect(await runVirtual(copy(), { mode, writers: new Map([['out', failing(failure)]]) })).toMatchObject({
      outcome: 'failed',
      error: failure,
    });
    expect(await runVirtual(copy(), { mode, writers: new Map([['out', failing('stop')]]) })).toMatchObject({
      outcome: 'stopped',
      error: undefined,
    });
  });

  it('a sink that fails in its close fails a job that was fine', async () => {
    const failure = new StreamError('RG046', 'the disk is full', 'empty it');
    const sink: SinkWriter = { ...closing([]).sink, close: () => Promise.reject(failure) };
    expect(await runVirtual(copy(), { mode, writers: new Map([['out', sink]]) })).toMatchObject({
      outcome: 'failed',
      error: failure,
    });
  });

  it('a sink that is behind holds the sources back until it is ready', async () => {
    const accepted: unknown[] = [];
    let [isReady, wakes] = [false, 0];
    let wake: (() => void) | undefined;
    const world = createSimulatedWorld();
    const sink: SinkWriter = {
      ...closing([]).sink,
      accept: (value) => void accepted.push(value),
      get ready() {
        return isReady;
      },
      onReady: (next) => {
        wakes++;
        wake = next;
      },
    };
    const running = await world.complete(start(copy(), { mode, world, writers: new Map([['out', sink]]) }));
    await world.run(seconds(1));
    expect([accepted, wakes > 0]).toEqual([[], true]);
    isReady = true;
    wake!();
    expect((await world.complete(running.done, 100_000)).outcome).toBe('finished');
    expect(accepted).toEqual([1, 2, 3]);
  });

  it('writes an interval a file', async () => {
    const world = createSimulatedWorld();
    const job = topology('files', { batchInterval: B }, (t) =>
      t
        .source(
          'in',
          generator((index) => `line ${index}`, { count: 25 }),
        )
        .to('out', textFileSink('out')),
    );
    await runVirtual(job, { mode, rate: 1_000 }, world);
    const lines = world.files.paths.map((path) => world.files.text(path).split('\n').length - 1);
    expect(world.files.paths[0]).toMatch(/^out\/part-[12]0-00000$/);
    expect(lines).toEqual([10, 10, 5]);
    expect(world.files.text(world.files.paths[2]!).split('\n')[4]).toBe('line 24');
  });

  it('tells a source how far it is durable', async () => {
    const commits: number[] = [];
    const values = [1, 2, 3];
    const partition: PartitionReader = {
      poll: (block, max) => {
        for (let i = 0; i < max && values.length > 0; i++) block.push(values.shift(), 1);
        block.ended = values.length === 0;
      },
      onReady: (wake) => wake(),
      failure: undefined,
      commit: (offset) => void commits.push(offset),
    };
    await runVirtual(copy(), {
      mode,
      readers: new Map([['in', { partitions: [partition], close: async () => undefined }]]),
    });
    expect(commits.at(-1)).toBe(3);
    expect(commits).toEqual(commits.toSorted((a, b) => a - b));
  });

  it('what does not compile is not opened', async () => {
    const log: string[] = [];
    const { source } = closing(log);
    const job = topology('wrong', { guarantee: 'exactly-once' }, (t) =>
      t.source('in', memory([1])).to(
        'out',
        foreach(() => undefined),
      ),
    );
    await expect(runVirtual(job, { mode, readers: new Map([['in', source]]) })).rejects.toMatchObject({
      problems: [{ code: 'RG017' }],
    });
    expect(log).toEqual([]);
  });
});

it('at-most-once does without acks in record mode', async () => {
  const job = topology('light', { batchInterval: B, guarantee: 'at-most-once' }, (t) => {
    t.source('in', memory([1, 2]))
      .map((n) => [n, 1] as const)
      .runningReduce((a, b) => a + b)
      .to('out', none());
  });
  const result = await runVirtual(job, { mode: 'record', chaining: false });
  expect(result.components.find(({ component }) => component.startsWith('running'))).toMatchObject({
    executed: 2,
    acked: 0,
  });
});

it.each([
  ['recrod', "did you mean 'record'?"],
  ['storm', 'use micro-batch or record'],
  [undefined, 'use micro-batch or record'],
])('the mode %s is refused before anything is opened', async (mode, hint) => {
  const job = topology('never', (t) => t.source('in', textFile('no such file')).to('out', none()));
  await expect(run(job, { mode: mode as never })).rejects.toMatchObject({
    code: 'RG004',
    message: `mode is '${mode}'; it must be micro-batch or record`,
    hint,
  });
});

it('no options at all are refused like a mode that is none', async () => {
  const job = topology('never', (t) => t.source('in', textFile('no such file')).to('out', none()));
  await expect(run(job, undefined as never)).rejects.toMatchObject({ code: 'RG004' });
});
