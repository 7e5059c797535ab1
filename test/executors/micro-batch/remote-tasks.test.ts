/** Tasks on workers: what goes there and back, what fails there, and what is done again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { readable, sentRows } from '../../../src/executors/micro-batch/row-codec.js';
import { Rows } from '../../../src/executors/micro-batch/rows.js';
import { workerOf } from '../../../src/executors/workers.js';
import { Partial } from '../../../src/kernels/partial.js';
import { topology } from '../../../src/topology/builder.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import type { Stream } from '../../../src/topology/streams.js';
import { aSink, aSource, traceOf } from '../../compare/memory-ends.js';
import { FakeWorkers, type Loss } from './fake-workers.js';
import { type Life, type LifeOptions, live } from './incarnations.js';

const trace = traceOf({
  in: [
    Array.from({ length: 60 }, (_, i) =>
      i % 3 === 2 ? { beat: ((i + 1) / 3) * 10_000 } : { value: i, at: Math.floor(i / 3) * 10_000 + (i % 3) * 4_000 },
    ),
  ],
});

interface Run extends Life {
  readonly workers: FakeWorkers;
}

interface WorkersOfRun {
  readonly losses?: readonly Loss[];
  readonly delay?: number | ((worker: number) => number);
}

async function run(
  build: (numbers: Stream<number>) => void,
  settings: globalThis.Partial<JobSettings> = {},
  { losses = [], delay, ...more }: globalThis.Partial<LifeOptions> & WorkersOfRun = {},
): Promise<Run> {
  const job: Topology = topology('remote', { batchInterval: millis(10), ...settings }, (t) => {
    build(t.source('in', aSource<number>((more.trace ?? trace).sources[0]!.partitions.length)));
  });
  let workers: FakeWorkers | undefined;
  const life = await live({
    topology: job,
    trace,
    crashes: [],
    isDurable: false,
    parallelism: 2,
    services: (world, plan) => {
      workers = new FakeWorkers(world, plan, job.functions, 2, losses, delay);
      return { workers };
    },
    ...more,
  });
  return { ...life, workers: workers! };
}

const pairs = (numbers: Stream<number>) => numbers.map((n) => [`key ${n % 5}`, n] as const);
const add = (a: number, b: number): number => a + b;

describe('a task on a worker', () => {
  it('gets one message a batch', async () => {
    const { job, workers } = await run((numbers) => {
      pairs(numbers).runningReduce({ uid: 'sums', reduce: add }).to('out', aSink());
    });
    expect(job.outcome).toBe('finished');
    expect(workers.sent.get('run')).toBe(job.batchCount * 3);
  });

  const sums = (numbers: Stream<number>): void => {
    pairs(numbers).runningReduce({ uid: 'sums', reduce: add }).to('out', aSink());
  };
  /** Longer than the batch interval, so that batches wait. */
  const slow = { delay: 12_000 };

  it('gets the next batch while the one before is under way, and results stay in order', async () => {
    const { job, workers, sinks, events } = await run(sums, {}, slow);
    expect(job.outcome).toBe('finished');
    expect(workers.batchesOpenMax).toBe(2);
    const alone = await run(sums);
    expect(sinks).toEqual(alone.sinks);
    const times = events.flatMap((event) => (event.kind === 'batchCompleted' ? [event.batch.submissionTime] : []));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.length).toBe(job.batchCount);
  });

  it('is between two batches when a snapshot is taken, though batches overlap', async () => {
    const last = { kind: 'step', step: 'snapshotSaved', nth: 3 } as const;
    const { workers, survived } = await run(sums, {}, { ...slow, isDurable: true, snapshotEach: 3, last });
    expect(workers.batchesOpenMax).toBe(2);
    const { meta, rows } = survived.saved!;
    const [source] = meta.sources;
    expect(source!.offset).toBeGreaterThan(8);
    const covered = trace.sources[0]!.partitions[0]!.values.slice(0, source!.offset) as number[];
    const state = new Map<string, number>();
    // Increments stand behind what they add to: the last row of a key counts.
    for (const [store, of] of rows)
      for (const row of of)
        if (row.kind === 'cell') state.set(`${store} ${row.space} ${String(row.key)}`, row.value as number);
    expect([...state.values()].reduce(add)).toBe(covered.reduce(add));
  });

  it('without state is on another worker in the next batch, where several jobs run at once', async () => {
    const build = (numbers: Stream<number>): void => {
      numbers.map((n) => n + 1).to('out', aSink());
    };
    const alone = await run(build, {}, slow);
    const life = await run(build, {}, { ...slow, options: { concurrentJobs: 2 } });
    expect([alone.workers.batchesOpenMax, life.workers.batchesOpenMax]).toEqual([2, 3]);
    expect([alone.workers.workersOf('0:0'), life.workers.workersOf('0:0')]).toEqual([[0], [0, 1]]);
    expect(life.sinks).toEqual(alone.sinks);
  });

  it('with state stays where its state is, where several jobs run at once', async () => {
    const life = await run(sums, {}, { ...slow, options: { concurrentJobs: 2 } });
    expect(life.workers.workersOf('1:0')).toHaveLength(1);
    expect(life.workers.workersOf('1:1')).toHaveLength(1);
    expect(life.sinks).toEqual((await run(sums)).sinks);
  });

  it('that is slow has a twin on another worker, unless it has state; what comes later is not seen', async () => {
    const two = {
      ...trace,
      sources: trace.sources.flatMap(({ name, partitions }) => ({
        name,
        partitions: [partitions[0]!, partitions[0]!],
      })),
    };
    const more = { trace: two, delay: (worker: number) => (worker === 0 ? 400_000 : 20) };
    const alone = await run(sums, {}, { trace: two });
    const life = await run(sums, {}, { ...more, options: { speculation: true } });
    expect(life.job.outcome).toBe('finished');
    expect(life.sinks).toEqual(alone.sinks);
    const twins = life.events.flatMap((event) => (event.kind === 'taskSpeculated' ? [event] : []));
    expect(new Set(twins.map(({ stage, partition, worker }) => `${stage}:${partition} on ${worker}`))).toEqual(
      new Set(['0:0 on 1']),
    );
    expect(twins.length).toBeLessThanOrEqual(life.job.batchCount);
    const without = await run(sums, {}, more);
    expect(without.events.some(({ kind }) => kind === 'taskSpeculated')).toBe(false);
    expect(without.job.duration).toBeGreaterThan(life.job.duration);
  });

  it('that throws fails the job with the error of its operator', async () => {
    const { job } = await run(
      (numbers) => {
        numbers
          .map(
            (n) => {
              if (n === 13) throw new RangeError('unlucky');
              return n;
            },
            { uid: 'luck' },
          )
          .to('out', aSink());
      },
      { attemptsMax: 3 },
    );
    expect(job).toMatchObject({ outcome: 'failed', taskRetries: 2 });
    expect(job.error).toMatchObject({ code: 'RG030', operator: 'luck' });
    expect(job.error?.cause).toMatchObject({ message: 'unlucky' });
    expect((job.error!.cause as Error).stack).toContain('remote-tasks.test.ts');
  });

  it('sets bad records aside with their offsets', async () => {
    const { job } = await run(
      (numbers) => {
        pairs(
          numbers.map((n) => {
            if (n % 20 === 7) throw new Error('seven');
            return n;
          }),
        )
          .runningReduce({ uid: 'sums', reduce: add })
          .to('out', aSink());
      },
      { onError: 'dead-letter', attemptsMax: 2 },
    );
    expect(job.outcome).toBe('finished');
    expect(job.deadLetters.map(({ offset, value, error }) => [offset, value, error.code])).toEqual([
      [5, 7, 'RG030'],
      [18, 27, 'RG030'],
    ]);
  });

  it('whose records cannot be copied fails the job with RG056', async () => {
    const { job } = await run((numbers) => {
      numbers
        .map((n) => [n % 2, () => n] as const)
        .reduceByKey({ reduce: (a) => a })
        .to('out', aSink());
    });
    expect(job).toMatchObject({ outcome: 'failed', error: { code: 'RG056' } });
  });

  it('leaves its state with the driver at the end', async () => {
    const { job } = await run((numbers) => {
      pairs(numbers).runningReduce({ uid: 'sums', reduce: add }).to('out', aSink());
    });
    const expected = new Map<string, number>();
    for (const n of trace.sources[0]!.partitions[0]!.values as number[])
      expected.set(`key ${n % 5}`, (expected.get(`key ${n % 5}`) ?? 0) + n);
    expect(new Map(job.state('sums'))).toEqual(expected);
  });
});

describe('a worker that is lost', () => {
  const windows = (numbers: Stream<number>): void => {
    pairs(numbers)
      .reduceByKeyAndWindow({ window: millis(40), slide: millis(10), reduce: add, inverse: (a, b) => a - b })
      .to('windows', aSink());
    pairs(numbers).runningReduce({ uid: 'sums', reduce: add }).to('running', aSink());
  };

  it.each([0, 1])('worker %i: its own tasks only are made again', async (worker) => {
    const undisturbed = await run(windows);
    const life = await run(windows, {}, { losses: [{ worker, after: 40 }] });
    expect(life.workers.losses).toBe(1);
    expect(life.sinks).toEqual(undisturbed.sinks);
    const recomputed = life.events.flatMap((event) => (event.kind === 'taskRecomputed' ? [event] : []));
    expect(recomputed.length).toBeGreaterThan(0);
    for (const { stage, partition, batches } of recomputed) {
      expect(workerOf(stage, partition, 2)).toBe(worker);
      expect(batches).toBeLessThanOrEqual(20);
    }
    expect(life.job.recomputedRecords).toBe(recomputed.reduce((sum, { records }) => sum + records, 0));
    expect(life.job.recomputedRecords).toBeGreaterThan(0);
  });

  it('with a snapshot behind each batch: little is done again', async () => {
    const lost = { losses: [{ worker: 1, after: 60 }] };
    const often = await run(windows, {}, { ...lost, isDurable: true, snapshotEach: 1 });
    const seldom = await run(windows, {}, { ...lost, isDurable: true, snapshotEach: 1_000 });
    expect([often.job.outcome, seldom.job.outcome]).toEqual(['finished', 'finished']);
    expect(often.workers.losses + seldom.workers.losses).toBe(2);
    expect(often.job.recomputedRecords).toBeLessThan(seldom.job.recomputedRecords! / 2);
  });
});

describe('rows on their way', () => {
  const key = fc.oneof(fc.string(), fc.string({ minLength: 13, maxLength: 40 }), fc.double(), fc.boolean());
  const value = fc.oneof(
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.tuple(key, fc.double()),
    fc.tuple(key, fc.anything({ withBigInt: true, withDate: true, withMap: true })),
    fc.tuple(key, fc.double(), fc.nat()).map(([k, v, count]) => new Partial(k, v, count)),
    fc.constant(undefined),
  );
  const column = fc.oneof(
    fc.array(fc.double()),
    fc.array(fc.string({ maxLength: 20 })),
    fc.array(fc.tuple(key, fc.double())),
    fc.array(fc.tuple(fc.string(), fc.string())),
    fc.array(fc.tuple(key, fc.double()).map(([k, v]) => new Partial(k, v, 2))),
    fc.array(value),
  );

  it('come back as they were, also partials and mixed values', () => {
    fc.assert(
      fc.property(column, fc.boolean(), (values, hasEnds) => {
        const rows = new Rows();
        for (const [i, each] of values.entries())
          rows.add(each, { timestamp: i, windowEnd: hasEnds ? i + 1 : Number.NaN });
        const buffers: ArrayBuffer[] = [];
        const sent = sentRows(rows, buffers);
        // Partials among other values do not occur: nothing but a combine writes them, and it writes nothing else.
        if (sent.columns.kind === 'values' && values.some((each) => each instanceof Partial)) return;
        const back = readable(structuredClone(sent, { transfer: buffers }));
        const cells = Array.from({ length: back.length }, (_, i) => back.at(i));
        expect(cells).toEqual(values);
        expect(back.length).toBe(values.length);
        expect([...back.timestamps]).toEqual(values.map((_, i) => i));
        expect([...back.windowEnds]).toEqual(values.map((_, i) => (hasEnds ? i + 1 : Number.NaN)));
        if (sent.columns.kind === 'partials') for (const each of cells) expect(each).toBeInstanceOf(Partial);
      }),
    );
  });
});
