/** `mapAsync`: what a call gives, when, in which order, and what becomes of one that fails. Time is that of a simulated World. */
import { describe, expect, it } from 'vitest';
import { type Duration, millis, seconds } from '../../src/core/time.js';
import type { JobResult } from '../../src/executors/executor.js';
import { start } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { JobSettings } from '../../src/topology/graph.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../src/topology/streams.js';
import { a, add, B, b, type Case, checkCases, numbers, pairs } from './interval-cases.js';
import { VARIANTS, type Variant } from './variants.js';

const cases: readonly Case[] = [
  {
    name: 'mapAsync: nothing for nothing, one for each, in the interval of its record',
    build: (t) => numbers(t).mapAsync(async (n) => n * 10),
    input: [[], [1], [2, 3, 2], []],
    output: [[], [10], [20, 30, 20], []],
  },
  {
    name: 'mapAsync: a function that returns a plain value is a call that has ended',
    build: (t) => numbers(t).mapAsync((n) => n + 1),
    input: [[1], [2]],
    output: [[2], [3]],
  },
  {
    name: 'mapAsync: one behind another, and behind windows',
    build: (t) =>
      pairs(t)
        .mapAsync(async ([key, n]) => [key, n * 2] as const)
        .reduceByKey(add)
        .mapAsync(async ([key, n]) => [key, n + 1] as const)
        .mapValuesAsync(async (n) => -n),
    input: [[a(1), a(2), b(3)], [], [a(4)]],
    output: [
      [
        ['a', -7],
        ['b', -7],
      ],
      [],
      [['a', -9]],
    ],
  },
  {
    name: 'mapAsync: in front of windows, which have all of their interval',
    build: (t) =>
      numbers(t)
        .mapAsync(async (n) => n, { concurrency: 1 })
        .count(),
    input: [[1, 2, 3], [], [4]],
    output: [[3], [0], [1]],
  },
  {
    name: 'mapAsync: behind a union, each stream once',
    build: (t) => {
      const s = numbers(t);
      return s.union(s.map((n) => -n)).mapAsync(async (n) => n);
    },
    input: [[1], [2]],
    output: [
      [1, -1],
      [2, -2],
    ],
  },
];

/** A job on a World of its own; `later` resolves after so much of its time. */
interface Lab {
  readonly t: TopologyBuilder;
  later(time: Duration): Promise<void>;
}

interface Ran {
  readonly result: JobResult;
  readonly results: readonly unknown[];
}

/** Runs to the end, or stops so much later. */
async function run(
  build: (lab: Lab) => unknown,
  variant: Variant,
  settings: Partial<JobSettings> = {},
  stopAfter?: Duration,
): Promise<Ran> {
  const world = createSimulatedWorld();
  const later = (time: Duration): Promise<void> =>
    new Promise((resolve) => world.scheduler.at(world.clock.now() + time, resolve));
  const sink = memorySink();
  const job = topology('job', { batchInterval: B, ...settings }, (t) => {
    (build({ t, later }) as Stream<unknown>).to('out', sink);
  });
  const running = await start(job, { ...variant, world });
  if (stopAfter !== undefined) world.scheduler.at(world.clock.now() + stopAfter, () => running.stop());
  return { result: await world.complete(running.done, 1_000_000), results: sink.results };
}

const BAD = 3;
const source = (t: TopologyBuilder) => t.source('in', memory([1, 2, BAD, 4, 5]));

/** Calls of which one fails `times` times. */
function failing(times: number): { readonly call: (n: number) => Promise<number>; readonly calls: number[] } {
  const calls: number[] = [];
  const call = async (n: number): Promise<number> => {
    calls.push(n);
    if (n === BAD && calls.filter((each) => each === BAD).length <= times) throw new Error('no answer');
    return n;
  };
  return { call, calls };
}

describe.each(VARIANTS)('%s', (_name, variant) => {
  checkCases(cases, variant);

  /** The sooner, the higher the number. */
  const byNumber = (lab: Lab) => async (n: number) => {
    await lab.later(millis(10 - n));
    return n;
  };

  it('gives results in the order of their records', async () => {
    const { results } = await run((lab) => source(lab.t).mapAsync(byNumber(lab)), variant);
    expect(results).toEqual([1, 2, 3, 4, 5]);
  });

  it('or, when no order is asked for, as their calls end', async () => {
    const { results } = await run((lab) => source(lab.t).mapAsync(byNumber(lab), { ordered: false }), variant);
    expect(results).toEqual([5, 4, 3, 2, 1]);
  });

  it('has at most so many calls under way', async () => {
    let [underWay, most] = [0, 0];
    const { results } = await run(
      ({ t, later }) =>
        source(t).mapAsync(
          async (n) => {
            underWay++;
            most = Math.max(most, underWay);
            await later(millis(n % 2 === 0 ? 7 : 1));
            underWay--;
            return n;
          },
          { concurrency: 2 },
        ),
      variant,
    );
    expect(most).toBe(2);
    expect(results).toEqual([1, 2, 3, 4, 5]);
  });

  it('closes no window before the calls of its records have ended', async () => {
    const { results } = await run(
      ({ t, later }) =>
        source(t)
          .mapAsync(
            async (n) => {
              await later(seconds(n === 1 ? 3 : 0.001));
              return ['sum', n] as const;
            },
            { ordered: false },
          )
          .reduceByKey(add),
      variant,
    );
    expect(results).toEqual([['sum', 15]]);
  });

  it('keeps the time of each record', async () => {
    const { results } = await run(
      ({ t, later }) =>
        t
          .source('in', memory([1, 2, 3]))
          .timestamps({ extract: (n) => n * B, maxOutOfOrderness: millis(5) })
          .mapAsync(
            async (n) => {
              await later(millis(20 - n));
              return [n, n] as const;
            },
            { ordered: false },
          )
          .process<number, unknown>({ uid: 'times', onRecord: (n, { timestamp, emit }) => emit([n, timestamp]) }),
      variant,
    );
    expect([...results].sort()).toEqual([
      [1, B],
      [2, 2 * B],
      [3, 3 * B],
    ]);
  });

  it('makes a call again that fails, and goes on when it succeeds', async () => {
    const { call, calls } = failing(3);
    const { result, results } = await run(({ t }) => source(t).mapAsync(call), variant);
    expect(result.outcome).toBe('finished');
    expect([...results].sort()).toEqual([1, 2, 3, 4, 5]);
    expect(calls.filter((n) => n === BAD)).toHaveLength(4);
  });

  it('fails the job with the operator and its cause when a call failed attemptsMax times', async () => {
    const { call, calls } = failing(Number.POSITIVE_INFINITY);
    const { result } = await run(({ t }) => source(t).mapAsync(call, { uid: 'look up' }), variant, { attemptsMax: 2 });
    expect(result.error).toMatchObject({
      code: 'RG030',
      operator: 'look up',
      place: { file: expect.stringContaining('calls.test') },
      message: expect.stringContaining('no answer'),
    });
    expect(calls.filter((n) => n === BAD)).toHaveLength(2);
  });

  it('or sets the record aside', async () => {
    const { call } = failing(Number.POSITIVE_INFINITY);
    const { result, results } = await run(({ t }) => source(t).mapAsync(call), variant, { onError: 'dead-letter' });
    expect(result.outcome).toBe('finished');
    expect([...results].sort()).toEqual([1, 2, 4, 5]);
    expect(result.deadLetters.map(({ value, error }) => [value, error.message])).toEqual([
      [BAD, expect.stringContaining('no answer')],
    ]);
  });

  it('does so too for a function that throws before it calls, and for what is no pair', async () => {
    const build = ({ t }: Lab) =>
      source(t).mapAsync((n): number => {
        if (n === BAD) throw new Error('unlucky');
        return n;
      });
    const thrown = await run(build, variant, { onError: 'dead-letter' });
    expect([...thrown.results].sort()).toEqual([1, 2, 4, 5]);
    const noPair = await run(
      ({ t }) => (source(t) as never as KeyedStream<string, number>).mapValuesAsync(async (n) => n),
      variant,
      { attemptsMax: 1 },
    );
    expect(noPair.result.error).toMatchObject({ message: expect.stringContaining('not a pair') });
  });

  it('counts a call that takes too long as failed, and does not hear its answer', async () => {
    const { result, results } = await run(
      ({ t, later }) =>
        source(t).mapAsync(
          async (n) => {
            await later(n === BAD ? millis(30) : millis(1));
            return n;
          },
          { timeout: millis(20), uid: 'look up' },
        ),
      variant,
      { onError: 'dead-letter' },
    );
    expect([...results].sort()).toEqual([1, 2, 4, 5]);
    expect(result.deadLetters).toHaveLength(1);
    expect(result.deadLetters[0]!.error.message).toContain(
      "a call of 'look up' has not ended within its timeout of 20 ms",
    );
  });

  it('ends a job whose calls never end', async () => {
    const { result } = await run(({ t }) => source(t).mapAsync(() => new Promise<number>(() => {})), variant);
    expect(result.outcome).toBe('failed');
    expect(result.error!.message).toContain('has not ended within its timeout of 10 s');
  });

  it('tells a call that it took too long, in each of its attempts, and no other', async () => {
    const signals: (readonly [number, AbortSignal])[] = [];
    const { result } = await run(
      ({ t, later }) =>
        source(t).mapAsync(
          async (n, { signal }) => {
            signals.push([n, signal]);
            await later(n === BAD ? millis(30) : millis(1));
            return n;
          },
          { timeout: millis(20) },
        ),
      variant,
      { onError: 'dead-letter', attemptsMax: 2 },
    );
    const aborted = signals.filter(([, { aborted }]) => aborted);
    expect(result.error).toBeUndefined();
    expect(signals.filter(([n]) => n !== BAD)).toHaveLength(4);
    expect(aborted.map(([n, { reason }]) => [n, reason.code])).toEqual([
      [BAD, 'RG065'],
      [BAD, 'RG065'],
    ]);
  });

  it('finishes the calls under way when it is stopped', async () => {
    const { result, results } = await run(
      ({ t, later }) =>
        source(t).mapAsync(async (n, { signal }) => {
          await later(millis(50));
          if (signal.aborted) throw signal.reason;
          return n;
        }),
      variant,
      {},
      millis(20),
    );
    expect(results).toEqual([1, 2, 3, 4, 5]);
    expect(result.error).toBeUndefined();
  });

  it.each(['at-most-once', 'exactly-once'] as const)('gives every result, %s', async (guarantee) => {
    const { result, results } = await run((lab) => source(lab.t).mapAsync(byNumber(lab)), variant, { guarantee });
    expect(result.error).toBeUndefined();
    expect(results).toEqual([1, 2, 3, 4, 5]);
  });
});
