/** Workers as the driver sees them, on threads, in processes and simulated: messages, ends, signals. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRealWorld } from '../../src/runtime/real-world.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { Isolation, Scheduler, Worker } from '../../src/runtime/world.js';
import { builtForm } from '../built-form.js';

const ISOLATIONS = ['thread', 'process'] as const;
const world = createRealWorld({ workers: { 'task-worker': builtForm(new URL('./echo-worker.ts', import.meta.url)) } });

/** A started echo worker whose messages can be waited for one by one; it has said its first. */
async function startEcho(isolation: Isolation, data: unknown = {}) {
  const worker = world.workers.start('task-worker', data, isolation);
  onTestFinished(() => worker.close());
  const messages: unknown[] = [];
  let wake = (): void => {};
  worker.onMessage((message) => {
    messages.push(message);
    wake();
  });
  const closed = new Promise<string>((resolve) => worker.onClose(resolve));
  const next = async (): Promise<unknown> => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return messages.shift();
  };
  const first = (await next()) as { readonly data: unknown; readonly now: number };
  return { worker, messages, closed, next, first };
}

/** Keeps what processes pass on out of the test's own output. */
function hideStderr() {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => void written.mockRestore());
  return written;
}

describe.each(ISOLATIONS)('a real worker: %s', (isolation) => {
  it('gets its data, shares the clock, echoes typed arrays and strings, and reports its end', async () => {
    const { worker, closed, next, first } = await startEcho(isolation, { greeting: 'hello' });
    expect(first.data).toEqual({ greeting: 'hello' });
    expect(Math.abs(first.now - world.clock.now())).toBeLessThan(20_000_000);
    expect(worker.pid === process.pid).toBe(isolation === 'thread');
    const message = { words: ['rain', 'gauge'], times: Float64Array.of(1, 2.5), counts: new Map([['rain', 1]]) };
    worker.send(message, [message.times.buffer]);
    expect(await next()).toEqual({ echo: { ...message, times: Float64Array.of(1, 2.5) } });
    worker.close();
    expect(await closed).toBe('ended');
  });

  it('keeps many messages in order', async () => {
    const { worker, next } = await startEcho(isolation);
    for (let i = 0; i < 2_000; i++) worker.send(i);
    for (let i = 0; i < 2_000; i++) expect(await next()).toEqual({ echo: i });
  });

  it('says why it ended by itself', async () => {
    hideStderr();
    const thrown = await startEcho(isolation);
    thrown.worker.send('die');
    expect(await thrown.closed).toContain('I was told to die');
    const failed = await startEcho(isolation);
    failed.worker.send('fail');
    expect(await failed.next()).toBe('my last words');
    expect(await failed.closed).toContain('exited with code 1');
  });

  it('is killed at once, also while it is stopped, and says nothing after its end', async () => {
    for (const isStopped of [false, true]) {
      const { worker, messages, closed } = await startEcho(isolation);
      if (isStopped) worker.signal('stop');
      worker.send('unheard');
      worker.signal('kill');
      expect(await closed).toMatch(/^(killed|ended by SIGKILL)$/);
      const heard = messages.length;
      worker.send('into the void');
      worker.signal('continue');
      await new Promise(setImmediate);
      expect(messages).toHaveLength(heard);
    }
  });

  it('answers after it was stopped and continued, in order', async () => {
    const { worker, messages, next } = await startEcho(isolation);
    const other = await startEcho(isolation);
    worker.signal('stop');
    const sent = { n: 1 };
    worker.send(sent);
    sent.n = 2;
    worker.send(sent);
    // The other one's round trip is time enough for an answer of one that runs.
    other.worker.send('time');
    await other.next();
    expect(messages).toEqual([]);
    worker.signal('continue');
    worker.send('last');
    expect([await next(), await next(), await next()]).toEqual([
      { echo: { n: 1 } },
      { echo: { n: 2 } },
      { echo: 'last' },
    ]);
  });

  it('can be closed while it is stopped, and more than once', async () => {
    const { worker, closed } = await startEcho(isolation);
    worker.signal('stop');
    worker.close();
    expect(await closed).toBe('ended');
    worker.close();
    worker.signal('kill');
  });
});

describe('a thread', () => {
  it('that ends while it is stopped is gone only when it is continued', async () => {
    const { worker, closed } = await startEcho('thread');
    const other = await startEcho('thread');
    worker.send('die');
    worker.signal('stop');
    other.worker.send('die');
    await other.closed;
    let isClosed = false;
    worker.onClose(() => {
      isClosed = true;
    });
    expect(isClosed).toBe(false);
    worker.signal('continue');
    expect(await closed).toContain('I was told to die');
  });
});

describe('a process', () => {
  it('that ends badly is quoted, and what it says is passed on', async () => {
    const written = hideStderr();
    const { worker, closed } = await startEcho('process');
    worker.send('complain');
    expect(await closed).toBe('exited with code 3; it said:\nit is wet in here');
    expect(written.mock.calls.map(([text]) => String(text)).join('')).toContain('it is wet in here');
  });

  it('leaves Ctrl-C to its driver', async () => {
    const { worker, next } = await startEcho('process');
    process.kill(worker.pid, 'SIGINT');
    worker.send('still here');
    expect(await next()).toEqual({ echo: 'still here' });
  });

  it('goes with its driver, also when that was killed', async () => {
    const script = fileURLToPath(new URL('./driver-process.ts', import.meta.url));
    const driver = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], { stdio: 'pipe' });
    const pid = await new Promise<number>((resolve) => driver.stdout.once('data', (text) => resolve(Number(text))));
    expect(process.kill(pid, 0)).toBe(true);
    // The worker holds the other end of this pipe too: it closes when both are gone.
    const closed = new Promise((resolve) => driver.stdout.once('close', resolve));
    driver.kill('SIGKILL');
    await closed;
  });
});

describe('a simulated worker', () => {
  interface Started {
    readonly worker: Worker;
    readonly seen: unknown[];
  }
  /** Counts on by a timer of its own, and echoes. */
  function start(seed = 1) {
    const counting = (
      _: unknown,
      channel: { send(m: unknown): void; onMessage(r: (m: unknown) => void): void },
      scheduler: Scheduler,
    ) => {
      let count = 0;
      const again = (): void => {
        channel.send(++count);
        if (count < 100) scheduler.at(count * 10, again);
      };
      again();
      channel.onMessage((message) => channel.send({ echo: message }));
    };
    const simulated = createSimulatedWorld({ seed, workers: { 'task-worker': counting } });
    const worker = simulated.workers.start('task-worker', {}, 'process');
    const seen: unknown[] = [];
    worker.onMessage((message) => seen.push(message));
    worker.onClose((reason) => seen.push(reason));
    return { simulated, worker, seen } satisfies Started & { simulated: unknown };
  }

  it('is silent for ever once it is killed', async () => {
    const { simulated, worker, seen } = start();
    await simulated.run(25);
    expect(seen).toEqual([1, 2, 3]);
    worker.send('unheard');
    worker.signal('kill');
    await simulated.run();
    expect(seen).toEqual([1, 2, 3, 'killed']);
    worker.signal('continue');
    worker.close();
    await simulated.run();
    expect(seen).toHaveLength(4);
  });

  it('never begins when it is killed first', async () => {
    const { simulated, worker, seen } = start();
    worker.signal('kill');
    await simulated.run();
    expect(seen).toEqual(['killed']);
  });

  it('loses any part of what was under way at a kill, as its seed decides', async () => {
    const arrived = async (seed: number) => {
      const burst = (_: unknown, channel: { send(m: unknown): void }) => {
        for (let i = 0; i < 5; i++) channel.send(i);
      };
      const simulated = createSimulatedWorld({ seed, workers: { 'task-worker': burst } });
      const worker = simulated.workers.start('task-worker', {});
      const seen: unknown[] = [];
      worker.onMessage((message) => seen.push(message));
      simulated.scheduler.soon(() => worker.signal('kill'));
      await simulated.run();
      expect(seen).toEqual([0, 1, 2, 3, 4].slice(0, seen.length));
      return seen.length;
    };
    const counts: number[] = [];
    for (let seed = 1; seed <= 40; seed++) counts.push(await arrived(seed));
    expect(new Set(counts)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(await arrived(7)).toBe(counts[6]);
  });

  it('does nothing while it is stopped, and all of it in order when it is continued', async () => {
    const { simulated, worker, seen } = start();
    await simulated.run(5);
    worker.signal('stop');
    worker.send('a');
    await simulated.run(500);
    worker.send('b');
    expect(seen).toEqual([1]);
    worker.signal('continue');
    await simulated.run(500);
    // The timer that was due at 10 ran late, and those behind it as soon as they could.
    expect(seen.filter((message) => typeof message === 'object')).toEqual([{ echo: 'a' }, { echo: 'b' }]);
    expect(seen.filter((message) => typeof message === 'number')).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
  });

  it('that is ended while it is stopped stays silent', async () => {
    for (const end of ['close', 'kill'] as const) {
      const { simulated, worker, seen } = start();
      await simulated.run(5);
      worker.signal('stop');
      worker.send('a');
      await simulated.run(50);
      if (end === 'close') worker.close();
      else worker.signal('kill');
      worker.signal('continue');
      await simulated.run();
      expect(seen).toEqual([1, end === 'close' ? 'ended' : 'killed']);
    }
  });

  it('has a process of its own where it is asked for', () => {
    const { simulated, worker } = start();
    const thread = simulated.workers.start('task-worker', {});
    const process = simulated.workers.start('task-worker', {}, 'process');
    expect(new Set([worker.pid, thread.pid, process.pid]).size).toBe(3);
  });
});
