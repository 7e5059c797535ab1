/** A source that gives nothing for a while, and then goes on. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { generator } from '../../src/topology/source-specs.js';
import { MODES, runVirtual, sorted } from './both-modes.js';

it.each(MODES)(
  'fault row 4: what a source gives after three seconds of silence is in its windows, %s',
  async (mode) => {
    const results = async (faults: readonly string[]) => {
      const sink = memorySink<readonly [string, number]>();
      const job = topology('silence', { batchInterval: millis(100) }, (t) => {
        const count = (name: string) =>
          t.source(
            name,
            generator((index) => `${name} ${index % 3}`, { count: 200 }),
          );
        count('in').union(count('other')).countByValue().to('out', sink);
      });
      const plan = { plan: faults.map(parseFault), total: 400 };
      const result = await runVirtual(job, { mode, rate: 100, faults: plan });
      expect([result.outcome, result.recordsRead]).toEqual(['finished', { in: 200, other: 200 }]);
      return { values: sorted(sink.results), duration: result.duration };
    };
    const undisturbed = await results([]);
    const silent = await results(['disconnect:in@50%+3s']);
    expect(silent.values).toEqual(undisturbed.values);
    expect(silent.duration).toBeGreaterThan(undisturbed.duration + 1_500_000);
  },
);
