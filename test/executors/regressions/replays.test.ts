/** Replays, and what a consumer throws: found by review, kept as cases. */
import { describe, expect, it } from 'vitest';
import { micros, seconds } from '../../../src/core/time.js';
import { compile } from '../../../src/plan/compile.js';
import { topology } from '../../../src/topology/builder.js';
import { memory as memorySink } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';
import { type Context, go } from './virtual-job.js';

describe('replay through timestamps', () => {
  it.each(['record', 'micro-batch'] as const)('%s', async (mode) => {
    let thrown = false;
    const { result, results } = await go(
      (t, sink) => {
        t.source('in', memory([1, 2, 3].map((n) => ({ at: n * 1000, n }))))
          .timestamps({ extract: (r) => r.at, maxOutOfOrderness: micros(0) })
          .keyBy(() => 'k')
          .process<unknown, number>({
            uid: 'p',
            onRecord: (v: { n: number }, c: Context) => {
              if (v.n === 1 && !thrown) {
                thrown = true;
                throw new Error('once');
              }
              c.emit(v.n as never);
            },
          } as never)
          .to('out', sink as never);
      },
      { mode, parallelism: 2 },
    );
    expect(result.lateRecords).toBe(0);
    expect([...results].sort()).toEqual([1, 2, 3]);
  });
});

describe('a replay is judged where it stood', () => {
  it('late stays late and counts once; parts of one record follow each other', async () => {
    const tried = new Set<number>();
    const once = (n: number): number => {
      if (!tried.has(n)) {
        tried.add(n);
        throw new Error('once');
      }
      return n;
    };
    const late = memorySink<number>();
    const { result, results } = await go(
      (t, sink) => {
        const timed = t
          .source('in', memory([[10], [30, 20], [5, 40]]))
          .flatMap((times) => [...times])
          .timestamps({ extract: (n) => n, maxOutOfOrderness: micros(0) });
        timed
          .keyBy(() => 'a')
          .process<unknown, number>({
            uid: 'p',
            onRecord: (v, c) => c.emit(once(v)),
          })
          .to('out', sink as never);
        timed.late
          .keyBy(() => 'a')
          .process<unknown, number>({
            uid: 'l',
            onRecord: (v, c) => c.emit(once(v)),
          })
          .to('late', late as never);
      },
      { mode: 'record', parallelism: 2, record: { replaysMax: 9 } },
    );
    expect(result.error).toBe(undefined);
    expect(result.lateRecords).toBe(2);
    expect([...new Set(results)].sort()).toEqual([10, 30, 40]);
    expect([...new Set(late.results)].sort()).toEqual([20, 5]);
  });
});

describe('window behind a spout throws when a heartbeat fires it', () => {
  it('fails the job', async () => {
    const { result } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => {
          let n = 0;
          return {
            nextTuple: (c) => {
              if (n === 1) return 'idle';
              c.emit({ n }, n++);
              return undefined;
            },
          };
        });
        spout
          .keyBy(() => 'k')
          .process<unknown, number>({
            uid: 'p',
            onRecord: (_v: unknown, c: Context) => {
              c.setTimer(1);
            },
            onTimer: () => {
              throw new Error('timer');
            },
          } as never)
          .to('out', sink as never);
      },
      { mode: 'record' },
    );
    expect(result.outcome).toBe('failed');
    expect(result.error?.code).toBe('RG030');
  });
});

describe('nothing is scheduled after the end', () => {
  it('exactly-once with a lost ack', async () => {
    const { result, world } = await go(
      (t, sink) => {
        t.source('in', memory([1, 2, 3]))
          .keyBy((n) => n)
          .runningReduce({ uid: 'r', reduce: (a: number) => a })
          .to('out', sink as never);
      },
      { mode: 'record', chaining: false, channels: { acks: () => () => {}, tuples: () => undefined } },
      { guarantee: 'exactly-once' },
    );
    expect(result.outcome).toBe('failed');
    await world.runUntilIdle(100);
  });
});

describe('results after the failure', () => {
  it.each(['record', 'micro-batch'] as const)('%s', async (mode) => {
    const { result, results } = await go(
      (t, sink) => {
        t.source('in', memory([1, 2, 13, 4, 5]))
          .map((n) => {
            if (n === 13) throw new Error('bad');
            return n;
          })
          .to('out', sink as never);
      },
      { mode },
      { guarantee: 'exactly-once' },
    );
    expect(result.outcome).toBe('failed');
    expect(results.includes(4)).toBe(false);
    expect(result.resultsWritten['out']).toBe(results.length);
  });
});

describe('step', () => {
  it('is not below a millisecond', () => {
    const job = topology('job', { batchInterval: seconds(1) }, (t) => {
      t.setBolt<{ n: number }, { n: number }>('b', () => ({ execute() {} }), { tick: micros(1_001) }).shuffleGrouping(
        t.source('in', memory([{ n: 1 }])),
      );
    });
    let step = 1_000;
    try {
      step = compile(job, { mode: 'record' }).step;
    } catch {}
    expect(step).toBeGreaterThanOrEqual(1_000);
  });
});
