/** How far stream time gets with a batch: the driver says it ahead, and the task that runs the batch comes to the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Chain } from '../../../src/executors/chain.js';
import { type PartitionTime, timeBehind } from '../../../src/executors/micro-batch/progress.js';
import { newTaskContext } from '../../../src/executors/micro-batch/task-context.js';
import { BlockInput } from '../../../src/executors/micro-batch/task-inputs.js';
import { Block } from '../../../src/runtime/source.js';

const STEP = 10;
const nothing = { push: () => undefined, advance: () => undefined, end: () => undefined };
/** A chain without an operator. */
const chain = { output: () => nothing, head: nothing, gates: () => [] } as unknown as Chain;

const block = fc
  .record({
    timestamps: fc.array(fc.integer({ min: -50, max: 80 }), { maxLength: 6 }),
    heartbeats: fc.array(fc.record({ at: fc.nat(6), watermark: fc.integer({ min: -50, max: 80 }) }), { maxLength: 3 }),
  })
  .map(({ timestamps, heartbeats }) => {
    const made = new Block();
    made.values = timestamps;
    made.timestamps = Float64Array.from(timestamps);
    made.heartbeats = heartbeats
      .map(({ at, watermark }) => ({ at: Math.min(at, timestamps.length), watermark }))
      .sort((a, b) => a.at - b.at);
    return made;
  });

it('is known to the driver before a task has run the batch', () => {
  fc.assert(
    fc.property(fc.array(fc.array(block, { maxLength: 3 }), { maxLength: 5 }), (batches) => {
      const none = Number.NEGATIVE_INFINITY;
      const time: PartitionTime = { watermark: none, nextStep: none, highest: none, sent: none };
      for (const blocks of batches) {
        const ahead = timeBehind(blocks, { ...time }, STEP);
        const input = new BlockInput(blocks, time, STEP, { source: 'in', partition: 0 });
        input.run(chain, newTaskContext(), 0, input.length, () => undefined);
        input.finish(chain);
        expect(ahead).toEqual(time);
      }
    }),
    { numRuns: 1_000 },
  );
});
