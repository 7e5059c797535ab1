/** Keys that trip up objects and numbers: each is a key like any other. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';
import { MODES, runVirtual } from './both-modes.js';

const HOSTILE = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '\uD800',
  '\0',
  '0',
  'NaN',
  Number.NaN,
  0,
  -1,
];

it.each(MODES)('fault row 23: hostile keys are counted and restored like any other, %s', async (mode) => {
  const job = (repeats: number) =>
    topology('hostile', { batchInterval: millis(10) }, (t) => {
      t.source('in', memory(Array.from({ length: repeats }, () => [...HOSTILE, -0]).flat()))
        .map((key) => [key, 1] as const)
        .runningReduce({ uid: 'counts', reduce: (a, b) => a + b })
        .to('out', memorySink());
    });
  const world = createSimulatedWorld();
  const how = { mode, parallelism: 3, chaining: false, checkpoint: { folder: 'progress' } } as const;
  const expected = (times: number) => new Map(HOSTILE.map((key) => [key, key === 0 ? 2 * times : times]));
  const first = await runVirtual(job(3), { ...how, records: 3 * (HOSTILE.length + 1) }, world);
  expect(new Map(first.state('counts') as Iterable<[string | number, number]>)).toEqual(expected(3));
  // The same command again: all of it comes out of the checkpoint.
  const second = await runVirtual(job(3), how, world);
  expect(new Map(second.state('counts') as Iterable<[string | number, number]>)).toEqual(expected(3));
  expect(Object.prototype).not.toHaveProperty('counts');
});
