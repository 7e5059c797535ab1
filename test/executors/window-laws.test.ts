/** Laws of windows, on random streams in both modes: of a union, and of an inverse. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Duration, millis } from '../../src/core/time.js';
import type { Mode } from '../../src/runtime/events.js';
import { runIntervals } from '../../src/testing/index.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../src/topology/streams.js';
import { isLong } from '../breadth.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 1_000 : 25;

const B = millis(10);

type Pair = readonly [string, number];
type Pairs = KeyedStream<string, number>;
type Times = { readonly window: Duration; readonly slide: Duration };
/** What came in each interval. */
type Intervals<T> = readonly (readonly T[])[];

const pair: fc.Arbitrary<Pair> = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -5, max: 9 }));
// Most intervals have a few pairs, some none: keys leave windows and come back.
const intervals = fc.array(
  fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(pair, { maxLength: 6 }) }),
  { maxLength: 12 },
);
const times = fc.record({ window: fc.integer({ min: 1, max: 5 }), slide: fc.integer({ min: 1, max: 3 }) });

/** Runs a job of the sources `a` and `b` in every way, and hands on what came of each. */
async function inEveryWay(
  inputs: { readonly a: Intervals<Pair>; readonly b: Intervals<Pair> },
  build: (t: TopologyBuilder, a: Pairs, b: Pairs) => Readonly<Record<string, Stream<never>>>,
  check: (outputs: Readonly<Record<string, unknown[][]>>, way: string) => void,
): Promise<void> {
  const job = topology('laws', { batchInterval: B }, (t) => {
    const sinks = build(t, t.source('a', memory<string, number>([])), t.source('b', memory<string, number>([])));
    for (const [name, stream] of Object.entries(sinks)) (stream as Stream<unknown>).to(name, none());
  });
  const length = Math.max(inputs.a.length, inputs.b.length) + 6;
  for (const mode of ['micro-batch', 'record'] satisfies Mode[]) {
    for (const parallelism of [1, 2, 3]) {
      const { outputs, outside } = await runIntervals(job, { mode, parallelism, inputs, intervals: length });
      expect(Object.values(outside).flat()).toEqual([]);
      check(outputs, `${mode}, parallelism ${parallelism}`);
    }
  }
}

/** A window of one stream, and how what two streams have of it is put together. */
interface Windowed {
  readonly name: string;
  readonly apply: (stream: Pairs, times: Times) => Stream<never>;
  readonly together: (results: readonly never[]) => readonly unknown[];
}

const WINDOWS: readonly Windowed[] = [
  {
    name: 'window',
    apply: (stream, span) => stream.window(span) as unknown as Stream<never>,
    together: (elements) => elements,
  },
  {
    name: 'groupByKeyAndWindow',
    apply: (stream, span) => stream.groupByKeyAndWindow(span) as unknown as Stream<never>,
    together: (groups: readonly (readonly [string, readonly number[]])[]) =>
      byKey(groups, (x, y) => [...x, ...y]).map(([key, values]) => [key, sorted(values)]),
  },
  {
    name: 'countByValueAndWindow',
    apply: (stream, span) => stream.map(([, n]) => n).countByValueAndWindow(span) as unknown as Stream<never>,
    together: (counts: readonly (readonly [number, number])[]) => byKey(counts, add),
  },
];

describe('the windows of a union are the unions of the windows', () => {
  it.each(WINDOWS)('$name', async ({ apply, together }) => {
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(intervals, intervals, times, async (a, b, { window, slide }) => {
        const span = { window: (window * B) as Duration, slide: (slide * B) as Duration };
        await inEveryWay(
          { a, b },
          (_t, left, right) => ({
            whole: apply(left.union(right), span),
            left: apply(left, span),
            right: apply(right, span),
          }),
          ({ whole, left, right }, way) => {
            const parts = left!.map((results, i) => together([...results, ...right![i]!] as never[]));
            expect(
              whole!.map((results) => sorted(together(results as never[]))),
              way,
            ).toEqual(parts.map(sorted));
            shared += left!.filter((results, i) => results.length > 0 && right![i]!.length > 0).length;
          },
        );
      }),
      { seed, numRuns },
    );
    // There were windows with something of both streams.
    expect(shared).toBeGreaterThan(0);
  });
});

describe('a window with an inverse is the window without', () => {
  const inverse = (total: number, left: number) => total - left;

  it.each([
    ['all keys', undefined],
    ['keys that a filter tells', ([, total]: readonly [string, number]) => total % 2 === 0],
  ] as const)('reduceByKeyAndWindow: %s', async (_what, filter) => {
    const told = filter === undefined ? {} : { filter };
    await holds((stream, span) => {
      const options = { ...span, ...told, reduce: add };
      return [stream.reduceByKeyAndWindow({ ...options, inverse }), stream.reduceByKeyAndWindow(options)];
    });
  });

  it('reduceByWindow', () =>
    holds((stream, span) => {
      const options = { ...span, reduce: add };
      const numbers = stream.map(([, n]) => n) as Stream<number>;
      return [numbers.reduceByWindow({ ...options, inverse }), numbers.reduceByWindow(options)];
    }));

  async function holds(
    build: (stream: Pairs, times: Times) => readonly [Stream<unknown> | Pairs, Stream<unknown> | Pairs],
  ): Promise<void> {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(intervals, intervals, times, async (a, b, { window, slide }) => {
        const span = { window: (window * B) as Duration, slide: (slide * B) as Duration };
        await inEveryWay(
          { a, b },
          (_t, left, right) => {
            const [inverted, folded] = build(left.union(right), span);
            return { inverted: inverted as Stream<never>, folded: folded as Stream<never> };
          },
          ({ inverted, folded }, way) => {
            expect(inverted!.map(sorted), way).toEqual(folded!.map(sorted));
            told += folded!.flat().length;
          },
        );
      }),
      { seed, numRuns },
    );
    expect(told).toBeGreaterThan(0);
  }
});

function add(a: number, b: number): number {
  return a + b;
}

function byKey<K, V>(
  pairs: readonly (readonly [K, V])[],
  merge: (a: V, b: V) => V,
): readonly (readonly [key: K, value: V])[] {
  const values = new Map<K, V>();
  for (const [key, value] of pairs) values.set(key, values.has(key) ? merge(values.get(key)!, value) : value);
  return [...values];
}

function sorted<T>(values: readonly T[]): readonly T[] {
  return values.toSorted((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
}
