/** User-written spouts: found by review, kept as cases. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { start } from '../../../src/host/run.js';
import { createSimulatedWorld } from '../../../src/runtime/simulated-world.js';
import { topology } from '../../../src/topology/builder.js';
import { memory as memorySink } from '../../../src/topology/sink-specs.js';
import { memory } from '../../../src/topology/source-specs.js';
import { type Context, go, Reader } from './virtual-job.js';

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
  it('open throws: the job fails', async () => {
    let closed = false;
    const { result } = await go(
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
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'RG030', operator: 's' } });
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
