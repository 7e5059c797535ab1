/** A source that is faster than the job: the queues fill up to their limits, and then the source waits. */
import { expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import type { RunningJob } from '../../src/executors/executor.js';
import { start } from '../../src/host/run.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { memory as memorySink } from '../../src/topology/sink-specs.js';
import { memory } from '../../src/topology/source-specs.js';

const RECORDS = 500;

it.each([
  ['micro-batch', { microBatch: { receivedRecordsMax: 20 } }],
  ['record', { record: { maxSpoutPending: 20 } }],
] as const)('fault row 12: no more wait than the limit allows, and none is lost, %s', async (mode, limit) => {
  const world = createSimulatedWorld();
  const sink = memorySink<readonly [number, number]>();
  const job = topology('full', { batchInterval: millis(10) }, (t) => {
    t.source('in', memory(Array.from({ length: RECORDS }, (_, n) => n)))
      .map((n) => [n % 7, 1] as const)
      .runningReduce({ uid: 'counts', reduce: (a, b) => a + b })
      .to('out', sink);
  });
  let running: RunningJob | undefined;
  let most = 0;
  const listener = () => {
    most = Math.max(most, running?.progress().pending ?? 0);
  };
  running = await world.complete(start(job, { mode, world, chaining: false, listener, ...limit }));
  const { outcome, recordsRead } = await world.complete(running.done, 1_000_000);
  expect([outcome, recordsRead, sink.results.length]).toEqual(['finished', { in: RECORDS }, RECORDS]);
  expect(most).toBeGreaterThan(0);
  // A batch that is under way, and what is received for the next one.
  expect(most).toBeLessThanOrEqual(mode === 'micro-batch' ? 60 : 20);
});
