/** Failures found in review, each kept as a case. */
import { describe, expect, it } from 'vitest';
import { micros, millis, seconds } from '../../src/core/time.js';
import { type RunOptions, run as runJob, start } from '../../src/host/run.js';
import { compile } from '../../src/plan/compile.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { Block, PartitionReader } from '../../src/runtime/source.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';

/** What the cases use of a `ProcessContext`. */
interface Context {
  readonly timestamp: number;
  readonly emit: (value: never) => void;
  readonly setTimer: (time: number) => void;
}

async function go(
  build: (t: TopologyBuilder, sink: ReturnType<typeof memorySink>) => void,
  options: Partial<RunOptions> & { mode: 'record' | 'micro-batch' },
  settings = {},
  world = createSimulatedWorld(),
) {
  const sink = memorySink();
  const job = topology('job', { batchInterval: millis(10), ...settings }, (t) => build(t, sink as never));
  const result = await world.complete(runJob(job, { world, ...options }), 200_000);
  return { result, results: sink.results as unknown[], world };
}

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

describe('window behind a bolt throws when it fires', () => {
  it('fails the job', async () => {
    const { result } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => {
          let n = 0;
          return {
            nextTuple: (c) => {
              if (n === 3) return 'idle';
              c.emit({ n }, n++);
              return undefined;
            },
          };
        });
        t.setBolt<{ n: number }, { n: number }>('b', () => ({
          execute(tuple, out) {
            out.emit(tuple.values, tuple);
            out.ack(tuple);
          },
        }))
          .shuffleGrouping(spout)
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

/** A partition that is played poll by poll. */
class Reader implements PartitionReader {
  failure = undefined;
  commits: number[] = [];
  i = 0;
  readonly steps: readonly ((block: Block) => void)[];
  constructor(steps: readonly ((block: Block) => void)[]) {
    this.steps = steps;
  }
  poll(block: Block) {
    this.steps[this.i++]?.(block);
  }
  onReady(wake: () => void) {
    wake();
  }
  commit(offset: number) {
    this.commits.push(offset);
  }
}

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
    const { result } = await go(
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
    expect(result.deadLetters.map((d) => d.value)).toEqual([]);
    expect(result.outcome).toBe('failed');
  });
});

describe('stream time of a spout is whole', () => {
  it('with a clock that has fractions', async () => {
    const { result, results } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => {
          let n = 0;
          return {
            nextTuple: (c) => {
              if (n === 1) return 'done';
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
              c.setTimer(c.timestamp + 1000);
              c.emit(c.timestamp as never);
            },
          } as never)
          .to('out', sink as never);
      },
      { mode: 'record' },
      {},
      createSimulatedWorld({ start: 0.5 }),
    );
    expect(result.error).toBe(undefined);
    expect(results).toEqual([0]);
  });
});

describe('open and close of a spout', () => {
  it('open throws: a StreamError', async () => {
    let closed = false;
    const promise = go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => ({
          open() {
            throw new Error('no');
          },
          nextTuple: () => 'done',
        }));
        spout.to('out', sink as never);
        t.source('in', memory([1])).to('out2', memorySink() as never);
      },
      {
        mode: 'record',
        readers: new Map([
          [
            'in',
            {
              partitions: [new Reader([])],
              close: async () => {
                closed = true;
              },
            },
          ],
        ]),
      },
    );
    await expect(promise).rejects.toMatchObject({ code: 'RG030' });
    expect(closed).toBe(true);
  });
  it('close throws: a failed job', async () => {
    const { result } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => ({
          close() {
            throw new Error('no');
          },
          nextTuple: () => 'done',
        }));
        spout.to('out', sink as never);
      },
      { mode: 'record' },
    );
    expect(result.outcome).toBe('failed');
  });
  it('emits in open', async () => {
    const { result, results } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => ({
          open(c) {
            c.emit({ n: 1 }, 1);
          },
          nextTuple: () => 'done',
        }));
        t.setBolt<{ n: number }, { n: number }>('b', () => ({
          execute(tuple, out) {
            out.emit(tuple.values, tuple);
            out.ack(tuple);
          },
        }))
          .shuffleGrouping(spout)
          .to('out', sink as never);
      },
      { mode: 'record' },
    );
    expect(result.outcome).toBe('finished');
    expect(results).toEqual([{ n: 1 }]);
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

describe('untracked emits beyond the pending window', () => {
  it('go on', async () => {
    const { result, results } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => {
          let n = 0;
          return {
            nextTuple: (c) => {
              if (n === 3) return 'done';
              c.emit({ n }, n++);
              for (let i = 0; i < 40; i++) c.emit({ n: -1 });
              return undefined;
            },
          };
        });
        t.setBolt<{ n: number }, { n: number }>('b', () => ({
          execute(tuple, out) {
            if (tuple.values.n >= 0) out.emit(tuple.values, tuple);
            out.ack(tuple);
          },
        }))
          .shuffleGrouping(spout)
          .to('out', sink as never);
      },
      { mode: 'record', record: { maxSpoutPending: 1 } },
    );
    expect(result.outcome).toBe('finished');
    expect(results).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  });
});

describe('stop with emits that wait', () => {
  it('the spout hears of each message', async () => {
    const world = createSimulatedWorld();
    const sink = memorySink();
    const acked: unknown[] = [];
    const job = topology('job', { batchInterval: millis(10) }, (t) => {
      const spout = t.setSpout<{ n: number }>('s', () => {
        let n = 0;
        return {
          nextTuple: (c) => {
            if (n > 0) return 'idle';
            while (n < 5) c.emit({ n }, n++);
            return undefined;
          },
          ack: (id) => {
            acked.push(id);
          },
        };
      });
      t.setBolt<{ n: number }, { n: number }>(
        'b',
        () => {
          const held: never[] = [];
          return {
            execute(tuple, out) {
              if ((tuple as never as { sourceComponent: string }).sourceComponent === '__system') {
                for (const h of held.splice(0)) out.ack(h);
              } else held.push(tuple as never);
            },
          };
        },
        { holdsTuples: true, tick: millis(100) },
      )
        .shuffleGrouping(spout)
        .to('out', sink as never);
    });
    const running = await world.complete(start(job, { mode: 'record', world, record: { maxSpoutPending: 2 } }));
    await world.run(50_000);
    running.stop();
    const result = await world.complete(running.done, 500_000);
    expect(result.outcome).toBe('stopped');
    expect(acked).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('stop while a bolt holds tuples of a source', () => {
  it('ticks go on', async () => {
    const world = createSimulatedWorld();
    const sink = memorySink();
    const reader = new Reader([
      (b) => {
        b.push({ n: 1 }, 0);
      },
    ]);
    reader.onReady = () => {};
    const job = topology('job', { batchInterval: millis(10) }, (t) => {
      t.setBolt<{ n: number }, { n: number }>(
        'b',
        () => {
          const held: never[] = [];
          return {
            execute(tuple, out) {
              if ((tuple as never as { sourceComponent: string }).sourceComponent === '__system') {
                for (const h of held.splice(0)) out.ack(h);
              } else held.push(tuple as never);
            },
          };
        },
        { holdsTuples: true, tick: millis(100) },
      )
        .shuffleGrouping(t.source('in', memory([{ n: 1 }])))
        .to('out', sink as never);
    });
    const running = await world.complete(
      start(job, {
        mode: 'record',
        world,
        readers: new Map([['in', { partitions: [reader], close: async () => {} }]]),
      }),
    );
    await world.run(50_000);
    running.stop();
    const result = await world.complete(running.done, 500_000);
    expect(result.outcome).toBe('stopped');
    expect([result.failed, result.deadLetterCount]).toEqual([0, 0]);
    expect(world.clock.now()).toBeLessThan(1_000_000);
  });
});

describe('times of a bolt', () => {
  it('unanchored results of a tick have its time', async () => {
    const sink = memorySink();
    const reader = new Reader([
      (b) => {
        for (let i = 0; i < 5; i++) {
          b.push({ n: i }, i * 10_000);
          b.heartbeat((i + 1) * 10_000);
        }
        b.ended = true;
      },
    ]);
    const { results } = await go(
      (t) => {
        t.setBolt<{ n: number }, { n: number }>(
          'b',
          () => ({
            execute(tuple, out) {
              if ((tuple as never as { sourceComponent: string }).sourceComponent === '__system')
                out.emitUnanchored({ n: tuple.timestamp });
              else out.ack(tuple);
            },
          }),
          { tick: millis(10) },
        )
          .shuffleGrouping(t.source('in', memory([{ n: 1 }])))
          .map((r) => r.n)
          .countByValue()
          .to('out', sink as never);
      },
      { mode: 'record', readers: new Map([['in', { partitions: [reader], close: async () => {} }]]) },
      { guarantee: 'at-most-once' },
    );
    void results;
    expect(sink.results).toEqual([10_000, 20_000, 30_000, 40_000].map((n) => [n, 1]));
  });
  it('results anchored to a held tuple are not below the watermark', async () => {
    const sink = memorySink();
    const reader = new Reader([
      (b) => {
        for (let i = 0; i < 5; i++) {
          b.push({ n: i }, i * 10_000);
          b.heartbeat((i + 1) * 10_000);
        }
        b.ended = true;
      },
    ]);
    await go(
      (t) => {
        t.setBolt<{ n: number }, { n: number }>(
          'b',
          () => {
            const held: never[] = [];
            return {
              execute(tuple, out) {
                if ((tuple as never as { sourceComponent: string }).sourceComponent === '__system') {
                  if (tuple.timestamp === 40_000)
                    for (const h of held.splice(0)) {
                      out.emit((h as { values: { n: number } }).values, h);
                      out.ack(h);
                    }
                } else if (tuple.values.n === 1) held.push(tuple as never);
                else {
                  out.emit(tuple.values, tuple);
                  out.ack(tuple);
                }
              },
            };
          },
          { holdsTuples: true, tick: millis(10) },
        )
          .shuffleGrouping(t.source('in', memory([{ n: 1 }])))
          .map((r) => r.n)
          .countByValue()
          .to('out', sink as never);
      },
      { mode: 'record', readers: new Map([['in', { partitions: [reader], close: async () => {} }]]) },
    );
    expect([...sink.results].sort()).toEqual([0, 1, 2, 3, 4].map((n) => [n, 1]));
  });
});

describe('an operator behind a spout throws', () => {
  it('dead letter', async () => {
    const { result, results } = await go(
      (t, sink) => {
        const spout = t.setSpout<{ n: number }>('s', () => {
          let n = 0;
          const again: number[] = [];
          return {
            fail: (id) => {
              again.push(id as number);
            },
            nextTuple: (c) => {
              const id = again.shift() ?? (n < 3 ? n++ : undefined);
              if (id === undefined) return 'done';
              c.emit({ n: id }, id);
              return undefined;
            },
          };
        });
        spout
          .map((v) => {
            if (v.n === 1) throw new Error('bad');
            return v.n;
          })
          .to('out', sink as never);
      },
      { mode: 'record' },
      { onError: 'dead-letter' },
    );
    expect(result.outcome).toBe('finished');
    expect(result.deadLetterCount).toBe(1);
    expect(results).toEqual([0, 2]);
  });
});

describe('a bolt throws without acking', () => {
  it('dead letter', async () => {
    const { result } = await go(
      (t, sink) => {
        t.setBolt<{ n: number }, { n: number }>('b', () => ({
          execute(tuple, out) {
            if (tuple.values.n === 1) throw new Error('bad');
            out.emit(tuple.values, tuple);
            out.ack(tuple);
          },
        }))
          .shuffleGrouping(t.source('in', memory([{ n: 0 }, { n: 1 }, { n: 2 }])))
          .to('out', sink as never);
      },
      { mode: 'record' },
      { onError: 'dead-letter', guarantee: 'at-most-once' },
    );
    expect(result.outcome).toBe('finished');
    expect(result.deadLetterCount).toBe(1);
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

describe('ticks in event time', () => {
  it('come however far the clock is', async () => {
    const sink = memorySink();
    const { results } = await go(
      (t) => {
        const s = t
          .source('in', memory([1, 2, 3].map((n) => ({ at: n * 10_000 }))))
          .timestamps({ extract: (r) => r.at, maxOutOfOrderness: micros(0) });
        t.setBolt<{ at: number }, { n: number }>(
          'b',
          () => ({
            execute(tuple, out) {
              if ((tuple as never as { sourceComponent: string }).sourceComponent === '__system')
                out.emit({ n: tuple.timestamp }, tuple);
              else out.ack(tuple);
            },
          }),
          { tick: millis(10) },
        )
          .shuffleGrouping(s as never)
          .map((r) => r.n)
          .to('out', sink as never);
      },
      { mode: 'record' },
      {},
      createSimulatedWorld({ start: 1e9 }),
    );
    void results;
    expect(sink.results).toEqual([10_000, 20_000, 30_000]);
  });
});

describe('ticks and replays', () => {
  it('a tick comes behind the replay of a tuple before it', async () => {
    const order: unknown[] = [];
    let failed = false;
    await go(
      (t, sink) => {
        const reader = t.source('in', memory([{ n: 1 }]));
        const a = t
          .setBolt<{ n: number }, { n: number }>('a', () => ({
            execute(tuple, out) {
              if (!failed) {
                failed = true;
                out.fail(tuple);
                return;
              }
              out.emit(tuple.values, tuple);
              out.ack(tuple);
            },
          }))
          .shuffleGrouping(reader);
        t.setBolt<{ n: number }, { n: number }>(
          'b',
          () => ({
            execute(tuple, out) {
              if ((tuple as never as { sourceComponent: string }).sourceComponent === '__system')
                order.push(`tick ${tuple.timestamp}`);
              else {
                order.push(`tuple ${tuple.timestamp}`);
                out.ack(tuple);
              }
            },
          }),
          { tick: millis(10) },
        )
          .shuffleGrouping(a)
          .to('out', sink as never);
      },
      {
        mode: 'record',
        readers: new Map([
          [
            'in',
            {
              partitions: [
                new Reader([
                  (b) => {
                    b.push({ n: 1 }, 5_000);
                    b.heartbeat(10_000);
                    b.heartbeat(20_000);
                    b.ended = true;
                  },
                ]),
              ],
              close: async () => {},
            },
          ],
        ]),
      },
    );
    expect(order.indexOf('tuple 5000')).toBeLessThan(order.indexOf('tick 10000'));
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
