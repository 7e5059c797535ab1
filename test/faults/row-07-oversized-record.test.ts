/** A line beyond the limit: the job stops with what came before it, and says which line. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { textFile } from '../../src/topology/source-specs.js';
import { MODES, runVirtual } from './both-modes.js';

it.each(MODES)(
  'fault row 7: a line without an end fails the job with RG044 behind the lines before it, %s',
  async (mode) => {
    const sink = memorySink<string>();
    const job = topology('lines', { batchInterval: millis(10) }, (t) => {
      t.source('in', textFile('in.txt', { lineBytesMax: 1_000 })).to('out', sink);
    });
    const world = createSimulatedWorld({ files: { 'in.txt': `one\ntwo\n${'x'.repeat(100_000)}` } });
    const { outcome, error } = await runVirtual(job, { mode }, world);
    expect([outcome, error?.code, error?.message]).toEqual([
      'failed',
      'RG044',
      expect.stringMatching(/line 3 of .*in\.txt.* is longer than 1000 bytes/),
    ]);
    expect(sink.results).toEqual(['one', 'two']);
  },
);
