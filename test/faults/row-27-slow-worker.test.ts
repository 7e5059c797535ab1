/** A worker that is much slower than the others: the twin of its task commits, and the job does not wait for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadJobAt } from '../../src/host/load-job.js';
import { run } from '../../src/host/run.js';
import type { JobEvent } from '../../src/runtime/events.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import type { SinkWriter } from '../../src/runtime/sink.js';

/** Partition 0 comes in ten batches of 20 records; partition 1 has three records, so that its worker is free. */
const JOB = `import { seconds, topology } from 'raingauge';
import { memory as results } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

export default topology('straggler', { batchInterval: seconds(0.05) }, (t) => {
  t.source('in', memory.partitions([Array.from({ length: 200 }, (_, n) => n), [1000, 1001, 1002]]))
    .map((n) => n * 2, { uid: 'double' })
    .to('out', results());
});
`;

/** Call 195 is in the last batch of partition 0 on its worker, and the other worker does not come so far. It takes an hour. */
const SLOW = parseFault('slow:double@195+3600s');

it('fault row 27: the twin of a slow task commits, and each result is seen once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'raingauge-slow-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'job.mjs'), JOB);
  const location = { path: join(folder, 'job.mjs'), exportName: 'default' };
  const events: JobEvent[] = [];
  const seen: unknown[] = [];
  const result = await run(await loadJobAt(location), {
    mode: 'micro-batch',
    microBatch: { trigger: 'available', batchRecordsMax: 20, speculation: true },
    workers: { count: 2, isolation: 'thread', job: location, heartbeatTimeout: 7_200_000_000 },
    faults: { plan: [SLOW] },
    listener: (event) => events.push(event),
    writers: new Map([['out', collecting(seen)]]),
  });
  expect([result.outcome, result.error]).toEqual(['finished', undefined]);
  expect(events).toContainEqual({ kind: 'taskSpeculated', stage: 0, partition: 0, worker: 1 });
  const expected = [...Array.from({ length: 200 }, (_, n) => n), 1000, 1001, 1002].map((n) => n * 2);
  expect([...seen].sort((a, b) => (a as number) - (b as number))).toEqual(expected);
});

function collecting(seen: unknown[]): SinkWriter {
  return {
    accept: (value) => void seen.push(value),
    flush: () => undefined,
    ready: true,
    onReady: (wake) => wake(),
    failure: undefined,
    close: async () => undefined,
  };
}
