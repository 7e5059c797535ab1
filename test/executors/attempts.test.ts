/** How often what fails is tried, and what at-most-once gives up for it. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../src/core/time.js';
import { run } from '../../src/host/run.js';
import type { PartitionReader, SourceReader } from '../../src/runtime/source.js';
import { topology } from '../../src/topology/builder.js';
import type { JobSettings, Topology } from '../../src/topology/graph.js';
import { memory, none } from '../../src/topology/sink-specs.js';
import { memory as values } from '../../src/topology/source-specs.js';

/** A window whose results go through a function that throws `failures` times. */
function windowed(
  failures: number,
  settings: Partial<JobSettings>,
): { readonly job: Topology; readonly sums: unknown } {
  const sums = memory<readonly [string, number]>();
  let left = failures;
  const job = topology('sums', { batchInterval: millis(10), ...settings }, (t) => {
    t.source('words', values([['a', 1] as const, ['a', 2] as const]))
      .reduceByKeyAndWindow({ window: seconds(1), slide: seconds(1), reduce: (a, b) => a + b })
      .mapValues((sum) => {
        if (left-- > 0) throw new Error('not yet');
        return sum;
      })
      .to('sums', sums);
  });
  return { job, sums: sums.results };
}

describe.each(['micro-batch', 'record'] as const)('a function behind a window, in %s mode', (mode) => {
  it.each([
    { parallelism: 1, chaining: true },
    { parallelism: 1, chaining: false },
    { parallelism: 2, chaining: true },
  ])('is tried attemptsMax times ($parallelism, $chaining)', async (layout) => {
    const { job, sums } = windowed(3, { attemptsMax: 4 });
    expect(await run(job, { mode, ...layout })).toMatchObject({ outcome: 'finished' });
    expect(sums).toEqual([['a', 3]]);
  });

  it('then fails the job', async () => {
    const { job } = windowed(4, { attemptsMax: 4 });
    expect(await run(job, { mode })).toMatchObject({ outcome: 'failed', error: { code: 'RG030' } });
  });

  it('then is set aside with onError dead-letter', async () => {
    const { job, sums } = windowed(99, { attemptsMax: 2, onError: 'dead-letter' });
    expect(await run(job, { mode })).toMatchObject({ outcome: 'finished', deadLetterCount: 1 });
    expect(sums).toEqual([]);
  });
});

describe('at-most-once in micro-batch mode', () => {
  it('commits a range before it is processed, and tries it once', async () => {
    const order: string[] = [];
    const partition: PartitionReader = {
      poll: (block) => {
        if (!block.ended) block.push('a', 1);
        block.ended = true;
      },
      onReady: (wake) => wake(),
      failure: undefined,
      commit: (offset) => order.push(`commit ${offset}`),
    };
    const reader: SourceReader = { partitions: [partition], close: async () => {} };
    const job = topology('once', { guarantee: 'at-most-once', batchInterval: millis(10) }, (t) => {
      t.source('words', values(['x']))
        .map((word) => {
          order.push(`process ${word}`);
          throw new Error('on purpose');
        })
        .to('out', none());
    });
    const result = await run(job, { mode: 'micro-batch', readers: new Map([['words', reader]]) });
    expect(result).toMatchObject({ outcome: 'failed', taskRetries: 0 });
    expect(order).toEqual(['commit 1', 'process a']);
  });
});

describe('a spout that emits without end in one call', () => {
  it('fails the job in place of filling the memory', async () => {
    const job = topology('flood', (t) => {
      const spout = t.setSpout<{ n: number }>('flood', () => ({
        nextTuple: (out) => {
          for (let n = 0; n < 20_000; n++) out.emit({ n }, n);
        },
      }));
      t.setBolt<{ n: number }, object>('end', () => ({ execute: (tuple, out) => out.ack(tuple) })).shuffleGrouping(
        spout,
      );
    });
    const result = await run(job, { mode: 'record', record: { maxSpoutPending: 10 } });
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'RG036', operator: 'flood' } });
  });
});
