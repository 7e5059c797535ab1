/** Spouts and bolts as micro-batches on workers: the answers, acks and lives that they have in one thread, also when workers are lost. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import type { TopologyBuilder } from '../../../src/topology/builder.js';
import { topology } from '../../../src/topology/builder.js';
import type { Component } from '../../../src/topology/component-streams.js';
import { type Bolt, isTick, type MessageId, type Spout, type TaskInfo } from '../../../src/topology/components.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import type { KeyValueState } from '../../../src/topology/stateful-bolt.js';
import { aSource } from '../../compare/memory-ends.js';
import { FakeWorkers, type Loss } from '../micro-batch/fake-workers.js';
import { type LifeOptions, live } from '../micro-batch/incarnations.js';

interface N {
  readonly n: number;
  /** How often its message failed before. */
  readonly failures: number;
}

/** Emits the numbers of its task, three at a time, and again what failed once. */
function spoutOf(count: number, heard: string[] = []): () => Spout<N> {
  return () => {
    const due: N[] = [];
    let calls = 0;
    const failures = new Map<MessageId, number>();
    return {
      open: (_out, { task, parallelism }) => {
        for (let n = task; n < count; n += parallelism) due.push({ n, failures: 0 });
      },
      nextTuple: (out) => {
        if (calls++ % 5 >= 3) return 'idle';
        for (const each of due.splice(0, 1)) out.emit(each, each.n);
        return due.length === 0 ? 'done' : undefined;
      },
      ack: (id) => void heard.push(`ack ${id}`),
      fail: (id) => {
        heard.push(`fail ${id}`);
        failures.set(id, (failures.get(id) ?? 0) + 1);
        if (failures.get(id) === 1) due.push({ n: Number(id), failures: 1 });
      },
    };
  };
}

const passing = (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    if (isTick(tuple)) return;
    out.emit(tuple.values, tuple);
    out.ack(tuple);
  },
});

/** Counts by remainder, in a state. */
const counting = () => {
  let counts: KeyValueState<number, number>;
  return {
    initState: (state: KeyValueState<number, number>) => {
      counts = state;
    },
    execute: ((tuple, out) => {
      const key = tuple.values.n % 4;
      counts.put(key, counts.get(key, 0) + 1);
      out.emit({ n: key, failures: counts.get(key)! }, tuple);
      out.ack(tuple);
    }) satisfies Bolt<N, N>['execute'],
  };
};

function job(build: (t: TopologyBuilder) => void, settings: Partial<JobSettings> = {}): Topology {
  return topology('bolts', { batchInterval: millis(10), ...settings }, build);
}

interface Run {
  readonly workers?: number;
  readonly losses?: readonly Loss[];
  readonly delay?: number;
}

async function run(topology: Topology, { workers = 0, losses = [], delay, ...life }: Run & Partial<LifeOptions> = {}) {
  const pools: FakeWorkers[] = [];
  const ran = await live({
    topology,
    trace: { sources: [] },
    crashes: [],
    isDurable: false,
    options: { blockInterval: 3_000 },
    ...life,
    services: (world, plan) => {
      if (workers === 0) return {};
      pools.push(new FakeWorkers(world, plan, topology.functions, workers, losses, delay));
      return { workers: pools.at(-1)! };
    },
  });
  const out = [...(ran.sinks.get('out')?.visible ?? [])].map(({ value }) => JSON.stringify(value)).sort();
  return { ...ran, out, pool: pools[0]! };
}

const numbersOf = (t: TopologyBuilder, spout: () => Spout<N>, parallelism = 2): Component<N> =>
  t.setSpout<N>('numbers', spout, { parallelism });

describe.each([1, 2, 3])('on %i workers', (workers) => {
  it('a job gives what it gives in one thread, and its spouts hear the same', async () => {
    const ran = async (on: Run) => {
      const heard: string[] = [];
      const answered = await run(
        job((t) => {
          const first = t
            .setBolt<N, N>(
              'first',
              () => ({
                execute: (tuple, out) => {
                  if (tuple.values.n % 5 === 2 && tuple.values.failures === 0) return out.fail(tuple, 'five');
                  out.emit(tuple.values, tuple);
                  out.ack(tuple);
                },
              }),
              { parallelism: 3 },
            )
            .shuffleGrouping(numbersOf(t, spoutOf(40, heard)));
          t.setStatefulBolt<N, number, number, N>('counts', counting, { parallelism: 2 })
            .fieldsGrouping(first, 'n')
            .to('out', memory());
          first
            .map(({ n }) => [n % 3, n] as const)
            .runningReduce({ uid: 'sums', reduce: (a, b) => a + b })
            .to('sums', memory());
        }),
        on,
      );
      const failed = answered.events.flatMap((event) => (event.kind === 'tupleFailed' ? [event] : []));
      return {
        outcome: [answered.job.outcome, answered.job.error],
        heard: heard.toSorted(),
        failed: failed.map(({ component, task, id, by }) => `${component}:${task} ${id} by ${by}`).sort(),
        states: ['sums', 'counts'].map((uid) => [...answered.job.state(uid)!].map(String).sort()),
        out: answered.out.length,
      };
    };
    const alone = await ran({});
    expect(alone.outcome).toEqual(['finished', undefined]);
    expect(alone.heard.filter((what) => what.startsWith('ack'))).toHaveLength(40);
    expect(alone.failed).toHaveLength(8);
    expect(await ran({ workers })).toEqual(alone);
  });

  it('components count the same, tell the same emits, and know the same messages', async () => {
    const ran = async (on: Run) => {
      const ids: string[] = [];
      const { job: result, events } = await run(
        job((t) => {
          const pass = t.setBolt<N, N>('pass', passing, { parallelism: 2 }).shuffleGrouping(numbersOf(t, spoutOf(40)));
          t.setBolt<N, N>(
            'last',
            () => ({
              execute: (tuple, out) => {
                ids.push(
                  out
                    .messageIds(tuple)
                    .map(({ spout, task, id }) => `${spout}:${task} ${id}`)
                    .join(),
                );
                if (tuple.values.n % 7 === 3 && tuple.values.failures === 0) out.fail(tuple);
                else out.ack(tuple);
              },
            }),
            { parallelism: 2 },
          ).fieldsGrouping(pass, 'n');
        }),
        on,
      );
      const emitted = events.flatMap((event) =>
        event.kind === 'tupleEmitted'
          ? [`${event.component} ${event.anchors.join()} ${JSON.stringify(event.values)}`]
          : [],
      );
      const components = result.components.map(
        ({ component, tasks, emitted, transferred, executed, acked, failed }) => ({
          component,
          counts: [tasks, emitted, transferred, executed, acked, failed],
        }),
      );
      return { components, emitted: new Set(emitted), ids: new Set(ids), answers: [result.acked, result.failed] };
    };
    const alone = await ran({});
    expect(alone.components.map(({ component }) => component)).toEqual(['numbers', 'pass', 'last']);
    expect([alone.emitted.size, alone.ids.size, alone.answers]).toEqual([92, 40, [40, 6]]);
    const onWorkers = await ran({ workers });
    expect(onWorkers).toEqual({ ...alone, components: onWorkers.components });
    // Which tuples share a batch with one that fails, and are executed again with it, the groupings decide.
    expect(onWorkers.components.slice(0, 2)).toEqual(alone.components.slice(0, 2));
  });

  it.each(['at-least-once', 'at-most-once'] as const)('a dead letter names its message, %s', async (guarantee) => {
    const letters = async (on: Run) => {
      const settings = { guarantee, onError: 'dead-letter', attemptsMax: 2 } as const;
      const { job: result } = await run(
        job((t) => {
          const pass = t.setBolt<N, N>('pass', passing).shuffleGrouping(numbersOf(t, spoutOf(12)));
          t.setBolt<N, N>('throws', () => ({
            execute: (tuple, out) => {
              if (tuple.values.n % 5 === 2) throw new Error(`bad ${tuple.values.n}`);
              out.ack(tuple);
            },
          }))
            .shuffleGrouping(pass.map(({ n }) => ({ n, failures: -1 })))
            .to('out', memory());
        }, settings),
        on,
      );
      return result.deadLetters.map(({ error, ...place }) => ({ ...place, code: error.code, message: error.message }));
    };
    const alone = await letters({});
    expect(alone.map(({ offset, value }) => [offset, value]).sort()).toEqual([
      [2, { n: 2, failures: 0 }],
      [7, { n: 7, failures: 0 }],
    ]);
    expect(await letters({ workers })).toEqual(alone);
  });

  it('a message that two tasks give up fails once', async () => {
    const heard: string[] = [];
    const { events } = await run(
      job((t) => {
        const numbers = numbersOf(t, spoutOf(9, heard), 1);
        const [left, right] = ['left', 'right'].map((name) => t.setBolt<N, N>(name, passing).shuffleGrouping(numbers));
        t.setBolt<N, N>(
          'fails',
          () => ({
            execute: (tuple, out) =>
              tuple.values.n === 4 && tuple.values.failures === 0 ? out.fail(tuple) : out.ack(tuple),
          }),
          { parallelism: 2 },
        )
          .globalGrouping(left!)
          .customGrouping(right!, () => ({ chooseTasks: () => 1 }));
      }),
      { workers },
    );
    expect(heard.filter((what) => what === 'fail 4')).toHaveLength(1);
    expect(heard.filter((what) => what === 'ack 4')).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === 'tupleFailed')).toHaveLength(1);
  });

  it('a bolt that joins tuples of one message that came over two ways has it once', async () => {
    const { events, job: result } = await run(
      job((t) => {
        const numbers = numbersOf(t, spoutOf(3), 1);
        const [left, right] = ['left', 'right'].map((name) => t.setBolt<N, N>(name, passing).shuffleGrouping(numbers));
        const joined = t
          .setBolt<N, N>('joins', () => {
            const open: Parameters<Bolt<N, N>['execute']>[0][] = [];
            return {
              execute: (tuple, out) => {
                const other = open.findIndex(({ values }) => values.n === tuple.values.n);
                if (other < 0) return void open.push(tuple);
                const both = [tuple, ...open.splice(other, 1)];
                out.emit(tuple.values, both);
                for (const each of both) out.ack(each);
              },
            };
          })
          .globalGrouping(left!)
          .globalGrouping(right!);
        t.setBolt<N, N>('fails', () => ({ execute: (tuple, out) => out.fail(tuple) })).globalGrouping(joined);
      }),
      { workers },
    );
    expect(result.error).toBeUndefined();
    expect(events.filter(({ kind }) => kind === 'tupleFailed')).toHaveLength(6);
  });

  it('a bolt is prepared once in each task, before its first tuple, and cleans up once', async () => {
    const lives = new Map<string, string[]>();
    await run(
      job((t) => {
        t.setBolt<N, N>(
          'lives',
          () => {
            let own: string[] = [];
            return {
              prepare: (_out, { task }) => {
                own = lives.get(`${task}`) ?? [];
                lives.set(`${task}`, own);
                own.push('prepare');
              },
              execute: (tuple, out) => {
                if (own.at(-1) !== 'execute') own.push('execute');
                out.ack(tuple);
              },
              cleanup: () => void own.push('cleanup'),
            };
          },
          { parallelism: 3 },
        ).shuffleGrouping(numbersOf(t, spoutOf(20)));
      }),
      { workers },
    );
    expect([...lives].sort()).toEqual(['0', '1', '2'].map((task) => [task, ['prepare', 'execute', 'cleanup']]));
  });

  it('tells what bolts counted about themselves', async () => {
    const metrics = async (on: Run) => {
      const { job: result } = await run(
        job((t) => {
          t.setBasicBolt<N, N>(
            'counts',
            () => {
              let count: { inc(): void };
              return {
                prepare: (info: TaskInfo) => {
                  count = info.metrics.counter('seen');
                },
                execute: () => count.inc(),
              };
            },
            { parallelism: 2 },
          ).fieldsGrouping(numbersOf(t, spoutOf(20)), 'n');
        }),
        on,
      );
      return result.metrics;
    };
    const alone = await metrics({});
    expect(alone).toHaveLength(2);
    expect(await metrics({ workers })).toEqual(alone);
  });

  it.each([
    ['prepare', 'started'],
    ['cleanup', 'ended'],
  ] as const)('what %s throws fails the job', async (part, when) => {
    const { job: result } = await run(
      job((t) => {
        const broken = () => {
          throw new Error(`not ${when}`);
        };
        t.setBolt<N, N>('broken', () => ({ ...passing(), [part]: broken })).shuffleGrouping(numbersOf(t, spoutOf(5)));
      }),
      { workers },
    );
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'RG030', operator: 'broken' } });
    expect(result.error!.cause).toMatchObject({ message: `not ${when}` });
  });
});

describe('tasks of bolts', () => {
  it('stay on one worker where batches overlap, and so do those that write to them', async () => {
    const { pool } = await run(
      job((t) => {
        t.setBolt<N, N>('pass', passing)
          .shuffleGrouping(numbersOf(t, spoutOf(60), 1))
          .map(({ n }) => [n, n] as const)
          .groupByKey({ uid: 'groups' })
          .map(([n]) => n)
          .to('out', memory());
      }),
      { workers: 3, delay: 12_000, options: { concurrentJobs: 3, blockInterval: 3_000 } },
    );
    expect(pool.batchesOpenMax).toBeGreaterThan(2);
    expect([pool.workersOf('0:0').length, pool.workersOf('1:0').length]).toEqual([1, 1]);
  });

  it('get the tuples of near tasks only, where a grouping asks for that', async () => {
    const from = new Set<string>();
    await run(
      job((t) => {
        const first = t.setBolt<N, N>('first', passing, { parallelism: 2 }).shuffleGrouping(numbersOf(t, spoutOf(20)));
        t.setBolt<N, N>(
          'second',
          () => {
            let own = 0;
            return {
              prepare: (_out, { task }) => {
                own = task;
              },
              execute: (tuple, out) => {
                from.add(`${tuple.sourceTask} to ${own}`);
                out.ack(tuple);
              },
            };
          },
          { parallelism: 2 },
        ).localOrShuffleGrouping(first);
      }),
      { workers: 2 },
    );
    // Stage 1 and 2: the same worker has tasks of different numbers.
    expect([...from].sort()).toEqual(['0 to 1', '1 to 0']);
  });
});

describe('ticks', () => {
  it('begin with the interval of the first batch, also where its first tuple comes late in it, and where its worker is lost', async () => {
    const ticked = job((t) => {
      t.setBolt<N, N>(
        'ticks',
        () => ({
          execute: (tuple, out) => {
            if (isTick(tuple)) return out.emit({ n: tuple.timestamp, failures: 0 }, []);
            out.ack(tuple);
          },
        }),
        { tick: millis(2) },
      )
        .shuffleGrouping(t.source('in', aSource<number>()).map((n) => ({ n, failures: 0 })))
        .to('out', memory());
    });
    const timestamps = Float64Array.of(7_000, 12_000, 31_000);
    const trace = { sources: [{ name: 'in', partitions: [{ values: [1, 2, 3], timestamps, heartbeats: [] }] }] };
    const alone = await run(ticked, { trace });
    expect(alone.out).toContain(JSON.stringify({ n: 2_000, failures: 0 }));
    for (let after = 0; after < 12; after++)
      expect(
        (await run(ticked, { trace, workers: 2, losses: [{ worker: 1, after }] })).out,
        `lost after ${after}`,
      ).toEqual(alone.out);
  });
});

describe('a worker that is lost', () => {
  const NUMBERS = 120;

  /** What each task of the bolt was told, over all of its lives. */
  const watched = (told: string[]) =>
    job((t) => {
      t.setBolt<N, N>(
        'plain',
        () => {
          let own = 0;
          return {
            prepare: (_out, { task }) => {
              own = task;
              told.push(`${own} prepare`);
            },
            execute: (tuple, out) => {
              if (isTick(tuple)) return out.emit({ n: tuple.timestamp, failures: own }, []);
              told.push(`${own} has ${tuple.values.n}`);
              out.emit(tuple.values, tuple);
              out.ack(tuple);
            },
          };
        },
        { parallelism: 2, tick: millis(4) },
      )
        .fieldsGrouping(numbersOf(t, spoutOf(NUMBERS)), 'n')
        .to('out', memory());
    });

  it('takes its bolts along: they are prepared again, and execute again what was under way only', async () => {
    const undisturbed = await run(watched([]));
    const told: string[] = [];
    const {
      out,
      pool,
      job: result,
      events,
    } = await run(watched(told), { workers: 2, losses: [{ worker: 1, after: 15 }] });
    expect([result.error, pool.losses]).toEqual([undefined, 1]);
    expect(out).toEqual(undisturbed.out);
    const prepared = told.filter((what) => what.endsWith('prepare'));
    expect(prepared).toHaveLength(3);
    const executed = told.filter((what) => what.includes('has'));
    const again = executed.length - new Set(executed).size;
    expect(new Set(executed).size).toBe(NUMBERS);
    expect(again).toBeLessThan(NUMBERS / 3);
    expect(events.filter(({ kind }) => kind === 'taskRecomputed')).toEqual([]);
  });

  it('makes a bolt with state go on from the last snapshot', async () => {
    const counts = job((t) => {
      t.setStatefulBolt<N, number, number, N>('counts', counting, { parallelism: 2 })
        .fieldsGrouping(numbersOf(t, spoutOf(NUMBERS)), 'n')
        .to('out', memory());
    });
    const stateOf = ({ job: result }: { job: { state(uid: string): unknown } }) =>
      [...(result.state('counts') as Iterable<unknown>)].map(String).sort();
    const undisturbed = await run(counts);
    let recomputed = 0;
    for (let after = 5; after < 80; after += 7) {
      const lost = await run(counts, { workers: 2, losses: [{ worker: 1, after }], isDurable: after % 2 === 0 });
      expect([lost.job.error, lost.out], `lost after ${after}`).toEqual([undefined, undisturbed.out]);
      expect(stateOf(lost)).toEqual(stateOf(undisturbed));
      recomputed += lost.job.recomputedRecords ?? 0;
    }
    expect(recomputed).toBeGreaterThan(0);
  });

  it('misses no tick and has none twice, whenever it is lost', async () => {
    const undisturbed = await run(watched([]));
    expect(undisturbed.out.length).toBeGreaterThan(NUMBERS + 15);
    let losses = 0;
    for (let after = 1; after < 60; after += 3) {
      const lost = await run(watched([]), { workers: 2, losses: [{ worker: 1, after }] });
      losses += lost.pool.losses;
      expect([lost.job.error, lost.out], `lost after ${after}`).toEqual([undefined, undisturbed.out]);
    }
    expect(losses).toBeGreaterThan(7);
  });
});
