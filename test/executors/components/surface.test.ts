/** What collectors can do beside emitting and acking: unanchored and direct emits, those of windows, and resets of timeouts. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { runTuples, type TupleRun, type TupleRunOptions } from '../../../src/testing/index.js';
import { type TopologyBuilder, topology } from '../../../src/topology/builder.js';
import type { Component } from '../../../src/topology/component-streams.js';
import { type Bolt, isTick, type OutputCollector, type Tuple } from '../../../src/topology/components.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { placing } from '../placing-bolt.js';

interface N {
  readonly n: number;
}

const messages = (count: number) => Array.from({ length: count }, (_, id) => ({ id, values: { n: id } }));

function run(
  build: (t: TopologyBuilder, numbers: Component<N>) => void,
  options: Omit<TupleRunOptions, 'spouts'>,
  count = 3,
): Promise<TupleRun> {
  const job = topology('surface', { batchInterval: millis(10), attemptsMax: 1 }, (t) =>
    build(
      t,
      t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' })),
    ),
  );
  return runTuples(job, { ...options, spouts: { numbers: { messages: messages(count) } } });
}

/** Says of each of its tuples which messages it came of. */
const telling = (told: [n: number, ids: readonly unknown[]][]) => (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    told.push([tuple.values.n, out.messageIds(tuple).map(({ id }) => id)]);
    out.ack(tuple);
  },
});

describe.each(['micro-batch', 'record'] as const)('%s', (mode) => {
  it.each<[string, 'grouped' | 'direct', (tuple: Tuple<N>, out: OutputCollector<N, { side: N }>) => void, boolean]>([
    ['emitUnanchoredTo', 'grouped', ({ values }, out) => out.emitUnanchoredTo('side', values), false],
    ['emitTo without anchors', 'grouped', ({ values }, out) => out.emitTo('side', values, []), false],
    ['emitTo', 'grouped', (tuple, out) => out.emitTo('side', tuple.values, tuple), true],
    ['emitDirect without anchors', 'direct', ({ values }, out) => out.emitDirect(0, 'side', values, []), false],
    ['emitDirect', 'direct', (tuple, out) => out.emitDirect(0, 'side', tuple.values, tuple), true],
  ])('%s: what came of which message', async (_name, kind, emit, isAnchored) => {
    const told: [number, readonly unknown[]][] = [];
    const { acked, failed, emitted } = await run(
      (t, numbers) => {
        const execute = (tuple: Tuple<N>, out: OutputCollector<N, { side: N }>): void => {
          emit(tuple, out);
          out.ack(tuple);
        };
        const split = t
          .setBolt<N, N, { side: N }>('split', () => ({ execute }), { streams: { side: kind } })
          .shuffleGrouping(numbers);
        const reader = t.setBolt<N, N>('reader', telling(told));
        if (kind === 'direct') reader.directGrouping(split.stream('side'));
        else reader.shuffleGrouping(split.stream('side'));
      },
      { mode },
    );
    expect(told).toEqual([0, 1, 2].map((n) => [n, isAnchored ? [n] : []]));
    const side = emitted.filter(({ stream }) => stream === 'side').map(({ anchors }) => anchors);
    expect(side).toEqual([0, 1, 2].map((n) => (isAnchored ? [n] : [])));
    expect([acked, failed]).toEqual([[0, 1, 2], []]);
  });

  it('a windowed bolt emits on its further streams, anchored to its window or to those that it names', async () => {
    const told: [number, readonly unknown[]][] = [];
    const { outputs, executed, acked, failed } = await run(
      (t, numbers) => {
        const windows = t
          .setWindowedBolt<N, N, { sums: N; routed: N }>(
            'windows',
            () => ({
              execute: ({ events }, out) => {
                const sum = events.reduce((total, { values }) => total + values.n, 0);
                out.emitTo('sums', { n: sum });
                out.emitDirect(1, 'routed', { n: -sum }, events.slice(0, 1));
              },
            }),
            { count: 2, streams: { sums: 'grouped', routed: 'direct' } },
          )
          .shuffleGrouping(numbers);
        t.setBolt<N, N>('reader', telling(told)).shuffleGrouping(windows.stream('sums'));
        t.setBolt('placed', placing<N>, { parallelism: 2 })
          .directGrouping(windows.stream('routed'))
          .to('out', memory());
      },
      { mode },
      4,
    );
    expect(outputs['out']).toEqual([
      { n: -1, task: 1 },
      { n: -5, task: 1 },
    ]);
    expect(executed['placed']).toEqual([0, 2]);
    // As micro-batches tuples are answered when they are in the window's state.
    const ids =
      mode === 'record'
        ? [
            [0, 1],
            [2, 3],
          ]
        : [[], []];
    expect(told).toEqual([
      [1, ids[0]],
      [5, ids[1]],
    ]);
    expect([acked.toSorted(), failed]).toEqual([[0, 1, 2, 3], []]);
  });

  it('resetTimeout takes a tuple that was delivered, and nothing else', async () => {
    const reset = (what: (tuple: Tuple<N>) => Tuple) =>
      run(
        (t, numbers) => {
          const execute: Bolt<N, N>['execute'] = (tuple, out) => {
            out.resetTimeout(what(tuple));
            out.emit(tuple.values, tuple);
            out.ack(tuple);
          };
          const plain = t.setBolt<N, N>('plain', () => ({ execute })).shuffleGrouping(numbers);
          t.setBasicBolt<N, N>('basic', () => ({
            execute: (tuple, out) => {
              out.resetTimeout(tuple);
              out.emit(tuple.values);
            },
          }))
            .shuffleGrouping(plain)
            .to('out', memory());
        },
        { mode },
      );
    const { outputs, acked, failed } = await reset((tuple) => tuple);
    expect(outputs['out']).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect([acked, failed]).toEqual([[0, 1, 2], []]);
    await expect(reset((tuple) => ({ ...tuple }))).rejects.toMatchObject({ code: 'RG036', operator: 'plain' });
  });
});

describe('record at a time', () => {
  it('what came of no message may fail without failing any', async () => {
    const { acked, failed } = await run(
      (t, numbers) => {
        const split = t
          .setBolt<N, N, { side: N }>(
            'split',
            () => ({
              execute: (tuple, out) => {
                out.emitUnanchoredTo('side', tuple.values);
                out.ack(tuple);
              },
            }),
            { streams: { side: 'grouped' } },
          )
          .shuffleGrouping(numbers);
        const execute: Bolt<N, N>['execute'] = (tuple, out) => out.fail(tuple);
        t.setBolt<N, N>('failing', () => ({ execute })).shuffleGrouping(split.stream('side'));
      },
      { mode: 'record' },
    );
    expect([acked, failed]).toEqual([[0, 1, 2], []]);
  });

  it.each([
    [true, [0], 0],
    [false, [], 4],
  ] as const)(
    'a basic bolt that resets the timeout of what it passed on (%s) lets others take longer',
    async (resets, acked, failures) => {
      const ran = await run(
        (t, numbers) => {
          const passed: Tuple<N>[] = [];
          const basic = t
            .setBasicBolt<N, N>(
              'basic',
              () => ({
                execute: (tuple, out) => {
                  if (!isTick(tuple)) {
                    passed.push(tuple);
                    out.emit(tuple.values);
                  } else if (resets) for (const each of passed) out.resetTimeout(each);
                },
              }),
              { tick: millis(10) },
            )
            .shuffleGrouping(numbers);
          const holding = (): Bolt<N, N> => {
            const held: { tuple: Tuple<N>; ticks: number }[] = [];
            return {
              execute: (tuple, out) => {
                if (!isTick(tuple)) held.push({ tuple, ticks: 0 });
                // Ten times the timeout.
                else for (const each of held) if (++each.ticks === 100) out.ack(each.tuple);
              },
            };
          };
          t.setBolt<N, N>('hold', holding, { holdsTuples: true, tick: millis(10) }).shuffleGrouping(basic);
        },
        { mode: 'record', messageTimeout: millis(100) },
        1,
      );
      expect([ran.acked, ran.failed]).toEqual([acked, Array(failures).fill({ id: 0, reason: 'timeout' })]);
    },
  );
});
