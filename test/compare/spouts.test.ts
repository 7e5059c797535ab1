/** Comparisons of jobs with spouts: both modes on the real clock, judged by the ledger of messages. Nothing here depends on how quick they are. */
import {
  type BasicBolt,
  type Bolt,
  type MessageId,
  millis,
  type Spout,
  seconds,
  type Topology,
  topology,
} from 'raingauge';
import { none } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';
import { describe, expect, it } from 'vitest';
import { compare } from '../../src/compare/compare.js';
import type { CompareOptions } from '../../src/compare/options.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';

interface Line {
  readonly text: string;
  readonly n: number;
}
interface Word {
  readonly word: string;
}

interface N {
  readonly n: number;
}
const passOn: Bolt<N, N> = {
  execute(tuple, out) {
    out.emit(tuple.values, tuple);
    out.ack(tuple);
  },
};

const LINES = ['call me ishmael', 'some years ago', 'never mind how long'];
const COUNT = 60;
const quick: CompareOptions = { rate: 2_000, records: 1_000 };
const fast = { batchInterval: millis(50) };

/** Emits its lines, and again what failed. */
function lines(textOf = (n: number) => `${LINES[n % LINES.length]} ${n}`): Spout<Line> {
  const again: MessageId[] = [];
  let next = 0;
  return {
    nextTuple(collector) {
      const id = again.shift() ?? (next < COUNT ? next++ : undefined);
      if (id === undefined) return 'done';
      collector.emit({ text: textOf(Number(id)), n: Number(id) }, id);
      return undefined;
    },
    fail: (id) => void again.push(id),
  };
}

const split: BasicBolt<Line, Word> = {
  execute: ({ values }, out) => {
    for (const word of values.text.split(' ')) out.emit({ word });
  },
};

/** Lines of two tasks, split by two tasks, in each sink's own way. */
function job(bolt: () => BasicBolt<Line, Word> = () => split): Topology {
  return topology('lines', fast, (t) => {
    const from = t.setSpout('lines', () => lines(), { parallelism: 2, repeatable: true });
    const words = t.setBasicBolt('split', bolt, { parallelism: 2, stateless: true }).shuffleGrouping(from);
    words.to('words', none());
    const pairs = words.map(({ word }) => [word, 1] as const);
    pairs.runningReduce({ uid: 'running', reduce: (a, b) => a + b }).to('running', none());
    pairs.reduceByKey({ uid: 'counts', reduce: (a, b) => a + b }).to('counts', none());
  });
}

describe('compare of a job with spouts', () => {
  it('holds the messages of both modes against each other, and the results where no clock is asked', async () => {
    const { verdict, input, modes } = await compare(job(), quick);
    expect(verdict).toMatchObject({ same: true, oracle: 'not available', guarantee: 'held' });
    expect(verdict.parts.map(({ name, rule }) => [name, rule])).toEqual([
      ['sink words', 'equal multiset'],
      ['sink running', 'equal final value and count per key'],
      ['sink counts', 'not demanded'],
      ['state of running', 'equal final state per key'],
    ]);
    expect(verdict.parts[2]?.note).toBe(
      "clock-sensitive: reduceByKey 'counts' goes by the time of its tuples, which is the clock at which the spout 'lines' was asked",
    );
    const whole = { emitted: 2 * COUNT, acked: 2 * COUNT, failed: 0, givenUp: 0, violations: [] };
    expect(verdict.messages).toEqual({ 'micro-batch': whole, record: whole });
    expect(input.sources).toEqual([{ name: 'lines', partitions: 2, records: 2 * COUNT }]);
    expect(modes.record.latencyMs.count + modes['micro-batch'].latencyMs.count).toBe(0);
  });

  it('takes sources beside them', async () => {
    const both = topology('both', fast, (t) => {
      const from = t.setSpout('lines', () => lines(), { repeatable: true });
      const read = t.source('read', memory(LINES)).map((text): Line => ({ text, n: 0 }));
      t.setBasicBolt('split', () => split, { stateless: true })
        .shuffleGrouping(from)
        .shuffleGrouping(read)
        .to('words', none());
    });
    const { verdict, input } = await compare(both, quick);
    expect(verdict).toMatchObject({ same: true, guarantee: 'held' });
    expect(input.sources.map(({ name, records }) => [name, records])).toEqual([
      ['read', LINES.length],
      ['lines', COUNT],
    ]);
  });

  /** Goes on for ever, and gives up what failed. */
  function endless(bolt: () => Bolt<N, N> = () => passOn, parallelism = 1): Topology {
    return topology('endless', fast, (t) => {
      const numbers = (): Spout<N> => {
        let n = 0;
        return { nextTuple: (collector) => collector.emit({ n }, n++) };
      };
      const from = t.setSpout('numbers', numbers, { repeatable: true, parallelism });
      t.setBolt('bolt', bolt, { stateless: true }).shuffleGrouping(from).to('numbers', none());
    });
  }

  it('ends a spout that goes on for ever after the same number of calls in both modes', async () => {
    const { verdict } = await compare(endless(), { ...quick, records: 40 });
    expect(verdict).toMatchObject({ same: true, guarantee: 'held' });
    expect(verdict.parts).toMatchObject([{ rule: 'equal sequence', results: 40 }]);
  });

  it('takes rate and records for the whole spout, however many tasks it has', async () => {
    const { verdict, input } = await compare(endless(undefined, 4), { rate: 100, duration: seconds(0.41) });
    expect(verdict).toMatchObject({ same: true, guarantee: 'held' });
    expect(input.sources).toEqual([{ name: 'numbers', partitions: 4, records: 41 }]);
    expect(verdict.parts).toMatchObject([{ results: 41 }]);
  });

  it('lets an endless spout go that gives up in one mode what failed there only', async () => {
    const once = (): Bolt<N, N> => {
      let hasFailed = false;
      return {
        execute(tuple, out) {
          out.emit(tuple.values, tuple);
          if (tuple.values.n !== 3 || hasFailed) return out.ack(tuple);
          hasFailed = true;
          out.fail(tuple, 'not yet');
        },
      };
    };
    const { verdict } = await compare(endless(once), { ...quick, records: 40 });
    expect(verdict).toMatchObject({ same: true, guarantee: 'not checked' });
    // A batch's attempt is made again without the spout.
    expect(verdict.messages).toMatchObject({
      'micro-batch': { emitted: 40, acked: 40, failed: 0 },
      record: { emitted: 40, acked: 39, failed: 1, givenUp: 1 },
    });
    expect(verdict.parts).toMatchObject([{ rule: 'not demanded', note: expect.stringContaining('gave up') }]);
  });

  it('ends one that has run out, and does not say so', async () => {
    const silent = topology('silent', fast, (t) => {
      const numbers = (): Spout<N> => {
        let n = 0;
        return { nextTuple: (collector) => (n < 5 ? collector.emit({ n }, n++) : undefined) };
      };
      t.setSpout('numbers', numbers, { repeatable: true }).to('numbers', none());
    });
    const { verdict } = await compare(silent, { ...quick, records: 40 });
    expect(verdict).toMatchObject({ same: true, guarantee: 'held' });
    expect(verdict.parts).toMatchObject([{ results: 5 }]);
  });

  it('demands each result, however often, where messages failed and were emitted again', async () => {
    const failing = topology('failing', fast, (t) => {
      const once = (): Bolt<Line, Word> => {
        const failed = new Set<number>();
        return {
          execute(tuple, out) {
            const { text, n } = tuple.values;
            out.emit({ word: text }, tuple);
            if (n % 7 === 0 && !failed.has(n)) {
              failed.add(n);
              out.fail(tuple, 'not yet');
            } else out.ack(tuple);
          },
        };
      };
      const from = t.setSpout('lines', () => lines(), { repeatable: true });
      t.setBolt('once', once, { stateless: true }).shuffleGrouping(from).to('texts', none());
    });
    const { verdict } = await compare(failing, quick);
    expect(verdict).toMatchObject({ same: true, guarantee: 'held' });
    expect(verdict.parts).toMatchObject([{ rule: 'equal set', results: COUNT }]);
    // A batch's attempt is made again without the spout.
    expect(verdict.messages?.record).toMatchObject({ failed: 9, givenUp: 0, acked: COUNT });
  });

  it('claims nothing of messages that the spout gave up', async () => {
    const dropping = topology('dropping', fast, (t) => {
      const from = t.setSpout(
        'lines',
        (): Spout<Line> => {
          const { nextTuple } = lines();
          return { nextTuple };
        },
        { repeatable: true },
      );
      const never: Bolt<Line, Word> = {
        execute: (tuple, out) => (tuple.values.n === 0 ? out.fail(tuple) : out.ack(tuple)),
      };
      t.setBolt('never', () => never, { stateless: true })
        .shuffleGrouping(from)
        .to('texts', none());
    });
    const { verdict } = await compare(dropping, quick);
    expect(verdict.messages).toMatchObject({ 'micro-batch': { givenUp: 1 }, record: { givenUp: 1 } });
    expect(verdict.guarantee).toBe('not checked');
  });

  it('finds a bolt that answers otherwise in one mode than in the other', async () => {
    let calls = 0;
    const moody: BasicBolt<Line, Word> = {
      execute: ({ values }, out) => out.emit({ word: ++calls === 3 * COUNT ? 'moody' : values.text }),
    };
    const { verdict } = await compare(
      job(() => moody),
      quick,
    );
    expect(verdict).toMatchObject({ same: false, guarantee: 'broken' });
    expect(verdict.firstDifference).toMatchObject({ timestamp: null });
  });

  it.each<[string, Topology, CompareOptions, RegExp]>([
    [
      'a spout that does not say that it is repeatable',
      topology('storm', (t) => void t.setSpout('lines', () => lines()).to('out', none())),
      {},
      /nothing says that the spout 'lines' emits the same both times/,
    ],
    [
      'one whose messages depend on the clock',
      topology('clock', fast, (t) => {
        const clock = () => lines((n) => (n === 7 ? `${performance.now()}` : `${n}`));
        t.setSpout('lines', clock, { repeatable: true }).to('out', none());
      }),
      {},
      /the spout 'lines' is declared repeatable, and emitted other messages in each mode: 1 only as micro-batches, such as .* with id 7; 1 only record at a time, such as .* with id 7/,
    ],
    [
      'a worker that is killed',
      job(),
      { faults: [parseFault('kill:split@50%')] },
      /compare judges faults by the oracle/,
    ],
    ['another fault', job(), { faults: [parseFault('throw:split@5')] }, /compare judges faults by the oracle/],
    [
      'a crash',
      job(),
      { crash: { count: 2, isolation: 'thread', job: undefined } },
      /compare judges a crash by the oracle/,
    ],
  ])('refuses %s, and says why', async (_what, refused, options, message) => {
    const refusal = compare(refused, { ...quick, ...options });
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toMatchObject({ code: 'RG019' });
  });
});
