/** Same plan, same input, same seed: the same event log, byte for byte. */
import { describe, expect, it } from 'vitest';
import { micros, millis, seconds } from '../../src/core/time.js';
import type { ChannelDecorator } from '../../src/executors/executor.js';
import { type RunOptions, run } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt } from '../../src/topology/components.js';
import type { Topology } from '../../src/topology/graph.js';
import { memory, none } from '../../src/topology/sink-specs.js';
import { generator } from '../../src/topology/source-specs.js';

const add = (a: number, b: number) => a + b;

/** Windows, running totals, timers and errors on random records of two sources at a rate. */
const streams = topology('streams', { batchInterval: millis(10), onError: 'dead-letter' }, (t) => {
  const dice = t.source(
    'dice',
    generator((_index, random) => random.below(6), { count: 300, partitions: 2 }),
  );
  const coins = t.source(
    'coins',
    generator((_index, random) => random.below(2), { count: 200 }),
  );
  const pairs = dice.union(coins).map((n) => {
    if (n === 5) throw new Error('unlucky');
    return [`k${n}`, n] as const;
  });
  pairs.runningReduce({ uid: 'running', reduce: add }).to('running', memory());
  pairs
    .reduceByKeyAndWindow({ window: millis(40), slide: millis(20), reduce: add, inverse: (a, b) => a - b })
    .to('windows', memory());
  pairs
    .process<number, number>({
      uid: 'timers',
      onRecord: (_n, context) => context.setTimer(context.timestamp + millis(15)),
      onTimer: (context) => context.emit(context.timestamp),
    })
    .to('timers', none());
});

/** A spout whose tuples are shuffled, some of which fail, and some are lost. */
const bolts = topology('bolts', { batchInterval: millis(10) }, (t) => {
  const spout = t.setSpout<{ n: number }>('spout', () => {
    const due = Array.from({ length: 100 }, (_, n) => n);
    return {
      nextTuple: (out) => {
        const n = due.shift();
        if (n === undefined) return 'done';
        out.emit({ n }, n);
        return undefined;
      },
      fail: (id) => void due.push(Number(id)),
    };
  });
  const half = (): Bolt<{ n: number }, { n: number }> => {
    let failures = 0;
    return {
      execute: (tuple, out) => {
        if (tuple.values.n % 10 === 0 && tuple.sourceTask % 2 === 0 && failures++ % 3 === 0)
          return out.fail(tuple, 'now and then');
        out.emit(tuple.values, tuple);
        out.ack(tuple);
      },
    };
  };
  const first = t.setBolt('first', half, { parallelism: 3 }).shuffleGrouping(spout);
  t.setBolt('second', half, { parallelism: 2, tick: millis(5) })
    .fieldsGrouping(first, 'n')
    .to('out', memory());
});

const losing = (seed: number): ChannelDecorator => {
  const random = createSimulatedWorld({ seed }).prng.fork('losses');
  return { acks: (_component, send) => send, tuples: () => () => random.below(20) !== 0 };
};

async function eventLog(job: Topology, options: Omit<RunOptions, 'world' | 'listener'>, seed: number): Promise<string> {
  const world = createSimulatedWorld({ seed });
  const lines: string[] = [];
  const listener: RunOptions['listener'] = (event) => lines.push(`${world.clock.now()} ${JSON.stringify(event)}`);
  const result = await world.complete(run(job, { ...options, world, listener }), 1_000_000);
  expect([result.outcome, result.error]).toEqual(['finished', undefined]);
  return lines.join('\n');
}

describe.each([1, 3])('with parallelism %i', (parallelism) => {
  it.each<[string, Topology, (seed: number) => Omit<RunOptions, 'world' | 'listener'>]>([
    ['streams in micro-batch', streams, () => ({ mode: 'micro-batch', parallelism, rate: 2_000 })],
    [
      'streams in micro-batch as fast as it goes',
      streams,
      () => ({ mode: 'micro-batch', parallelism, microBatch: { trigger: 'available', batchRecordsMax: 7 } }),
    ],
    ['streams in record', streams, () => ({ mode: 'record', parallelism, rate: 2_000 })],
    [
      'streams in record with lost tuples',
      streams,
      (seed) => ({
        mode: 'record',
        parallelism,
        rate: 2_000,
        channels: losing(seed),
        record: { messageTimeout: seconds(0.1) },
      }),
    ],
    [
      'bolts with lost tuples',
      bolts,
      (seed) => ({ mode: 'record', parallelism, channels: losing(seed), record: { messageTimeout: micros(100_000) } }),
    ],
  ])('%s: the same seed gives the same log, another seed another one', async (_name, job, options) => {
    const first = await eventLog(job, options(1), 1);
    expect(first.split('\n').length).toBeGreaterThan(200);
    expect(await eventLog(job, options(1), 1)).toBe(first);
    expect(await eventLog(job, options(2), 2)).not.toBe(first);
  });
});
