/** The simulation as a test: seeds of faults in both modes and under every guarantee. `RAINGAUGE_LONG=1` runs 10,000 of them. */

import { describe, expect, it } from 'vitest';
import wordCount from '../../../comparisons/word-count.js';
import { repeatFlags, type SimulateResult, simulate } from '../../../src/compare/simulate/simulate.js';
import { seconds } from '../../../src/core/time.js';
import { parseFault, showFault } from '../../../src/runtime/faults/fault-plan.js';
import { topology } from '../../../src/topology/builder.js';
import { none } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';
import { isLong, isWide } from '../../breadth.js';
import panes from './panes.js';
import relay from './relay.js';
import shop from './shop.js';
import spread from './spread.js';
import unsteady from './unsteady.js';

/** Seeds that run twice: 2 of 100, and 10 in a long run. */
const TWICE = isLong ? 0.1 : 0.02;

const jobs = [
  { name: 'word-count', topology: wordCount, file: 'comparisons/word-count.ts', seeds: isLong ? 3_000 : 30 },
  { name: 'shop', topology: shop, file: 'test/compare/simulate/shop.ts', seeds: isLong ? 6_000 : 100 },
  { name: 'relay', topology: relay, file: 'test/compare/simulate/relay.ts', seeds: isLong ? 1_000 : 20 },
];

describe.each(jobs)('simulate $name', ({ topology, file, seeds }) => {
  it(`keeps every promise in ${seeds} seeds`, async () => {
    const result = await simulate(topology, { seeds, twice: TWICE });
    expect(failureOf(result, file)).toBe('');
    expect(result.seeds).toBe(seeds);
    expect(result.repeated).toBe(Math.floor(seeds * TWICE));
    // Seeds that draw nothing would prove nothing.
    const { coverage } = result;
    for (const what of [
      'micro-batch',
      'record',
      'at-most-once',
      'at-least-once',
      'exactly-once',
      'kill',
      'crash',
      'jump',
      'clog',
      'flip',
    ])
      expect(coverage[what], what).toBeGreaterThan(0);
    expect(result.crashes).toBeGreaterThan(seeds);
  });
});

it('claims nothing of a job whose tasks reached their limit of keys: the oracle has none', async () => {
  const job = topology('limited', { batchInterval: seconds(0.5), maxKeys: 2, onError: 'dead-letter' }, (t) => {
    const pairs = t.source('in', memory(Array.from({ length: 60 }, (_, n) => [n % 5, 1] as const)));
    pairs.runningReduce({ uid: 'sums', reduce: (a, b) => a + b }).to('out', none());
  });
  for (const mode of ['micro-batch', 'record'] as const)
    expect(await simulate(job, { mode, seeds: 3, twice: 0 }), mode).toMatchObject({ seeds: 3, failure: null });
});

it('ackOn expiry: without checkpoints, lost workers cost no record of an open window', async () => {
  const given = { mode: 'record', guarantee: 'at-least-once', ackOn: 'expiry', workers: 2 } as const;
  const seeds = isLong ? 1_000 : 20;
  const result = await simulate(panes, { ...given, seeds, twice: TWICE });
  expect(failureOf(result, 'test/compare/simulate/panes.ts')).toBe('');
  for (const what of ['kill', 'terminate', 'stop', 'clog', 'throw'])
    expect(result.coverage[what], what).toBeGreaterThan(0);
});

it.each(['stop:even@40%+2s', 'stop:thrice@40%+2s', 'stop:even@40%+2s kill:driver@60%'])(
  'batches overlap, and slow tasks have twins: no promise is broken when a worker stands still (%s)',
  async (faults) => {
    const seeds = isLong ? 400 : 20;
    const given = { mode: 'micro-batch', workers: 3, faults: faults.split(' ').map(parseFault) } as const;
    const result = await simulate(spread, { ...given, seeds, twice: TWICE });
    expect(failureOf(result, 'test/compare/simulate/spread.ts')).toBe('');
    expect(result.overlapping).toBeGreaterThan(0);
    expect(result.twins).toBeGreaterThan(0);
  },
);

describe('simulate', () => {
  it('gives equal traces for equal seeds, and others for others', async () => {
    const hashOf = async (seed: number) => (await simulate(shop, { seeds: 3, seed })).traceHash;
    const [first, again, other] = [await hashOf(1), await hashOf(1), await hashOf(4)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it.each([
    ['shop', shop, {}],
    ['relay', relay, {}],
    ['panes', panes, { ackOn: 'expiry', mode: 'record', guarantee: 'at-least-once' }],
  ] as const)('goes the same way with state in lmdb, event by event: %s', async (_, job, given) => {
    const options = { ...given, seeds: isLong ? 500 : isWide ? 5 : 2 };
    const inMemory = await simulate(job, options);
    const inLmdb = await simulate(job, { ...options, state: 'lmdb' });
    expect(inLmdb.failure).toBeNull();
    expect(inLmdb).toEqual(inMemory);
  });

  it('runs a plan that is given, in every life of the driver', async () => {
    const faults = ['crash:1@40', 'crash:2@25', 'crash:3@90', 'jump:clock@50%-5s', 'kill:driver@60%'].map(parseFault);
    const { failure, crashes } = await simulate(shop, { seeds: 4, faults, guarantee: 'exactly-once' });
    expect(failure).toBeNull();
    expect(crashes).toBe(16);
  });

  it.each([
    ['micro-batch', 'at-least-once'],
    ['micro-batch', 'exactly-once'],
    ['record', 'at-least-once'],
    ['record', 'exactly-once'],
  ] as const)('survives damaged checkpoints: %s, %s', async (mode, guarantee) => {
    const faults = ['crash:1@1500', 'flip:chk-@1', 'crash:2@2500', 'flip:chk-@2', 'flip:chk-@2'].map(parseFault);
    const result = await simulate(shop, { seeds: isLong ? 100 : isWide ? 6 : 3, faults, mode, guarantee });
    expect(failureOf(result, 'test/compare/simulate/shop.ts')).toBe('');
    expect(result.coverage['flip']).toBeGreaterThan(0);
  });

  it('finds a job whose functions are not deterministic, and says how to see it again', async () => {
    const { failure } = await simulate(unsteady, { seeds: 50, guarantee: 'exactly-once' });
    expect(failure?.violations[0]).toMatch(/exactly-once is broken/);
    const flags = repeatFlags(failure!);
    expect(flags.slice(0, 2)).toEqual(['--seeds 1', `--seed ${failure!.seed}`]);
    expect(failure!.shortest.faults.length).toBeLessThanOrEqual(failure!.scenario.faults.length);
  });
});

/** The seed, what it broke, the shortest plan, and the command that repeats it; empty when all is well. */
function failureOf({ failure }: SimulateResult, file: string): string {
  if (failure === null) return '';
  return [
    `seed ${failure.seed}: ${failure.violations.join('\n  ')}`,
    `faults: ${failure.shortest.faults.map(showFault).join('  ')}`,
    `again with: raingauge simulate ${file} ${repeatFlags(failure).join(' ')}`,
  ].join('\n');
}
