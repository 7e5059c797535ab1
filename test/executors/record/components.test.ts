/** Components beyond plain bolts: basic bolts, their lives from open to close, limits of their own, and timeouts that begin anew. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../src/core/time.js';
import { runTuples } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import type { BasicBolt, BasicOutputCollector } from '../../../src/topology/basic-bolt.js';
import { topology } from '../../../src/topology/builder.js';
import { type Bolt, isTick, type Spout, type Tuple } from '../../../src/topology/components.js';
import { memory, none } from '../../../src/topology/sink-specs.js';

interface N {
  readonly n: number;
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ id: n, values: { n } }));
const silent = (): Spout<N> => ({ nextTuple: () => 'done' });
const acking = (): Bolt<N> => ({ execute: (tuple, out) => out.ack(tuple) });

describe('a basic bolt', () => {
  const basic = (create: () => BasicBolt<N, N>, settings = {}) =>
    topology('basic', settings, (t) => {
      const spout = t.setSpout<N>('numbers', silent);
      const bolt = t.setBasicBolt('basic', create).shuffleGrouping(spout);
      t.setBolt<N, N>('end', acking).shuffleGrouping(bolt);
    });
  const run = (job: ReturnType<typeof basic>, count = 2) =>
    runTuples(job, { spouts: { numbers: { messages: numbers(count), maxReplays: 1 } } });

  it('anchors all that it emits, and acks when it returns', async () => {
    const { acked, failed, emitted } = await run(
      basic(() => ({
        execute: ({ values: { n } }, out) => {
          out.emit({ n });
          out.emit({ n: n + 10 });
        },
      })),
    );
    expect([acked, failed]).toEqual([[0, 1], []]);
    expect(
      emitted.filter(({ component }) => component === 'basic').map(({ values, anchors }) => [(values as N).n, anchors]),
    ).toEqual([
      [0, [0]],
      [10, [0]],
      [1, [1]],
      [11, [1]],
    ]);
  });

  it('that throws fails its tuple, and nothing else', async () => {
    const failing = basic(
      () => ({
        execute: ({ values }, out) => {
          if (values.n === 1) throw new Error('one');
          out.emit(values);
        },
      }),
      { onError: 'dead-letter' },
    );
    const { acked, failed, executed } = await run(failing, 3);
    expect(acked.toSorted()).toEqual([0, 2]);
    expect(failed).toEqual(Array(2).fill({ id: 1, reason: 'error', component: 'basic' }));
    expect(executed['end']).toEqual([2]);
  });

  it('that emits when execute has returned fails the job: the tuple is acked', async () => {
    let kept: BasicOutputCollector<N> | undefined;
    const late = basic(() => ({
      execute: ({ values }, out) => {
        if (values.n === 0) kept = { emit: out.emit.bind(out) } as BasicOutputCollector<N>;
      },
      cleanup: () => kept!.emit({ n: 7 }),
    }));
    await expect(run(late)).rejects.toMatchObject({
      code: 'RG036',
      message: "the basic bolt 'basic' emitted when execute had returned: its tuple is acked",
    });
  });

  it('that is async is refused', async () => {
    const async = basic(() => ({ execute: (async () => undefined) as never }), { attemptsMax: 1 });
    await expect(run(async)).rejects.toMatchObject({ code: 'RG031', operator: 'basic' });
  });

  it('gets ticks, has further streams, and its own life', async () => {
    const calls: string[] = [];
    const job = topology('ticking', (t) => {
      const spout = t.setSpout<N>('numbers', silent);
      const bolt = t
        .setBasicBolt<N, N, { late: N; routed: N }>(
          'basic',
          () => ({
            prepare: ({ component, task }) => void calls.push(`prepare ${component} ${task}`),
            execute: (tuple, out) => {
              if (isTick(tuple)) calls.push(`tick ${tuple.timestamp}`);
              else if (tuple.values.n === 0) out.emitTo('late', { n: 100 });
              else out.emitDirect(1, 'routed', { n: 200 });
            },
            cleanup: () => void calls.push('cleanup'),
          }),
          { tick: seconds(1), streams: { late: 'grouped', routed: 'direct' } },
        )
        .shuffleGrouping(spout);
      bolt.stream('late').to('late', memory());
      t.setBolt<N, N>('routed', acking, { parallelism: 2 }).directGrouping(bolt.stream('routed'));
    });
    const { outputs, executed } = await runTuples(job, {
      spouts: { numbers: { messages: numbers(2) } },
      until: { virtualMs: 2_500 },
    });
    expect(outputs['late']).toEqual([{ n: 100 }]);
    expect(executed['routed']).toEqual([0, 1]);
    expect(calls.slice(0, 3)).toEqual(['prepare basic 0', 'tick 1000000', 'tick 2000000']);
    expect(calls.at(-1)).toBe('cleanup');
  });
});

describe('the life of a component', () => {
  const living = (log: string[], more: Partial<Spout<N>> = {}, bolt: Partial<Bolt<N, N>> = {}, count = 3) => {
    const say = (text: string) => (): void => void log.push(text);
    let n = 0;
    return topology('living', { attemptsMax: 1 }, (t) => {
      const spout = t.setSpout<N>('spout', () => ({
        open: say('open'),
        activate: say('activate'),
        deactivate: say('deactivate'),
        ack: (id) => void log.push(`ack ${id}`),
        close: say('close'),
        nextTuple: (out) => {
          if (n === count) return 'done';
          out.emit({ n }, n++);
          return undefined;
        },
        ...more,
      }));
      t.setBolt<N, N>('bolt', () => ({
        prepare: say('prepare'),
        execute: (tuple, out) => {
          log.push(`execute ${tuple.values.n}`);
          out.ack(tuple);
        },
        cleanup: say('cleanup'),
        ...bolt,
      })).shuffleGrouping(spout);
    });
  };

  it('goes from prepare and open to close and cleanup, each once and in order', async () => {
    const log: string[] = [];
    const run = await startVirtual(living(log, {}, {}, 1), () => ({ mode: 'record' }));
    expect((await run.end()).outcome).toBe('finished');
    expect(log).toEqual(['prepare', 'open', 'activate', 'execute 0', 'ack 0', 'deactivate', 'close', 'cleanup']);
  });

  it('a job that is stopped deactivates its spouts first, and tells them what was still under way', async () => {
    const log: string[] = [];
    const held: Tuple<N>[] = [];
    const job = living(
      log,
      {},
      {
        execute: (tuple, out) => {
          held.push(tuple);
          if (held.length < 3) return;
          for (const each of held.splice(0)) out.ack(each);
        },
      },
      Number.POSITIVE_INFINITY,
    );
    const run = await startVirtual(job, () => ({ mode: 'record', record: { maxSpoutPending: 1_000 } }));
    run.job.stop();
    expect((await run.end()).outcome).toBe('stopped');
    const [first, last] = [log.indexOf('deactivate'), log.lastIndexOf('deactivate')];
    expect(first).toBe(last);
    expect(log.slice(0, 3)).toEqual(['prepare', 'open', 'activate']);
    expect(log.slice(-2)).toEqual(['close', 'cleanup']);
    expect(log.slice(first).every((call) => !call.startsWith('open'))).toBe(true);
  });

  it.each<[string, Partial<Spout<N>>, Partial<Bolt<N, N>>, string[]]>([
    ['execute', {}, { execute: throwing }, ['prepare', 'open', 'activate', 'deactivate', 'close', 'cleanup']],
    ['nextTuple', { nextTuple: throwing }, {}, ['prepare', 'open', 'activate', 'deactivate', 'close', 'cleanup']],
    ['activate', { activate: throwing }, {}, ['prepare', 'open', 'deactivate', 'close', 'cleanup']],
    ['open', { open: throwing }, {}, ['prepare', 'cleanup']],
    ['prepare', {}, { prepare: throwing }, []],
    ['deactivate', { deactivate: throwing }, {}, ['prepare', 'open', 'activate', 'close', 'cleanup']],
    ['close', { close: throwing }, {}, ['prepare', 'open', 'activate', 'deactivate', 'cleanup']],
    ['cleanup', {}, { cleanup: throwing }, ['prepare', 'open', 'activate', 'deactivate', 'close']],
  ])('when %s throws the job fails, and whatever was begun is ended', async (_where, spout, bolt, calls) => {
    const log: string[] = [];
    const run = await startVirtual(living(log, spout, bolt, 1), () => ({ mode: 'record' }));
    const { outcome, error } = await run.end();
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ code: 'RG030', message: expect.stringContaining('on purpose') as unknown });
    expect(log.filter((call) => !/^(execute|ack)/.test(call))).toEqual(calls);
  });

  it('is told by the test kit, task by task', async () => {
    const { lifeCalls } = await runTuples(
      topology('kit', (t) => {
        const spout = t.setSpout<N>('numbers', silent);
        t.setBolt<N, N>('end', acking, { parallelism: 2 }).shuffleGrouping(spout);
      }),
      { spouts: { numbers: { messages: numbers(1) } } },
    );
    expect(lifeCalls.map(({ component, task, call }) => `${component} ${task} ${call}`)).toEqual([
      'end 0 prepare',
      'end 1 prepare',
      'numbers 0 open',
      'numbers 0 activate',
      'numbers 0 deactivate',
      'numbers 0 close',
      'end 0 cleanup',
      'end 1 cleanup',
    ]);
  });
});

describe('a component’s own configuration', () => {
  it('maxSpoutPending bounds that spout, and no other', async () => {
    const most = new Map<string, number>();
    const held = new Map<string, Tuple[]>();
    const job = topology('limits', (t) => {
      const small = t.setSpout<N>('small', silent, { maxSpoutPending: 2 });
      const large = t.setSpout<N>('large', silent, { maxSpoutPending: 40 });
      t.setBolt<N, N>(
        'hold',
        () => ({
          execute: (tuple, out) => {
            if (isTick(tuple)) {
              for (const tuples of held.values()) for (const each of tuples.splice(0)) out.ack(each);
              return;
            }
            const tuples = held.get(tuple.sourceComponent) ?? [];
            held.set(tuple.sourceComponent, tuples);
            tuples.push(tuple);
            most.set(tuple.sourceComponent, Math.max(most.get(tuple.sourceComponent) ?? 0, tuples.length));
          },
        }),
        { holdsTuples: true, tick: seconds(1) },
      )
        .shuffleGrouping(small)
        .shuffleGrouping(large);
    });
    const { acked } = await runTuples(job, {
      spouts: { small: { messages: numbers(5) }, large: { messages: numbers(50) } },
      maxSpoutPending: 10,
    });
    expect(acked).toHaveLength(55);
    expect(Object.fromEntries(most)).toEqual({ small: 2, large: 40 });
  });

  it('messageTimeout counts for that spout, and no other', async () => {
    const job = topology('timeouts', (t) => {
      const quick = t.setSpout<N>('quick', silent, { messageTimeout: millis(100) });
      const slow = t.setSpout<N>('slow', silent);
      t.setBolt<N, N>('never', () => ({ execute: () => undefined }))
        .shuffleGrouping(quick)
        .shuffleGrouping(slow);
    });
    const script = (id: string) => ({ messages: [{ id, values: { n: 1 } }], maxReplays: 0 });
    const run = (virtualMs: number) =>
      runTuples(job, {
        spouts: { quick: script('q'), slow: script('s') },
        messageTimeout: seconds(1),
        until: { virtualMs },
      });
    expect((await run(90)).failed).toEqual([]);
    expect((await run(900)).failed).toEqual([{ id: 'q', reason: 'timeout' }]);
    expect((await run(2_100)).failed.map(({ id }) => id)).toEqual(['q', 's']);
  });

  it('that is no number or duration is refused where it is written', () => {
    const spout = (options: object) => () =>
      topology('wrong', (t) => {
        t.setSpout<N>('numbers', silent, options).to('out', none());
      });
    expect(spout({ maxSpoutPending: 0 })).toThrow(expect.objectContaining({ code: 'RG011' }));
    expect(spout({ messageTimeout: 0.5 })).toThrow(expect.objectContaining({ code: 'RG010' }));
    expect(spout({ messageTimeout: 0 })).toThrow(expect.objectContaining({ code: 'RG010' }));
  });
});

it('resetTimeout lets a tuple take longer than its timeout, as long as it is called', async () => {
  const slow = (resets: number) =>
    topology('slow', (t) => {
      const spout = t.setSpout<N>('numbers', silent);
      t.setBolt<N, N>(
        'slow',
        () => {
          let tuple: Tuple | undefined;
          let ticks = 0;
          return {
            execute: (each, out) => {
              if (!isTick(each)) tuple ??= each;
              else if (tuple !== undefined && ++ticks === 10) out.ack(tuple);
              else if (tuple !== undefined && ticks <= resets) out.resetTimeout(tuple);
            },
          };
        },
        { holdsTuples: true, tick: millis(100) },
      ).shuffleGrouping(spout);
    });
  const run = (resets: number) =>
    runTuples(slow(resets), {
      spouts: { numbers: { messages: numbers(1), maxReplays: 0 } },
      messageTimeout: millis(150),
      until: { virtualMs: 1_500 },
    });
  expect(await run(9)).toMatchObject({ acked: [0], failed: [] });
  expect(await run(2)).toMatchObject({ acked: [], failed: [{ id: 0, reason: 'timeout' }] });
});

function throwing(): never {
  throw new Error('on purpose');
}
