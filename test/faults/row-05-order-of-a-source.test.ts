/** A source that gives a value twice, or out of order. */
import { expect, it } from 'vitest';
import { micros, millis } from '../../src/core/time.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { MODES, runVirtual, sorted } from './both-modes.js';

it.each(MODES)(
  'fault row 5: equal values are records of their own, and event time puts what is out of order in its window, %s',
  async (mode) => {
    const sink = memorySink<readonly [string, number]>();
    const job = topology('order', { batchInterval: millis(10) }, (t) => {
      t.source('in', memory([1, 12, 12, 9, 25, 14, 25]))
        .timestamps({ extract: (n) => n * 1_000, maxOutOfOrderness: millis(20) })
        .map((n) => [`k${n}`, 1] as const)
        .reduceByKeyAndWindow({ window: millis(10), slide: millis(10), reduce: (a, b) => a + b })
        .to('out', sink);
    });
    const result = await runVirtual(job, { mode });
    expect([result.outcome, result.lateRecords]).toEqual(['finished', 0]);
    expect(sorted(sink.results)).toEqual(
      sorted([
        ['k1', 1],
        ['k12', 2],
        ['k14', 1],
        ['k25', 2],
        ['k9', 1],
      ]),
    );
  },
);

it.each(MODES)('fault row 5: what comes too late is set aside and counted, not folded in, %s', async (mode) => {
  const [onTime, late] = [memorySink<number>(), memorySink<number>()];
  const job = topology('late', { batchInterval: millis(10) }, (t) => {
    const stream = t
      .source('in', memory([1, 30, 5, 31]))
      .timestamps({ extract: (n) => n * 1_000, maxOutOfOrderness: micros(1_000) });
    stream.to('out', onTime);
    stream.late.to('late', late);
  });
  const { lateRecords } = await runVirtual(job, { mode });
  expect([lateRecords, onTime.results, late.results]).toEqual([1, [1, 30, 31], [5]]);
});
