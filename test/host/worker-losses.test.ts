/** Lost workers on virtual time: told at once, found by heartbeats, fenced off, started again up to a limit. */
import { describe, expect, it } from 'vitest';
import { compileJob } from '../../src/host/compile-job.js';
import { simulatedTaskWorkers } from '../../src/host/simulated-workers.js';
import { startWorkerPool } from '../../src/host/worker-pool.js';
import { type FromWorker, proofOf } from '../../src/host/worker-protocol.js';
import { jobSetup, type WorkerSetup } from '../../src/host/worker-setup.js';
import { parseFault } from '../../src/runtime/faults/fault-plan.js';
import type { SimulatedWorker } from '../../src/runtime/simulated-channel.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { ECHO_HOSTS } from './echo-hosts.js';
import { job, run, started } from './simulated-pool.js';

describe('a lost worker', () => {
  it('is told of at once, comes back empty, and was somebody else for its seed', async () => {
    const { world, pool, log } = await started();
    const pid = pool.pidOf(1);
    pool.send(1, 'before');
    await run(world, 10);
    pool.kill(1, 'kill');
    pool.send(1, 'unheard');
    await run(world, 50);
    expect(pool.pidOf(1)).toBeUndefined();
    pool.send(1, 'dropped');
    pool.kill(1, 'stop');
    await run(world, 100);
    pool.send(1, 'after');
    await run(world, 10);
    expect(pool.pidOf(1)).toBe(pid);
    const seeds = log.flatMap((line) => /"seed":(\d+)/.exec(line)?.[1] ?? []);
    expect(new Set(seeds).size).toBe(2);
    expect(log.map((line) => line.replace(/,.*/, ''))).toEqual([
      '0 1 says {"echo":"before"',
      '10 1 lost: killed',
      '110 1 ready',
      '160 1 says {"echo":"after"',
    ]);
  });

  it('can have thrown, in a message or later', async () => {
    const { world, pool, log } = await started();
    pool.send(0, 'throw');
    await run(world, 500);
    pool.send(0, 'throw later');
    await run(world, 50);
    pool.close();
    expect(log).toEqual([
      '0 0 lost: Error: I was told to throw',
      '100 0 ready',
      '500 0 lost: Error: I was told to throw later',
    ]);
  });

  it('waits twice as long each time, and the fifth time in a minute fails the job', async () => {
    const { world, pool, log } = await started();
    for (let i = 0; i < 4; i++) {
      pool.kill(0, 'kill');
      await run(world, 1_000);
    }
    pool.send(1, 'still here');
    await run(world, 0);
    pool.kill(0, 'kill');
    pool.send(1, 'not heard any more');
    await run(world, 100_000);
    expect(log.map((line) => line.replace(/,"seed".*/, ''))).toEqual([
      '0 0 lost: killed',
      '100 0 ready',
      '1000 0 lost: killed',
      '1200 0 ready',
      '2000 0 lost: killed',
      '2400 0 ready',
      '3000 0 lost: killed',
      '3800 0 ready',
      '4000 1 says {"echo":"still here","worker":1',
      '4000 0 lost: killed',
      '4000 failed RG059: worker 0 was lost 5 times within 60 s, the last time because: killed',
    ]);
    await world.runUntilIdle(10);
  });

  it('may be lost for ever when there is a minute in between, and never waits longer than the longest wait', async () => {
    const { world, pool, log } = await started({ options: { restartDelayMax: 150_000 } });
    for (let i = 0; i < 12; i++) {
      pool.kill(0, 'kill');
      await run(world, 15_001);
    }
    expect(log.filter((line) => line.includes('failed'))).toEqual([]);
    const waits = log.filter((line) => line.includes('ready')).map((line) => Number(line.split(' ')[0]) % 15_001);
    expect(waits).toEqual([100, ...Array<number>(11).fill(150)]);
    pool.close();
  });

  it('is told with the times of its loss and its return', async () => {
    const events: unknown[] = [];
    const { world, pool } = await started({ options: { count: 1, onEvent: (event) => events.push(event) } });
    await run(world, 400);
    pool.kill(0, 'stop');
    await run(world, 400);
    pool.kill(0, 'kill');
    await run(world, 200);
    pool.close();
    expect(events).toEqual([
      { kind: 'workerReady', worker: 0, pid: 1, time: 0 },
      { kind: 'workerLost', worker: 0, time: 800_000, since: 800_000, reason: 'killed' },
      { kind: 'workerReady', worker: 0, pid: 1, time: 900_000 },
    ]);
  });
});

describe('a fault plan', () => {
  it('strikes the functions of a worker once, also when it comes back', async () => {
    const setup = { ...jobSetup(undefined, { mode: 'record' }), faults: [parseFault('throw:split@2')] };
    const { world, pool, log } = await started({ options: { setup } });
    for (let i = 0; i < 4; i++) {
      pool.send(0, 'call');
      await run(world, 1_000);
    }
    pool.close();
    expect(log.map((line) => line.replace(/,.*/, ''))).toEqual([
      '0 0 says {"echo":"call"',
      '1000 0 lost: Error: a fault plan: throw:split@2',
      '1100 0 ready',
      '2000 0 says {"echo":"call"',
      '3000 0 says {"echo":"call"',
    ]);
  });
});

describe('heartbeats', () => {
  it('find a worker that is stopped, and nothing that it says afterwards is heard', async () => {
    const events: unknown[] = [];
    const { world, pool, log } = await started({
      options: { isolation: 'process', heartbeatTimeout: 2_000_000, onEvent: (event) => events.push(event) },
    });
    await run(world, 1_100);
    pool.kill(0, 'stop');
    pool.send(0, 'unheard');
    await run(world, 2_300);
    pool.kill(0, 'continue');
    await run(world, 200);
    expect(log).toEqual(['3250 0 lost: it gave no sign of life for 2 s', '3350 0 ready']);
    expect(events.slice(2)).toEqual([
      {
        kind: 'workerLost',
        worker: 0,
        time: 3_250_000,
        since: 1_000_000,
        reason: 'it gave no sign of life for 2 s',
      },
      { kind: 'workerReady', worker: 0, pid: 4, time: 3_350_000 },
    ]);
    await run(world, 60_000);
    expect(log).toHaveLength(2);
    pool.close();
  });

  it('fence off what was under way when the worker was declared lost', async () => {
    const setup = jobSetup(undefined, { mode: 'record' });
    const { hash } = compileJob(job, { mode: 'record' }).plan;
    const slow: SimulatedWorker = (data, channel, scheduler) => {
      const { incarnation } = data as WorkerSetup;
      channel.send({ kind: 'ready', proof: proofOf(hash) } satisfies FromWorker);
      const say = (message: string) => () => channel.send({ kind: 'task', message } satisfies FromWorker);
      if (incarnation > 1) return;
      scheduler.at(200_000, say('in time'));
      scheduler.at(1_250_000, say('too late'));
      scheduler.at(1_250_000, () => channel.send({ kind: 'failed', reason: 'too late', error: undefined }));
    };
    const world = createSimulatedWorld({ workers: { 'task-worker': slow } });
    const limits = { heartbeatTimeout: 1_000_000, restartDelay: 0 };
    const pool = await world.complete(startWorkerPool({ world, count: 1, setup, hash, ...limits }));
    const heard: unknown[] = [];
    pool.listen({
      message: (_, message) => heard.push(message),
      lost: (_, reason) => heard.push(reason),
      ready: () => heard.push('ready'),
      failed: ({ code }) => heard.push(code),
    });
    await run(world, 2_000);
    pool.close();
    expect(heard).toEqual(['in time', 'it gave no sign of life for 1 s', 'ready']);
  });

  it('leave a worker alone that is stopped for less than the timeout', async () => {
    const { world, pool, log } = await started({ options: { heartbeatTimeout: 2_000_000 } });
    for (let i = 0; i < 5; i++) {
      pool.kill(0, 'stop');
      pool.send(0, i);
      await run(world, 1_700);
      pool.kill(0, 'continue');
      await run(world, 300);
    }
    expect(log.map((line) => line.replace(/,.*/, ''))).toEqual(
      [0, 1, 2, 3, 4].map((i) => `${1_700 + 2_000 * i} 0 says {"echo":${i}`),
    );
    pool.close();
  });

  it('blame no worker for the time in which the driver itself was held up', async () => {
    const simulated = createSimulatedWorld({ workers: { 'task-worker': simulatedTaskWorkers(job, ECHO_HOSTS) } });
    // The driver's process is suspended: on its clock a minute is gone when its next timer fires.
    let gone = 0;
    const world = {
      ...simulated,
      clock: { now: () => simulated.clock.now() + gone },
      scheduler: {
        soon: simulated.scheduler.soon,
        at: (time: number, fire: () => void) => simulated.scheduler.at(time - gone, fire),
      },
    };
    const setup = jobSetup(undefined, { mode: 'record' });
    const { hash } = compileJob(job, { mode: 'record' }).plan;
    const pool = await simulated.complete(startWorkerPool({ world, count: 2, setup, hash }));
    const lost: string[] = [];
    pool.listen({
      message: () => undefined,
      lost: (_, reason) => lost.push(reason),
      ready: () => undefined,
      failed: () => undefined,
    });
    await run(simulated, 1_000);
    pool.kill(1, 'stop');
    await run(simulated, 600);
    gone = 60_000_000;
    await run(simulated, 5_000);
    expect(lost).toEqual([]);
    // The one that really is stopped gets its timeout, and no more.
    await run(simulated, 5_000);
    expect(lost).toEqual(['it gave no sign of life for 10 s']);
    pool.close();
  });
});
