/** Stateful bolts: what they put into their state survives crashes, failures and lost workers, and counts once where that is asked for. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../../../src/core/time.js';
import { runTuples } from '../../../../src/testing/index.js';
import { topology } from '../../../../src/topology/builder.js';
import { memory as memorySink } from '../../../../src/topology/sink-specs.js';
import type { KeyValueState, StatefulBolt } from '../../../../src/topology/stateful-bolt.js';
import { aSource } from '../../../compare/memory-ends.js';
import { FakeWorkers } from './fake-workers.js';
import { type LivesParts, live } from './lives.js';

interface Word {
  readonly word: string;
  readonly n: number;
}
type Total = readonly [word: string, total: number];

/** Sums `n` by word; `bad` says for which it throws. */
const summing = (bad: (n: number) => boolean): StatefulBolt<Word, string, number, { total: Total }> => {
  let totals: KeyValueState<string, number>;
  return {
    initState: (state) => {
      totals = state;
    },
    execute: (tuple, out) => {
      const { word, n } = tuple.values;
      totals.put(word, totals.get(word, 0) + n);
      if (bad(n)) throw new Error('bad');
      out.emit({ total: [word, totals.get(word, 0)] }, tuple);
      out.ack(tuple);
    },
  };
};

const count = 24;
const partsOf = (
  guarantee: 'exactly-once' | 'at-least-once',
  bad: (n: number) => boolean = () => false,
  more: Partial<LivesParts> = {},
): LivesParts => {
  const values = Array.from({ length: count }, (_, n) => n);
  const sequence = { values, timestamps: Float64Array.from(values, (n) => n * 1_000), heartbeats: [] };
  return {
    topology: topology('sums', { batchInterval: millis(5), guarantee }, (t) => {
      const words = t.source('in', aSource<number>()).map((n) => ({ word: `w${n % 3}`, n }));
      t.setStatefulBolt<Word, string, number, { total: Total }>('sums', () => summing(bad), { parallelism: 2 })
        .fieldsGrouping(words, 'word')
        .to('out', memorySink<{ total: Total }>());
    }),
    trace: { sources: [{ name: 'in', partitions: [sequence] }] },
    settings: {},
    interval: 2_500,
    ...more,
  };
};
const EXPECTED = { w0: 84, w1: 92, w2: 100 };
const stateOf = ({ job }: Awaited<ReturnType<typeof live>>) =>
  Object.fromEntries(job.state('sums') as Iterable<[string, number]>);
const totalsOf = ({ sinks }: Awaited<ReturnType<typeof live>>) =>
  sinks
    .get('out')!
    .results.map(({ value }) => (value as { total: Total }).total)
    .toSorted(([, a], [, b]) => a - b);

describe('exactly-once', () => {
  it('a driver that dies after any step of any barrier: each record counts once, and each result is seen once', async () => {
    const undisturbed = await live(partsOf('exactly-once'));
    expect(stateOf(undisturbed)).toEqual(EXPECTED);
    expect(totalsOf(undisturbed)).toHaveLength(count);
    const steps = undisturbed.steps[0]!.length;
    expect(steps).toBeGreaterThan(10);
    for (let step = 1; step <= steps; step++) {
      const disturbed = await live(partsOf('exactly-once', undefined, { crashes: [step] }));
      expect([disturbed.job.outcome, disturbed.job.error], `crash after ${step}`).toEqual(['finished', undefined]);
      expect(stateOf(disturbed)).toEqual(EXPECTED);
      expect(totalsOf(disturbed)).toEqual(totalsOf(undisturbed));
    }
  });

  it('a function that throws behind its put: the job goes back, and the put is undone', async () => {
    let calls = 0;
    const lives = await live(partsOf('exactly-once', (n) => n === 12 && ++calls <= 2));
    expect([lives.job.outcome, lives.job.error]).toEqual(['finished', undefined]);
    expect(lives.events.filter(({ kind }) => kind === 'jobRestored').length).toBeGreaterThan(0);
    expect(stateOf(lives)).toEqual(EXPECTED);
    expect(totalsOf(lives)).toHaveLength(count);
  });

  it('on workers too: their state comes back with the checkpoint', async () => {
    const parts = partsOf('exactly-once', undefined, { crashes: [7] });
    const lives = await live({
      ...parts,
      workers: (world, plan) =>
        new FakeWorkers({ world, plan, functions: parts.topology.functions, count: 2, latency: 100, absence: 1 }),
    });
    expect([lives.job.outcome, lives.job.error]).toEqual(['finished', undefined]);
    expect(stateOf(lives)).toEqual(EXPECTED);
    expect(totalsOf(lives)).toHaveLength(count);
  });
});

describe('at-least-once', () => {
  it('a driver that dies loses nothing; a replay may count twice', async () => {
    for (const step of [1, 3, 5, 7]) {
      const lives = await live(partsOf('at-least-once', undefined, { crashes: [step] }));
      expect(lives.job.outcome).toBe('finished');
      for (const [word, total] of Object.entries(EXPECTED)) expect(stateOf(lives)[word]).toBeGreaterThanOrEqual(total);
    }
  });
});

it('acks at the end of windows are refused: the state is in none', async () => {
  const parts = partsOf('at-least-once', undefined, { isDurable: false, options: { ackOn: 'expiry' } });
  await expect(live(parts)).rejects.toMatchObject({
    code: 'RG019',
    message: "ackOn: 'expiry', but 'sums' keeps state that no window ends",
  });
});

describe('the state of a bolt', () => {
  const using = (use: (state: KeyValueState<string, number>) => unknown) => {
    const seen: unknown[] = [];
    const job = topology('state', { attemptsMax: 1 }, (t) => {
      const spout = t.setSpout<Word>('words', () => ({ nextTuple: () => 'done' }));
      t.setStatefulBolt<Word, string, number, Word>('bolt', () => {
        let state: KeyValueState<string, number>;
        const calls: string[] = [];
        return {
          prepare: () => void calls.push('prepare'),
          initState: (given) => {
            state = given;
            seen.push([...calls, given.size]);
          },
          execute: (tuple, out) => {
            seen.push(use(state));
            out.ack(tuple);
          },
        };
      }).shuffleGrouping(spout);
    });
    const messages = [1, 2].map((n) => ({ id: n, values: { word: 'a', n } }));
    return runTuples(job, { spouts: { words: { messages } } }).then(({ state }) => ({ seen, state }));
  };

  it('is given behind prepare, empty at first', async () => {
    expect((await using(() => 1)).seen[0]).toEqual(['prepare', 0]);
  });

  it('has what was put, until it is deleted, in the order of first puts', async () => {
    const { seen, state } = await using((all) => {
      if (all.size === 0) {
        all.put('a', 1);
        all.put('b', 2);
        all.put('a', 3);
        all.put('c', 4);
        return [all.get('a'), all.get('z'), all.get('z', 7)];
      }
      all.delete('c');
      return [...all.entries()];
    });
    expect(seen.slice(1)).toEqual([
      [3, undefined, 7],
      [
        ['a', 3],
        ['b', 2],
      ],
    ]);
    expect(state).toEqual({
      bolt: [
        ['a', 3],
        ['b', 2],
      ],
    });
  });

  it('takes no undefined, and no key that is none', async () => {
    await expect(using((state) => state.put('a', undefined as never))).rejects.toMatchObject({
      code: 'RG038',
      operator: 'bolt',
      hint: 'take the key out with state.delete(key)',
    });
    await expect(using((state) => state.put({} as never, 1))).rejects.toMatchObject({
      code: 'RG033',
      operator: 'bolt',
    });
  });
});

describe('windowed bolts', () => {
  const held = (crashes: readonly number[]): LivesParts => {
    const values = Array.from({ length: count }, (_, n) => n);
    // A barrier needs a moment at which no window holds anything: four records, then a pause.
    const timestamps = Float64Array.from(values, (n) => 10_000 * Math.floor(n / 4) + 1_000 * (n % 4));
    const heartbeats = Array.from({ length: count / 4 }, (_, k) => ({ at: 4 * k + 4, watermark: 10_000 * k + 5_000 }));
    const sequence = { values, timestamps, heartbeats };
    return {
      topology: topology('windows', { batchInterval: millis(5) }, (t) => {
        const numbers = t.source('in', aSource<number>()).map((n) => ({ n }));
        t.setWindowedBolt<{ n: number }, { all: number[] }>(
          'windows',
          () => ({ execute: ({ events }, out) => out.emit({ all: events.map(({ values: each }) => each.n) }) }),
          { window: millis(5) },
        )
          .shuffleGrouping(numbers)
          .to('out', memorySink<{ all: number[] }>());
      }),
      trace: { sources: [{ name: 'in', partitions: [sequence] }] },
      settings: {},
      interval: 2_500,
      crashes,
    };
  };

  it('a driver that dies while windows hold tuples: every record is in a window all the same', async () => {
    const steps = (await live(held([]))).steps[0]!.length;
    expect(steps).toBeGreaterThan(3);
    for (let step = 1; step <= steps; step++) {
      const { job, sinks } = await live(held([step]));
      expect([job.outcome, job.error], `crash after ${step}`).toEqual(['finished', undefined]);
      const seen = new Set(sinks.get('out')!.results.flatMap(({ value }) => (value as { all: number[] }).all));
      expect(
        [...seen].toSorted((a, b) => a - b),
        `crash after ${step}`,
      ).toEqual(Array.from({ length: count }, (_, n) => n));
    }
  });
});
