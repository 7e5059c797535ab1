/** The test kit on time: a job that is deactivated and activated again, and messages that come at a time of their own. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/core/time.js';
import { runTuples, type TupleRun, type TupleRunOptions } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import type { Bolt } from '../../src/topology/components.js';
import { memory } from '../../src/topology/sink-specs.js';

interface N {
  readonly n: number;
}

const MODES = ['micro-batch', 'record'] as const;
const passing = (): Bolt<N, N> => ({
  execute: (tuple, out) => {
    out.emit(tuple.values, tuple);
    out.ack(tuple);
  },
});
const job = (create: () => Bolt<N, N> = passing, parallelism = 1) =>
  topology('lives', { batchInterval: seconds(0.1), attemptsMax: 1 }, (t) => {
    const spout = t.setSpout<N>('numbers', () => ({ nextTuple: () => 'done' }), { parallelism });
    t.setBolt('bolt', create).shuffleGrouping(spout).to('out', memory());
  });
/** One message at each of these times (ms). */
const messagesAt = (...times: readonly number[]) => ({
  numbers: { messages: times.map((virtualMs, n) => ({ id: n, values: { n }, virtualMs })) },
});
const callsOf = ({ lifeCalls }: TupleRun, of: string) =>
  lifeCalls.filter(({ component }) => component === of).map(({ call }) => call);
const timesOf = ({ delivered }: TupleRun) =>
  delivered.map(({ values, timestamp }) => [(values as N).n, timestamp / 1_000]);

describe.each(MODES)('runTuples, %s', (mode) => {
  const run = (options: Omit<TupleRunOptions, 'mode'>, create = passing) =>
    runTuples(job(create), { mode, ...options });

  it('deactivates a job and activates it: no tuple is asked for meanwhile, and what was taken in is finished', async () => {
    const spouts = messagesAt(0, 499, 600, 900, 1_500);
    const lived = await run({ spouts, inactive: [{ fromMs: 500, toMs: 1_000 }] });
    expect(callsOf(lived, 'numbers')).toEqual(['open', 'activate', 'deactivate', 'activate', 'deactivate', 'close']);
    expect(callsOf(lived, 'bolt')).toEqual(['prepare', 'cleanup']);
    expect(lived.acked).toEqual([0, 1, 2, 3, 4]);
    const times = timesOf(lived) as [number, number][];
    expect(times.map(([n]) => n)).toEqual([0, 1, 2, 3, 4]);
    expect(times.filter(([, ms]) => ms > 500 && ms < 1_000)).toEqual([]);
    expect(times.filter(([, ms]) => ms <= 500).map(([n]) => n)).toEqual([0, 1]);
  });

  it('deactivates it as often as is said, also with nothing to emit', async () => {
    const inactive = [
      { fromMs: 200, toMs: 400 },
      { fromMs: 600, toMs: 800 },
    ];
    const calls = callsOf(await run({ spouts: {}, inactive }), 'numbers');
    const twice = ['activate', 'deactivate', 'activate', 'deactivate'];
    expect(calls).toEqual(['open', ...twice, 'activate', 'deactivate', 'close']);
  });

  it('until ends it while it is inactive, and no stretch begins behind it', async () => {
    const spouts = messagesAt(0, 300, 700);
    const stretches = [
      { fromMs: 200, toMs: 800 },
      { fromMs: 900, toMs: 950 },
    ];
    const lived = await run({ spouts, inactive: stretches, until: { virtualMs: 500 } });
    expect(lived.acked).toEqual([0]);
    expect(callsOf(lived, 'numbers')).toEqual(['open', 'activate', 'deactivate', 'close']);
  });

  it('what fails while it is inactive comes again afterwards', async () => {
    // As micro-batches the batch is run once more without it; record at a time its message times out.
    let left = mode === 'record' ? 1 : 2;
    const failing = (): Bolt<N, N> => ({
      execute: (tuple, out) => {
        if (left-- <= 0) out.ack(tuple);
        else if (mode === 'micro-batch') out.fail(tuple);
      },
    });
    const timeout = mode === 'record' ? { messageTimeout: seconds(0.2) } : {};
    const lived = await run({ spouts: messagesAt(0), inactive: [{ fromMs: 150, toMs: 1_000 }], ...timeout }, failing);
    expect(lived.failed).toMatchObject([{ id: 0, reason: mode === 'record' ? 'timeout' : 'failed' }]);
    expect(lived.acked).toEqual([0]);
    expect(timesOf(lived)[0]![1]).toBeLessThanOrEqual(150);
    expect(timesOf(lived).at(-1)![1]).toBeGreaterThanOrEqual(1_000);
  });

  it('emits a message no sooner than at its time, and those behind it do not wait for it', async () => {
    const lived = await run({ spouts: messagesAt(250, 0, 700) });
    const times = timesOf(lived) as [number, number][];
    expect(times.map(([n]) => n)).toEqual([1, 0, 2]);
    expect(times[1]![1]).toBeGreaterThanOrEqual(250);
    expect(times[2]![1]).toBeGreaterThanOrEqual(700);
    expect(times[2]![1]).toBeLessThanOrEqual(800);
    expect(lived.acked).toEqual([1, 0, 2]);
  });

  it('tells which task a tuple came from', async () => {
    const { delivered } = await runTuples(job(passing, 2), { mode, spouts: messagesAt(0, 0, 0, 0) });
    const from = delivered.map(({ source, sourceTask, values }) => [source, sourceTask, (values as N).n]);
    expect(from.toSorted()).toEqual([
      ['numbers', 0, 0],
      ['numbers', 0, 2],
      ['numbers', 1, 1],
      ['numbers', 1, 3],
    ]);
  });

  it('rejects times that are none, all at once', async () => {
    const inactive = [
      { fromMs: 500, toMs: 500 },
      { fromMs: -1, toMs: 10 },
      { fromMs: 20, toMs: Number.POSITIVE_INFINITY },
    ];
    await expect(run({ spouts: messagesAt(Number.NaN), inactive })).rejects.toMatchObject({
      problems: [
        { code: 'RG011', message: "message 0 of spout 'numbers' has virtualMs NaN; it must be a number, 0 or more" },
        { code: 'RG011', message: expect.stringContaining('from 500 to 500') as unknown },
        { code: 'RG011', message: expect.stringContaining('fromMs must be 500 or more') as unknown },
        { code: 'RG011', message: expect.stringContaining('from 20 to Infinity') as unknown },
      ],
    });
  });
});
