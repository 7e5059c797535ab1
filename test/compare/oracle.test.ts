/** The oracle against results computed by hand: one table an operator. Times are microseconds, the interval is 10. */
import { describe, expect, it } from 'vitest';
import { evaluate, oracleAbsence } from '../../src/compare/oracle/evaluate.js';
import type { Duration } from '../../src/core/time.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { SinkSpec } from '../../src/topology/specs.js';
import { aSink, aSource, type Element, traceOf } from './memory-ends.js';

/** A stream of whatever. */
interface AnyStream {
  to(name: string, sink: SinkSpec<never>): unknown;
}

const B = 10 as Duration;
const us = (count: number) => count as Duration;

/** Evaluates a job of one sink `out`; results as `[value, timestamp]`, or `[value, end, 'window']`. */
function results(
  sources: Readonly<Record<string, readonly (readonly Element[])[]>>,
  build: (t: TopologyBuilder) => AnyStream,
  settings: { readonly maxEmptyIntervals?: number } = {},
) {
  const job = topology('job', { batchInterval: B, ...settings }, (t) => {
    build(t).to('out', aSink());
  });
  const answer = evaluate(job, traceOf(sources));
  const out = answer.sinks
    .get('out')!
    .map(({ value, timestamp, windowEnd }) =>
      Number.isNaN(windowEnd) ? [value, timestamp] : [value, windowEnd, 'window'],
    );
  return { out, answer };
}

const pairs = (...elements: (readonly [key: string, value: number, at: number])[]): Element[] =>
  elements.map(([key, value, at]) => ({ value: [key, value], at }));
const numbers = (...elements: (readonly [value: number, at: number])[]): Element[] =>
  elements.map(([value, at]) => ({ value, at }));
const keyed = (t: TopologyBuilder) => t.source('in', aSource<readonly [string, number]>());
const plain = (t: TopologyBuilder) => t.source('in', aSource<number>());
const add = (a: number, b: number) => a + b;

describe('narrow operators', () => {
  const input = { in: [numbers([1, 0], [2, 3], [3, 12])] };

  it.each<[string, (t: TopologyBuilder) => AnyStream, unknown[]]>([
    [
      'map',
      (t) => plain(t).map((n) => n * 10),
      [
        [10, 0],
        [20, 3],
        [30, 12],
      ],
    ],
    [
      'flatMap',
      (t) => plain(t).flatMap((n) => Array<number>(n - 1).fill(n)),
      [
        [2, 3],
        [3, 12],
        [3, 12],
      ],
    ],
    [
      'filter',
      (t) => plain(t).filter((n) => n !== 2),
      [
        [1, 0],
        [3, 12],
      ],
    ],
    [
      'keyBy',
      (t) => plain(t).keyBy((n) => n % 2),
      [
        [[1, 1], 0],
        [[0, 2], 3],
        [[1, 3], 12],
      ],
    ],
    [
      'mapValues',
      (t) =>
        plain(t)
          .keyBy((n) => n % 2)
          .mapValues((n) => -n),
      [
        [[1, -1], 0],
        [[0, -2], 3],
        [[1, -3], 12],
      ],
    ],
    [
      'flatMapValues',
      (t) =>
        plain(t)
          .keyBy(() => 'k')
          .flatMapValues((n) => (n === 2 ? ['a', 'b'] : [])),
      [
        [['k', 'a'], 3],
        [['k', 'b'], 3],
      ],
    ],
    [
      'a diamond counts each record twice',
      (t) => {
        const s = plain(t);
        return s.map((n) => n).union(s.map((n) => -n));
      },
      [
        [1, 0],
        [-1, 0],
        [2, 3],
        [-2, 3],
        [3, 12],
        [-3, 12],
      ],
    ],
    [
      'branch: the first arm that holds',
      (t) => {
        const { odd, all } = plain(t).branch({ odd: (n) => n % 2 === 1, all: () => true });
        return odd.map((n) => `odd ${n}`).union(all.map((n) => `all ${n}`));
      },
      [
        ['odd 1', 0],
        ['all 2', 3],
        ['odd 3', 12],
      ],
    ],
  ])('%s', (_name, build, expected) => {
    expect(results(input, build).out).toEqual(expected);
  });

  it('merges partitions and sources by time', () => {
    const sources = { in: [numbers([1, 5]), numbers([2, 1])], other: [numbers([3, 3], [4, 5])] };
    const { out } = results(sources, (t) => plain(t).union(t.source('other', aSource<number>())));
    expect(out).toEqual([
      [2, 1],
      [3, 3],
      [1, 5],
      [4, 5],
    ]);
  });
});

describe('interval operators', () => {
  it('reduceByKey: each key of each interval, no empty ones, the record on the border in the next', () => {
    const input = { in: [pairs(['a', 1, 0], ['b', 2, 9], ['a', 3, 9], ['a', 4, 10], ['b', 5, 35])] };
    const { out } = results(input, (t) => keyed(t).reduceByKey(add));
    expect(out).toEqual([
      [['a', 4], 10, 'window'],
      [['b', 2], 10, 'window'],
      [['a', 4], 20, 'window'],
      [['b', 5], 40, 'window'],
    ]);
  });

  it('countByValue', () => {
    const { out } = results({ in: [numbers([7, 1], [8, 2], [7, 3], [7, 11])] }, (t) => plain(t).countByValue());
    expect(out).toEqual([
      [[7, 2], 10, 'window'],
      [[8, 1], 10, 'window'],
      [[7, 1], 20, 'window'],
    ]);
  });

  it('count: 0 for an empty interval, from the first with data to the first end above the highest timestamp', () => {
    const { out } = results({ in: [numbers([1, 15], [1, 16], [1, 44])] }, (t) => plain(t).count());
    expect(out).toEqual([
      [2, 20, 'window'],
      [0, 30, 'window'],
      [0, 40, 'window'],
      [1, 50, 'window'],
    ]);
  });

  it('count: at most maxEmptyIntervals zeros in a row', () => {
    const { out } = results({ in: [numbers([1, 5], [1, 95])] }, (t) => plain(t).count(), { maxEmptyIntervals: 2 });
    expect(out).toEqual([
      [1, 10, 'window'],
      [0, 20, 'window'],
      [0, 30, 'window'],
      [1, 100, 'window'],
    ]);
  });

  it('count: nothing for no input, also when heartbeats came', () => {
    expect(results({ in: [[{ beat: 10 }, { beat: 20 }]] }, (t) => plain(t).count()).out).toEqual([]);
  });

  it('count: heartbeats beyond the last record close further intervals', () => {
    const input = { in: [[...numbers([1, 5]), { beat: 10 }, { beat: 30 }]] };
    expect(results(input, (t) => plain(t).count()).out).toEqual([
      [1, 10, 'window'],
      [0, 20, 'window'],
      [0, 30, 'window'],
    ]);
  });

  it('chained: a result belongs to the interval of its own end - 1', () => {
    const input = { in: [pairs(['a', 1, 1], ['b', 1, 2], ['a', 1, 11])] };
    const { out } = results(input, (t) => keyed(t).reduceByKey(add).count());
    expect(out).toEqual([
      [2, 10, 'window'],
      [1, 20, 'window'],
    ]);
  });
});

describe('windows', () => {
  const input = { in: [pairs(['a', 1, 5], ['a', 10, 15], ['b', 100, 25])] };
  const window = { window: us(20), slide: us(10), reduce: add };

  it.each([
    ['without inverse', {}],
    ['with inverse', { inverse: (a: number, b: number) => a - b }],
  ])('reduceByKeyAndWindow %s: early windows are partial, those beyond the end do not fire', (_name, more) => {
    const { out } = results(input, (t) => keyed(t).reduceByKeyAndWindow({ ...window, ...more }));
    expect(out).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 11], 20, 'window'],
      [['a', 10], 30, 'window'],
      [['b', 100], 30, 'window'],
    ]);
  });

  it('keepEmptyKeys: a key that left stays with what the inverse left behind', () => {
    const more = { inverse: (a: number, b: number) => a - b, keepEmptyKeys: true, window: us(10) };
    const { out } = results(input, (t) => keyed(t).reduceByKeyAndWindow({ ...window, ...more }));
    expect(out).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 10], 20, 'window'],
      [['a', 0], 30, 'window'],
      [['b', 100], 30, 'window'],
    ]);
  });

  it('countByWindow: also empty windows, counted in windows', () => {
    const { out } = results(
      { in: [numbers([1, 5], [1, 65])] },
      (t) => plain(t).countByWindow({ window: us(20), slide: us(10) }),
      { maxEmptyIntervals: 1 },
    );
    expect(out).toEqual([
      [1, 10, 'window'],
      [1, 20, 'window'],
      [0, 30, 'window'],
      [1, 70, 'window'],
    ]);
  });

  it('a slide above the interval', () => {
    const { out } = results({ in: [numbers([1, 5], [1, 15], [1, 25])] }, (t) =>
      plain(t).countByWindow({ window: us(20), slide: us(20) }),
    );
    expect(out).toEqual([
      [2, 20, 'window'],
      [1, 40, 'window'],
    ]);
  });
});

describe('keyed state', () => {
  it('runningReduce: the total so far for each record, and the final totals', () => {
    const { out, answer } = results({ in: [pairs(['a', 1, 1], ['b', 5, 2], ['a', 2, 30])] }, (t) =>
      keyed(t).runningReduce({ uid: 'sum', reduce: add }),
    );
    expect(out).toEqual([
      [['a', 1], 1],
      [['b', 5], 2],
      [['a', 3], 30],
    ]);
    expect([...answer.states.get('sum')!.values()]).toEqual([
      { key: 'a', value: 3, scale: 3 },
      { key: 'b', value: 5, scale: 5 },
    ]);
  });

  const update = (values: readonly number[], state: number | undefined) => {
    const total = (state ?? 0) + values.reduce(add, 0);
    return values.includes(0) ? undefined : total;
  };

  it('updateStateByKey: every interval while the key has state; undefined removes it', () => {
    const input = { in: [pairs(['a', 1, 1], ['a', 2, 2], ['b', 7, 12], ['a', 0, 25], ['b', 1, 31])] };
    const { out, answer } = results(input, (t) => keyed(t).updateStateByKey({ uid: 'u', update }));
    expect(out).toEqual([
      [['a', 3], 10, 'window'],
      [['a', 3], 20, 'window'],
      [['b', 7], 20, 'window'],
      [['b', 7], 30, 'window'],
      [['b', 8], 40, 'window'],
    ]);
    expect([...answer.states.get('u')!.values()]).toEqual([{ key: 'b', value: 8, scale: 8 }]);
  });

  it('updateStateByKey: silent after maxEmptyIntervals until there are values again', () => {
    const input = { in: [pairs(['a', 1, 1], ['a', 1, 51])] };
    const { out } = results(input, (t) => keyed(t).updateStateByKey(update), { maxEmptyIntervals: 2 });
    expect(out).toEqual([
      [['a', 1], 10, 'window'],
      [['a', 1], 20, 'window'],
      [['a', 1], 30, 'window'],
      [['a', 2], 60, 'window'],
    ]);
  });

  it('process: due timers before the record, in order of time; those above the final watermark never', () => {
    const input = { in: [pairs(['a', 20, 1], ['a', 10, 2], ['a', 99, 25])] };
    const { out, answer } = results(input, (t) =>
      keyed(t).process<number, string>({
        uid: 'p',
        onRecord: (at, context) => {
          context.setState((context.state ?? 0) + 1);
          context.setTimer(at);
          context.emit(`record ${at}`);
        },
        onTimer: (context) => {
          context.emit(`timer with ${context.state}`);
          if (context.timestamp === 10) context.setTimer(11);
          if (context.timestamp === 11) context.setTimer(5);
        },
      }),
    );
    expect(out.toSorted((a, b) => (a[1] as number) - (b[1] as number))).toEqual([
      ['record 20', 1],
      ['record 10', 2],
      ['timer with 2', 10],
      ['timer with 2', 11],
      ['timer with 2', 12],
      ['timer with 2', 20],
      ['record 99', 25],
    ]);
    expect(answer.states.get('p')!.get('s1:a')!.value).toBe(3);
  });

  it('process: a deleted timer does not fire, a timer at the final watermark does', () => {
    const input = { in: [[...pairs(['a', 30, 1], ['a', 40, 2]), { beat: 40 }]] };
    const { out } = results(input, (t) =>
      keyed(t).process<number, number>({
        uid: 'p',
        onRecord: (at, context) => {
          context.setTimer(at);
          if (at === 40) context.deleteTimer(30);
        },
        onTimer: (context) => context.emit(context.timestamp),
      }),
    );
    expect(out).toEqual([[40, 40]]);
  });
});

describe('event time', () => {
  const events = (...all: (readonly [event: number, ingest: number])[]): Element[] =>
    all.map(([value, at]) => ({ value, at }));
  const timed = (t: TopologyBuilder, idleTimeout?: number) =>
    plain(t).timestamps({
      uid: 'time',
      extract: (n) => n,
      maxOutOfOrderness: us(5),
      ...(idleTimeout === undefined ? {} : { idleTimeout: us(idleTimeout) }),
    });

  it('late: below the own partition’s watermark, not at it; the late output carries the watermark', () => {
    const { out, answer } = results({ in: [events([20, 1], [15, 2], [14, 3], [16, 4])] }, (t) =>
      timed(t).map((n) => n),
    );
    expect(out).toEqual([
      [20, 20],
      [15, 15],
      [16, 16],
    ]);
    expect(answer.late.get('time')).toMatchObject([{ value: 14, timestamp: 15 }]);
    expect(results({ in: [events([20, 1], [14, 3])] }, (t) => timed(t).late).out).toEqual([[14, 15]]);
  });

  it('late is decided for each partition by itself', () => {
    const { out } = results({ in: [events([100, 1]), events([20, 2], [1, 3])] }, (t) => timed(t).map((n) => n));
    expect(out).toEqual([
      [100, 100],
      [20, 20],
    ]);
  });

  it('heartbeats of the ingest clock do not pass, so they close nothing', () => {
    const { out } = results({ in: [[...events([12, 1]), { beat: 200 }]] }, (t) => timed(t).count());
    expect(out).toEqual([[1, 20, 'window']]);
  });

  it('idleTimeout: silence moves the watermark on, from the last record on', () => {
    const idle = {
      in: [[{ beat: 500 }, ...events([12, 1000]), { beat: 1010 }, { beat: 1030 }, ...events([36, 1031], [37, 1032])]],
    };
    const { out, answer } = results(idle, (t) => timed(t, 20).map((n) => n));
    expect(out).toEqual([
      [12, 12],
      [37, 37],
    ]);
    expect(answer.late.get('time')).toMatchObject([{ value: 36, timestamp: 37 }]);
  });
});

describe('end of input', () => {
  it('uses the highest timestamp of all partitions, also where a filter dropped its record', () => {
    const input = { in: [numbers([1, 5]), numbers([-1, 33])] };
    expect(
      results(input, (t) =>
        plain(t)
          .filter((n) => n > 0)
          .count(),
      ).out,
    ).toEqual([
      [1, 10, 'window'],
      [0, 20, 'window'],
      [0, 30, 'window'],
      [0, 40, 'window'],
    ]);
  });
});

describe('a job of spouts and bolts', () => {
  it('is not judged, and says why', () => {
    const job = topology('job', (t) => {
      t.setBolt('echo', () => ({ execute: () => {} })).shuffleGrouping(
        t.setSpout('numbers', () => ({ nextTuple: () => 'done' as const })),
      );
    });
    expect(oracleAbsence(job)).toContain("bolt 'echo'");
    expect(oracleAbsence(topology('job', (t) => void plain(t).to('out', aSink())))).toBeUndefined();
  });
});
