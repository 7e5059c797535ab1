/** Errors that components report: told and counted in both modes and from workers, and nothing fails. */
import { describe, expect, it } from 'vitest';
import { formatSummary } from '../../../src/cli/run-summary.js';
import { millis, seconds } from '../../../src/core/time.js';
import type { JobResult } from '../../../src/executors/executor.js';
import type { JobEvent, Listener } from '../../../src/runtime/events.js';
import { runTuples } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { OutputCollector, Spout, Tuple } from '../../../src/topology/components.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { aSource } from '../../compare/memory-ends.js';
import { FakeWorkers } from '../micro-batch/fake-workers.js';
import { live } from '../micro-batch/incarnations.js';
import { FakeWorkers as FakeTurnWorkers } from '../record/survival/fake-workers.js';
import { live as liveByRecord } from '../record/survival/lives.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;
const messages = (count: number) => Array.from({ length: count }, (_, id) => ({ id, values: { n: id } }));

/** Emits the numbers up to `count`, each as its message, and reports each odd one. */
function reportingSpout(count: number): () => Spout<N> {
  return () => {
    let next = 0;
    return {
      nextTuple: (out) => {
        if (next === count) return 'done';
        if (next % 2 === 1) out.reportError(new RangeError(`odd ${next}`));
        out.emit({ n: next }, next++);
        return undefined;
      },
    };
  };
}

/** A spout, and a bolt, a basic one and a windowed one that report each tuple, and each window. */
function reporting(spout: () => Spout<N>, count: number, settings: Partial<JobSettings> = {}): Topology {
  return topology('reporting', { batchInterval: millis(10), ...settings }, (t) => {
    const numbers = t.setSpout<N>('numbers', spout);
    const bolt = t
      .setBolt<N, N>(
        'bolt',
        () => ({
          execute: (tuple, out) => {
            out.reportError(`bolt ${tuple.values.n}`);
            out.emit(tuple.values, tuple);
            out.ack(tuple);
          },
        }),
        { parallelism: 2 },
      )
      .fieldsGrouping(numbers, 'n');
    const basic = t
      .setBasicBolt<N, N>('basic', () => ({
        execute: ({ values }, out) => {
          out.reportError({ n: values.n });
          out.emit(values);
        },
      }))
      .globalGrouping(bolt);
    t.setWindowedBolt<N, N>(
      'windowed',
      () => ({
        execute: ({ events }, out) => {
          out.reportError(new Error(`${events.length} tuples`));
          for (const { values } of events) out.emit(values);
        },
      }),
      { count },
    )
      .globalGrouping(basic)
      .to('out', memory());
  });
}

const errorsOf = ({ components }: JobResult): Record<string, number> =>
  Object.fromEntries(components.map(({ component, errors }) => [component, errors]));

const reportsAmong = (events: readonly JobEvent[]) => events.filter((event) => event.kind === 'errorReported');

describe.each(MODES)('%s', (mode) => {
  it('tells each error with its component and task, and no tuple fails', async () => {
    const job = reporting(() => ({ nextTuple: () => 'done' }), 3);
    const until = { virtualMs: 200 };
    const run = await runTuples(job, { mode, spouts: { numbers: { messages: messages(3) } }, until });
    const texts = (of: string): string[] =>
      run.errors.flatMap(({ component, error }) => (component === of ? [error] : [])).toSorted();
    expect(texts('bolt')).toEqual(['bolt 0', 'bolt 1', 'bolt 2']);
    expect(texts('basic')).toEqual(['{"n":0}', '{"n":1}', '{"n":2}']);
    expect(texts('windowed')).toEqual(['Error: 3 tuples']);
    for (const { component, task, error } of run.errors) {
      if (component !== 'bolt') expect(task).toBe(0);
      else
        expect(run.delivered).toContainEqual(
          expect.objectContaining({ component, task, values: { n: Number(error.slice('bolt '.length)) } }),
        );
    }
    expect(run.failed).toEqual([]);
    expect(run.outputs['out']!.map((value) => (value as N).n).toSorted()).toEqual([0, 1, 2]);
  });

  it('counts what spouts and bolts report, told or not, and the summary says how many', async () => {
    const [count, events] = [40, [] as JobEvent[]];
    const listener = (event: JobEvent): void => void events.push(event);
    const running = await startVirtual(reporting(reportingSpout(count), count), () => ({ mode, listener }));
    const result = await running.end();
    expect([result.outcome, result.error, result.acked, result.failed]).toEqual(['finished', undefined, count, 0]);
    expect(errorsOf(result)).toMatchObject({ numbers: count / 2, bolt: count, basic: count, windowed: 1 });
    const ofSpout = reportsAmong(events).filter(({ component }) => component === 'numbers');
    expect(ofSpout.map(({ error, count }) => [error, count])).toEqual(
      [1, 3, 5, 7, 9].map((n, index) => [`RangeError: odd ${n}`, index + 1]),
    );
    const sum = count / 2 + 2 * count + 1;
    expect(formatSummary('reporting', result, {}, false)).toContain(`${sum} errors reported by spouts and bolts`);
  });

  it('tells more when time has gone on, with the count of all', async () => {
    const counts: number[] = [];
    const listener = (event: JobEvent): void => {
      if (event.kind === 'errorReported') counts.push(event.count);
    };
    const job = topology('ticking', { batchInterval: seconds(1) }, (t) => {
      t.setBasicBolt<N, N>('bolt', () => ({ execute: (_tuple, out) => out.reportError('tick') }), {
        tick: seconds(1),
      }).shuffleGrouping(t.setSpout<N>('silent', () => ({ nextTuple: () => 'idle' })));
    });
    const run = await startVirtual(job, () => ({ mode, listener }));
    await run.until(seconds(25));
    run.job.stop();
    await run.end();
    // Five at one a second, and five of the next ten seconds.
    expect(counts.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 11, 12, 13, 14, 15]);
  });

  it('an attempt that is made again reports again', async () => {
    let attempts = 0;
    const job = topology('again', { batchInterval: millis(10) }, (t) => {
      const numbers = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      t.setBasicBolt<N, N>('bolt', () => ({
        execute: (_tuple, out) => {
          out.reportError('before it throws');
          if (attempts++ === 0) throw new Error('first');
        },
      })).shuffleGrouping(numbers);
    });
    const spouts = { numbers: { messages: messages(1) } };
    const { errors, acked } = await runTuples(job, { mode, spouts });
    expect(errors.map(({ error, count }) => [error, count])).toEqual([1, 2].map((n) => ['before it throws', n]));
    expect(acked).toEqual([0]);
  });
});

it('as micro-batches on workers errors are told and counted as in one thread', async () => {
  const count = 12;
  const { job, events } = await liveInBatches(2, count);
  expect([job.outcome, job.error, job.acked, job.failed]).toEqual(['finished', undefined, count, 0]);
  expect(errorsOf(job)).toMatchObject({ numbers: count / 2, bolt: count, basic: count, windowed: 1 });
  const textsOf = (all: readonly JobEvent[]): string[] =>
    reportsAmong(all).map(({ component, task, error, count }) => `${component} ${task} ${error} ${count}`);
  const inOneThread = await liveInBatches(0, count);
  expect(textsOf(events).toSorted()).toEqual(textsOf(inOneThread.events).toSorted());
  expect(textsOf(events).length).toBeGreaterThan(15);
});

it('as micro-batches on workers what is processed anew behind a lost one reports again', async () => {
  const job = topology('again', { batchInterval: millis(10) }, (t) => {
    t.setStatefulBolt('bolt', () => ({
      initState: () => {},
      execute: (tuple: Tuple<N>, out: OutputCollector<N>) => {
        out.reportError(`bolt ${tuple.values.n}`);
        out.ack(tuple);
      },
    })).globalGrouping(t.setSpout<N>('numbers', onePerBatch(4)));
  });
  const events: JobEvent[] = [];
  const listener = (event: JobEvent): void => void events.push(event);
  const { job: result } = await liveHeard(job, listener, 1, [{ worker: 0, after: 8 }]);
  expect([result.outcome, result.error, result.acked]).toEqual(['finished', undefined, 4]);
  const texts = reportsAmong(events).map(({ error }) => error);
  expect(new Set(texts)).toEqual(new Set([0, 1, 2, 3].map((n) => `bolt ${n}`)));
  expect(texts.filter((text) => text === 'bolt 0')).toHaveLength(2);
  expect(errorsOf(result)).toMatchObject({ bolt: texts.length });
});

/** Emits a number, and is idle until the next turn. */
function onePerBatch(count: number): () => Spout<N> {
  return () => {
    let [next, calls] = [0, 0];
    return {
      nextTuple: (out) => {
        if (next === count) return 'done';
        if (calls++ % 2 === 1) return 'idle';
        out.emit({ n: next }, next++);
        return undefined;
      },
    };
  };
}

async function liveInBatches(workers: number, count: number) {
  const events: JobEvent[] = [];
  const job = reporting(reportingSpout(count), count);
  const listener = Object.assign((event: JobEvent) => void events.push(event), { isIdle: true });
  const ran = await liveHeard(job, listener, workers, []);
  return { job: ran.job, events };
}

/** Without workers where there are none. */
function liveHeard(
  job: Topology,
  listener: Listener,
  workers: number,
  losses: ConstructorParameters<typeof FakeWorkers>[4],
) {
  return live({
    topology: job,
    trace: { sources: [] },
    crashes: [],
    isDurable: false,
    options: { blockInterval: 3_000 },
    services: (world, plan) => ({
      listener,
      ...(workers === 0 ? {} : { workers: new FakeWorkers(world, plan, job.functions, workers, losses) }),
    }),
  });
}

it('record at a time on workers errors are told, and counted with a barrier', async () => {
  const count = 12;
  const job = topology('workers', { batchInterval: millis(5) }, (t) => {
    const numbers = t.setSpout<N>('numbers', reportingSpout(count));
    t.setBasicBolt<N, N>('bolt', () => ({ execute: ({ values }, out) => out.reportError(`bolt ${values.n}`) }), {
      parallelism: 2,
    }).fieldsGrouping(numbers, 'n');
    t.setBasicBolt<N, N>('other', () => ({ execute: () => {} })).shuffleGrouping(
      t.source('in', aSource<number>()).map((n) => ({ n })),
    );
  });
  const { job: result, events } = await liveByRecord({
    topology: job,
    trace: {
      sources: [{ name: 'in', partitions: [{ values: [1], timestamps: Float64Array.of(1_000), heartbeats: [] }] }],
    },
    settings: {},
    interval: 2_500,
    workers: (world, plan) =>
      new FakeTurnWorkers({ world, plan, functions: job.functions, count: 2, latency: 100, absence: 500 }),
  });
  expect([result.outcome, result.error, result.failed]).toEqual(['finished', undefined, 0]);
  expect(errorsOf(result)).toMatchObject({ numbers: count / 2, bolt: count, other: 0 });
  const told = reportsAmong(events).filter(({ component }) => component === 'bolt');
  expect(new Set(told.map(({ task }) => task))).toEqual(new Set([0, 1]));
  expect(told.length).toBeLessThanOrEqual(10);
  expect(told.every(({ error }) => /^bolt \d+$/.test(error))).toBe(true);
});
