/** What becomes of errors in user functions: the same in both modes, at every parallelism, chained or not. */
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import { millis } from '../../src/core/time.js';
import type { JobResult } from '../../src/executors/executor.js';
import { run as runJob } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { JobSettings } from '../../src/topology/graph.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../src/topology/streams.js';
import { VARIANTS, type Variant } from './variants.js';

const BAD = 13;
const INPUT = [1, 2, BAD, 3, 4];

/** Gives the number back, and throws for the bad one. */
const guard = (n: number): number => {
  if (n === BAD) throw new Error('unlucky');
  return n;
};

type Build = (t: TopologyBuilder) => Stream<never> | Stream<unknown>;

interface Ran {
  readonly result: JobResult;
  readonly results: readonly unknown[];
}

async function run(build: Build, variant: Variant, settings: Partial<JobSettings> = {}): Promise<Ran> {
  const sink = memorySink();
  const job = topology('job', { batchInterval: millis(10), ...settings }, (t) => {
    (build(t) as Stream<unknown>).to('out', sink);
  });
  const world = createSimulatedWorld();
  const result = await world.complete(runJob(job, { ...variant, world }), 1_000_000);
  return { result, results: sink.results };
}

const numbers = (t: TopologyBuilder) => t.source('in', memory(INPUT));
const numbers2 = (t: TopologyBuilder) => t.source('in2', memory(INPUT));
/** Two numbers of each key are in panes side by side. */
const panes = (t: TopologyBuilder): Stream<number> =>
  numbers(t).timestamps({ extract: (n) => n * millis(5), maxOutOfOrderness: millis(100) });
const TWO_PANES = { uid: 'op', window: millis(20) } as const;
const keyed = (t: TopologyBuilder | Stream<number>): KeyedStream<string, number> =>
  ('keyBy' in t ? t : numbers(t)).keyBy((n) => `k${n % 2}`, { uid: 'key' });

/** Operators with a function that throws for one record, and what all the others give, as text in sorted order. */
const throwing: readonly (readonly [name: string, uid: string, build: Build, good: readonly unknown[]])[] = [
  ['map', 'op', (t) => numbers(t).map(guard, { uid: 'op' }), [1, 2, 3, 4]],
  ['flatMap', 'op', (t) => numbers(t).flatMap((n) => [guard(n), n], { uid: 'op' }), [1, 1, 2, 2, 3, 3, 4, 4]],
  ['filter', 'op', (t) => numbers(t).filter((n) => guard(n) > 1, { uid: 'op' }), [2, 3, 4]],
  [
    'keyBy',
    'op',
    (t) =>
      numbers(t)
        .keyBy(guard, { uid: 'op' })
        .map(([, n]) => n),
    [1, 2, 3, 4],
  ],
  [
    'mapValues',
    'op',
    (t) =>
      keyed(t)
        .mapValues(guard, { uid: 'op' })
        .map(([, n]) => n),
    [1, 2, 3, 4],
  ],
  [
    'flatMapValues',
    'op',
    (t) =>
      keyed(t)
        .flatMapValues((n) => [guard(n)], { uid: 'op' })
        .map(([, n]) => n),
    [1, 2, 3, 4],
  ],
  [
    'branch',
    'op',
    (t) => numbers(t).branch({ big: (n: number) => guard(n) > 2 }, { uid: 'op' }).big as Stream<number>,
    [3, 4],
  ],
  [
    'timestamps',
    'op',
    (t) => numbers(t).timestamps({ uid: 'op', extract: guard, maxOutOfOrderness: millis(1) }),
    [1, 2, 3, 4],
  ],
  [
    'runningReduce',
    'op',
    (t) => keyed(t).runningReduce({ uid: 'op', reduce: (a, b) => a + guard(b) }),
    [
      ['k0', 2],
      ['k0', 6],
      ['k1', 1],
      ['k1', 4],
    ],
  ],
  [
    'process',
    'op',
    (t) =>
      keyed(t).process<number, number>({
        uid: 'op',
        onRecord: (n, context) => {
          const value = guard(n);
          context.setState((context.state ?? 0) + 1);
          context.emit(value + context.state! * 100);
        },
      }),
    [101, 102, 203, 204],
  ],
  [
    'mapWithState',
    'op',
    (t) => keyed(t).mapWithState<number, number>({ uid: 'op', map: (_key, n) => guard(n!) }),
    [1, 2, 3, 4],
  ],
  ['peek', 'op', (t) => numbers(t).peek(guard, { uid: 'op' }), [1, 2, 3, 4]],
  ['top', 'op', (t) => numbers(t).top({ uid: 'op', max: 9, by: guard }), [[4, 3, 2, 1]]],
  [
    'top, where it meets the bad one first',
    'op',
    (t) =>
      numbers(t)
        .filter((n) => n > 2)
        .top({ uid: 'op', max: 9, by: guard }),
    [[4, 3]],
  ],
  [
    'an operator behind a shuffle',
    'op',
    (t) =>
      keyed(t)
        .runningReduce((_a, b) => b)
        .map(([, n]) => guard(n), { uid: 'op' }),
    [1, 2, 3, 4],
  ],
];

/** Operators whose function returns what it must not. */
const wrong: readonly (readonly [name: string, code: string, build: Build])[] = [
  [
    'map returns a promise',
    'RG031',
    (t) => numbers(t).map(((n: number) => Promise.resolve(n)) as never, { uid: 'op' }) as unknown as Stream<unknown>,
  ],
  ['flatMap returns a promise', 'RG031', (t) => numbers(t).flatMap((async (n: number) => [n]) as never, { uid: 'op' })],
  ['filter returns a promise', 'RG031', (t) => numbers(t).filter((async () => true) as never, { uid: 'op' })],
  [
    'branch returns a promise',
    'RG031',
    (t) => numbers(t).branch({ arm: (async () => true) as never }, { uid: 'op' }).arm as Stream<unknown>,
  ],
  ['keyBy returns a promise', 'RG031', (t) => numbers(t).keyBy((async () => 'k') as never, { uid: 'op' })],
  ['mapValues returns a promise', 'RG031', (t) => keyed(t).mapValues(async (n) => n, { uid: 'op' })],
  [
    'reduce returns a promise',
    'RG031',
    (t) => keyed(t).runningReduce({ uid: 'op', reduce: (async (a: number) => a) as never }),
  ],
  [
    'reduce of an interval returns a promise',
    'RG031',
    (t) => keyed(t).reduceByKey({ uid: 'op', reduce: (async (a: number) => a) as never }),
  ],
  ['peek returns a promise', 'RG031', (t) => numbers(t).peek(async () => undefined, { uid: 'op' })],
  ['reduce returns nothing', 'RG032', (t) => numbers(t).reduce({ uid: 'op', reduce: (() => undefined) as never })],
  [
    'reduceByWindow returns nothing',
    'RG032',
    (t) => numbers(t).reduceByWindow({ uid: 'op', window: millis(20), reduce: (() => undefined) as never }),
  ],
  [
    'sessionWindow returns nothing',
    'RG032',
    (t) => keyed(t).sessionWindow({ uid: 'op', gap: millis(20), reduce: (() => undefined) as never }),
  ],
  [
    'createCombiner returns nothing',
    'RG032',
    (t) =>
      keyed(t).combineByKey<number>({
        uid: 'op',
        createCombiner: (() => undefined) as never,
        mergeValue: (a) => a,
        mergeCombiners: (a) => a,
      }),
  ],
  [
    'createCombiner of aggregate returns nothing',
    'RG032',
    (t) =>
      numbers(t).aggregate<number>({
        uid: 'op',
        createCombiner: (() => undefined) as never,
        mergeValue: (a) => a,
        mergeCombiners: (a) => a,
      }),
  ],
  [
    'mergeValue returns nothing',
    'RG032',
    (t) =>
      keyed(t).combineByKey<number>({
        uid: 'op',
        createCombiner: () => 1,
        mergeValue: (() => undefined) as never,
        mergeCombiners: (a) => a,
      }),
  ],
  ...[Number.NaN, '7', null, undefined].map((rank): readonly [string, string, Build] => [
    `by of top returns ${String(rank)}, which is no number`,
    'RG032',
    (t) => numbers(t).top({ uid: 'op', max: 2, by: (n) => (n === BAD ? rank : n) as number }),
  ]),
  ['by of top returns a promise', 'RG031', (t) => numbers(t).top({ uid: 'op', max: 1, by: (async () => 1) as never })],
  ['mapPartitions returns a number', 'RG032', (t) => numbers(t).mapPartitions((() => 5) as never, { uid: 'op' })],
  ['transform returns nothing', 'RG032', (t) => numbers(t).transform((() => undefined) as never, { uid: 'op' })],
  ['transform returns a promise', 'RG031', (t) => numbers(t).transform((async () => []) as never, { uid: 'op' })],
  [
    'transformWith returns nothing',
    'RG032',
    (t) => numbers(t).transformWith(numbers2(t), (() => undefined) as never, { uid: 'op' }),
  ],
  [
    'transformWith returns a promise',
    'RG031',
    (t) => numbers(t).transformWith(numbers2(t), (async () => []) as never, { uid: 'op' }),
  ],
  [
    'transform of several streams returns nothing',
    'RG032',
    (t) => t.transform([numbers(t), numbers2(t)], (() => undefined) as never, { uid: 'op' }),
  ],
  [
    'transform of several streams returns a promise',
    'RG031',
    (t) => t.transform([numbers(t), numbers2(t)], (async () => []) as never, { uid: 'op' }),
  ],
  [
    'mergeCombiners returns nothing',
    'RG032',
    (t) =>
      keyed(panes(t)).combineByKey<number>({
        ...TWO_PANES,
        createCombiner: () => 1,
        mergeValue: (a) => a,
        mergeCombiners: (() => undefined) as never,
      }),
  ],
  [
    'inverse returns nothing',
    'RG032',
    (t) =>
      keyed(panes(t)).reduceByKeyAndWindow({
        ...TWO_PANES,
        reduce: (a, b) => a + b,
        inverse: (() => undefined) as never,
      }),
  ],
  [
    'inverse of a window of all elements returns nothing',
    'RG032',
    (t) => panes(t).reduceByWindow({ ...TWO_PANES, reduce: (a, b) => a + b, inverse: (() => undefined) as never }),
  ],
  [
    'checkInverse finds that inverse is none',
    'RG037',
    (t) => panes(t).reduceByWindow({ ...TWO_PANES, reduce: Math.max, inverse: (a, b) => a - b, checkInverse: true }),
  ],
  [
    'an element that is no key',
    'RG033',
    (t) =>
      numbers(t)
        .map((n) => ({ n }) as never)
        .distinct({ uid: 'op' }),
  ],
  [
    'update returns a promise',
    'RG031',
    (t) => keyed(t).updateStateByKey({ uid: 'op', update: (async () => 1) as never }),
  ],
  [
    'onRecord returns a promise',
    'RG031',
    (t) => keyed(t).process({ uid: 'op', onRecord: (async () => undefined) as never }),
  ],
  [
    'extract returns a promise',
    'RG031',
    (t) => numbers(t).timestamps({ uid: 'op', extract: (async () => 1) as never, maxOutOfOrderness: millis(0) }),
  ],
  ['flatMap returns no iterable', 'RG032', (t) => numbers(t).flatMap((() => 7) as never, { uid: 'op' })],
  [
    'flatMap returns text, which is iterable but never meant',
    'RG032',
    (t) => numbers(t).flatMap((() => 'rain') as never, { uid: 'op' }),
  ],
  ['flatMapValues returns nothing', 'RG032', (t) => keyed(t).flatMapValues((() => undefined) as never, { uid: 'op' })],
  [
    'mapValues gets no pair',
    'RG032',
    (t) => (numbers(t) as unknown as KeyedStream<string, number>).mapValues((n) => n, { uid: 'op' }),
  ],
  ...[5, null, 'ab', ['a', 1, 2]].flatMap((record): (readonly [string, string, Build])[] => {
    const records = (t: TopologyBuilder) => numbers(t).map(() => record) as unknown as KeyedStream<string, number>;
    const what = `gets ${JSON.stringify(record)}, which is no pair`;
    return [
      [`partitionBy ${what}`, 'RG032', (t) => records(t).partitionBy({ uid: 'op' })],
      [`partitionBy with a function ${what}`, 'RG032', (t) => records(t).partitionBy({ uid: 'op', by: (key) => key })],
      [`joinTable ${what}`, 'RG032', (t) => records(t).joinTable([['a', 1]], { uid: 'op' })],
      [`leftOuterJoinTable ${what}`, 'RG032', (t) => records(t).leftOuterJoinTable([['a', 1]], { uid: 'op' })],
    ];
  }),
  [
    'a keyed operator gets no pair',
    'RG032',
    (t) => (numbers(t) as unknown as KeyedStream<string, number>).runningReduce({ uid: 'op', reduce: (a, b) => a + b }),
  ],
  [
    'a window gets no pair',
    'RG032',
    (t) => (numbers(t) as unknown as KeyedStream<string, number>).reduceByKey({ uid: 'op', reduce: (a, b) => a + b }),
  ],
  ['reduce returns nothing', 'RG032', (t) => keyed(t).runningReduce({ uid: 'op', reduce: (() => undefined) as never })],
  [
    'reduce of an interval returns nothing',
    'RG032',
    (t) => keyed(t).reduceByKey({ uid: 'op', reduce: (() => undefined) as never }),
  ],
  [
    'a key is an object',
    'RG033',
    (t) =>
      numbers(t)
        .keyBy((n) => ({ n }) as never, { uid: 'op0' })
        .runningReduce({ uid: 'op', reduce: (a, b) => a + b }),
  ],
  [
    'a key of a window is an object',
    'RG033',
    (t) =>
      numbers(t)
        .keyBy((n) => ({ n }) as never, { uid: 'op0' })
        .reduceByKey({ uid: 'op', reduce: (a, b) => a + b }),
  ],
  [
    'a counted value is an object',
    'RG033',
    (t) =>
      numbers(t)
        .map((n) => ({ n }) as never)
        .countByValue({ uid: 'op' }),
  ],
  [
    'extract returns text',
    'RG034',
    (t) => numbers(t).timestamps({ uid: 'op', extract: (() => '1') as never, maxOutOfOrderness: millis(0) }),
  ],
  [
    'extract returns a fraction',
    'RG034',
    (t) => numbers(t).timestamps({ uid: 'op', extract: () => 1.5, maxOutOfOrderness: millis(0) }),
  ],
  [
    'a timer is set at no time',
    'RG034',
    (t) => keyed(t).process({ uid: 'op', onRecord: (_n, context) => context.setTimer(Number.NaN) }),
  ],
];

/** What the hints of these errors say. */
const HINTS: Readonly<Record<string, RegExp>> = {
  RG031: /^await in mapAsync, or remove async$/,
  RG032: /^return (a value|a number|a pair|an array|\[key, value\])/,
  RG033: /^return a string, a number or a tuple of them/,
  RG034: /^(return microseconds|use context\.timestamp)/,
  RG037: /^mend inverse, or leave it out/,
};

describe.each(VARIANTS)('%s', (_name, variant) => {
  it.each(throwing)('%s that throws fails the job, with its uid, place and cause', async (_operator, uid, build) => {
    const { result } = await run(build, variant);
    expect(result.outcome).toBe('failed');
    expect(result.error).toBeInstanceOf(StreamError);
    expect(result.error).toMatchObject({ code: 'RG030', operator: uid, cause: { message: 'unlucky' } });
    expect(result.error!.place?.file).toMatch(/errors\.test\.ts$/);
    expect(result.deadLetterCount).toBe(0);
  });

  it.each(throwing)(
    '%s that throws with dead-letter sets that record aside, and no other',
    async (_operator, _uid, build, good) => {
      const { result, results } = await run(build, variant, { onError: 'dead-letter' });
      expect([result.outcome, result.error]).toEqual(['finished', undefined]);
      expect(sorted(results)).toEqual(sorted(good));
      expect(result.deadLetterCount).toBe(1);
      expect(result.deadLetters[0]!.error).toMatchObject({ code: 'RG030' });
    },
  );

  it.each(wrong)('%s: %s', async (_what, code, build) => {
    const { result } = await run(build, variant);
    expect(result.error).toMatchObject({ code, operator: 'op' });
    // What to do, and the line of this file where the operator is.
    expect(result.error!.hint).toMatch(HINTS[code]!);
    expect(result.error!.place).toMatchObject({ file: expect.stringMatching(/errors\.test\.ts$/) as string });
    expect(result.error!.place!.line).toBeGreaterThan(0);
    expect(result.outcome).toBe('failed');
  });

  it.each([1, 2, 4])('tries %i times before onError applies', async (attemptsMax) => {
    for (const onError of ['fail', 'dead-letter'] as const) {
      let calls = 0;
      const build: Build = (t) =>
        numbers(t).map((n) => {
          if (n === BAD) calls++;
          return guard(n);
        });
      await run(build, variant, { attemptsMax, onError });
      expect(calls).toBe(attemptsMax);
    }
  });

  it('a function that fails now and then fails nothing, and state counts each record once', async () => {
    let failures = 3;
    const build: Build = (t) =>
      numbers(t)
        .map((n) => [`k${n % 2}`, 1] as const)
        .runningReduce({ uid: 'count', reduce: (a, b) => a + b })
        .map(([key, count]) => {
          if (key === 'k1' && count === 3 && failures-- > 0) throw new Error('now and then');
          return `${key} ${count}`;
        });
    const { result, results } = await run(build, variant);
    expect([result.outcome, result.deadLetterCount]).toEqual(['finished', 0]);
    if (variant.mode === 'micro-batch') expect(sorted(results)).toEqual(['k0 1', 'k0 2', 'k1 1', 'k1 2', 'k1 3']);
    // At least once: a replayed record is counted again in record mode, but none is lost.
    else expect(results).toEqual(expect.arrayContaining(['k0 1', 'k0 2', 'k1 1', 'k1 2']));
  });

  it('what a failed attempt did to state is undone in micro-batch', async () => {
    const build: Build = (t) =>
      keyed(t).process<number, number>({
        uid: 'op',
        onRecord: (n, context) => {
          context.setState((context.state ?? 0) + 1);
          context.emit(guard(n) + context.state! * 100);
        },
      });
    const { result, results } = await run(build, variant, { onError: 'dead-letter' });
    expect(result.deadLetterCount).toBe(1);
    if (variant.mode === 'micro-batch') expect(sorted(results)).toEqual([101, 102, 203, 204]);
  });

  it('a dead letter of a source names partition, offset and value', async () => {
    const { result } = await run((t) => numbers(t).map(guard), variant, { onError: 'dead-letter' });
    expect(result.deadLetters).toMatchObject([{ partition: 0, offset: 2, value: BAD }]);
  });

  it('many bad records are all set aside', async () => {
    const many = Array.from({ length: 200 }, (_, n) => n);
    const build: Build = (t) =>
      t.source('in', memory(many)).map((n) => {
        if (n % 3 === 0) throw new Error('a multiple');
        return n;
      });
    const { result, results } = await run(build, variant, { onError: 'dead-letter' });
    expect(results.toSorted((a, b) => Number(a) - Number(b))).toEqual(many.filter((n) => n % 3 !== 0));
    expect([result.deadLetterCount, result.deadLetters.length]).toEqual([67, 67]);
  });

  it('an error in onTimer or in an update fails the job with the operator at fault', async () => {
    const late = (t: TopologyBuilder) =>
      t
        .source('in', memory([1, 2]))
        .timestamps({ extract: (n) => n * 20_000, maxOutOfOrderness: millis(0) })
        .keyBy(() => 'k');
    const timer: Build = (t) =>
      late(t).process({
        uid: 'op',
        onRecord: (_n, context) => context.setTimer(context.timestamp + 1),
        onTimer: () => void guard(BAD),
      });
    const update: Build = (t) => late(t).updateStateByKey<number>({ uid: 'op', update: () => guard(BAD) });
    for (const build of [timer, update]) {
      expect((await run(build, variant)).result.error).toMatchObject({ code: 'RG030', operator: 'op' });
    }
  });
});

function sorted(values: readonly unknown[]): readonly unknown[] {
  return values.toSorted((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
}
