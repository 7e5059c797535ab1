/** Task workers on real threads and in real processes: they load the job, are killed, come back, and say why they cannot. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { compileJob } from '../../src/host/compile-job.js';
import { type JobLocation, loadJobAt } from '../../src/host/load-job.js';
import { startWorkerPool, type WorkerPoolOptions } from '../../src/host/worker-pool.js';
import { jobSetup } from '../../src/host/worker-setup.js';
import { createRealWorld } from '../../src/runtime/real-world.js';
import type { Topology } from '../../src/topology/graph.js';
import { isLong } from '../breadth.js';
import { builtForm } from '../built-form.js';
import type { Echo } from './echo-hosts.js';

const world = createRealWorld({
  workers: { 'task-worker': builtForm(new URL('./echo-task-worker.ts', import.meta.url)) },
});
const WORDS: JobLocation = { path: fileURLToPath(new URL('./words-job.mjs', import.meta.url)), exportName: 'default' };
const folder = mkdtempSync(join(tmpdir(), 'raingauge-workers-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function startPool(isolation: 'thread' | 'process', options: Partial<WorkerPoolOptions> = {}) {
  const run = { mode: 'micro-batch', parallelism: 2 } as const;
  const { plan } = compileJob(await loadJobAt(WORDS), run);
  const setup = jobSetup(WORDS, run);
  const pool = await startWorkerPool({ world, count: 1, isolation, setup, hash: plan.hash, ...options });
  onTestFinished(() => pool.close());
  return pool;
}

/** Events of a pool, one by one. */
function eventsOf(pool: Awaited<ReturnType<typeof startPool>>) {
  const events: string[] = [];
  let wake = (): void => {};
  const add = (event: string): void => {
    events.push(event);
    wake();
  };
  pool.listen({
    message: (worker, message) => add(`${worker} says ${String((message as Echo).echo)}`),
    lost: (worker, reason) => add(`${worker} lost: ${reason.split('\n')[0]}`),
    ready: (worker) => add(`${worker} ready`),
    failed: ({ code, message }) => add(`failed ${code}: ${message}`),
  });
  return async (): Promise<string> => {
    while (events.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return events.shift()!;
  };
}

/** Each in a thread or in a process, but in a long run. */
const BAD_JOBS = [
  { what: 'is not there', text: undefined, message: /there is no job file .*not-there\.ts \(RG001\)$/ },
  {
    what: 'throws',
    text: "throw new Error('not today');",
    message: /threw while it was loaded: Error: not today \(RG003\)$/,
  },
  { what: 'exports nothing', text: 'export const x: number = 1;', message: /has no default export \(RG002\)$/ },
  { what: 'ends its process', text: 'process.exit(7);', message: /ended before it was ready: exited with code 7/ },
  {
    what: 'throws on its own while it is loaded',
    text: "void Promise.reject(new Error('floating'));\nawait new Promise((resolve) => setTimeout(resolve, 1e6));",
    message: /ended before it was ready: Error: floating/,
  },
];

describe.each(['thread', 'process'] as const)('a %s', (isolation) => {
  it('loads the job, answers, is killed, and comes back', async () => {
    const pool = await startPool(isolation, { count: 2 });
    const next = eventsOf(pool);
    const pid = pool.pidOf(0);
    pool.send(0, 'a');
    expect(await next()).toBe('0 says a');
    pool.kill(0, 'kill');
    expect(await next()).toMatch(/^0 lost: (killed|ended by SIGKILL)$/);
    pool.send(1, 'b');
    expect(await next()).toBe('1 says b');
    expect(await next()).toBe('0 ready');
    expect(pool.pidOf(0) === pid).toBe(isolation === 'thread');
    pool.send(0, 'c');
    expect(await next()).toBe('0 says c');
  });

  it('is lost when its host throws, with what it threw as the reason', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());
    const pool = await startPool(isolation);
    const next = eventsOf(pool);
    pool.send(0, 'throw');
    expect(await next()).toBe('0 lost: Error: I was told to throw');
    expect(await next()).toBe('0 ready');
  });

  it('is sent, and sends, only what can be copied', async () => {
    const pool = await startPool(isolation);
    const next = eventsOf(pool);
    expect(() => pool.send(0, () => 1)).toThrow(expect.objectContaining({ code: 'RG056' }));
    pool.send(0, 'send a function');
    expect(await next()).toMatch(/^failed RG056: a value cannot be sent to or from a worker: .*could not be cloned/);
  });

  it('is lost when it is stopped for too long', async () => {
    const pool = await startPool(isolation, { heartbeatInterval: 20_000, heartbeatTimeout: 200_000 });
    const next = eventsOf(pool);
    pool.kill(0, 'stop');
    pool.send(0, 'unheard');
    expect(await next()).toBe('0 lost: it gave no sign of life for 0.2 s');
  });

  it.each(BAD_JOBS.filter((_, i) => isLong || (isolation === 'thread') === (i % 2 === 0)))(
    'since its job $what fails the start',
    async ({ text, message }) => {
      const path = join(folder, text === undefined ? 'not-there.ts' : `${isolation}-${text.length}.ts`);
      if (text !== undefined) writeFileSync(path, text);
      const setup = jobSetup({ path, exportName: 'default' }, { mode: 'record' });
      const starting = startPool(isolation, { setup });
      await expect(starting).rejects.toMatchObject({ code: 'RG058', message: expect.stringMatching(message) });
    },
  );
});

describe('a process', () => {
  it('changes the topology as its driver did', async () => {
    const path = join(folder, 'decorator.mjs');
    writeFileSync(
      path,
      'export const decorate = ({ graph, functions }) => ({ graph: { ...graph, name: "other" }, functions });',
    );
    const { decorate } = (await import(path)) as { decorate(topology: Topology): Topology };
    const run = { mode: 'record' } as const;
    const { plan } = compileJob(decorate(await loadJobAt(WORDS)), run);
    const setup = jobSetup(WORDS, run);
    await startPool('process', { setup: { ...setup, decorators: [path] }, hash: plan.hash });
    await expect(startPool('process', { setup, hash: plan.hash })).rejects.toMatchObject({ code: 'RG058' });
  });

  it('with another topology than the driver has fails the start', async () => {
    const location = { ...WORDS, exportName: 'changing' };
    const run = { mode: 'record' } as const;
    const { plan } = compileJob(await loadJobAt(location), run);
    const starting = startPool('process', { setup: jobSetup(location, run), hash: plan.hash });
    await expect(starting).rejects.toMatchObject({ code: 'RG058', message: expect.stringContaining('has the plan') });
  });
});
