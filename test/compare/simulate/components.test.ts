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
import { shareOf } from '../../../src/compare/spouts/spout-allowance.js';
import { SpoutLedger } from '../../../src/compare/spouts/spout-ledger.js';
import { parseFault } from '../../../src/runtime/faults/fault-plan.js';
import { isLong, isWide } from '../../breadth.js';
import sentences, { sentencesJob } from './sentences.js';

const SEEDS = isLong ? 1_000 : isWide ? 20 : 12;

describe('simulate a job of spouts and bolts', () => {
  it(`keeps every promise in ${SEEDS} seeds`, async () => {
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

  it('keeps every promise as micro-batches on workers that are lost', async () => {
    const options = { seeds: isLong ? SEEDS : 12, mode: 'micro-batch', workers: 2, twice: 0.2 } as const;
    const { failure, coverage, overlapping } = await simulate(sentences, options);
    expect(failure).toBeNull();
    for (const what of ['kill', 'clog', 'crash']) expect(coverage[what], what).toBeGreaterThan(0);
    expect(overlapping).toBeGreaterThan(0);
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

  it.each([[{ guarantee: 'exactly-once' }, /exactly-once cannot hold/]] as const)(
    'refuses %o',
    async (options, message) => {
      await expect(simulate(sentences, options)).rejects.toThrow(message);
    },
  );

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
    expect(await simulate(job, { seeds: isLong ? 200 : isWide ? 6 : 3, twice: 0 })).toMatchObject({ failure: null });
  });

  it('loses no tuple of a window, in either mode: each is in a result', async () => {
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
      const options = { mode, guarantee: 'at-least-once', seeds: isLong ? 300 : isWide ? 5 : 3, twice: 0 } as const;
      const { failure, crashes } = await simulate(job, options);
      expect(failure, mode).toBeNull();
      expect(crashes, mode).toBeGreaterThan(2);
    }
  });

  it('ends a spout that has run out and does not say so, in either mode', async () => {
    const job = topology('silent', { batchInterval: seconds(0.5) }, (t) => {
      const from = t.setSpout('numbers', () => {
        let next = 0;
        return {
          nextTuple: (collector: SpoutCollector<{ n: number }>) =>
            next < 5 ? collector.emit({ n: next }, next++) : undefined,
        };
      });
      t.setBolt('relay', () => relay)
        .shuffleGrouping(from)
        .to('numbers', none());
    });
    for (const mode of ['micro-batch', 'record'] as const)
      expect(await simulate(job, { mode, seeds: 2, twice: 0 }), mode).toMatchObject({ seeds: 2, failure: null });
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
    reportError: () => {},
  };

  /** A spout that emits 0, 1, 2 … of `max`, or what `again` has, and its ledger, on a clock of its own. */
  function kept(calls: number, { max = Number.POSITIVE_INFINITY, every = 0 } = {}) {
    const violations: string[] = [];
    const emitted: MessageId[] = [];
    const again: MessageId[] = [];
    const time = { now: 0 };
    const ledger = new SpoutLedger({ calls, every }, ({ id }) => emitted.push(id!));
    ledger.begin({ now: () => time.now, isAlive: true }, (what) => violations.push(what));
    let next = 0;
    const spout = ledger.kept('numbers', {
      nextTuple: (out) => {
        const id = again.shift() ?? (next < max ? next++ : undefined);
        if (id !== undefined) out.emit({}, id);
      },
    });
    const ask = () => spout.nextTuple(collector);
    /** So many calls, of which each takes so long (us). */
    const pass = (count: number, each: number) => {
      for (let i = 0; i < count; i++) {
        ask();
        time.now += each;
      }
    };
    return { spout, ledger, violations, emitted, again, time, ask, pass };
  }

  it('balances when each message was answered once', () => {
    const { spout, ask, ledger, violations } = kept(2);
    expect([ask(), ask()]).toEqual([undefined, undefined]);
    spout.ack!(1);
    expect(ask()).toBe('idle');
    spout.ack!(0);
    expect(ask()).toBe('done');
    ledger.finished();
    expect(violations).toEqual([]);
  });

  it('finds an answer to nothing, a second answer, and none', () => {
    const { spout, ask, ledger, violations } = kept(3);
    for (let i = 0; i < 3; i++) ask();
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

  it('spends no call on what failed and comes again, also behind all calls', () => {
    const { spout, ask, again, emitted } = kept(2);
    ask();
    spout.fail!(0);
    again.push(0);
    ask();
    ask();
    spout.ack!(0);
    spout.fail!(1);
    again.push(1);
    expect(ask()).toBeUndefined();
    expect(emitted).toEqual([0, 0, 1, 1]);
    expect(ask()).toBe('idle');
    spout.ack!(1);
    expect(ask()).toBe('done');
  });

  it('withholds what is new behind all calls, and knows what the spout gave up', () => {
    const { spout, ask, pass, ledger, violations, emitted } = kept(1);
    ask();
    spout.fail!(0);
    pass(9, 100_000);
    expect(ask()).toBeUndefined();
    pass(1, 100_000);
    expect(ask()).toBe('done');
    ledger.finished();
    expect([emitted, violations, ledger.counts.givenUp]).toEqual([[0], [], 1]);
  });

  it('ends a spout that has long been silent, but not before its time is over, nor on few calls', () => {
    const { spout, ask, pass, time } = kept(10, { max: 1, every: 1_000_000 });
    ask();
    spout.ack!(0);
    pass(95, 100_000);
    expect(ask()).toBeUndefined();
    time.now = 10_000_000;
    expect(ask()).toBe('done');

    const slow = kept(10, { max: 1 });
    slow.ask();
    slow.spout.ack!(0);
    slow.pass(4, 60_000_000);
    expect([slow.ask(), slow.ask()]).toEqual([undefined, 'done']);
  });

  it('lets a silent spout go on that waits for answers', () => {
    const { spout, ask, pass, time, again, emitted } = kept(10, { max: 1 });
    ask();
    pass(9, 1_000_000);
    expect(ask()).toBe('idle');
    spout.ack!(0);
    again.push(7);
    time.now += 10;
    ask();
    expect(emitted).toEqual([0, 7]);
  });

  it('divides calls and time among the tasks of a spout', () => {
    const pace = { calls: 10, every: 100 };
    expect([0, 1, 2, 3].map((task) => shareOf(pace, task, 4))).toEqual([
      { calls: 3, every: 400 },
      { calls: 3, every: 400 },
      { calls: 2, every: 400 },
      { calls: 2, every: 400 },
    ]);
  });
});
