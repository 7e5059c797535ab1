/** A sink that cannot write: the job stops, and the same command finishes it. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import { faultyFiles } from '../../src/runtime/faults/faulty-files.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { textFile } from '../../src/topology/sink-specs.js';
import { generator } from '../../src/topology/source-specs.js';
import { MODES, runVirtual } from './both-modes.js';

const job = topology('writes', { batchInterval: millis(10), guarantee: 'exactly-once' }, (t) => {
  t.source(
    'in',
    generator((index) => `line ${index}`, { count: 100 }),
  ).to('out', textFile('out'));
});

it.each(
  MODES.flatMap((mode) =>
    ['fail-write:out@4', 'torn-write:out@4', 'fail-sync:out@6', 'disk-full:out@5x3'].map(
      (fault) => [mode, fault] as const,
    ),
  ),
)(
  'fault row 41: a sink that cannot write fails the job, and the same command finishes it exactly once, %s, %s',
  async (mode, fault) => {
    const world = createSimulatedWorld();
    const how = { mode, rate: 1_000, checkpoint: { folder: 'progress', batches: 3, time: 30_000 } };
    const broken = { ...world, files: faultyFiles(world.files, [parseFault(fault)]) } as typeof world;
    const first = await runVirtual(job, how, broken);
    expect(first.outcome).toBe('failed');
    expect(first.error?.code).toMatch(/^RG0(46|57)$/);
    const second = await runVirtual(job, how, world);
    expect([second.outcome, second.error]).toEqual(['finished', undefined]);
    const lines = world.files.paths
      .filter((path) => path.startsWith('out/part-'))
      .flatMap((path) => world.files.text(path).trim().split('\n'));
    expect(lines.filter((line) => line !== '').toSorted()).toEqual(
      Array.from({ length: 100 }, (_, n) => `line ${n}`).toSorted(),
    );
  },
);
