/** `mapAsync` in jobs with spouts and bolts: ticks keep their places around calls, and messages know what came of them. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../src/core/time.js';
import { captureSinks } from '../../../src/testing/captured-sinks.js';
import { runIntervals } from '../../../src/testing/index.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { CallOptions } from '../../../src/topology/calls.js';
import { type Bolt, isTick, type MessageId, type Spout } from '../../../src/topology/components.js';
import type { JobSettings, Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import { memory as memorySource } from '../../../src/topology/source-specs.js';
import type { Stream } from '../../../src/topology/streams.js';
import { callsTakeTimeOf, later } from '../random/call-time.js';

interface N {
  readonly n: number;
}

/** Tells what it sees, in order: numbers, and the times of ticks in ms. */
const witness = (bad?: number) => (): Bolt<N, { saw: string }> => ({
  execute: (tuple, out) => {
    if (isTick(tuple)) return out.emitUnanchored({ saw: `tick ${tuple.timestamp / 1_000}` });
    if (tuple.values.n === bad) return out.fail(tuple);
    out.emit({ saw: `${tuple.values.n}` }, tuple);
    out.ack(tuple);
  },
});

/** Numbers, each with a call that lets others have so many turns, in front of a bolt with ticks. */
function ticked(options: CallOptions): Topology {
  return topology('ticked', { batchInterval: seconds(1) }, (t) => {
    const numbers = t.source('in', memorySource<N & { readonly takes: number }>([])) as Stream<
      N & { readonly takes: number }
    >;
    const called = numbers.mapAsync(async ({ n, takes }) => {
      for (let turn = 0; turn < takes; turn++) await undefined;
      return { n };
    }, options);
    t.setBolt('witness', witness(), { tick: millis(500) })
      .shuffleGrouping(called)
      .to('out', memory());
  });
}

/** Emits its messages at once, and hears what became of them. */
class Messages implements Spout<N> {
  readonly heard: string[] = [];
  #due: readonly number[];

  constructor(...numbers: readonly number[]) {
    this.#due = numbers;
  }

  nextTuple(out: { emit(values: N, id: MessageId): void }): 'done' | undefined {
    for (const n of this.#due) out.emit({ n }, n);
    this.#due = [];
    return 'done';
  }

  ack(id: MessageId): void {
    this.heard.push(`ack ${id}`);
  }

  fail(id: MessageId): void {
    this.heard.push(`fail ${id}`);
  }
}

async function runSpout(
  spout: Messages,
  call: (values: N) => Promise<N>,
  { bad, ...settings }: Partial<JobSettings> & { readonly bad?: number } = {},
) {
  const mode = 'micro-batch';
  const job = topology('messages', { batchInterval: seconds(1), ...settings }, (t) => {
    const called = t.setSpout<N>('messages', () => spout).mapAsync(call);
    t.setBolt('witness', witness(bad)).shuffleGrouping(called).to('out', memory());
  });
  const writers = captureSinks(job, { mode, parallelism: 1 });
  const virtual = await startVirtual(job, (world) => {
    callsTakeTimeOf(world);
    return { mode, writers };
  });
  const heardBy = async (time: number): Promise<readonly string[]> => {
    await virtual.until(time);
    return [...spout.heard];
  };
  const saw = (): unknown[] => writers.get('out')!.results.map(({ value }) => value);
  return { heardBy, saw, end: () => virtual.end() };
}

describe.each([
  { mode: 'micro-batch', asTheyEnd: ['1', '0', 'tick 500', '3', '2', 'tick 1000', 'tick 1500'] },
  // Record at a time a call has ended before the next record is there.
  { mode: 'record', asTheyEnd: ['0', '1', 'tick 500', '2', '3', 'tick 1000', 'tick 1500'] },
] as const)('calls in front of a bolt with ticks ($mode)', ({ mode, asTheyEnd }) => {
  /** A quarter of a second after one another. */
  const input = [[40, 0, 40, 0].map((takes, n) => ({ n, takes }))];
  const seen = async (options: CallOptions): Promise<unknown> => {
    const { outputs } = await runIntervals(ticked(options), { mode, inputs: { in: input }, intervals: 2 });
    return outputs['out']!.flat().map((value) => (value as { saw: string }).saw);
  };

  it('leave every tick between the tuples before it and those after', async () => {
    expect(await seen({})).toEqual(['0', '1', 'tick 500', '2', '3', 'tick 1000', 'tick 1500']);
  });

  it('whose results come as they end pass no tick either', async () => {
    expect(await seen({ ordered: false })).toEqual(asTheyEnd);
  });
});

describe('a message of a spout whose tuples are called for (micro-batch)', () => {
  it('is acked when the batch is done, and that waits for its calls', async () => {
    const { heardBy, saw, end } = await runSpout(new Messages(0, 1), async (values) => {
      await later(values.n * 2_500_000);
      return values;
    });
    expect(await heardBy(3_000_000)).toEqual([]);
    expect(await heardBy(4_000_000)).toEqual(['ack 0', 'ack 1']);
    expect((await end()).error).toBeUndefined();
    expect(saw()).toEqual([{ saw: '0' }, { saw: '1' }]);
  });

  it('fails alone when a bolt behind the calls gives its tuple up', async () => {
    const { heardBy, saw, end } = await runSpout(new Messages(0, 1, 2), async (values) => values, { bad: 1 });
    expect((await heardBy(5_000_000)).toSorted()).toEqual(['ack 0', 'ack 2', 'fail 1']);
    expect((await end()).error).toBeUndefined();
    expect(saw()).toEqual([{ saw: '0' }, { saw: '2' }]);
  });

  it('is what a dead letter tells of a call that failed', async () => {
    const call = async (values: N): Promise<N> => {
      if (values.n === 1) throw new Error('nobody answers');
      return values;
    };
    const { saw, end } = await runSpout(new Messages(0, 1, 2), call, { onError: 'dead-letter' });
    const { error, deadLetters } = await end();
    expect(error).toBeUndefined();
    expect(deadLetters).toMatchObject([{ source: 'messages', partition: 0, offset: 1, value: { n: 1 } }]);
    expect(saw()).toEqual([{ saw: '0' }, { saw: '2' }]);
  });
});
