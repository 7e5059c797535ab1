/** A record that does not decode: set aside once, in both modes and under every guarantee, and the job ends as if it had not been there. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { json } from '../../src/topology/formats.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { textFile } from '../../src/topology/source-specs.js';
import { GUARANTEES } from '../../src/topology/specs.js';
import { MODES, runVirtual } from './both-modes.js';

const CASES = MODES.flatMap((mode) => GUARANTEES.map((guarantee) => [mode, guarantee] as const));

it.each(CASES)(
  'fault row 6: a record that does not decode is set aside with place, reason and bytes, %s, %s',
  async (mode, guarantee) => {
    const sink = memorySink<number>();
    const job = topology('numbers', { batchInterval: millis(10) }, (t) => {
      t.source('in', textFile('in.jsonl', { format: json<number>() }))
        .map((n) => n * 2)
        .to('out', sink);
    });
    const world = createSimulatedWorld({ files: { 'in.jsonl': '1\nnot json\n2\n' } });
    const told: unknown[] = [];
    const { outcome, deadLetters, deadLetterCount, recordsRead } = await runVirtual(
      job,
      {
        mode,
        settings: { guarantee },
        ...(guarantee === 'at-least-once' ? {} : { checkpoint: {} }),
        listener: (event) => {
          if (event.kind === 'deadLetter') told.push(event);
        },
      },
      world,
    );
    expect([outcome, sink.results, recordsRead]).toEqual(['finished', [2, 4], { in: 2 }]);
    expect(deadLetterCount).toBe(1);
    expect(deadLetters).toEqual([
      {
        source: 'in',
        partition: 0,
        offset: 1,
        value: { bytes: 8, base64: Buffer.from('not json').toString('base64') },
        error: expect.objectContaining({ code: 'RG048' }),
      },
    ]);
    expect(told).toEqual([{ kind: 'deadLetter', component: 'in', offset: 1, code: 'RG048' }]);
  },
);

it.each(MODES)('fault row 6: by option the job stops behind the records before it, %s', async (mode) => {
  const sink = memorySink<number>();
  const job = topology('numbers', { batchInterval: millis(10) }, (t) => {
    t.source('in', textFile('in.jsonl', { format: json<number>(), onUndecodable: 'fail' })).to('out', sink);
  });
  const world = createSimulatedWorld({ files: { 'in.jsonl': '1\nnot json\n2\n' } });
  const { outcome, error } = await runVirtual(job, { mode }, world);
  expect([outcome, error?.code, sink.results]).toEqual(['failed', 'RG048', [1]]);
});
