/** The test kit on intervals: times, names, limits, faults, and what it says of a job that fails. */
import { describe, expect, it } from 'vitest';
import { micros, seconds } from '../../src/core/time.js';
import { runIntervals } from '../../src/testing/index.js';
import { topology } from '../../src/topology/builder.js';
import { none, stdout } from '../../src/topology/sink-specs.js';
import { memory, tcp } from '../../src/topology/source-specs.js';

const MODES = ['micro-batch', 'record'] as const;

describe.each(MODES)('runIntervals in %s', (mode) => {
  const stamping = topology('stamps', { batchInterval: micros(1_000) }, (t) => {
    t.source('in', tcp('localhost:1'))
      .keyBy((text) => text)
      .process<number, readonly [string, number]>({
        uid: 'stamp',
        onRecord: (text, context) => context.emit([text, context.timestamp]),
      })
      .to('out', stdout());
  });

  it('gives record j of the n of interval i the time i·B + ⌊j·B / n⌋', async () => {
    const { outputs } = await runIntervals(stamping, {
      mode,
      inputs: { in: [['a', 'b', 'c'], [], ['d'], ['e', 'f']] },
    });
    expect(outputs['out']).toEqual([
      [
        ['a', 0],
        ['b', 333],
        ['c', 666],
      ],
      [],
      [['d', 2_000]],
      [
        ['e', 3_000],
        ['f', 3_500],
      ],
    ]);
  });

  it('runs as many intervals as it is told, or as the longest input has', async () => {
    const run = async (inputs: Record<string, string[][]>, intervals?: number) =>
      (await runIntervals(stamping, { mode, inputs, ...(intervals === undefined ? {} : { intervals }) })).outputs[
        'out'
      ]!.map((results) => results.length);
    expect(await run({ in: [['a'], ['b']] }, 4)).toEqual([1, 1, 0, 0]);
    expect(await run({ in: [['a'], ['b'], ['c']] }, 2)).toEqual([1, 1]);
    expect(await run({ in: [] })).toEqual([]);
    expect(await run({})).toEqual([]);
    expect(await run({}, 2)).toEqual([0, 0]);
  });

  it('keeps results with event times in no interval apart', async () => {
    const job = topology('events', { batchInterval: micros(1_000) }, (t) => {
      t.source('in', memory<number>([]))
        .timestamps({ extract: (n) => n, maxOutOfOrderness: seconds(1) })
        .to('out', none());
    });
    const { outputs, outside } = await runIntervals(job, { mode, inputs: { in: [[5, 1_500, -1], [2_000]] } });
    expect(outputs['out']).toEqual([[5], [1_500]]);
    expect(outside['out']).toEqual([
      { value: -1, timestamp: -1 },
      { value: 2_000, timestamp: 2_000 },
    ]);
  });

  it('rejects names that the topology lacks, with the one that was meant', async () => {
    const run = runIntervals(stamping, { mode, inputs: { im: [], lines: [] } });
    await expect(run).rejects.toMatchObject({
      problems: [
        { code: 'RG005', message: "there is no source 'im'", hint: "did you mean 'in'?" },
        { code: 'RG005', hint: 'use in' },
      ],
    });
    await expect(runIntervals(stamping, { mode, inputs: {}, intervals: 1.5 })).rejects.toMatchObject({
      problems: [{ code: 'RG011' }],
    });
  });

  it('rejects with the error that failed the job, and with what does not compile', async () => {
    const failing = topology('failing', (t) =>
      t
        .source('in', memory<number>([]))
        .map(
          () => {
            throw new Error('no');
          },
          { uid: 'op' },
        )
        .to('out', none()),
    );
    await expect(runIntervals(failing, { mode, inputs: { in: [[1]] } })).rejects.toMatchObject({
      code: 'RG030',
      operator: 'op',
    });
    await expect(runIntervals(failing, { mode, inputs: {}, parallelism: 0 })).rejects.toMatchObject({
      problems: [{ code: 'RG011' }],
    });
  });

  it('keeps a sink that has the name of the late one, and tells late records of several sources', async () => {
    const job = topology('late', { batchInterval: micros(1_000) }, (t) => {
      const timed = (name: string) =>
        t
          .source(name, memory<number>([]))
          .timestamps({ uid: `times ${name}`, extract: (n) => n, maxOutOfOrderness: micros(0) });
      const first = timed('one');
      first.union(timed('two')).count().to('out', none());
      first.late.to('late', none());
    });
    const { late, outputs } = await runIntervals(job, {
      mode,
      inputs: { one: [[10, 5], [1_001]], two: [[9, 7], [1_002]] },
    });
    expect(late.toSorted()).toEqual([5, 7]);
    expect(outputs['late']).toEqual([[5], []]);
    expect(outputs['out']).toEqual([[2], []]);
  });
});
