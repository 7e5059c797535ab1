/** The pool of task workers on virtual time: start, messages, proof of the plan, and errors that end it. */
import { describe, expect, it } from 'vitest';
import { millis } from '../../src/core/time.js';
import { compileJob } from '../../src/host/compile-job.js';
import { simulatedTaskWorkers } from '../../src/host/simulated-workers.js';
import { startWorkerPool } from '../../src/host/worker-pool.js';
import { jobSetup } from '../../src/host/worker-setup.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { topology } from '../../src/topology/builder.js';
import { foreach, none } from '../../src/topology/sink-specs.js';
import { generator, memory } from '../../src/topology/source-specs.js';
import { ECHO_HOSTS } from './echo-hosts.js';
import { job, refusal, run, simulation, started } from './simulated-pool.js';

describe('a pool of workers', () => {
  it('starts all, and passes messages both ways with the worker that they belong to', async () => {
    const { world, pool, log } = await started();
    expect(pool.count).toBe(2);
    pool.send(0, ['a', 'b']);
    pool.send(1, 'c');
    pool.send(1, 'transfer');
    await run(world, 1);
    const answers = log.map((line) => line.replace(/"seed":\d+/, '"seed":0'));
    expect(answers).toEqual([
      '0 0 says {"echo":["a","b"],"worker":0,"seed":0,"stages":1}',
      '0 1 says {"echo":"c","worker":1,"seed":0,"stages":1}',
      '0 1 says {"times":{"0":1,"1":2,"2":3}}',
    ]);
    expect(new Set(log.slice(0, 2).map((line) => /"seed":(\d+)/.exec(line)![1])).size).toBe(2);
    pool.close();
    await world.runUntilIdle(100);
  });

  it('keeps what happens before anyone listens', async () => {
    const { world, starting, log, listen } = simulation();
    const pool = await world.complete(starting);
    pool.kill(0, 'kill');
    await run(world, 200);
    listen(pool);
    expect(log).toEqual(['200 0 lost: killed', '200 0 ready']);
  });

  it('comes to the plan of a run with other ends, settings and parallelism', async () => {
    const other = {
      parallelism: 3,
      chaining: false,
      settings: { attemptsMax: 2 },
      sources: { lines: generator((i) => `line ${i}`) },
      sinks: { counts: foreach(() => undefined) },
    };
    const { world, pool, log } = await started({ run: other });
    pool.send(0, 'x');
    await run(world, 1);
    expect(log).toEqual([expect.stringContaining('"stages":2')]);
    pool.close();
    const setup = jobSetup(undefined, { mode: 'record' });
    expect((await refusal({ run: other, options: { setup } })).code).toBe('RG058');
  });
});

describe('a worker that does not fit', () => {
  it.each([
    {
      what: 'has another plan',
      options: {
        theirs: topology('words', { batchInterval: millis(200) }, (t) =>
          t.source('lines', memory([''])).to('out', none()),
        ),
      },
      message: /^worker 0 has the plan [0-9a-f]+, and the driver [0-9a-f]+: both must be the same$/,
    },
    {
      what: 'cannot compile the job',
      options: { options: { setup: jobSetup(undefined, { mode: 'record', parallelism: 1_000 }) } },
      message: /^worker 0 cannot load the job: parallelism is 1000; it must be a whole number from 1 to 128 \(RG011\)$/,
    },
    {
      what: 'has no host',
      options: {
        hosts: {
          ...ECHO_HOSTS,
          record: () => {
            throw new Error('no host');
          },
        },
      },
      message: /^worker 0 ended before it was ready: Error: no host/,
    },
  ])('since it $what fails the start', async ({ options, message }) => {
    const error = await refusal(options);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'RG058', hint: expect.stringMatching(/./) });
  });

  it('since it is not ready in time fails the start', async () => {
    const world = createSimulatedWorld({ workers: { 'task-worker': () => undefined } });
    const starting = startWorkerPool({
      world,
      count: 1,
      setup: jobSetup(undefined, { mode: 'record' }),
      hash: '',
      startTimeout: 1_000_000,
    });
    await expect(world.complete(starting)).rejects.toThrow(
      'worker 0 ended before it was ready: it was not ready after 1 s',
    );
    expect(world.clock.now()).toBe(1_000_000);
  });
});

describe('an error that trying again would not help', () => {
  it('of a host fails the job as it is', async () => {
    const { world, pool, log } = await started();
    pool.send(1, 'break');
    await run(world, 10_000);
    expect(log).toEqual(['0 failed RG054: the state is damaged']);
  });

  it('is a value that cannot be copied, on either side', async () => {
    const { world, pool, log } = await started();
    expect(() => pool.send(0, () => 1)).toThrow(expect.objectContaining({ code: 'RG056' }));
    pool.send(1, 'send a function');
    await run(world, 0);
    expect(log).toEqual([expect.stringMatching(/^0 failed RG056: a value cannot be sent to or from a worker: .*=> 1/)]);
  });

  it('is a job that a restarted worker finds changed', async () => {
    let starts = 0;
    const other = topology('words', { batchInterval: millis(200) }, (t) =>
      t.source('lines', memory([''])).to('out', none()),
    );
    const world = createSimulatedWorld({
      workers: {
        'task-worker': (...parts) => simulatedTaskWorkers(starts++ === 0 ? job : other, ECHO_HOSTS)(...parts),
      },
    });
    const setup = jobSetup(undefined, { mode: 'record' });
    const { hash } = compileJob(job, { mode: 'record' }).plan;
    const pool = await world.complete(startWorkerPool({ world, count: 1, setup, hash }));
    pool.kill(0, 'kill');
    await run(world, 200);
    const failures: string[] = [];
    pool.listen({
      message: () => undefined,
      lost: () => undefined,
      ready: () => undefined,
      failed: ({ code }) => failures.push(code),
    });
    expect(failures).toEqual(['RG058']);
    await world.runUntilIdle(10);
  });
});
