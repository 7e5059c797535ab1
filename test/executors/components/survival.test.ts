/** Spouts and bolts as micro-batches where the driver is gone at any moment, and the next one goes on from what survived. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/core/time.js';
import { topology } from '../../../src/topology/builder.js';
import { isTick, type MessageId, type Spout, type SpoutCollector } from '../../../src/topology/components.js';
import type { Topology } from '../../../src/topology/graph.js';
import { memory } from '../../../src/topology/sink-specs.js';
import type { KeyValueState, StatefulBolt } from '../../../src/topology/stateful-bolt.js';
import { aSource } from '../../compare/memory-ends.js';
import { FakeWorkers } from '../micro-batch/fake-workers.js';
import { type Crash, type Life, type LifeOptions, live } from '../micro-batch/incarnations.js';
import { live as liveAsRecords } from '../record/survival/lives.js';

interface Word {
  readonly word: string;
  readonly n: number;
}

const COUNT = 24;

/** Sums `n` by word, tells the sum of each tuple, and at each tick all that changed since the last. */
const summing = (): StatefulBolt<Word, string, number, Word, { changed: Word }> => {
  let sums: KeyValueState<string, number>;
  return {
    initState: (state) => {
      sums = state;
    },
    execute: (tuple, out) => {
      if (isTick(tuple)) {
        for (const [word, n] of [...sums.entries()].sort()) {
          if (!word.startsWith('changed ')) continue;
          sums.delete(word);
          out.emitTo('changed', { word: `${word} at ${tuple.timestamp}`, n }, []);
        }
        return;
      }
      const { word, n } = tuple.values;
      const sum = sums.get(word, 0) + n;
      sums.put(word, sum);
      sums.put(`changed ${word}`, sum);
      out.emit({ word, n: sum }, tuple);
      out.ack(tuple);
    },
  };
};

/** Stateful bolts before and behind a window, in two tasks each. */
const sums = (guarantee: 'exactly-once' | 'at-least-once'): Topology =>
  topology('sums', { batchInterval: millis(5), guarantee }, (t) => {
    const words = t.source('in', aSource<number>()).map((n) => ({ word: `w${n % 3}`, n }));
    const options = { parallelism: 2, tick: millis(2), streams: { changed: 'grouped' } } as const;
    const first = t
      .setStatefulBolt<Word, string, number, Word, { changed: Word }>('first', summing, options)
      .fieldsGrouping(words, 'word');
    first.to('sums', memory());
    first.stream('changed').to('changed', memory());
    const windows = first
      .map(({ word }) => [word, 1] as const)
      .reduceByKey({ uid: 'windows', reduce: (a, b) => a + b })
      .map(([word, n]) => ({ word, n }));
    const second = t
      .setStatefulBolt<Word, string, number, Word, { changed: Word }>('second', summing, options)
      .fieldsGrouping(windows, 'word');
    second.to('windowed', memory());
  });

const values = Array.from({ length: COUNT }, (_, n) => n);
const trace = {
  sources: [
    {
      name: 'in',
      partitions: [{ values, timestamps: Float64Array.from(values, (n) => n * 1_000 + 500), heartbeats: [] }],
    },
  ],
};

const lifeOf = (job: Topology, crashes: readonly Crash[], more: Partial<LifeOptions> = {}): Promise<Life> =>
  live({ topology: job, trace, crashes, parallelism: 2, snapshotEach: 2, ...more });

const seen = ({ sinks }: Life) =>
  Object.fromEntries(
    [...sinks].map(([name, { visible }]) => [name, visible.map((result) => JSON.stringify(result)).sort()]),
  );
const stateOf = ({ job }: Life) =>
  ['first', 'second'].map((uid) => [...(job.state(uid) as Iterable<[string, number]>)].map(String).sort());

describe('exactly-once', () => {
  it('a driver that dies after any event: the results and the state of an undisturbed job', async () => {
    const undisturbed = await lifeOf(sums('exactly-once'), []);
    expect(seen(undisturbed)['sums']).toHaveLength(COUNT);
    expect(seen(undisturbed)['changed']!.length).toBeGreaterThan(10);
    expect(seen(undisturbed)['windowed']!.length).toBeGreaterThan(10);
    let crashed = 0;
    for (let count = 1; count < 90; count += 2) {
      const disturbed = await lifeOf(sums('exactly-once'), [{ kind: 'events', count }]);
      crashed += disturbed.crashed;
      expect([disturbed.job.outcome, disturbed.job.error], `crash after ${count}`).toEqual(['finished', undefined]);
      expect(seen(disturbed), `crash after ${count}`).toEqual(seen(undisturbed));
      expect(stateOf(disturbed)).toEqual(stateOf(undisturbed));
    }
    expect(crashed).toBeGreaterThan(30);
  });

  it('workers that die, and the driver too: the same', async () => {
    const topology = sums('exactly-once');
    const undisturbed = await lifeOf(topology, []);
    let crashed = 0;
    let losses = 0;
    for (let count = 5; count < 300; count += 13) {
      const pools: FakeWorkers[] = [];
      const lost = [
        { worker: count % 2, after: count % 29 },
        { worker: 1 - (count % 2), after: count % 41 },
      ];
      const disturbed = await lifeOf(topology, count % 3 === 0 ? [] : [{ kind: 'events', count }], {
        services: (world, plan) => {
          pools.push(new FakeWorkers(world, plan, topology.functions, 2, lost, count % 2 === 0 ? 20 : 4_000));
          return { workers: pools.at(-1)! };
        },
      });
      crashed += disturbed.crashed;
      losses += pools.reduce((sum, pool) => sum + pool.losses, 0);
      expect([disturbed.job.outcome, disturbed.job.error], `${count}`).toEqual(['finished', undefined]);
      expect(seen(disturbed), `${count}`).toEqual(seen(undisturbed));
      expect(stateOf(disturbed), `${count}`).toEqual(stateOf(undisturbed));
    }
    expect(crashed).toBeGreaterThan(8);
    expect(losses).toBeGreaterThan(20);
  });
});

/** Sums `n` by word and tick, in a state, and tells each sum at its tick: whatever later tuples came before that. */
const bucketing = (): StatefulBolt<Word, string, number, Word> => {
  let buckets: KeyValueState<string, number>;
  return {
    initState: (state) => {
      buckets = state;
    },
    execute: (tuple, out) => {
      if (!isTick(tuple)) {
        const { word, n } = tuple.values;
        const bucket = `${(Math.floor(tuple.timestamp / 2_000) + 1) * 2_000} ${word}`;
        buckets.put(bucket, buckets.get(bucket, 0) + n);
        return out.ack(tuple);
      }
      for (const [bucket, n] of [...buckets.entries()]) {
        if (Number.parseInt(bucket, 10) > tuple.timestamp) continue;
        buckets.delete(bucket);
        out.emit({ word: `${bucket} at ${tuple.timestamp}`, n }, []);
      }
    },
  };
};

describe('exactly-once, record at a time', () => {
  it('a driver that dies after any step: every tick comes that came after the last checkpoint', async () => {
    const job = topology('buckets', { batchInterval: millis(5), guarantee: 'exactly-once' }, (t) => {
      const words = t.source('in', aSource<number>()).map((n) => ({ word: `w${n % 3}`, n }));
      t.setStatefulBolt<Word, string, number, Word>('buckets', bucketing, { parallelism: 2, tick: millis(2) })
        .fieldsGrouping(words, 'word')
        .to('out', memory());
    });
    const parts = { topology: job, trace, settings: {}, interval: 2_500 };
    const told = ({ sinks }: Awaited<ReturnType<typeof liveAsRecords>>): unknown[] =>
      sinks
        .get('out')!
        .results.map(({ value }) => JSON.stringify(value))
        .sort();
    const undisturbed = await liveAsRecords(parts);
    expect(told(undisturbed).length).toBeGreaterThan(20);
    for (let step = 1; step <= undisturbed.steps[0]!.length; step++) {
      const disturbed = await liveAsRecords({ ...parts, crashes: [step] });
      expect(disturbed.job.error).toBeUndefined();
      expect(told(disturbed), `crash after ${step}`).toEqual(told(undisturbed));
    }
  });
});

interface Numbered {
  readonly n: number;
}

/** What is outside of the job: it emits what nobody has acked, to each driver anew. */
class Outside {
  readonly heard: string[] = [];
  readonly acked = new Set<MessageId>();
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  spout(): Spout<Numbered> {
    const due = Array.from({ length: this.#count }, (_, n) => n).filter((n) => !this.acked.has(n));
    return {
      nextTuple: (out: SpoutCollector<Numbered>) => {
        const n = due.shift();
        if (n === undefined) return 'done';
        out.emit({ n }, n);
        return n % 3 === 2 ? 'idle' : undefined;
      },
      ack: (id) => {
        this.heard.push(`ack ${id}`);
        this.acked.add(id);
      },
      fail: (id) => void due.push(Number(id)),
    };
  }
}

const counting = (outside: Outside): Topology =>
  topology('counting', { batchInterval: millis(10) }, (t) => {
    const numbers = t.setSpout<Numbered>('numbers', () => outside.spout());
    t.setBolt<Numbered, Numbered>('pass', () => ({
      execute: (tuple, out) => {
        out.emit(tuple.values, tuple);
        out.ack(tuple);
      },
    }))
      .shuffleGrouping(numbers)
      .map(({ n }) => [n, 1] as const)
      .runningReduce({ uid: 'seen', reduce: (a, b) => a + b })
      .to('out', memory());
  });

describe('a spout', () => {
  it('hears ack when a checkpoint holds what became of a message, and not before', async () => {
    const outside = new Outside(5);
    const hear = (step: string) => void (step === 'snapshotSaved' && outside.heard.push('saved'));
    const { job } = await live({ topology: counting(outside), trace: { sources: [] }, crashes: [], hear });
    expect(job.outcome).toBe('finished');
    expect(outside.heard[0]).toBe('saved');
    expect(outside.acked.size).toBe(5);
  });

  it('that ends long before the last checkpoint hears its last acks all the same', async () => {
    const outside = new Outside(5);
    const { job } = await live({
      topology: counting(outside),
      trace: { sources: [] },
      crashes: [],
      snapshotEach: 1_000,
    });
    expect([job.outcome, outside.acked.size]).toEqual(['finished', 5]);
  });

  it('emits to the next driver what it heard no ack of: nothing is lost, whenever the driver dies', async () => {
    let crashed = 0;
    let twice = 0;
    for (let count = 1; count < 40; count++) {
      const outside = new Outside(7);
      const life = await live({
        topology: counting(outside),
        trace: { sources: [] },
        crashes: [
          { kind: 'events', count },
          { kind: 'events', count: 60 - count },
        ],
        snapshotEach: 2,
        options: { blockInterval: 3_000 },
      });
      crashed += life.crashed;
      expect([life.job.outcome, life.job.error], `crash after ${count}`).toEqual(['finished', undefined]);
      const state = [...(life.job.state('seen') as Iterable<[number, number]>)];
      expect(state.map(([n]) => n).sort(), `crash after ${count}`).toEqual([0, 1, 2, 3, 4, 5, 6]);
      twice += life.sinks.get('out')!.visible.length > 7 ? 1 : 0;
    }
    expect(crashed).toBeGreaterThan(20);
    expect(twice).toBeGreaterThan(0);
  });
});
