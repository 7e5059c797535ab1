/** User-written spouts where state must survive: they hear `ack` when a checkpoint has the message, and `fail` for what is lost. */
import { expect, it } from 'vitest';
import { millis } from '../../../../src/core/time.js';
import { topology } from '../../../../src/topology/builder.js';
import type { MessageId, Spout, SpoutCollector } from '../../../../src/topology/components.js';
import { memory } from '../../../../src/topology/sink-specs.js';
import { FakeWorkers } from './fake-workers.js';
import { type LivesParts, live } from './lives.js';

interface Numbered {
  readonly n: number;
}

/** Emits each number once, and again when it fails. */
class Numbers implements Spout<Numbered> {
  readonly log: string[] = [];
  readonly acked = new Set<MessageId>();
  readonly #count: number;
  readonly #due: number[];

  constructor(count: number) {
    this.#count = count;
    this.#due = Array.from({ length: count }, (_, n) => n);
  }

  nextTuple(out: SpoutCollector<Numbered>): 'done' | 'idle' | undefined {
    const n = this.#due.shift();
    if (n === undefined) return this.acked.size === this.#count ? 'done' : 'idle';
    out.emit({ n }, n);
    return undefined;
  }

  ack(id: MessageId): void {
    this.log.push(`ack ${id}`);
    this.acked.add(id);
  }

  fail(id: MessageId): void {
    this.log.push(`fail ${id}`);
    this.#due.push(Number(id));
  }
}

const counting = (spout: Spout<Numbered>, more: Partial<LivesParts> = {}): LivesParts => ({
  topology: topology('counting', { batchInterval: millis(10), guarantee: 'at-least-once' }, (t) => {
    const numbers = t.setSpout<Numbered>('numbers', () => spout);
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
  }),
  trace: { sources: [] },
  settings: {},
  parallelism: 2,
  interval: 5_000,
  ...more,
});

it('a message is acked when a checkpoint holds what became of it, and not when it is processed', async () => {
  const spout = new Numbers(5);
  const { job } = await live(
    counting(spout, { listener: ({ kind }) => void (kind === 'snapshotSaved' && spout.log.push('saved')) }),
  );
  expect(job.outcome).toBe('finished');
  expect(spout.log[0]).toBe('saved');
  expect(spout.log.slice(1, 6).toSorted()).toEqual(['ack 0', 'ack 1', 'ack 2', 'ack 3', 'ack 4']);
});

it('ackOn update: a message is acked when it is processed', async () => {
  const spout = new Numbers(5);
  await live(
    counting(spout, {
      options: { ackOn: 'update' },
      listener: ({ kind }) => void (kind === 'snapshotSaved' && spout.log.push('saved')),
    }),
  );
  expect(spout.log.slice(0, 5).every((entry) => entry.startsWith('ack'))).toBe(true);
});

it('a spout that ends before the last checkpoint hears its last acks all the same', async () => {
  const heard: MessageId[] = [];
  let next = 0;
  const spout: Spout<Numbered> = {
    nextTuple: (out) => {
      if (next === 3) return 'done';
      out.emit({ n: next }, next++);
      return undefined;
    },
    ack: (id) => void heard.push(id),
  };
  const { job } = await live(counting(spout, { interval: 1_000_000 }));
  expect(job.outcome).toBe('finished');
  expect(heard.toSorted()).toEqual([0, 1, 2]);
});

it('more than maxUncommitted messages wait for a checkpoint, which comes before it is due', async () => {
  const spout = new Numbers(20);
  const { job, snapshots } = await live(counting(spout, { interval: 1_000_000_000, options: { maxUncommitted: 4 } }));
  expect(job.outcome).toBe('finished');
  expect(snapshots.saved.length).toBeGreaterThanOrEqual(5);
});

it('a lost worker: the spout stays, hears fail for what no checkpoint has, and each message counts in the end', async () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const spout = new Numbers(30);
    const parts = counting(spout, { seed, interval: 2_000, options: { turnRecordsMax: 1 } });
    const { job, events } = await live({
      ...parts,
      workers: (world, plan) => {
        const { functions } = parts.topology;
        const workers = new FakeWorkers({ world, plan, functions, count: 2, latency: 300, absence: 500 });
        for (const time of [1_000, 4_500, 9_000]) world.scheduler.at(time + 137 * seed, () => workers.kill(seed % 2));
        return workers;
      },
    });
    expect([job.outcome, job.error]).toEqual(['finished', undefined]);
    expect(events.filter(({ kind }) => kind === 'jobRestored').length).toBeGreaterThan(0);
    expect(spout.log.some((entry) => entry.startsWith('fail'))).toBe(true);
    const seen = new Map(job.state('seen') as Iterable<[number, number]>);
    expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect([...seen.values()].every((count) => count >= 1)).toBe(true);
  }
});

it('trees that were on a lost worker fail with that reason, where they are replayed', async () => {
  const spout = new Numbers(30);
  const parts = counting(spout, { isDurable: false });
  const { job, events } = await live({
    ...parts,
    workers: (world, plan) => {
      const { functions } = parts.topology;
      const workers = new FakeWorkers({ world, plan, functions, count: 2, latency: 300, absence: 500 });
      world.scheduler.at(450, () => workers.kill(0));
      return workers;
    },
  });
  expect(job.outcome).toBe('finished');
  const reasons = events.flatMap((event) => (event.kind === 'tupleFailed' ? [event.reason] : []));
  expect(new Set(reasons)).toEqual(new Set(['worker lost']));
  expect(events).toContainEqual({ kind: 'workerLost', worker: 0, reason: 'killed' });
});
