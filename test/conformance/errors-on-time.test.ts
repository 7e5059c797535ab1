/** What becomes of functions that throw as windows close and timers fire, with no record at hand: the same in both modes. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import type { JobResult } from '../../src/executors/executor.js';
import { run as runJob } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import type { JobSettings } from '../../src/topology/graph.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import type { KeyedStream, Stream } from '../../src/topology/streams.js';
import { VARIANTS, type Variant } from './variants.js';

const B = 10_000;
/** Each key has a 1 in each of six intervals, and b a 100 in the third. */
const INPUT = Array.from({ length: 6 }, (_, i) => [
  { key: 'a', at: i * B, n: 1 },
  { key: 'b', at: i * B + 1, n: i === 2 ? 100 : 1 },
]).flat();
const ATTEMPTS = 3;

type Pairs = KeyedStream<string, number>;
type Build = (pairs: Pairs, fails: () => boolean) => Stream<unknown>;

interface Ran {
  readonly result: JobResult;
  readonly results: readonly string[];
  /** How often the function failed. */
  readonly failures: number;
}

/** The function of the operator `op` fails for the 100, as often as `times` says. */
async function run(build: Build, variant: Variant, settings: Partial<JobSettings>, times = 1_000): Promise<Ran> {
  const sink = memorySink();
  let failures = 0;
  const fails = (): boolean => {
    if (failures === times) return false;
    failures++;
    return true;
  };
  const job = topology('job', { batchInterval: millis(10), attemptsMax: ATTEMPTS, ...settings }, (t) => {
    const pairs = t
      .source('in', memory(INPUT))
      .timestamps({ extract: ({ at }) => at, maxOutOfOrderness: millis(0) })
      .map(({ key, n }) => [key, n] as const) as Pairs;
    build(pairs, fails).to('out', sink);
  });
  const world = createSimulatedWorld();
  const result = await world.complete(runJob(job, { ...variant, world }), 1_000_000);
  return { result, results: sink.results.map((value) => JSON.stringify(value)).toSorted(), failures };
}

const guarded =
  (fails: () => boolean, reduce: (a: number, b: number) => number) =>
  (a: number, b: number): number => {
    if ((a >= 100 || b >= 100) && fails()) throw new Error('unlucky');
    return reduce(a, b);
  };

const add = (a: number, b: number): number => a + b;
const take = (a: number, b: number): number => a - b;

const operators: readonly (readonly [name: string, build: Build, aside: readonly string[], asideCount: number])[] = [
  [
    'reduce of a window',
    (pairs, fails) =>
      pairs.reduceByKeyAndWindow({
        uid: 'op',
        window: millis(20),
        slide: millis(10),
        reduce: guarded(fails, add),
      }),
    ['["b",101]', '["b",101]'],
    2,
  ],
  [
    'inverse of a window',
    (pairs, fails) =>
      pairs.reduceByKeyAndWindow({
        uid: 'op',
        window: millis(20),
        slide: millis(10),
        reduce: add,
        inverse: guarded(fails, take),
      }),
    // The window behind it is folded anew: what could not be taken out is out by then.
    ['["b",101]'],
    1,
  ],
  [
    'update',
    (pairs, fails) =>
      pairs.updateStateByKey<number>({
        uid: 'op',
        update: (values, state = 0) => {
          if (values.includes(100) && fails()) throw new Error('unlucky');
          return state + values.filter((n) => n < 100).length;
        },
      }),
    ['["b",2]'],
    1,
  ],
  [
    'onTimer',
    (pairs, fails) =>
      pairs.process<number, string>({
        uid: 'op',
        onRecord: (n, { timestamp, setState, setTimer }) => {
          setState(n);
          setTimer((timestamp + 3_000) as never);
        },
        onTimer: ({ key, state, timestamp, emit }) => {
          if (state === 100 && fails()) throw new Error('unlucky');
          emit(`${key} ${Math.floor(timestamp / B)}`);
        },
      }),
    ['"b 2"'],
    1,
  ],
];

describe.each(VARIANTS)('%s', (_name, variant) => {
  it.each(operators)('%s that throws fails the job after its attempts', async (name, build) => {
    const { result, failures } = await run(build, variant, {});
    expect(result.outcome).toBe('failed');
    expect(result.error).toMatchObject({ code: 'RG030', operator: 'op', cause: { message: 'unlucky' } });
    // In record mode what is left of the turn is still done, and not seen: a timer may be due before further records of its key.
    const isTimer = name === 'onTimer' && variant.mode === 'record';
    expect(failures).toBeGreaterThanOrEqual(ATTEMPTS);
    expect(failures).toBeLessThanOrEqual(isTimer ? 4 * ATTEMPTS : ATTEMPTS);
    expect(result.deadLetterCount).toBe(0);
  });

  it.each(operators)('%s that throws less often fails nothing', async (_operator, build) => {
    const plain = await run(build, variant, {}, 0);
    const { result, results, failures } = await run(build, variant, {}, ATTEMPTS - 1);
    expect([result.outcome, failures]).toEqual(['finished', ATTEMPTS - 1]);
    expect(results).toEqual(plain.results);
  });

  it.each(operators)(
    '%s that throws with dead-letter sets that key aside at that time, and no other',
    async (_operator, build, aside, asideCount) => {
      const plain = await run(build, variant, {}, 0);
      const { result, results } = await run(build, variant, { onError: 'dead-letter' });
      expect([result.outcome, result.error]).toEqual(['finished', undefined]);
      const missing = [...plain.results];
      for (const each of results) missing.splice(missing.indexOf(each), 1);
      expect([plain.results.length - results.length, missing]).toEqual([aside.length, aside]);
      expect(result.deadLetterCount).toBe(asideCount);
      for (const letter of result.deadLetters) {
        expect(letter.error).toMatchObject({ code: 'RG030', operator: 'op' });
        expect(letter.value).toMatchObject({ key: 'b' });
      }
    },
  );
});
