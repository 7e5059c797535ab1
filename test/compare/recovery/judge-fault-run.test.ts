/** Counting what a fault lost and duplicated: one record more or less is exactly one, in whatever operators it went through. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FaultRun } from '../../../src/compare/recovery/judge-fault-run.js';
import { judgeFaultRun } from '../../../src/compare/recovery/judge-fault-run.js';
import type { ResultList } from '../../../src/compare/result-list.js';
import { millis } from '../../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { Guarantee } from '../../../src/topology/specs.js';
import { type Built, build } from '../../executors/random/build.js';
import { recipes } from '../../executors/random/recipe.js';
import { waysOf } from '../../executors/random/ways.js';
import { aSink, aSource, traceOf } from '../memory-ends.js';
import { judgeAltered, MICRO_BATCH, RECORD, runAltered } from './altered-run.js';

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;
const longer = (a: string, b: string) => (b.length > a.length || (b.length === a.length && b > a) ? b : a);
const longest = { createCombiner: (line: string) => line, mergeValue: longer, mergeCombiners: longer };

/** Sixty records of a line each: `a b0 a`, `a b1 a` …, five in each batch interval. */
const lines = Array.from({ length: 60 }, (_, i) => ({ value: `a b${i % 7} a`, at: i * 200 }));
const beats = Array.from({ length: 13 }, (_, i) => ({ beat: (i + 1) * 1_000 }));
const elements = [...lines, ...beats].sort(
  (a, b) => ('at' in a ? a.at : a.beat - 0.5) - ('at' in b ? b.at : b.beat - 0.5),
);

function job(make: (t: TopologyBuilder) => void): Built {
  return {
    topology: topology('job', { batchInterval: millis(1) }, make),
    trace: traceOf({ lines: [elements] }),
    operators: [],
  };
}

const source = (t: TopologyBuilder) => t.source('lines', aSource<string>());
const words = (t: TopologyBuilder) =>
  source(t)
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1] as const);
const window = { window: millis(3), slide: millis(1) };

const jobs: Readonly<Record<string, Built>> = {
  map: job((t) =>
    source(t)
      .map((line) => line.length)
      .to('out', aSink()),
  ),
  flatMap: job((t) =>
    source(t)
      .flatMap((line) => line.split(' '))
      .to('out', aSink()),
  ),
  diamond: job((t) => {
    const all = source(t).map((line) => line.length);
    all
      .union(
        all.map((length) => -length),
        all,
      )
      .to('out', aSink());
  }),
  reduceByKey: job((t) => words(t).reduceByKey(add).to('out', aSink())),
  'sliding window': job((t) =>
    words(t)
      .reduceByKeyAndWindow({ ...window, reduce: add })
      .to('out', aSink()),
  ),
  'window with inverse': job((t) =>
    words(t)
      .reduceByKeyAndWindow({ ...window, reduce: add, inverse: subtract })
      .mapValues(String)
      .to('out', aSink()),
  ),
  'windows without their keys': job((t) =>
    words(t)
      .reduceByKey(add)
      .map(([word, n]) => `${word}: ${n}`)
      .to('out', aSink()),
  ),
  'window of a window': job((t) =>
    words(t)
      .reduceByKey(add)
      .reduceByKeyAndWindow({ ...window, reduce: add })
      .to('out', aSink()),
  ),
  count: job((t) => source(t).count().to('out', aSink())),
  countByValue: job((t) => source(t).countByValue().to('out', aSink())),
  countByWindow: job((t) => source(t).countByWindow(window).to('out', aSink())),
  reduce: job((t) =>
    source(t)
      .map((line) => line.length)
      .reduce(add)
      .to('out', aSink()),
  ),
  'reduce of pairs, whose key may be of any record': job((t) =>
    source(t)
      .map((line, at = line.indexOf('b')) => [line.slice(at, at + 2), line.length] as const)
      .reduce((a, b) => [(a[0] < b[0] ? a : b)[0], a[1] + b[1]])
      .to('out', aSink()),
  ),
  aggregate: job((t) => source(t).aggregate(longest).to('out', aSink())),
  'aggregate of sliding windows': job((t) =>
    source(t)
      .aggregate({ ...window, ...longest })
      .to('out', aSink()),
  ),
  reduceByWindow: job((t) =>
    source(t)
      .map((line) => line.length)
      .reduceByWindow({ ...window, reduce: add })
      .to('out', aSink()),
  ),
  'reduceByWindow with inverse': job((t) =>
    source(t)
      .map((line) => line.length)
      .reduceByWindow({ ...window, reduce: add, inverse: subtract })
      .to('out', aSink()),
  ),
  'reduce of totals': job((t) =>
    words(t)
      .reduceByKey(add)
      .reduce((a, b) => [(a[0] < b[0] ? a : b)[0], a[1] + b[1]])
      .to('out', aSink()),
  ),
  runningReduce: job((t) => words(t).runningReduce(add).to('out', aSink())),
  updateStateByKey: job((t) =>
    words(t)
      .updateStateByKey<number>((values, sum = 0) => values.reduce(add, sum))
      .to('out', aSink()),
  ),
};

describe.each(Object.entries(jobs))('a record through %s', (_name, built) => {
  it.each([MICRO_BATCH, RECORD])('that is there once is neither lost nor duplicated: $mode', async (way) => {
    const verdict = await judgeAltered(built, [], way);
    expect(verdict).toMatchObject({ verdict: 'held', lost: { count: 0 }, duplicated: { count: 0 } });
    expect(verdict.results).toMatchObject({ missing: 0, repeated: 0, changed: 0, unexpected: 0, unclear: 0 });
    expect(verdict.sentence).toBe('exactly-once held: nothing lost and nothing duplicated.');
  });

  it.each([MICRO_BATCH, RECORD])('that never comes is one lost record: $mode', async (way) => {
    for (const offset of [0, 23, 58]) {
      const verdict = await judgeAltered(built, [{ partition: 0, offset, times: 0 }], way);
      const place = { source: 'lines', partition: 0, offset };
      expect(verdict).toMatchObject({ verdict: 'broken', lost: { count: 1, isExact: true, examples: [place] } });
      expect(verdict).toMatchObject({ duplicated: { count: 0, isExact: true }, results: { unexpected: 0 } });
    }
  });

  it.each([MICRO_BATCH, RECORD])('that comes twice is one duplicated record: $mode', async (way) => {
    const verdict = await judgeAltered(built, [{ partition: 0, offset: 31, times: 2 }], way);
    expect(verdict).toMatchObject({ verdict: 'broken', lost: { count: 0 }, results: { unexpected: 0 } });
    expect(verdict.duplicated).toMatchObject({ count: 1, isExact: true, examples: [{ offset: 31 }] });
  });
});

describe('many records', () => {
  it('are counted by what a window lacks, where each is in it once', async () => {
    const lost = Array.from({ length: 20 }, (_, i) => ({ partition: 0, offset: 39 - i, times: 0 }));
    const { lost: ofCount } = await judgeAltered(jobs['count']!, lost, RECORD);
    expect(ofCount).toMatchObject({ count: 20, isExact: false });
    const { lost: ofWindows } = await judgeAltered(jobs['countByWindow']!, lost, MICRO_BATCH);
    // Windows of three intervals that do not overlap.
    expect(ofWindows).toMatchObject({ count: 20, isExact: false });
    expect(await judgeAltered(jobs['map']!, lost, RECORD)).toMatchObject({ lost: { count: 20, isExact: true } });
  });

  it('are at least one where nothing says how often each is in a total', async () => {
    const count = job((t) =>
      source(t)
        .flatMap((line) => line.split(' '))
        .count()
        .to('out', aSink()),
    );
    const lost = [20, 21, 22].map((offset) => ({ partition: 0, offset, times: 0 }));
    const verdict = await judgeAltered(count, lost, RECORD);
    expect(verdict.lost).toMatchObject({ count: 1, isExact: false });
    expect(verdict.sentence).toBe('exactly-once is broken: at least 1 record lost and nothing duplicated.');
  });

  it('that make up for each other in one count are seen all the same', async () => {
    const swap = [
      { partition: 0, offset: 33, times: 2 },
      { partition: 0, offset: 30, times: 0 },
    ];
    const verdict = await judgeAltered(jobs['count']!, swap, RECORD);
    expect(verdict.lost).toMatchObject({ count: 1, isExact: true, examples: [{ offset: 30 }] });
    expect(verdict.duplicated).toMatchObject({ count: 1, isExact: true, examples: [{ offset: 33 }] });
  });
});

describe('the verdict', () => {
  const lost = [{ partition: 0, offset: 20, times: 0 }];
  const twice = [{ partition: 0, offset: 20, times: 2 }];
  const built = jobs['sliding window']!;

  it.each<[Guarantee, string, string]>([
    ['exactly-once', 'broken', 'broken'],
    ['at-least-once', 'broken', 'held'],
    ['at-most-once', 'held', 'broken'],
  ])('of %s: a lost record %s, a duplicated one %s', async (guarantee, ofLost, ofTwice) => {
    expect(await judgeAltered(built, lost, RECORD, { guarantee })).toMatchObject({ verdict: ofLost });
    expect(await judgeAltered(built, twice, RECORD, { guarantee, replayed: 1 })).toMatchObject({ verdict: ofTwice });
  });

  it('needs an explanation for duplicates, and for losses', async () => {
    const run = { guarantee: 'at-least-once', replayed: 1 } as const;
    const two = [...twice, { partition: 0, offset: 40, times: 2 }];
    const few = await judgeAltered(built, two, RECORD, run);
    expect(few.verdict).toBe('broken');
    expect(few.sentence).toBe(
      'at-least-once is broken: nothing lost and 2 records counted again; but only 1 were done again.',
    );
    const none = await judgeAltered(built, twice, RECORD, { guarantee: 'at-least-once' });
    expect(none.sentence).toMatch(/the engine reports nothing that was done again\.$/);
    expect(await judgeAltered(built, lost, RECORD, { guarantee: 'at-most-once', faults: 0 })).toMatchObject({
      verdict: 'broken',
    });
    const held = await judgeAltered(built, twice, RECORD, { ...run, reexecuted: 4 });
    expect(held.sentence).toBe(
      'at-least-once held: nothing lost and 1 record counted again; all of it among the 5 records that were done again.',
    );
  });

  it('claims nothing where what was expected is nothing to go by', async () => {
    const run = await runAltered(built, lost, RECORD);
    expect(judgeFaultRun({ ...run, unjudged: 'a task reached its limit' })).toMatchObject({
      verdict: 'not checked',
      sentence: 'exactly-once could not be checked: a task reached its limit.',
    });
  });

  it('tells a window that is delivered twice from a record that is in it twice', async () => {
    const run = await runAltered(built, [], RECORD);
    const again = judgeFaultRun({ ...run, ...repeating(run, 'sink out', 5), guarantee: 'at-least-once', replayed: 9 });
    expect(again).toMatchObject({ verdict: 'held', duplicated: { count: 0 }, results: { repeated: 5, unexpected: 0 } });
    expect(judgeFaultRun({ ...run, ...repeating(run, 'sink out', 5) })).toMatchObject({ verdict: 'broken' });
    expect(judgeFaultRun({ ...run, ...repeating(run, 'sink out', 5), guarantee: 'at-most-once' }).verdict).toBe(
      'broken',
    );
  });

  it.each(Object.entries(jobs))(
    'of a result that no record explains is broken, whatever is promised: %s',
    async (_, of) => {
      const run = await runAltered(of, [], RECORD);
      for (const guarantee of ['exactly-once', 'at-least-once', 'at-most-once'] as const) {
        const verdict = judgeFaultRun({ ...run, ...mutating(run, 'sink out', 3), guarantee, replayed: 100 });
        expect(verdict.verdict).toBe('broken');
        expect(verdict.results.unexpected).toBeGreaterThanOrEqual(1);
        expect(verdict.sentence).toMatch(/that no record explains; that breaks every guarantee\.$/);
      }
    },
  );

  it('says nothing of what a function makes of a total, unless everything must be as without a fault', async () => {
    const derived = job((t) =>
      words(t)
        .reduceByKey(add)
        .filter(([, n]) => n > 1)
        .to('out', aSink()),
    );
    // `a` is in each line twice, so its total is another; the record itself cannot be told from a window that was dropped.
    const run = { guarantee: 'at-least-once', replayed: 1 } as const;
    const verdict = await judgeAltered(derived, twice, RECORD, run);
    expect(verdict).toMatchObject({ verdict: 'not checked', lost: { count: 0 }, duplicated: { count: 0 } });
    expect(verdict.parts[0]).toMatchObject({ rule: 'not countable', note: expect.stringContaining('filter') });
    expect(verdict.sentence).toMatch(/^at-least-once could not be checked: /);
    expect(await judgeAltered(derived, twice, RECORD)).toMatchObject({ verdict: 'broken' });
  });

  it('says nothing of totals that are counted: there a total is the key', async () => {
    const counted = job((t) => source(t).countByWindow(window).countByValue().to('out', aSink()));
    const run = { guarantee: 'at-least-once', replayed: 1 } as const;
    const verdict = await judgeAltered(counted, twice, RECORD, run);
    expect(verdict).toMatchObject({ verdict: 'not checked', lost: { count: 0 }, duplicated: { count: 0 } });
    expect(verdict.parts[0]!.note).toContain('countByValue');
    expect(await judgeAltered(counted, twice, RECORD)).toMatchObject({ verdict: 'broken' });
  });

  it('says what it cannot count: records that a function saw together, or totals', async () => {
    const top = job((t) =>
      source(t)
        .top({ max: 2, by: (line) => line.length })
        .to('out', aSink()),
    );
    const [part] = (await judgeAltered(top, twice, RECORD)).parts;
    expect(part).toMatchObject({
      rule: 'not countable',
      note: expect.stringMatching(/^top '.*' makes its results of several records/),
    });
  });

  it('does not count by a state that was dropped', async () => {
    const forgetting = job((t) =>
      words(t)
        .updateStateByKey<number>((values, sum = 0) => (sum > 12 ? undefined : values.reduce(add, sum)))
        .to('out', aSink()),
    );
    const verdict = await judgeAltered(forgetting, twice, RECORD, { guarantee: 'at-least-once', replayed: 1 });
    expect(verdict).toMatchObject({ verdict: 'not checked', lost: { count: 0 } });
    expect(verdict.parts[0]!.note).toContain('dropped a state');
  });
});

it('a record more or less in random jobs is one, or in nothing that can be counted', async () => {
  const seen = { lost: 0, duplicated: 0 };
  const isStable = (built: Built): boolean => built.topology.graph.nodes.every((node) => node.kind !== 'timestamps');
  await fc.assert(
    fc.asyncProperty(recipes, fc.nat(17), async (recipe, at) => {
      const built = build(recipe);
      const partition = built.trace.sources[0]!.partitions.findIndex(({ values }) => values.length > 1 + (at % 4));
      if (partition < 0 || !isStable(built)) return;
      // Not the last one: without it, stream time would not go so far, and later windows would not fire.
      const offset = at % (built.trace.sources[0]!.partitions[partition]!.values.length - 1);
      for (const way of waysOf(recipe, 2)) {
        const untouched = await judgeAltered(built, [], way);
        expect(untouched.verdict, untouched.sentence).toBe('held');
        const lost = await judgeAltered(built, [{ partition, offset, times: 0 }], way);
        expect([lost.results.unexpected, lost.duplicated.count], lost.sentence).toEqual([0, 0]);
        expect(lost.lost.count, lost.sentence).toBeLessThanOrEqual(1);
        const twice = await judgeAltered(built, [{ partition, offset, times: 2 }], way);
        expect([twice.results.unexpected, twice.lost.count], twice.sentence).toEqual([0, 0]);
        expect(twice.duplicated.count, twice.sentence).toBeLessThanOrEqual(1);
        seen.lost += lost.lost.count;
        seen.duplicated += twice.duplicated.count;
      }
    }),
    { seed: Number(process.env['RAINGAUGE_SEED'] ?? 1), numRuns: process.env['RAINGAUGE_LONG'] === '1' ? 2_000 : 50 },
  );
  expect(Math.min(seen.lost, seen.duplicated)).toBeGreaterThan(15);
});

function repeating(run: FaultRun, name: string, count: number): Pick<FaultRun, 'actual'> {
  return changing(
    run,
    name,
    (at) => (at < count ? [at, at] : [at]),
    (value) => value,
  );
}

function mutating(run: FaultRun, name: string, which: number): Pick<FaultRun, 'actual'> {
  const mutated = (value: unknown): unknown => {
    if (Array.isArray(value)) return [value[0], mutated(value[1])];
    return { ...(value as object), value: 'something else' };
  };
  return changing(
    run,
    name,
    (at) => [at],
    (value, at) => (at === which ? mutated(value) : value),
  );
}

function changing(
  run: FaultRun,
  name: string,
  copies: (at: number) => readonly number[],
  change: (value: unknown, at: number) => unknown,
): Pick<FaultRun, 'actual'> {
  const { values, timestamps, windowEnds } = run.actual.get(name)!;
  const order = values.flatMap((_, at) => copies(at));
  const changed: ResultList = {
    values: order.map((at) => change(values[at], at)),
    timestamps: order.map((at) => timestamps[at]!),
    windowEnds: order.map((at) => windowEnds[at]!),
  };
  return { actual: new Map([...run.actual, [name, changed]]) };
}
