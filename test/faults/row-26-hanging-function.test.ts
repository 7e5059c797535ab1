/** A user's function that never comes back: on a worker it costs the worker, and the job goes on. */

import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { loadJobAt } from '../../src/host/load-job.js';
import type { WorkerPoolEvent } from '../../src/host/worker-pool.js';
import { isWide } from '../breadth.js';
import { isBuilt, projectFolderOf, root } from '../cli/command.js';
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
  // Always: as a lock that nobody opens, which takes no processor from the other tests.
  if (HANGS === 'always') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  for (;;);
};

export default topology('hanging', { batchInterval: seconds(0.05) }, (t) => {
  t.source('in', memory(Array.from({ length: 20 }, (_, n) => n))).map(hang, { uid: 'hang' }).to('out', results());
});
`;

/** Short, so that the test is; an ordinary function here takes microseconds. */
const HEARTBEAT_TIMEOUT = 400_000;
const SILENT = 'it gave no sign of life for 0.4 s';

/** Workers of the built program start without a loader: five can be lost within a minute also where much else runs. */
const { run } = (await import(
  /* @vite-ignore */ join(root, isBuilt() ? 'dist/host/run.js' : 'src/host/run.ts')
)) as typeof import('../../src/host/run.js');

async function runHanging(mode: (typeof MODES)[number], hangs: 'once' | 'always') {
  const folder = projectFolderOf({ 'job.mjs': JOB });
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

it.each(MODES)('fault row 26: a function that hangs once costs its worker, and no record, %s', async (mode) => {
  const { result, reasons } = await runHanging(mode, 'once');
  // A machine that is busy with other things may hold up a worker that does not hang.
  expect(new Set(reasons)).toEqual(new Set([SILENT]));
  expect([result.outcome, result.error]).toEqual(['finished', undefined]);
  expect(result.recordsRead).toEqual({ in: 20 });
  expect(result.resultsWritten['out']).toBeGreaterThanOrEqual(20);
});

it.each(isWide ? MODES : MODES.slice(1))(
  'fault row 26: a function that always hangs ends the job with RG059, %s',
  async (mode) => {
    const { result, reasons } = await runHanging(mode, 'always');
    expect(reasons).toEqual(Array(5).fill(SILENT));
    expect([result.outcome, result.error?.code]).toEqual(['failed', 'RG059']);
  },
);
