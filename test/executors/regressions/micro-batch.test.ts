/** Batches, dead letters and shuffles: found by review, kept as cases. */
import { describe, expect, it } from 'vitest';
import { memory } from '../../../src/topology/source-specs.js';
import { type Context, go, Reader } from './virtual-job.js';

describe('commit', () => {
  it.each(['record', 'micro-batch'] as const)('%s', async (mode) => {
    const reader = new Reader([
      (b) => {
        b.push(1, 0);
        b.push(2, 1);
      },
      (b) => {
        b.ended = true;
      },
    ]);
    await go(
      (t, sink) => {
        t.source('in', memory([1]))
          .map((n) => n)
          .to('out', sink as never);
      },
      { mode, readers: new Map([['in', { partitions: [reader], close: async () => {} }]]) },
    );
    expect(reader.commits.at(-1)).toBe(2);
  });
});

describe('piecewise', () => {
  it.each([
    ['record', 1],
    ['record', 2],
    ['micro-batch', 1],
    ['micro-batch', 2],
  ] as const)('two bad records at the end %s %i', async (mode, parallelism) => {
    const reader = new Reader([
      (b) => {
        b.push(1, 0);
        b.push(13, 20_000);
        b.push(13, 30_000);
        b.ended = true;
      },
    ]);
    const { result, results } = await go(
      (t, sink) => {
        t.source('in', memory([1]))
          .map((n) => {
            if (n === 13) throw new Error('bad');
            return n;
          })
          .countByValue()
          .to('out', sink as never);
      },
      { mode, parallelism, readers: new Map([['in', { partitions: [reader], close: async () => {} }]]) },
      { onError: 'dead-letter' },
    );
    expect(result.deadLetterCount).toBe(2);
    expect(results).toEqual([[1, 1]]);
  });
  it.each([
    ['record', 1],
    ['record', 2],
    ['micro-batch', 1],
    ['micro-batch', 2],
  ] as const)('a timer that throws is not the fault of a record %s %i', async (mode, parallelism) => {
    const reader = new Reader([
      (b) => {
        b.push(1, 0);
        b.push(2, 20_000);
        b.push(3, 30_000);
        b.ended = true;
      },
    ]);
    const { result, results } = await go(
      (t, sink) => {
        t.source('in', memory([1]))
          .keyBy((n) => n)
          .process<unknown, number>({
            uid: 'p',
            onRecord: (v: number, c: Context) => {
              if (v === 1) c.setTimer(1);
              c.emit(v as never);
            },
            onTimer: () => {
              throw new Error('timer');
            },
          } as never)
          .to('out', sink as never);
      },
      { mode, parallelism, readers: new Map([['in', { partitions: [reader], close: async () => {} }]]) },
      { onError: 'dead-letter' },
    );
    // The timer is set aside, and no record.
    expect(result.deadLetters.map((d) => d.value)).toEqual([{ key: 1, timestamp: 1 }]);
    expect(result.outcome).toBe('finished');
    expect(results).toHaveLength(3);
  });
});

describe('results that JSON cannot hold', () => {
  it.each(['record', 'micro-batch'] as const)('%s', async (mode) => {
    const { result, results } = await go(
      (t, sink) => {
        t.source('in', memory([1n, 2n]))
          .keyBy((n) => n)
          .runningReduce({ uid: 'r', reduce: (a: bigint, b: bigint) => a + b })
          .to('out', sink as never);
      },
      { mode, listener: () => {} },
    );
    expect(result.error).toBe(undefined);
    expect(results).toHaveLength(2);
  });
});

describe('no pair in front of a hash exchange', () => {
  it.each([
    ['record', 1],
    ['record', 2],
    ['micro-batch', 1],
    ['micro-batch', 2],
  ] as const)('%s %i', async (mode, parallelism) => {
    const { result } = await go(
      (t, sink) => {
        t.source('in', memory([1]))
          .map(() => undefined as unknown as readonly [string, number])
          .runningReduce({ uid: 'r', reduce: (a: number) => a })
          .to('out', sink as never);
      },
      { mode, parallelism },
    );
    expect(result.error?.code).toBe('RG032');
  });
});

describe('flaky function and dead letters', () => {
  it.each(['record', 'micro-batch'] as const)('%s', async (mode) => {
    let calls = 0;
    const { result, results } = await go(
      (t, sink) => {
        t.source('in', memory([1, 2, 3, 4, 5, 6]))
          .map((n) => {
            if (++calls % 4 === 0) throw new Error('flaky');
            return n;
          })
          .to('out', sink as never);
      },
      { mode },
      { onError: 'dead-letter' },
    );
    expect(result.outcome).toBe('finished');
    expect(results.length + result.deadLetterCount).toBe(6);
  });
});
