/** What `docs/semantics.md` says of keys. */
import { describe, expect, it } from 'vitest';
import { none } from '../../src/sinks.js';
import { memory } from '../../src/sources.js';
import { runIntervals } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import type { KeyedStream } from '../../src/topology/streams.js';

type Pairs = KeyedStream<string, number>;
type Mode = 'micro-batch' | 'record';

const MODES: readonly Mode[] = ['micro-batch', 'record'];

/** What a job by key gives for one interval of keys, each with a 1. */
async function outOf(
  build: (pairs: Pairs) => Pairs,
  keys: readonly unknown[],
  mode: Mode,
  parallelism = 1,
): Promise<unknown> {
  const job = topology('keys', (t) => {
    const pairs = t.source('pairs', memory<readonly [string, number]>([]));
    build(pairs).to('out', none());
  });
  const inputs = { pairs: [keys.map((key) => [key, 1])] };
  return (await runIntervals(job, { mode, inputs, parallelism })).outputs['out']?.[0];
}

const counted = (pairs: Pairs): Pairs => pairs.reduceByKey((a, b) => a + b);
const brought = (pairs: Pairs): Pairs => pairs.partitionBy();

describe.each(MODES)('as %s', (mode) => {
  it.each([
    [
      'two arrays with equal parts',
      [
        ['roof', [0]],
        ['roof', [0]],
      ],
    ],
    [
      '0 and -0, also within a tuple',
      [
        ['roof', 0],
        ['roof', -0],
      ],
    ],
    ['NaN and NaN', [Number.NaN, Number.NaN]],
  ])('%s are one key', async (_what, keys) => {
    expect(await outOf(counted, keys, mode)).toHaveLength(1);
  });

  it('keeps keys apart that are made of other parts', async () => {
    expect(await outOf(counted, [1, '1', 1n, ['1'], [['1']], true, null, undefined], mode)).toHaveLength(8);
  });

  it.each([
    ['an object', {}],
    ['a Date', new Date(0)],
    ['a function', () => 1],
    ['a symbol', Symbol('key')],
    ['an object within a tuple', ['roof', {}]],
  ])('refuses %s where an operator works by key, whatever the number of tasks', async (_what, key) => {
    await expect(outOf(counted, [key], mode)).rejects.toMatchObject({ code: 'RG033' });
    await expect(outOf(counted, [key], mode, 2)).rejects.toMatchObject({ code: 'RG033' });
  });

  it('refuses a tuple that contains itself', async () => {
    const tuple: unknown[] = [];
    tuple.push(tuple);
    await expect(outOf(counted, [tuple], mode)).rejects.toMatchObject({ code: 'RG033' });
  });

  it('looks at the keys that partitionBy moves only where several tasks read', async () => {
    expect(await outOf(brought, [{ no: 'key' }], mode)).toEqual([[{ no: 'key' }, 1]]);
    await expect(outOf(brought, [{ no: 'key' }], mode, 2)).rejects.toMatchObject({ code: 'RG033' });
  });
});
