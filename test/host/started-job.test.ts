/** The handle on a running job: deactivated and activated, asked how far it is, and heard by listeners that come and go. */
import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../src/core/time.js';
import { type RunOptions, run, start } from '../../src/host/run.js';
import type { JobEvent } from '../../src/runtime/events.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { topology } from '../../src/topology/builder.js';
import type { Spout } from '../../src/topology/components.js';
import { memory as memorySink, none } from '../../src/topology/sink-specs.js';
import { generator, memory } from '../../src/topology/source-specs.js';

const MODES = ['micro-batch', 'record'] as const;
const B = millis(10);
const SECOND = seconds(1);

/** A number each millisecond. */
const ticking = (count?: number) => {
  const sink = memorySink<number>();
  const job = topology('ticking', { batchInterval: B }, (t) => {
    const options = count === undefined ? {} : { count };
    t.source(
      'numbers',
      generator((index) => index, options),
    ).to('out', sink);
  });
  return { job, sink };
};

describe.each(MODES)('a job in %s mode', (mode) => {
  const startTicking = async (count?: number, more: Partial<RunOptions> = {}) => {
    const { job, sink } = ticking(count);
    return { run: await startVirtual(job, () => ({ mode, rate: 1_000, ...more })), sink };
  };

  it('takes in nothing while it is deactivated, and goes on where it was', async () => {
    const { run, sink } = await startTicking();
    await run.until(SECOND);
    run.job.deactivate();
    await run.until(1.1 * SECOND);
    const soFar = run.job.progress().recordsRead;
    expect(soFar).toBeGreaterThan(900);
    expect(run.job.status).toBe('inactive');
    await run.until(2 * SECOND);
    expect(run.job.progress().recordsRead).toBe(soFar);
    expect(sink.results).toHaveLength(soFar);
    run.job.activate();
    expect(run.job.status).toBe('active');
    await run.until(3 * SECOND);
    run.job.stop();
    await run.end();
    expect(sink.results.length).toBeGreaterThan(soFar + 900);
    expect(sink.results).toEqual(sink.results.map((_, index) => index));
  });

  it.each(['at-most-once', 'at-least-once', 'exactly-once'] as const)(
    'is stopped while it is deactivated: %s',
    async (guarantee) => {
      const { run, sink } = await startTicking(undefined, { settings: { guarantee }, checkpoint: {} });
      await run.until(SECOND);
      run.job.deactivate();
      await run.until(2 * SECOND);
      run.job.stop();
      run.job.activate();
      run.job.deactivate();
      expect(run.job.status).toBe('stopping');
      expect(await run.end()).toMatchObject({ outcome: 'stopped' });
      expect(run.job.status).toBe('ended');
      expect(sink.results).toEqual(sink.results.map((_, index) => index));
    },
  );

  it('closes no window while it is deactivated', async () => {
    const sink = memorySink<number>();
    const job = topology('counts', { batchInterval: B }, (t) => {
      t.source(
        'numbers',
        generator((index) => index),
      )
        .count()
        .to('out', sink);
    });
    const run = await startVirtual(job, () => ({ mode, rate: 1_000 }));
    await run.until(SECOND);
    run.job.deactivate();
    await run.until(1.5 * SECOND);
    const soFar = sink.results.length;
    await run.until(3 * SECOND);
    expect(sink.results).toHaveLength(soFar);
    run.job.activate();
    await run.until(4 * SECOND);
    run.job.stop();
    await run.end();
    expect(sink.results.length).toBeGreaterThan(soFar);
  });

  it('says within a time whether it has ended', async () => {
    const { job, sink } = ticking(500);
    const world = createSimulatedWorld();
    const running = await world.complete(start(job, { mode, rate: 1_000, world }));
    expect(await world.complete(running.awaitTerminationOrTimeout(millis(100)))).toBeUndefined();
    expect(running.status).toBe('active');
    expect(await world.complete(running.awaitTerminationOrTimeout(SECOND))).toMatchObject({ outcome: 'finished' });
    expect(running.status).toBe('ended');
    expect(sink.results).toHaveLength(500);
  });

  it('tells its events to listeners that come and go', async () => {
    const { run } = await startTicking();
    const [first, second]: [JobEvent[], JobEvent[]] = [[], []];
    const hear = (event: JobEvent): void => void first.push(event);
    await run.until(SECOND);
    run.job.addListener(hear);
    run.job.addListener((event) => void second.push(event));
    await run.until(1.1 * SECOND);
    run.job.removeListener(hear);
    const heard = first.length;
    expect(first.some(({ kind }) => kind === 'result')).toBe(true);
    run.job.stop();
    await run.end();
    expect(first).toHaveLength(heard);
    expect(second.at(-1)).toEqual({ kind: 'jobEnded', outcome: 'stopped' });
  });
});

describe.each(['micro-batch', 'record'] as const)('spouts of a job that is deactivated (%s)', (mode) => {
  const spoutJob = (spout: Pick<Spout<{ n: number }>, 'nextTuple' | 'deactivate'>) => {
    const calls: string[] = [];
    const job = topology('spout', (t) => {
      t.setSpout<{ n: number }>('numbers', () => ({
        open: () => void calls.push('open'),
        activate: () => void calls.push('activate'),
        deactivate: () => void calls.push('deactivate'),
        close: () => void calls.push('close'),
        ...spout,
      })).to('out', none());
    });
    return { job, calls };
  };

  it('hear of it once, are not asked meanwhile, and hear once that it goes on', async () => {
    let n = 0;
    let [now, last] = [() => 0, -1];
    const { job, calls } = spoutJob({
      nextTuple: (out) => {
        if (now() === last) return 'idle';
        last = now();
        return out.emit({ n: ++n }, n);
      },
    });
    const run = await startVirtual(job, ({ clock }) => {
      now = () => clock.now();
      return { mode };
    });
    await run.until(SECOND / 10);
    run.job.deactivate();
    await run.until(SECOND / 5);
    const soFar = n;
    await run.until(SECOND / 2);
    expect(n).toBe(soFar);
    expect(calls).toEqual(['open', 'activate', 'deactivate']);
    run.job.activate();
    await run.until(SECOND);
    expect(n).toBeGreaterThan(soFar);
    run.job.stop();
    await run.end();
    expect(calls).toEqual(['open', 'activate', 'deactivate', 'activate', 'deactivate', 'close']);
  });

  it('are not activated to be stopped', async () => {
    const { job, calls } = spoutJob({ nextTuple: () => 'idle' });
    const run = await startVirtual(job, () => ({ mode }));
    await run.until(SECOND / 10);
    run.job.deactivate();
    await run.until(SECOND / 5);
    run.job.stop();
    await run.end();
    expect(calls).toEqual(['open', 'activate', 'deactivate', 'close']);
  });

  it('fail the job with what they throw', async () => {
    const { job } = spoutJob({
      nextTuple: () => 'idle',
      deactivate: () => {
        throw new Error('no');
      },
    });
    const run = await startVirtual(job, () => ({ mode }));
    await run.until(SECOND / 10);
    run.job.deactivate();
    const { error } = await run.end();
    expect(error).toMatchObject({ code: 'RG030', operator: 'numbers' });
  });
});

it('a job without listeners makes no events for its results', async () => {
  const asked: string[] = [];
  const value = { toJSON: () => asked.push('json') };
  const job = topology('silent', { batchInterval: B }, (t) => t.source('in', memory([value])).to('out', none()));
  for (const mode of MODES) {
    const world = createSimulatedWorld();
    await world.complete(run(job, { mode, world }));
  }
  expect(asked).toEqual([]);
});
