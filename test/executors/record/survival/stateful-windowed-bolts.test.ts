/** Stateful windowed bolts: windows and state survive crashes together, tuples are acked at once, and a message is in a window once. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../../src/core/time.js';
import { runTuples } from '../../../../src/testing/index.js';
import { topology } from '../../../../src/topology/builder.js';
import { memory as memorySink } from '../../../../src/topology/sink-specs.js';
import type { KeyValueState } from '../../../../src/topology/stateful-bolt.js';
import type { StatefulWindowedBolt, StatefulWindowOptions } from '../../../../src/topology/stateful-windowed-bolt.js';
import { aSource } from '../../../compare/memory-ends.js';
import { FakeWorkers } from './fake-workers.js';
import { type LivesParts, live } from './lives.js';

interface N {
  readonly n: number;
  /** Event time (ms). */
  readonly at: number;
}
type Seen = { readonly seen: string };
type Options = StatefulWindowOptions<N, Record<never, never>>;

/** Tells each window as `number of the window: events/new/expired`; counts windows in its state. */
const telling = (): StatefulWindowedBolt<N, string, number, Seen> => {
  let state: KeyValueState<string, number>;
  return {
    initState: (given) => {
      state = given;
    },
    execute: ({ events, newEvents, expiredEvents }, out) => {
      const number = state.get('windows', 0) + 1;
      state.put('windows', number);
      const [all, fresh, old] = [events, newEvents, expiredEvents].map((each) =>
        each.map(({ values }) => values.n).join(' '),
      );
      out.emit({ seen: `${number}: ${all}/${fresh}/${old}` });
    },
  };
};

const count = 24;
const partsOf = (options: Options, more: Partial<LivesParts> = {}): LivesParts => {
  const values = Array.from({ length: count }, (_, n) => n);
  const sequence = { values, timestamps: Float64Array.from(values, (n) => n * 1_000), heartbeats: [] };
  return {
    topology: topology('windows', { batchInterval: millis(5), guarantee: 'exactly-once' }, (t) => {
      const numbers = t.source('in', aSource<number>()).map((n) => ({ n, at: n ^ 1 }));
      t.setStatefulWindowedBolt<N, string, number, Seen>('windows', telling, options)
        .shuffleGrouping(numbers)
        .to('out', memorySink<Seen>());
    }),
    trace: { sources: [{ name: 'in', partitions: [sequence] }] },
    settings: {},
    interval: 2_500,
    ...more,
  };
};
const seenBy = ({ sinks }: Awaited<ReturnType<typeof live>>) =>
  sinks.get('out')!.results.map(({ value }) => (value as Seen).seen);

describe.each<[string, Options]>([
  ['in time', { window: millis(6), slide: millis(3) }],
  [
    'by a timestamp',
    {
      window: millis(6),
      slide: millis(3),
      timestamp: ({ at }) => at * 1_000,
      lag: millis(2),
      watermarkInterval: millis(2),
    },
  ],
  ['of tuples', { count: 4, slideCount: 3 }],
  ['of tuples, with gaps', { count: 2, slideCount: 3 }],
  ['of the last tuples', { count: 4, slide: millis(3) }],
  ['of the last while', { window: millis(6), slideCount: 3 }],
])('windows %s', (name, options) => {
  const seed = name.length;

  it('are the same whenever the driver dies, each of them once', async () => {
    const undisturbed = await live(partsOf(options));
    const expected = seenBy(undisturbed);
    expect(expected.length).toBeGreaterThan(4);
    const steps = undisturbed.steps[0]!.length;
    expect(steps).toBeGreaterThan(10);
    for (let step = 1 + (seed % 3); step <= steps; step += 3) {
      const disturbed = await live(partsOf(options, { crashes: [step] }));
      expect([disturbed.job.outcome, disturbed.job.error], `crash after ${step}`).toEqual(['finished', undefined]);
      expect(seenBy(disturbed), `crash after ${step}`).toEqual(expected);
      expect([...disturbed.job.state('windows')]).toEqual([['windows', expected.length]]);
    }
  });
});

it('on workers too: their windows come back with the checkpoint', async () => {
  const options = { window: millis(6), slide: millis(3) };
  const expected = seenBy(await live(partsOf(options)));
  const parts = partsOf(options, { crashes: [7] });
  const lives = await live({
    ...parts,
    workers: (world, plan) =>
      new FakeWorkers({ world, plan, functions: parts.topology.functions, count: 2, latency: 100, absence: 1 }),
  });
  expect([lives.job.outcome, lives.job.error]).toEqual(['finished', undefined]);
  expect(seenBy(lives)).toEqual(expected);
});

describe('tuples of a stateful windowed bolt', () => {
  const run = (options: Options, messages: readonly { readonly id: number; readonly values: N }[], faults = {}) => {
    const job = topology('kit', (t) => {
      const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }));
      const bolt = t
        .setStatefulWindowedBolt<N, string, number, Seen>('windows', telling, options)
        .shuffleGrouping(spout);
      bolt.to('out', memorySink<Seen>());
    });
    return runTuples(job, { spouts: { numbers: { messages, maxReplays: 1 } }, ...faults });
  };
  const messages = [1, 2, 3].map((n) => ({ id: n, values: { n, at: n } }));

  it('are acked when they are in a window, and not when it closes', async () => {
    const { acked, outputs, emitted } = await run({ count: 10 }, messages);
    expect(acked).toEqual([1, 2, 3]);
    expect(outputs['out']).toEqual([]);
    expect(emitted.filter(({ component }) => component === 'windows')).toEqual([]);
  });

  it('that come again are counted again, unless their message is told by messageId', async () => {
    const ackLost = { faults: [{ drop: 'ack', component: 'windows', nth: 1 }] };
    const twice = await run({ count: 4 }, messages, ackLost);
    expect(twice.outputs['out']).toEqual([{ seen: '1: 1 2 3 1/1 2 3 1/' }]);
    const once = await run({ count: 4, messageId: ({ n }) => n }, messages, ackLost);
    expect([once.acked.toSorted(), once.outputs['out']]).toEqual([[1, 2, 3], []]);
  });

  it('messageId must be a function', () => {
    expect(() => run({ count: 4, messageId: 'n' as never }, messages)).toThrow(
      expect.objectContaining({ code: 'RG004' }),
    );
  });
});

it('windows of other lengths do not fit a checkpoint', async () => {
  const { statefulOperators } = await import('../../../../src/executors/stores.js');
  const { compile } = await import('../../../../src/plan/compile.js');
  const kinds = [{ count: 4 }, { count: 4, slideCount: 2 }, { window: millis(4) }].map((options) =>
    statefulOperators(compile(partsOf(options).topology, { mode: 'record', parallelism: 1 }))
      .map(({ kind }) => kind)
      .join(),
  );
  expect(new Set(kinds).size).toBe(3);
});
