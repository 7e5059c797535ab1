/** Which messages a tuple came of, as a bolt asks for them: the same in both modes. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../src/core/time.js';
import { runIntervals, runTuples } from '../../../src/testing/index.js';
import { topology } from '../../../src/topology/builder.js';
import type { Bolt, SpoutMessageId, Tuple } from '../../../src/topology/components.js';
import type { JobSettings } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/source-specs.js';
import { aSource } from '../../compare/memory-ends.js';
import { FakeWorkers } from '../record/survival/fake-workers.js';
import { live } from '../record/survival/lives.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;
const messages = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `m${n}`, values: { n } }));

/** Emits two tuples as one, anchored to both. */
const pairing = (): Bolt<N, N> => {
  let first: Tuple<N> | undefined;
  return {
    execute: (tuple, out) => {
      if (first === undefined) {
        first = tuple;
        return;
      }
      out.emit(tuple.values, [first, tuple]);
      out.ack(first);
      out.ack(tuple);
      first = undefined;
    },
  };
};

/** Two spouts, pairs of their tuples, and what the bolt behind is told of each. */
function told(heard: (ids: readonly SpoutMessageId[], n: number) => void, settings: Partial<JobSettings> = {}) {
  return topology('told', { batchInterval: seconds(1), ...settings }, (t) => {
    const some = t.setSpout<N>('some', () => ({ nextTuple: () => 'done' }), { parallelism: 2 });
    const pairs = t.setBolt('pairs', pairing).globalGrouping(some);
    t.setBasicBolt<N, N>('last', () => ({
      execute: (tuple, out) => heard(out.messageIds(tuple), tuple.values.n),
    })).shuffleGrouping(pairs.map(({ n }) => ({ n })));
  });
}

describe.each(MODES)('%s', (mode) => {
  it('a tuple with two anchors came of both messages, through bolts and operators', async () => {
    const heard: (readonly SpoutMessageId[])[] = [];
    const job = told((ids) => heard.push(ids));
    const run = await runTuples(job, { mode, spouts: { some: { messages: messages(4) } } });
    expect(run.acked.toSorted()).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(heard).toHaveLength(2);
    const all = heard.flat();
    expect(all.every(({ spout }) => spout === 'some')).toBe(true);
    expect(all.map(({ task, id }) => `${task} ${id}`).toSorted()).toEqual(['0 m0', '0 m2', '1 m1', '1 m3']);
  });

  it('a message that comes again has the id that it had', async () => {
    const heard: string[] = [];
    let isFirst = true;
    const job = topology('again', { batchInterval: seconds(1), attemptsMax: 1 }, (t) => {
      const some = t.setSpout<N>('some', () => ({ nextTuple: () => 'done' }));
      t.setBolt<N, N>('bolt', () => ({
        execute: (tuple, out) => {
          heard.push(
            out
              .messageIds(tuple)
              .map(({ id }) => String(id))
              .join(),
          );
          if (isFirst) out.fail(tuple);
          else out.ack(tuple);
          isFirst = false;
        },
      })).shuffleGrouping(some);
    });
    await runTuples(job, { mode, spouts: { some: { messages: messages(1) } } });
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect(new Set(heard)).toEqual(new Set(['m0']));
  });

  it('there are none at most once', async () => {
    const heard: number[] = [];
    const job = told((ids) => heard.push(ids.length), { guarantee: 'at-most-once' });
    await runTuples(job, { mode, spouts: { some: { messages: messages(4) } } });
    expect(heard).toEqual([0, 0]);
  });

  it('there are none of what came of a source, and none of a tick', async () => {
    const heard: number[] = [];
    const job = topology('source', { batchInterval: seconds(1) }, (t) => {
      t.setBasicBolt<N, N>('bolt', () => ({ execute: (tuple, out) => heard.push(out.messageIds(tuple).length) }), {
        tick: millis(500),
      }).shuffleGrouping(t.source('in', memory<N>([])));
    });
    await runIntervals(job, { mode, inputs: { in: [[{ n: 1 }], []] } });
    expect(heard.length).toBeGreaterThanOrEqual(3);
    expect(new Set(heard)).toEqual(new Set([0]));
  });

  it('of a tuple in a window it tells those that are open', async () => {
    const heard: number[] = [];
    const job = topology('windows', { batchInterval: seconds(1) }, (t) => {
      const some = t.setSpout<N>('some', () => ({ nextTuple: () => 'done' }));
      t.setWindowedBolt<N, N>(
        'windows',
        () => ({ execute: ({ events }, out) => heard.push(...events.map((event) => out.messageIds(event).length)) }),
        { count: 2 },
      ).shuffleGrouping(some);
    });
    const until = { virtualMs: 1_500 };
    await runTuples(job, { mode, spouts: { some: { messages: messages(2) } }, until });
    // As micro-batches they are in the bolt's state, and answered.
    expect(heard).toEqual(mode === 'record' ? [1, 1] : [0, 0]);
  });

  it('of what was not delivered it says so', async () => {
    const job = topology('foreign', (t) => {
      const some = t.setSpout<N>('some', () => ({ nextTuple: () => 'done' }));
      t.setBasicBolt<N, N>('bolt', () => ({
        execute: (tuple, out) => void out.messageIds({ ...tuple }),
      })).shuffleGrouping(some);
    });
    const run = runTuples(job, { mode, spouts: { some: { messages: messages(1) } } });
    await expect(run).rejects.toMatchObject({ code: 'RG036', operator: 'bolt' });
  });
});

it('on workers there are none: ids stay with their spout', async () => {
  const heard: number[] = [];
  const job = topology('workers', { batchInterval: millis(5) }, (t) => {
    let left = 8;
    const some = t.setSpout<N>('some', () => ({
      nextTuple: (out) => {
        if (left-- <= 0) return 'done';
        out.emit({ n: left }, left);
        return undefined;
      },
    }));
    t.setBasicBolt<N, N>('bolt', () => ({ execute: (tuple, out) => heard.push(out.messageIds(tuple).length) }), {
      parallelism: 2,
    }).fieldsGrouping(some, 'n');
    t.setBasicBolt<N, N>('other', () => ({ execute: () => {} })).shuffleGrouping(
      t.source('in', aSource<number>()).map((n) => ({ n })),
    );
  });
  const { job: result } = await live({
    topology: job,
    trace: {
      sources: [{ name: 'in', partitions: [{ values: [1], timestamps: Float64Array.of(1_000), heartbeats: [] }] }],
    },
    settings: {},
    interval: 2_500,
    isDurable: false,
    workers: (world, plan) =>
      new FakeWorkers({ world, plan, functions: job.functions, count: 2, latency: 100, absence: 500 }),
  });
  expect([result.outcome, result.error]).toEqual(['finished', undefined]);
  expect(heard).toEqual(Array(8).fill(0));
});
