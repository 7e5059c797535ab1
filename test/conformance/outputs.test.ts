/** Where streams end by a method of their own: the same sinks as `to`, under names that are free. */
import { describe, expect, it, vi } from 'vitest';
import { millis } from '../../src/core/time.js';
import { run, start } from '../../src/host/run.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import { type TopologyBuilder, topology } from '../../src/topology/builder.js';
import type { SinkNode } from '../../src/topology/graph.js';
import { generator, memory } from '../../src/topology/source-specs.js';
import type { Stream } from '../../src/topology/streams.js';
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

  /** Ends by methods of their own: what is printed, and the files of a folder, by interval. */
  const ends = (build: (t: TopologyBuilder) => Stream<number>) =>
    topology('ends', { batchInterval: millis(10) }, (t) => {
      const numbers = build(t);
      numbers.print(3);
      numbers.saveAsTextFiles('out');
    });
  const filesOf = ({ files }: SimulatedWorld): Readonly<Record<string, string>> =>
    Object.fromEntries(files.paths.filter((path) => path.startsWith('out/')).map((path) => [path, files.text(path)]));

  it('print prints a block, and saveAsTextFiles writes a file, for each closed interval', async () => {
    const world = createSimulatedWorld();
    const job = ends((t) =>
      t
        .source('in', numbers)
        .timestamps({ extract: (n) => n * 8_000, maxOutOfOrderness: millis(0) })
        .flatMap((n) => Array<number>(2 * n - 1).fill(n)),
    );
    const { printed, result } = await printing(() => world.complete(run(job, { ...variant, world }), 1_000_000));
    expect([result.outcome, result.error]).toEqual(['finished', undefined]);
    expect(printed).toBe([block(10, '1'), block(20, '2', '2', '2'), block(30, '3', '3', '3', '...')].join(''));
    expect(filesOf(world)).toEqual({
      'out/part-10-00000': '1\n',
      'out/part-20-00000': '2\n2\n2\n',
      'out/part-30-00000': '3\n3\n3\n3\n3\n',
    });
  });

  it('of a job that is stopped what is printed and written is whole', async () => {
    const world = createSimulatedWorld();
    const job = ends((t) =>
      t.source(
        'in',
        generator((index) => index),
      ),
    );
    const { printed, result } = await printing(async () => {
      const running = await world.complete(start(job, { ...variant, rate: 300, world }));
      await world.run(55_000);
      running.stop();
      return world.complete(running.done, 1_000_000);
    });
    expect(result.outcome).toBe('stopped');
    const files = Object.entries(filesOf(world)).map(([path, text]) => [Number(path.split('-')[1]), text] as const);
    const inOrder = files.toSorted(([a], [b]) => a - b);
    expect(inOrder.length).toBeGreaterThan(3);
    const values = inOrder.flatMap(([, text]) => text.trim().split('\n').map(Number));
    expect(values).toEqual(Array.from({ length: values.length }, (_, n) => n));
    expect(printed).toBe(inOrder.map(([end, text]) => block(end, ...text.trim().split('\n'))).join(''));
  });
});

/** What Spark prints of an interval. */
function block(endMs: number, ...lines: readonly string[]): string {
  const rule = '-'.repeat(43);
  return `${[rule, `Time: ${endMs} ms`, rule, ...lines].join('\n')}\n\n`;
}

/** Keeps what goes to standard output meanwhile. */
async function printing<T>(job: () => Promise<T>): Promise<{ readonly printed: string; readonly result: T }> {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk, ...rest: readonly unknown[]) => {
    printed += String(chunk);
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  });
  try {
    const result = await job();
    return { printed, result };
  } finally {
    write.mockRestore();
  }
}
