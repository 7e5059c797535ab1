/** Spouts and bolts as micro-batches: what a batch is to them, what becomes of tuples that fail, and what such a batch cannot have. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../src/core/time.js';
import type { JobResult } from '../../../src/executors/executor.js';
import { compile } from '../../../src/plan/compile.js';
import type { JobEvent } from '../../../src/runtime/events.js';
import type { CapturedSink } from '../../../src/testing/captured-sink.js';
import { captureSinks } from '../../../src/testing/captured-sinks.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import type { BasicBolt } from '../../../src/topology/basic-bolt.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { Component, SpoutOptions } from '../../../src/topology/component-streams.js';
import {
  type Bolt,
  isTick,
  type MessageId,
  type NoStreams,
  type OutputCollector,
  type Spout,
  type Tuple,
} from '../../../src/topology/components.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { memory as memorySource } from '../../../src/topology/source-specs.js';
import type { KeyValueState } from '../../../src/topology/stateful-bolt.js';

interface N {
  readonly n: number;
}

type Out = OutputCollector<N>;

/** Emits `count` messages, `each` in a call, and those that fail again; hears what became of them. */
class Numbers implements Spout<N> {
  readonly heard: string[] = [];
  readonly #due: number[];
  readonly #each: number;
  readonly #replays: number;
  readonly #failures = new Map<MessageId, number>();

  constructor(count: number, { each = 1, replays = 0 } = {}) {
    this.#due = Array.from({ length: count }, (_, n) => n);
    this.#each = each;
    this.#replays = replays;
  }

  nextTuple(out: { emit(values: N, id: MessageId): void }): 'done' | undefined {
    if (this.#due.length === 0) return 'done';
    for (const n of this.#due.splice(0, this.#each)) out.emit({ n }, n);
    return undefined;
  }

  ack(id: MessageId): void {
    this.heard.push(`ack ${id}`);
  }

  fail(id: MessageId): void {
    this.heard.push(`fail ${id}`);
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    if (failures <= this.#replays) this.#due.push(id as number);
  }
}

interface Ran {
  readonly result: JobResult;
  readonly events: readonly JobEvent[];
  readonly out: readonly unknown[];
}

async function run(
  job: Topology,
  options: { readonly stopAt?: number; readonly options?: object } = {},
  mode: 'micro-batch' | 'record' = 'micro-batch',
): Promise<Ran> {
  const events: JobEvent[] = [];
  const sinks: ReadonlyMap<string, CapturedSink> = captureSinks(job, { mode, parallelism: 1 });
  const settings = { mode, writers: sinks, listener: (event: JobEvent) => void events.push(event) };
  const started = await startVirtual(job, () => ({ ...settings, microBatch: options.options ?? {} }));
  if (options.stopAt !== undefined) {
    await started.until(options.stopAt);
    started.job.stop();
  }
  const result = await started.end();
  return { result, events, out: (sinks.get('out')?.results ?? []).map(({ value }) => value) };
}

function numbers(
  spout: Spout<N>,
  build: (t: TopologyBuilder, from: Component<N>) => void,
  settings: Partial<JobSettings> = {},
  options: SpoutOptions<NoStreams> = {},
): Topology {
  return topology('numbers', { batchInterval: seconds(1), ...settings }, (t) =>
    build(
      t,
      t.setSpout<N>('numbers', () => spout, options),
    ),
  );
}

const passing = (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    out.emit(tuple.values, tuple);
    out.ack(tuple);
  },
});

/** Passes on what is not `bad`; with `bad`, it does that first. */
const but = (bad: number, then: (tuple: Tuple<N>, out: Out) => void): (() => Bolt<N, N>) => {
  return () => ({
    execute: (tuple, out) => {
      if (tuple.values.n === bad) return then(tuple, out);
      out.emit(tuple.values, tuple);
      out.ack(tuple);
    },
  });
};

describe('a spout', () => {
  it('hears ack when the batch of its message is done, and ends the job when every message is answered', async () => {
    const spout = new Numbers(3);
    const job = numbers(spout, (t, from) => {
      t.setBolt('pass', passing).shuffleGrouping(from).to('out', memory());
    });
    const { result, out } = await run(job);
    expect([result.outcome, result.error, result.recordsRead]).toEqual(['finished', undefined, { numbers: 3 }]);
    expect(out).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(spout.heard).toEqual(['ack 0', 'ack 1', 'ack 2']);
    expect(result.batches.map(({ numRecords }) => numRecords)).toEqual([3, 0]);
  });

  it('has at most maxSpoutPending messages in batches that are not done', async () => {
    const job = numbers(
      new Numbers(7),
      (t, from) => void t.setBolt('pass', passing).shuffleGrouping(from).to('out', memory()),
      {},
      { maxSpoutPending: 3 },
    );
    const { result, out } = await run(job);
    expect(result.batches.map(({ numRecords }) => numRecords).filter((count) => count > 0)).toEqual([3, 3, 1]);
    expect(out).toHaveLength(7);
    const given = await run(
      numbers(new Numbers(7), (_, from) => void from.to('out', memory())),
      {
        options: { maxSpoutPending: 4 },
      },
    );
    expect(given.result.batches.map(({ numRecords }) => numRecords).filter((count) => count > 0)).toEqual([4, 3]);
  });

  it('that emits more in a call than may be pending has the rest wait in the collector', async () => {
    const spout = new Numbers(5, { each: 5 });
    const job = numbers(spout, (_, from) => void from.to('out', memory()), {}, { maxSpoutPending: 2 });
    const { result, out } = await run(job);
    expect(result.batches.map(({ numRecords }) => numRecords).filter((count) => count > 0)).toEqual([2, 2, 1]);
    expect(out).toHaveLength(5);
    expect(spout.heard).toHaveLength(5);
  });

  it('that emits what it does not declare, or throws, fails the job', async () => {
    const emits = (emit: (out: never) => void): Topology =>
      topology('bad', (t) => void t.setSpout<N>('bad', () => ({ nextTuple: emit as never })).to('out', memory()));
    const wrong = await run(emits((out: { emitTo(stream: string, values: N): void }) => out.emitTo('odd', { n: 1 })));
    expect(wrong.result.error).toMatchObject({ code: 'RG036', operator: 'bad' });
    const thrown = await run(
      emits(() => {
        throw new Error('no');
      }),
    );
    expect(thrown.result.error).toMatchObject({ code: 'RG030', operator: 'bad' });
    const promised = await run(emits((async () => undefined) as never));
    expect(promised.result.error).toMatchObject({ code: 'RG031', operator: 'bad' });
  });

  it('without acking (at-most-once) hears ack before its tuples are processed, and never fail', async () => {
    const spout = new Numbers(2);
    const order: string[] = [];
    spout.ack = (id) => void order.push(`ack ${id}`);
    const job = numbers(
      spout,
      (t, from) => {
        const bolt = (): Bolt<N> => ({
          execute: (tuple, out) => {
            order.push(`execute ${tuple.values.n}`);
            if (tuple.values.n === 0) out.fail(tuple);
          },
        });
        t.setBolt('end', bolt).shuffleGrouping(from);
      },
      { guarantee: 'at-most-once' },
    );
    const { result } = await run(job);
    expect(result.error).toBeUndefined();
    expect(order).toEqual(['ack 0', 'ack 1', 'execute 0', 'execute 1']);
  });
});

describe('a tuple that a bolt fails', () => {
  it('is tried again with its batch, before its spout hears of it', async () => {
    const spout = new Numbers(3);
    let fails = 2;
    const failing = but(1, (tuple, out) => {
      if (fails-- > 0) return out.fail(tuple);
      out.emit(tuple.values, tuple);
      out.ack(tuple);
    });
    const { result, out } = await run(
      numbers(spout, (t, from) => void t.setBolt('fail', failing).shuffleGrouping(from).to('out', memory())),
    );
    expect(out).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(result.taskRetries).toBe(2);
    expect(spout.heard).toEqual(['ack 0', 'ack 1', 'ack 2']);
  });

  it.each(['fail', 'dead-letter'] as const)(
    'each time fails its message alone, and the spout may emit it again (onError: %s)',
    async (onError) => {
      const spout = new Numbers(3, { replays: 1 });
      const failing = but(1, (tuple, out) => out.fail(tuple, 'odd'));
      const job = numbers(
        spout,
        (t, from) => void t.setBolt('fail', failing).shuffleGrouping(from).to('out', memory()),
        {
          onError,
        },
      );
      const { result, out, events } = await run(job);
      expect([result.error, result.deadLetterCount]).toEqual([undefined, 0]);
      expect(out).toEqual([{ n: 0 }, { n: 2 }]);
      expect(spout.heard).toEqual(['fail 1', 'ack 0', 'ack 2', 'fail 1']);
      expect(events.filter(({ kind }) => kind === 'tupleFailed')).toEqual(
        Array(2).fill({ kind: 'tupleFailed', component: 'numbers', task: 0, id: 1, reason: 'failed', by: 'fail: odd' }),
      );
    },
  );

  it('fails every message that it came of, through bolts and operators, and each once', async () => {
    const spout = new Numbers(4);
    const pairing = (): Bolt<N, N> => {
      let first: Tuple<N> | undefined;
      return {
        execute: (tuple, out) => {
          if (tuple.values.n % 2 === 0) first = tuple;
          out.emit(tuple.values, tuple.values.n === 3 ? [tuple, tuple] : tuple);
          out.ack(tuple);
          expect(first).toBeDefined();
        },
      };
    };
    const failing = (): Bolt<N> => ({
      execute: (tuple, out) => (tuple.values.n === 13 ? out.fail(tuple) : out.ack(tuple)),
    });
    const job = numbers(spout, (t, from) => {
      const pairs = t.setBolt('pairs', pairing).shuffleGrouping(from);
      t.setBolt('end', failing, { parallelism: 2 }).allGrouping(pairs.map(({ n }) => ({ n: n + 10 })));
    });
    const { result } = await run(job);
    expect(result.error).toBeUndefined();
    expect(spout.heard.toSorted()).toEqual(['ack 0', 'ack 1', 'ack 2', 'fail 3']);
  });

  it('that came of a source fails the job after attemptsMax attempts, or is set aside', async () => {
    const job = (onError: 'fail' | 'dead-letter'): Topology =>
      topology('job', { attemptsMax: 2, onError }, (t) => {
        t.setBolt(
          'fail',
          but(1, (tuple, out) => out.fail(tuple)),
        )
          .shuffleGrouping(t.source('in', memorySource([{ n: 0 }, { n: 1 }, { n: 2 }])))
          .to('out', memory());
      });
    const failed = await run(job('fail'));
    expect(failed.result.error).toMatchObject({ code: 'RG035', message: "a tuple was failed by 'fail'" });
    const aside = await run(job('dead-letter'));
    expect(aside.out).toEqual([{ n: 0 }, { n: 2 }]);
    expect(aside.result.deadLetters).toMatchObject([{ value: { n: 1 }, error: { code: 'RG035' } }]);
  });

  it('and one that nobody answers is as one that is failed', async () => {
    const spout = new Numbers(3);
    const forgetting = but(1, () => undefined);
    const { result, out } = await run(
      numbers(spout, (t, from) => void t.setBolt('forget', forgetting).shuffleGrouping(from).to('out', memory())),
    );
    expect(result.error).toBeUndefined();
    expect(out).toEqual([{ n: 0 }, { n: 2 }]);
    expect(spout.heard).toEqual(['fail 1', 'ack 0', 'ack 2']);
    const ofSource = await run(
      topology('job', (t) => {
        t.setBolt('forget', forgetting).shuffleGrouping(t.source('in', memorySource([{ n: 1 }])));
      }),
    );
    expect(ofSource.result.error).toMatchObject({
      code: 'RG035',
      message: "a tuple of its batch was neither acked nor failed by 'forget'",
    });
  });

  it('may be answered later in its batch', async () => {
    const spout = new Numbers(4);
    const pairs = (): Bolt<N> => {
      let first: Tuple<N> | undefined;
      return {
        execute: (tuple, out) => {
          if (first === undefined) first = tuple;
          else {
            out.ack(first);
            out.ack(tuple);
            first = undefined;
          }
        },
      };
    };
    const { result } = await run(numbers(spout, (t, from) => void t.setBolt('pairs', pairs).shuffleGrouping(from)));
    expect([result.error, result.taskRetries]).toEqual([undefined, 0]);
    expect(spout.heard).toHaveLength(4);
  });
});

describe('an error in a bolt', () => {
  const throwing = (): BasicBolt<N, N> => ({
    execute: ({ values }, out) => {
      if (values.n === 1) throw new Error('one');
      out.emit(values);
    },
  });
  const job = (spout: Spout<N>, settings: Partial<JobSettings>): Topology =>
    numbers(
      spout,
      (t, from) => void t.setBasicBolt('throw', throwing).shuffleGrouping(from).to('out', memory()),
      settings,
    );

  it('fails the job after attemptsMax attempts', async () => {
    const { result, events } = await run(job(new Numbers(2), { attemptsMax: 3 }));
    expect(result.error).toMatchObject({ code: 'RG030', operator: 'throw' });
    expect(events.filter(({ kind }) => kind === 'taskFailed')).toHaveLength(3);
  });

  it("or sets the message aside, by its spout's name and id, and the spout hears ack", async () => {
    const spout = new Numbers(3);
    const { result, out } = await run(job(spout, { onError: 'dead-letter' }));
    expect(out).toEqual([{ n: 0 }, { n: 2 }]);
    expect(result.deadLetters).toMatchObject([
      { source: 'numbers', partition: 0, offset: 1, value: { n: 1 }, error: { code: 'RG030' } },
    ]);
    expect(spout.heard).toEqual(['ack 0', 'ack 1', 'ack 2']);
  });
});

describe('a collector', () => {
  it.each<[string, (tuple: Tuple<N>, out: Out) => void, string]>([
    [
      'acks a tuple twice',
      (tuple, out) => {
        out.ack(tuple);
        out.ack(tuple);
      },
      "'bolt' acked a tuple that it had acked before",
    ],
    [
      'emits behind its ack',
      (tuple, out) => {
        out.ack(tuple);
        out.emit({ n: 1 }, tuple);
      },
      "'bolt' emitted a tuple anchored to one that it had acked before",
    ],
    [
      'acks what it did not get',
      (_tuple, out) => out.ack({} as Tuple),
      "'bolt' used a tuple that was not delivered to it",
    ],
    [
      'emits to a stream that is not there',
      (tuple, out) => (out as never as { emitTo(...args: unknown[]): void }).emitTo('odd', {}, tuple),
      "'bolt' emitted to stream 'odd', which it does not declare",
    ],
  ])('that %s fails the job at the first attempt', async (_what, execute, message) => {
    const { result, events } = await run(
      numbers(new Numbers(1), (t, from) => void t.setBolt<N, N>('bolt', () => ({ execute })).shuffleGrouping(from)),
    );
    expect(result.error).toMatchObject({ code: 'RG036', message });
    expect(events.filter(({ kind }) => kind === 'taskFailed')).toHaveLength(1);
  });

  it('that emits between batches is told that there is none', async () => {
    const { result } = await run(
      numbers(new Numbers(1), (t, from) => {
        const bolt = (): Bolt<N, N> => ({
          prepare: (out) => out.emitUnanchored({ n: 1 }),
          execute: (tuple, out) => out.ack(tuple),
        });
        t.setBolt('bolt', bolt).shuffleGrouping(from).to('out', memory());
      }),
    );
    expect(result.error).toMatchObject({ code: 'RG036', operator: 'bolt' });
    expect(result.error?.message).toMatch(/'bolt' emitted while it executed no tuple/);
  });
});

describe('a bolt that keeps state', () => {
  /** Counts tuples in its state, and, beside it, how many it has seen since it was made. */
  const counting = (made: string[], fails: () => boolean) => () => {
    let state: KeyValueState<string, number>;
    made.push('made');
    return {
      initState: (given: KeyValueState<string, number>) => {
        state = given;
        made.push(`state ${given.get('count', 0)}`);
      },
      execute: (tuple: Tuple<N>, out: Out) => {
        state.put('count', state.get('count', 0) + 1);
        if (tuple.values.n === 2 && fails()) throw new Error('two');
        out.emit({ n: state.get('count', 0) }, tuple);
        out.ack(tuple);
      },
      cleanup: () => void made.push('cleanup'),
    };
  };

  it('has it as it was before an attempt that failed, and is made anew on it', async () => {
    const made: string[] = [];
    let fails = 1;
    const job = numbers(
      new Numbers(4),
      (t, from) => {
        const bolt = counting(made, () => fails-- > 0);
        t.setStatefulBolt<N, string, number, N>('count', bolt).globalGrouping(from).to('out', memory());
      },
      {},
      { maxSpoutPending: 2 },
    );
    const { result, out } = await run(job);
    expect(out).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    expect([...result.state('count')]).toEqual([['count', 4]]);
    expect(made).toEqual(['made', 'state 0', 'cleanup', 'made', 'state 2', 'cleanup']);
  });
});

describe('the lives of components', () => {
  it.each(['micro-batch', 'record'] as const)('begin and end with the bolts, each call once (%s)', async (mode) => {
    const calls: string[] = [];
    const say = (what: string) => () => void calls.push(what);
    const spout = Object.assign(new Numbers(1), {
      open: say('open'),
      activate: say('activate'),
      deactivate: say('deactivate'),
      close: say('close'),
    });
    const bolt = (): Bolt<N> => ({
      prepare: say('prepare'),
      execute: (tuple, out) => {
        calls.push('execute');
        out.ack(tuple);
      },
      cleanup: say('cleanup'),
    });
    await run(
      numbers(spout, (t, from) => void t.setBolt('bolt', bolt).shuffleGrouping(from)),
      {},
      mode,
    );
    expect(calls).toEqual(['prepare', 'open', 'activate', 'execute', 'deactivate', 'close', 'cleanup']);
  });

  it('end also when the job is stopped: what is under way is answered first', async () => {
    const calls: string[] = [];
    let n = 0;
    const spout: Spout<N> = {
      nextTuple: (out) => {
        out.emit({ n }, n++);
        return 'idle';
      },
      ack: () => void calls.push('ack'),
      deactivate: () => void calls.push('deactivate'),
      close: () => void calls.push('close'),
    };
    const { result } = await run(
      numbers(spout, (t, from) => void t.setBolt('pass', passing).shuffleGrouping(from).to('out', memory())),
      { stopAt: 1_500_000 },
    );
    expect(result.outcome).toBe('stopped');
    const deactivated = calls.indexOf('deactivate');
    expect(calls.slice(deactivated).filter((call) => call === 'ack').length).toBeGreaterThan(0);
    expect(calls.filter((call) => call === 'ack')).toHaveLength(n);
    expect(calls.at(-1)).toBe('close');
  });

  it.each(['open', 'prepare'])('do not begin where %s throws: the job fails', async (what) => {
    const thrown = (): never => {
      throw new Error(what);
    };
    const spout = Object.assign(new Numbers(1), what === 'open' ? { open: thrown } : {});
    const bolt = (): Bolt<N> => ({ ...(what === 'prepare' ? { prepare: thrown } : {}), execute: () => undefined });
    const { result } = await run(numbers(spout, (t, from) => void t.setBolt('bolt', bolt).shuffleGrouping(from)));
    expect(result.error).toMatchObject({ code: 'RG030' });
  });
});

describe('ticks', () => {
  it('stand between the tuples before them and those after, also where they are more frequent than batches', async () => {
    const order: string[] = [];
    let emitted = 0;
    const spout: Spout<N> = {
      nextTuple: (out) => {
        if (emitted === 6) return 'done';
        out.emit({ n: emitted }, emitted++);
        return 'idle';
      },
    };
    const bolt = (): Bolt<N> => ({
      execute: (tuple, out) => {
        order.push(isTick(tuple) ? `tick ${tuple.timestamp / 1_000}` : `${tuple.timestamp / 1_000}`);
        if (!isTick(tuple)) out.ack(tuple);
      },
    });
    const job = numbers(
      spout,
      (t, from) => void t.setBolt('ticked', bolt, { tick: millis(400) }).shuffleGrouping(from),
    );
    await run(job);
    const times = order.map((entry) => Number(entry.replace('tick ', '')));
    for (const [at, entry] of order.entries()) {
      if (!entry.startsWith('tick')) continue;
      expect(Math.max(Number.NEGATIVE_INFINITY, ...times.slice(0, at))).toBeLessThanOrEqual(times[at]!);
      expect(Math.min(Number.POSITIVE_INFINITY, ...times.slice(at))).toBe(times[at]);
    }
    expect(order.filter((entry) => entry.startsWith('tick')).slice(0, 3)).toEqual([
      'tick 400',
      'tick 800',
      'tick 1200',
    ]);
  });
});

describe('what a batch cannot have', () => {
  it('is a bolt that holds tuples in its own memory', () => {
    const job = numbers(
      new Numbers(1),
      (t, from) => void t.setBolt('hold', passing, { holdsTuples: true }).shuffleGrouping(from),
    );
    expect(() => compile(job, { mode: 'record' })).not.toThrow();
    expect(() => compile(job, { mode: 'micro-batch' })).toThrow(
      /RG019: the bolt 'hold' holds tuples in its own memory, and as micro-batches every tuple is answered within its batch/,
    );
  });
});
