/** Exactly-once within a process: trees that fail or get lost set the job back, and nothing is seen twice. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../../../../src/core/prng.js';
import { millis } from '../../../../src/core/time.js';
import { topology } from '../../../../src/topology/builder.js';
import { memory as memorySink } from '../../../../src/topology/sink-specs.js';
import { isLong, isWide } from '../../../breadth.js';
import { aSource } from '../../../compare/memory-ends.js';
import { build } from '../../random/build.js';
import { askOracle, differences, runIn, type Witness } from '../../random/judge.js';
import { recipes } from '../../random/recipe.js';
import { type Lives, type LivesParts, live } from './lives.js';

const seed = Number(process.env['RAINGAUGE_SEED'] ?? (isLong ? Date.now() % 1_000_000 : 1));
const numRuns = isLong ? 2_000 : isWide ? 30 : 20;
const MANY = 1_000;

const asWitness = ({ job, sinks }: Lives): Witness => ({ job, sinks }) as unknown as Witness;

describe(`lost, repeated and late messages, seed ${seed}`, () => {
  it('tuples and acks that get lost, acks that come twice, late or out of order, ackers that forget: the output of an undisturbed run', async () => {
    let setBacks = 0;
    await fc.assert(
      fc.asyncProperty(recipes, fc.nat(1_000_000), async (recipe, chance) => {
        const random = prng(chance);
        const built = build(recipe);
        const parallelism = 2 + random.below(2);
        const parts: LivesParts = {
          topology: built.topology,
          trace: built.trace,
          settings: { guarantee: 'exactly-once', attemptsMax: MANY },
          parallelism,
          chaining: false,
          options: { messageTimeout: 3_000, barrierTimeout: 20_000, ackers: 1 + random.below(2) },
          atOnce: random.below(2) === 0,
          interval: [500, 2_500][random.below(2)]!,
          crashes: random.below(2) === 0 ? [1 + random.below(20)] : [],
          seed: chance,
          saveTime: [0, 700][chance % 2]!,
          channels: ({ scheduler, clock }) => {
            let faults = random.below(8);
            const strikes = (): boolean => faults > 0 && random.below(6) === 0 && faults-- > 0;
            return {
              tuples: () => () => !strikes(),
              fails: (_component, send) => {
                if (!strikes()) send();
              },
              acks: (_component, send) => (root, generation, high, low) => {
                if (!strikes()) return send(root, generation, high, low);
                const kind = random.below(3);
                if (kind > 0) scheduler.at(clock.now() + random.below(5_000), () => send(root, generation, high, low));
                if (kind > 1) send(root, generation, high, low);
              },
              ackers: (reset) => {
                if (random.below(3) === 0) scheduler.at(clock.now() + random.below(10_000), () => reset(0));
              },
            };
          },
        };
        const lives = await live(parts);
        setBacks += lives.events.filter(({ kind }) => kind === 'jobRestored').length;
        const plain = await runIn(built, { mode: 'micro-batch', parallelism, atOnce: true, heartbeatEach: 1 });
        expect([lives.job.outcome, lives.job.error]).toEqual(['finished', undefined]);
        expect(differences(built, plain, asWitness(lives), await askOracle(built))).toEqual([]);
        expect(lives.job.lateRecords).toBe(plain.job.lateRecords);
      }),
      { seed, numRuns },
    );
    expect(setBacks).toBeGreaterThan(numRuns / 4);
  });
});

describe('a function that throws', () => {
  /** Sums by key of 20 records, one a millisecond; `bad` throws for what it says. */
  const summing = (bad: (n: number) => boolean, onError: 'fail' | 'dead-letter') => {
    const sums = memorySink<readonly [string, number]>();
    const job = topology(
      'sums',
      { batchInterval: millis(5), onError, guarantee: 'exactly-once', attemptsMax: 4 },
      (t) => {
        t.source('in', aSource<number>())
          .flatMap((n) => [n, n])
          .keyBy((n) => `k${n % 2}`)
          .mapValues((n) => n)
          .runningReduce({
            uid: 'sums',
            reduce: (a, b) => {
              if (bad(b)) throw new Error('bad');
              return a + b;
            },
          })
          .to('out', sums);
      },
    );
    const values = Array.from({ length: 20 }, (_, n) => n);
    const sequence = { values, timestamps: Float64Array.from(values, (n) => n * 1_000), heartbeats: [] };
    const parts: LivesParts = {
      topology: job,
      trace: { sources: [{ name: 'in', partitions: [sequence] }] },
      settings: {},
      chaining: false,
      interval: 3_000,
    };
    return parts;
  };
  const totalsOf = (numbers: readonly number[]): Record<string, number> => {
    const totals: Record<string, number> = {};
    for (const n of numbers) totals[`k${n % 2}`] = (totals[`k${n % 2}`] ?? 0) + 2 * n;
    return totals;
  };
  const all = Array.from({ length: 20 }, (_, n) => n);

  it('for a while: the job goes back, and each record counts once', async () => {
    let calls = 0;
    const { job, sinks, events } = await live(summing((n) => n === 12 && ++calls <= 3, 'fail'));
    expect([job.outcome, job.error]).toEqual(['finished', undefined]);
    expect(Object.fromEntries(job.state('sums') as Iterable<[string, number]>)).toEqual(totalsOf(all));
    expect(sinks.get('out')!.results).toHaveLength(40);
    expect(job.resultsWritten['out']).toBe(40);
    expect(job.recordsRead['in']).toBe(20);
    // Both halves of the record fail when it is first delivered.
    expect(events.filter(({ kind }) => kind === 'jobRestored')).toHaveLength(2);
  });

  it('while a snapshot is being saved: that snapshot is finished, and the job goes back to it', async () => {
    let calls = 0;
    const parts = summing((n) => n === 4 && ++calls <= 1, 'fail');
    const { job, sinks, events } = await live({ ...parts, saveTime: 2_500, options: { replayDelay: 1 } });
    expect([job.outcome, job.error]).toEqual(['finished', undefined]);
    expect(events.filter(({ kind }) => kind === 'jobRestored')).toEqual([
      { kind: 'jobRestored', epoch: 1, records: 2 },
    ]);
    expect(Object.fromEntries(job.state('sums') as Iterable<[string, number]>)).toEqual(totalsOf(all));
    expect(sinks.get('out')!.results).toHaveLength(40);
  });

  it('always, with onError fail: the error stands, and what was not committed is not seen', async () => {
    const { job, sinks } = await live(summing((n) => n === 12, 'fail'));
    expect(job.outcome).toBe('failed');
    expect(job.error?.code).toBe('RG030');
    expect(sinks.get('out')!.results.every(({ timestamp }) => timestamp < 12_000)).toBe(true);
    expect(job.resultsWritten['out']).toBe(sinks.get('out')!.results.length);
  });

  it('always, with onError dead-letter: the record is passed over and becomes a dead letter, once', async () => {
    const { job, sinks } = await live(summing((n) => n === 12 || n === 15, 'dead-letter'));
    expect([job.outcome, job.error]).toEqual(['finished', undefined]);
    expect(Object.fromEntries(job.state('sums') as Iterable<[string, number]>)).toEqual(
      totalsOf(all.filter((n) => n !== 12 && n !== 15)),
    );
    expect(job.deadLetters.map(({ offset, value, error }) => [offset, value, error.code])).toEqual([
      [12, 12, 'RG030'],
      [15, 15, 'RG030'],
    ]);
    expect(sinks.get('out')!.results).toHaveLength(36);
  });
});
