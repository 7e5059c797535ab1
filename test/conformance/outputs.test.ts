/** Where streams end by a method of their own: the same sinks as `to`, under names that are free. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { run } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import type { SinkNode } from '../../src/topology/graph.js';
import { memory } from '../../src/topology/source-specs.js';
import { VARIANTS } from './variants.js';

it('print, foreachBatch and saveAsTextFiles are sinks that act per interval', () => {
  const { graph } = topology('job', (t) => {
    const words = t.source('words', memory(['rain']));
    words.print().print(3);
    words.foreachBatch(() => undefined).foreachBatch(() => undefined, 'mine');
    words.saveAsTextFiles('out');
  });
  const sinks = graph.nodes.filter((node): node is SinkNode => node.kind === 'sink');
  expect(sinks.map(({ name, spec }) => [name, spec.kind, spec.options, spec.capabilities.delivery])).toEqual([
    ['print', 'stdout', { max: 10 }, 'interval'],
    ['print-2', 'stdout', { max: 3 }, 'interval'],
    ['foreachBatch', 'foreach', {}, 'interval'],
    ['mine', 'foreach', {}, 'interval'],
    ['saveAsTextFiles', 'text-file', { folder: 'out' }, 'interval'],
  ]);
});

describe.each(VARIANTS)('%s', (_name, variant) => {
  const numbers = memory([1, 2, 3]);

  it('foreachBatch is called once for each closed interval, with its values and its end', async () => {
    const calls: (readonly [readonly number[], number])[] = [];
    const job = topology('job', { batchInterval: millis(10) }, (t) => {
      t.source('in', numbers)
        .timestamps({ extract: (n) => n * 8_000, maxOutOfOrderness: millis(0) })
        .foreachBatch((values, end) => void calls.push([[...values], end]));
    });
    const world = createSimulatedWorld();
    const result = await world.complete(run(job, { ...variant, world }), 1_000_000);
    expect(result.outcome).toBe('finished');
    expect(calls).toEqual([
      [[1], 10_000],
      [[2], 20_000],
      [[3], 30_000],
    ]);
  });

  it('a foreachBatch that throws fails the job, and says which', async () => {
    const job = topology('job', { batchInterval: millis(10) }, (t) => {
      t.source('in', numbers).foreachBatch(() => {
        throw new Error('disk on fire');
      });
    });
    const world = createSimulatedWorld();
    const result = await world.complete(run(job, { ...variant, world }), 1_000_000);
    expect(result.error).toMatchObject({
      code: 'RG030',
      message: "the function of sink 'foreachBatch' threw: disk on fire",
    });
  });
});
