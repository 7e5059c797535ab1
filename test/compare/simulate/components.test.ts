/** The simulation of jobs with spouts and bolts: judged by the ledger of messages, and by what runs without a fault give. */
import {
  type Bolt,
  type KeyValueState,
  type MessageId,
  type SpoutCollector,
  type Streams,
  seconds,
  topology,
  type Values,
} from 'raingauge';
import { none } from 'raingauge/sinks';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../src/compare/simulate/simulate.js';
import { SpoutLedger } from '../../../src/compare/spouts/spout-ledger.js';
import { parseFault } from '../../../src/runtime/faults/fault-plan.js';
import sentences, { sentencesJob } from './sentences.js';

const isLong = process.env['RAINGAUGE_LONG'] === '1';
const SEEDS = isLong ? 1_000 : 20;

describe('simulate a job of spouts and bolts', () => {
  it(`keeps every promise in ${SEEDS} seeds`, { timeout: isLong ? 3_600_000 : 300_000 }, async () => {
    const { failure, seeds, coverage, crashes } = await simulate(sentences, { seeds: SEEDS });
    expect(failure).toBeNull();
    expect(seeds).toBe(SEEDS);
    expect(coverage['exactly-once'] ?? 0).toBe(0);
    for (const what of [
      'micro-batch',
      'record',
      'at-most-once',
      'at-least-once',
      'kill',
      'crash',
      'clog',
      'drop-tuple',
      'drop-ack',
    ])
      expect(coverage[what], what).toBeGreaterThan(0);
    expect(crashes).toBeGreaterThan(SEEDS / 2);
  });

  it('gives equal traces for equal seeds', async () => {
    const hashOf = async (seed: number) => (await simulate(sentences, { seeds: 2, seed })).traceHash;
    expect(await hashOf(1)).toBe(await hashOf(1));
  });

  it('finds a bolt that acks a replayed tuple without emitting again: its words are missing', async () => {
    const forgetful = (): Bolt<{ sentence: string }, { word: string }> => {
      const seen = new Set<string>();
      return {
        execute(tuple, collector) {
          const { sentence } = tuple.values;
          if (!seen.has(sentence)) for (const word of sentence.split(' ')) collector.emit({ word }, tuple);
          seen.add(sentence);
          collector.ack(tuple);
        },
      };
    };
    const { failure } = await simulate(sentencesJob(forgetful, 1), {
      seeds: 1,
      guarantee: 'at-least-once',
      workers: 0,
      faults: [parseFault('drop-tuple:shout@5')],
    });
    expect(failure?.violations[0]).toMatch(
      /^at-least-once is broken: \d+ results of a run without a fault are missing$/,
    );
  });

  it('finds a bolt that never acks', async () => {
    const silent = (): Bolt<{ sentence: string }, { word: string }> => ({ execute: () => {} });
    const { failure } = await simulate(sentencesJob(silent), { seeds: 1, faults: [], records: 20 });
    expect(failure?.violations).toEqual(['the job never came to an end']);
  });

  it.each([
    [{ mode: 'micro-batch', workers: 2 }, /runs in the driver's thread as micro-batches/],
    [{ guarantee: 'exactly-once' }, /exactly-once cannot hold/],
  ] as const)('refuses %o', async (options, message) => {
    await expect(simulate(sentences, options)).rejects.toThrow(message);
  });

  it('gives windows the time and the room that they need, and spouts their own limits', async () => {
    const job = topology('windows', { batchInterval: seconds(0.5) }, (t) => {
      const from = t.setSpout<{ n: number }>(
        'numbers',
        () => {
          let next = 0;
          return { nextTuple: (collector) => collector.emit({ n: next }, next++) };
        },
        { maxSpoutPending: 5_000 },
      );
      const sums = t.setWindowedBolt<{ n: number }, { n: number }>(
        'sums',
        () => ({ execute: ({ events }, out) => out.emit({ n: events.length }) }),
        { window: seconds(4), slide: seconds(2) },
      );
      t.setStatefulBolt<{ n: number }, string, number, { n: number }>('total', () => {
        let total: KeyValueState<string, number>;
        return {
          initState: (state) => {
            total = state;
          },
          execute: (tuple, out) => {
            total.put('n', total.get('n', 0) + tuple.values.n);
            out.ack(tuple);
          },
        };
      }).shuffleGrouping(sums.shuffleGrouping(from));
    });
    expect(await simulate(job, { seeds: isLong ? 200 : 10, twice: 0 })).toMatchObject({ failure: null });
  });

  it('loses no tuple of a window, in either mode: each is in a result', { timeout: 300_000 }, async () => {
    const job = topology('told', { batchInterval: seconds(0.5) }, (t) => {
      const from = t.setSpout<{ n: number }>('numbers', () => {
        const again: MessageId[] = [];
        let next = 0;
        return {
          nextTuple: (collector) => {
            const n = again.shift() ?? next++;
            collector.emit({ n: Number(n) }, n);
          },
          fail: (id) => void again.push(id),
        };
      });
      t.setWindowedBolt<{ n: number }, { n: number }>(
        'told',
        () => ({ execute: ({ events }, out) => events.forEach(({ values }) => void out.emit(values)) }),
        { window: seconds(2), parallelism: 2 },
      )
        .shuffleGrouping(from)
        .to('out', none());
    });
    for (const mode of ['micro-batch', 'record'] as const) {
      const options = { mode, guarantee: 'at-least-once', seeds: isLong ? 300 : 8, twice: 0 } as const;
      const { failure, crashes } = await simulate(job, options);
      expect(failure, mode).toBeNull();
      expect(crashes, mode).toBeGreaterThan(2);
    }
  });

  it('judges only the ledger where runs without a fault differ', async () => {
    let runs = 0;
    const job = topology('restless', { batchInterval: seconds(0.5) }, (t) => {
      const from = t.setSpout('numbers', () => {
        const run = runs++;
        let next = 0;
        return { nextTuple: (collector: SpoutCollector<{ n: number }>) => collector.emit({ n: run }, next++) };
      });
      t.setBolt('relay', () => relay)
        .shuffleGrouping(from)
        .to('numbers', none());
    });
    expect(await simulate(job, { seeds: 4, twice: 0 })).toMatchObject({ seeds: 4, failure: null });
  });
});

const relay: Bolt<{ n: number }, { n: number }> = {
  execute(tuple, collector) {
    collector.emit(tuple.values, tuple);
    collector.ack(tuple);
  },
};

describe('the ledger of a spout', () => {
  const collector: SpoutCollector<Values, Streams> = {
    emit: () => {},
    emitTo: () => {},
    emitDirect: () => {},
    pendingCount: 0,
  };

  /** A spout that emits 0, 1, 2 …, and its ledger. */
  function kept(calls: number) {
    const violations: string[] = [];
    const ledger = new SpoutLedger({ calls, every: 0 });
    ledger.begin({ now: () => 0, isAlive: true }, (what) => violations.push(what));
    let next = 0;
    const spout = ledger.kept('numbers', { nextTuple: (out) => out.emit({}, next++) });
    return { spout, ledger, violations };
  }

  it('balances when each message was answered once', () => {
    const { spout, ledger, violations } = kept(2);
    expect([spout.nextTuple(collector), spout.nextTuple(collector)]).toEqual([undefined, undefined]);
    spout.ack!(1);
    expect(spout.nextTuple(collector)).toBe('idle');
    spout.ack!(0);
    expect(spout.nextTuple(collector)).toBe('done');
    ledger.finished();
    expect(violations).toEqual([]);
  });

  it('finds an answer to nothing, a second answer, and none', () => {
    const { spout, ledger, violations } = kept(3);
    for (let i = 0; i < 3; i++) spout.nextTuple(collector);
    spout.ack!(7);
    spout.ack!(0);
    spout.fail!(0);
    ledger.finished();
    expect(violations).toEqual([
      "spout 'numbers' hears ack of message 7, which waits for none",
      "spout 'numbers' hears fail of message 0, which waits for none",
      "the job has ended, and spout 'numbers' has heard nothing of message 1, 2",
    ]);
  });

  it('asks once more for each failure, and knows what the spout gave up', () => {
    const { spout, ledger, violations } = kept(1);
    spout.nextTuple(collector);
    spout.fail!(0);
    expect(spout.nextTuple(collector)).toBeUndefined();
    spout.ack!(1);
    expect(spout.nextTuple(collector)).toBe('done');
    ledger.finished();
    expect([violations, ledger.counts.givenUp]).toEqual([[], 1]);
  });
});
