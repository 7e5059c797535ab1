/** The law of `stateQuery`, on random streams in both modes: each question is answered with what was the latest at its interval's end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { runIntervals } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import { none } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';
import { isLong } from '../breadth.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 2_000 : 50;

type Change = readonly [key: string, value: number | null];
type Intervals<T> = readonly (readonly T[])[];

const key = fc.constantFrom('a', 'b', 'c', 'd');
const questions = fc.array(fc.array(key, { maxLength: 4 }), { maxLength: 8 });
const value: fc.Arbitrary<number | null> = fc.option(fc.nat(99));
const change: fc.Arbitrary<Change> = fc.tuple(key, value);
const changes = fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 8 });

/** What `null` stands for in the input: the stream of states says that the key has none. */
const stateOf = (value: number | null): number | undefined => value ?? undefined;

/** The answers of each interval, worked out from first to last. */
function answers(asked: Intervals<string>, told: Intervals<Change>, length: number): readonly (readonly string[])[] {
  const latest = new Map<string, number | undefined>();
  return Array.from({ length }, (_, i) => {
    for (const [name, value] of told[i] ?? []) latest.set(name, stateOf(value));
    return shown((asked[i] ?? []).map((name) => [name, latest.get(name)]));
  });
}

describe.each(['micro-batch', 'record'] as const)('%s', (mode) => {
  it.each([1, 2, 3])('answers with the latest state, parallelism %i', async (parallelism) => {
    const job = topology('queries', { batchInterval: millis(10) }, (t) => {
      const states = t.source('states', memory<string, number | null>([])).mapValues(stateOf);
      // Questions come from two sources, between which no order is promised: none is needed.
      const asked = t
        .source('some', memory<string>([]))
        .union(t.source('others', memory<string>([])) as Stream<string>);
      asked.stateQuery(states, { uid: 'asked' }).to('all', none());
      asked.stateQuery(states, { partitions: 4 }).to('in four tasks', none());
    });
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(questions, questions, changes, async (some, others, told) => {
        const intervals = Math.max(some.length, others.length, told.length);
        const inputs = { some, others, states: told };
        const { outputs, outside } = await runIntervals(job, { mode, parallelism, inputs, intervals });
        const asked = Array.from({ length: intervals }, (_, i) => [...(some[i] ?? []), ...(others[i] ?? [])]);
        const expected = answers(asked, told, intervals);
        expect(outputs['all']!.map(shown)).toEqual(expected);
        expect(outputs['in four tasks']!.map(shown)).toEqual(expected);
        expect(Object.values(outside).flat()).toEqual([]);
        changed += new Set(expected.flat()).size;
      }),
      { seed, numRuns },
    );
    expect(changed).toBeGreaterThan(numRuns);
  });
});

/** As texts in an order of their own. */
function shown(results: readonly unknown[]): readonly string[] {
  return (results as readonly (readonly [string, unknown])[]).map(([name, state]) => `${name} ${state}`).toSorted();
}
