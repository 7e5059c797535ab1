/** Bolts, ticks and stops: found by review, kept as cases. */
import { describe, expect, it } from 'vitest';
import { micros, millis } from '../../../src/core/time.js';
import { start } from '../../../src/host/run.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { topology } from '../../../src/topology/builder.js';
import { memory as memorySink } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';
import { type Context, go, Reader } from './virtual-job.js';

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
