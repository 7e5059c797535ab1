/** Faults that wait for so many records: messages of spouts are records too. */
import { expect, it } from 'vitest';
import { parseFault } from '../../../src/runtime/faults/fault-plan.js';
import { startVirtual } from '../../../src/testing/virtual-run.js';
import { topology } from '../../../src/topology/builder.js';
import type { Spout } from '../../../src/topology/components.js';
import { memory } from '../../../src/topology/sink-specs.js';

interface N {
  readonly n: number;
}

const STREAMS = { odd: 'grouped', chosen: 'direct' } as const;

it.each(['micro-batch', 'record'] as const)('a fault strikes at a message of a spout, %s', async (mode) => {
  let emitted = 0;
  const struck: number[] = [];
  const job = topology('counted', (t) => {
    const spout = t.setSpout<N, { odd: N; chosen: N }>(
      'numbers',
      (): Spout<N, { odd: N; chosen: N }> => ({
        nextTuple: (out) => {
          emitted++;
          if (emitted % 3 === 0) out.emitTo('odd', { n: emitted }, emitted);
          else if (emitted % 3 === 1) out.emitDirect(0, 'chosen', { n: emitted }, emitted);
          else out.emit({ n: emitted }, emitted);
          return emitted === 9 ? 'done' : undefined;
        },
      }),
      { streams: STREAMS },
    );
    spout.to('out', memory());
    t.setBasicBolt<N, N>('bolt', () => ({ execute: () => {} })).shuffleGrouping(spout.stream('odd'));
  });
  const plan = [parseFault('kill:driver@4'), parseFault('kill:driver@50%'), parseFault('kill:driver@10')];
  const faults = { plan, total: 14, killDriver: () => void struck.push(emitted) };
  const run = await startVirtual(job, () => ({ mode, faults }));
  expect((await run.end()).error).toBeUndefined();
  expect(struck).toEqual([4, 7]);
});
