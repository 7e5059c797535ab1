/** A user's function that never comes back: on a worker it costs the worker, and the job goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { loadJobAt } from '../../src/host/load-job.js';
import { run } from '../../src/host/run.js';
import type { WorkerPoolEvent } from '../../src/host/worker-pool.js';
import { MODES } from './both-modes.js';

/** Its function names nothing that is imported: the test runner would rewrite it, and a worker would have another plan. */
const JOB = `import { seconds, topology } from 'raingauge';
import { memory as results } from 'raingauge/sinks';
import { memory } from 'raingauge/sources';

const hang = (n) => {
  const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const { HUNG, HANGS } = process.env;
  if (n !== 7 || (HANGS === 'once' && existsSync(HUNG))) return n;
  writeFileSync(HUNG, '');
  for (;;);
};

export default topology('hanging', { batchInterval: seconds(0.05) }, (t) => {
  t.source('in', memory(Array.from({ length: 20 }, (_, n) => n))).map(hang, { uid: 'hang' }).to('out', results());
});
`;

/** Short, so that the test is; an ordinary function here takes microseconds. */
const HEARTBEAT_TIMEOUT = 400_000;

async function runHanging(mode: (typeof MODES)[number], hangs: 'once' | 'always') {
  const folder = mkdtempSync(join(tmpdir(), 'raingauge-hang-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'job.mjs'), JOB);
  vi.stubEnv('HANGS', hangs);
  vi.stubEnv('HUNG', join(folder, 'hung'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const location = { path: join(folder, 'job.mjs'), exportName: 'default' };
  const events: WorkerPoolEvent[] = [];
  const result = await run(await loadJobAt(location), {
    mode,
    workers: {
      count: 1,
      isolation: 'thread',
      job: location,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      onEvent: (event) => events.push(event),
    },
  });
  return { result, reasons: events.flatMap((event) => (event.kind === 'workerLost' ? [event.reason] : [])) };
}

it.each(MODES)(
  'fault row 26: a function that hangs once costs its worker, and no record, %s',
  { timeout: 90_000 },
  async (mode) => {
    const { result, reasons } = await runHanging(mode, 'once');
    expect(reasons).toEqual(['it gave no sign of life for 0.4 s']);
    expect([result.outcome, result.error]).toEqual(['finished', undefined]);
    expect(result.recordsRead).toEqual({ in: 20 });
    expect(result.resultsWritten['out']).toBeGreaterThanOrEqual(20);
  },
);

it('fault row 26: a function that always hangs ends the job with RG059, micro-batch', { timeout: 90_000 }, async () => {
  const { result, reasons } = await runHanging('micro-batch', 'always');
  expect([reasons.length, result.outcome, result.error?.code]).toEqual([5, 'failed', 'RG059']);
});

it('fault row 26: a function that always hangs ends the job with RG059, record', {
  timeout: 90_000,
}, async () => {
  const { result, reasons } = await runHanging('record', 'always');
  expect([reasons.length, result.outcome, result.error?.code]).toEqual([5, 'failed', 'RG059']);
});
