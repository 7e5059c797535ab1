/** The test kit on tuples: what was emitted, answered and timed out. */
import { describe, expect, it } from 'vitest';
import { micros, millis, minutes, seconds } from '../../src/core/time.js';
import { runTuples } from '../../src/testing/index.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt, Tuple } from '../../src/topology/components.js';
import { memory as memorySink, none } from '../../src/topology/sink-specs.js';

interface N {
  readonly n: number;
}

const passing = (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    out.emit(tuple.values, tuple);
    out.ack(tuple);
  },
});
const passOn = (parallelism = 1) =>
  topology('pass', (t) => {
    const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
    const first = t.setBolt('first', passing, { parallelism }).shuffleGrouping(spout);
    t.setBolt('second', passing).shuffleGrouping(first).to('out', memorySink());
  });
const messages = (count: number) => Array.from({ length: count }, (_, n) => ({ id: n, values: { n } }));

describe('runTuples', () => {
  it('says what was emitted, by whom, where and for which message', async () => {
    const run = await runTuples(passOn(2), { spouts: { numbers: { messages: messages(3) } } });
    expect(run.outputs).toEqual({ out: expect.arrayContaining([{ n: 0 }, { n: 1 }, { n: 2 }]) as unknown });
    expect(run.acked.toSorted()).toEqual([0, 1, 2]);
    expect(run.failed).toEqual([]);
    expect(run.emitted.filter(({ component }) => component === 'numbers')).toEqual(
      messages(3).map(({ id, values }) => ({
        component: 'numbers',
        task: 0,
        stream: 'default',
        values,
        anchors: [id],
      })),
    );
    expect(
      run.emitted
        .filter(({ component }) => component === 'second')
        .map(({ values, anchors }) => [(values as N).n, anchors])
        .toSorted(),
    ).toEqual([
      [0, [0]],
      [1, [1]],
      [2, [2]],
    ]);
    expect(run.executed['first']!.reduce((a, b) => a + b)).toBe(3);
    expect(run.executed['second']).toEqual([3]);
  });

  it.each([
    ['tuple', 'first'],
    ['tuple', 'second'],
    ['ack', 'first'],
    ['ack', 'second'],
  ] as const)(
    'loses the nth %s of %s: its message times out and is replayed, and no other',
    async (drop, component) => {
      const run = await runTuples(passOn(), {
        spouts: { numbers: { messages: messages(5) } },
        faults: [{ drop, component, nth: 2 }],
        messageTimeout: millis(100),
      });
      expect(run.failed).toEqual([{ id: 1, reason: 'timeout' }]);
      expect(run.acked).toEqual([0, 2, 3, 4, 1]);
      expect(run.emitted.filter(({ component }) => component === 'numbers').map(({ anchors }) => anchors[0])).toEqual([
        0, 1, 2, 3, 4, 1,
      ]);
      expect(run.outputs['out']!.map((value) => (value as N).n)).toEqual(
        drop === 'tuple' ? [0, 2, 3, 4, 1] : [0, 1, 2, 3, 4, 1],
      );
    },
  );

  it('gives a message up after maxReplays', async () => {
    const failing = topology('failing', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      t.setBolt<N, N>('no', () => ({
        execute: (tuple, out) => (tuple.values.n === 1 ? out.fail(tuple, 'one: is bad') : out.ack(tuple)),
      })).shuffleGrouping(spout);
    });
    const failure = { id: 1, reason: 'failed', component: 'no', message: 'one: is bad' };
    const run = async (maxReplays?: number) =>
      runTuples(failing, {
        spouts: { numbers: { messages: messages(2), ...(maxReplays === undefined ? {} : { maxReplays }) } },
      });
    expect(await run()).toMatchObject({
      acked: [0],
      failed: [failure, failure, failure, failure],
      executed: { no: [5] },
    });
    expect(await run(0)).toMatchObject({ acked: [0], failed: [failure], executed: { no: [2] } });
  });

  it('until ends it in the middle, with what there is then', async () => {
    const forgetting = topology('forgetting', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      t.setBolt<N, N>('never', () => ({ execute: (tuple, out) => out.emit(tuple.values, tuple) }))
        .shuffleGrouping(spout)
        .to('out', none());
    });
    const spouts = { numbers: { messages: messages(1) } };
    // It times out between one and two seconds after it was emitted.
    expect(
      await runTuples(forgetting, { spouts, messageTimeout: seconds(1), until: { virtualMs: 999 } }),
    ).toMatchObject({ acked: [], failed: [], executed: { never: [1] }, outputs: { out: [{ n: 0 }] } });
    expect(
      await runTuples(forgetting, { spouts, messageTimeout: seconds(1), until: { virtualMs: 2_000 } }),
    ).toMatchObject({
      failed: [{ id: 0, reason: 'timeout' }],
      executed: { never: [2] },
      outputs: { out: [{ n: 0 }, { n: 0 }] },
    });
    expect((await runTuples(forgetting, { spouts, messageTimeout: minutes(1) })).failed).toHaveLength(4);
  });

  it('shares messages among the tasks of a spout', async () => {
    const job = topology('spouts', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }), { parallelism: 2 });
      t.setBolt('pass', passing).shuffleGrouping(spout).to('out', none());
    });
    const { emitted, acked } = await runTuples(job, { spouts: { numbers: { messages: messages(4) } } });
    expect(
      emitted.filter(({ component }) => component === 'numbers').map(({ task, anchors }) => [task, anchors[0]]),
    ).toEqual([
      [0, 0],
      [0, 2],
      [1, 1],
      [1, 3],
    ]);
    expect(acked.toSorted()).toEqual([0, 1, 2, 3]);
  });

  it('never has more than maxSpoutPending under way', async () => {
    let [held, highest] = [0, 0];
    const holding = topology('holding', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      t.setBolt<N, N>(
        'hold',
        () => {
          const tuples: Tuple<N>[] = [];
          return {
            execute: (tuple, out) => {
              if (tuple.sourceStream !== '__tick') {
                tuples.push(tuple);
                highest = Math.max(highest, ++held);
              } else {
                held -= tuples.length;
                for (const each of tuples.splice(0)) out.ack(each);
              }
            },
          };
        },
        { holdsTuples: true, tick: seconds(1) },
      ).shuffleGrouping(spout);
    });
    const { acked } = await runTuples(holding, { spouts: { numbers: { messages: messages(20) } }, maxSpoutPending: 3 });
    expect([acked.length, highest]).toEqual([20, 3]);
  });

  it('rejects names and numbers that cannot be, all at once', async () => {
    const run = runTuples(passOn(), {
      spouts: { nubmers: { messages: [], maxReplays: -1 } },
      faults: [{ drop: 'ack', component: 'first', nth: 0 }],
      maxSpoutPending: 0,
      messageTimeout: micros(0),
    });
    await expect(run).rejects.toMatchObject({
      problems: [
        { code: 'RG005', message: "there is no spout 'nubmers'", hint: "did you mean 'numbers'?" },
        { code: 'RG011', message: expect.stringMatching(/^nth is 0/) as unknown },
        { code: 'RG011', message: expect.stringMatching(/^maxReplays is -1/) as unknown },
        { code: 'RG011', message: expect.stringMatching(/^maxSpoutPending is 0/) as unknown },
        { code: 'RG010' },
      ],
    });
    const faults = [{ drop: 'tuple', component: 'frist', nth: 1 }] as const;
    await expect(runTuples(passOn(), { spouts: {}, faults })).rejects.toMatchObject({
      problems: [{ code: 'RG005', hint: "did you mean 'first'?" }],
    });
  });

  it('rejects a fault that is none, and a message id that is there twice', async () => {
    const run = runTuples(passOn(), {
      spouts: { numbers: { messages: [...messages(2), ...messages(1)] } },
      faults: [{ drop: 'tupel' as 'tuple', component: 'first', nth: 1 }],
    });
    await expect(run).rejects.toMatchObject({
      problems: [
        { code: 'RG004', message: "drop is 'tupel'; it must be tuple or ack", hint: "did you mean 'tuple'?" },
        {
          code: 'RG014',
          message: expect.stringMatching(/^spout 'numbers' has the message id 0 more than once/) as unknown,
        },
      ],
    });
  });

  it('says that an operator without edges is chained', async () => {
    const chained = topology('chained', (t) => {
      t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }))
        .map(({ n }) => [n, 1] as const)
        .runningReduce({ uid: 'total', reduce: (a, b) => a + b })
        .to('out', memorySink());
    });
    const faults = [{ drop: 'tuple', component: 'total', nth: 1 }] as const;
    const spouts = { numbers: { messages: messages(1), maxReplays: 0 } };
    await expect(runTuples(chained, { spouts, faults })).rejects.toMatchObject({
      problems: [
        {
          code: 'RG005',
          message: expect.stringMatching(/^component 'total' is chained/) as unknown,
          hint: 'use parallelism: 2, which gives it edges',
        },
      ],
    });
    expect(
      (await runTuples(chained, { spouts, faults, parallelism: 2, until: { virtualMs: 1 } })).outputs['out'],
    ).toEqual([]);
  });

  it('rejects a job that never comes to rest', async () => {
    const endless = topology('endless', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({
        nextTuple: (out) => out.emit({ n: 1 }, 1),
        fail: () => undefined,
      }));
      t.setBolt('pass', passing).shuffleGrouping(spout).to('out', none());
    });
    const run = await startVirtual(endless, () => ({ mode: 'record' }), { eventsMax: 1_000 });
    await expect(run.end()).rejects.toMatchObject({
      code: 'RG061',
      message: expect.stringMatching(/has not come to rest after 1000 events/) as unknown,
    });
  });
});
