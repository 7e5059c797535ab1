/** A user-written receiver: what it stores is read in order, when it should wait, how it starts again, and how it fails a job. */
import { describe, expect, it } from 'vitest';
import { RESTART_DELAY, RESTARTS_MAX, STORED_MAX } from '../../src/connectors/receiver-source.js';
import { VALUES_BUFFERED_MAX } from '../../src/connectors/value-buffer.js';
import { millis } from '../../src/core/time.js';
import type { ReceiverEvent } from '../../src/runtime/events.js';
import { startVirtual } from '../../src/testing/virtual-run.js';
import { topology } from '../../src/topology/builder.js';
import { type Receiver, type ReceiverOutput, receiver } from '../../src/topology/receiver-spec.js';
import { memory } from '../../src/topology/sink-specs.js';

describe.each(['micro-batch', 'record'] as const)('a receiver in %s mode', (mode) => {
  const begin = async (users: Receiver<number>) => {
    const sink = memory<number>();
    const news: ReceiverEvent[] = [];
    const job = topology('received', { batchInterval: millis(10) }, (t) => {
      t.source(
        'in',
        receiver(() => users),
      ).to('out', sink);
    });
    const run = await startVirtual(job, () => ({ mode, onReceiver: (event) => void news.push(event) }));
    return { run, news, results: sink.results };
  };
  const storing = (): { receiver: Receiver<number>; calls: string[]; output: () => ReceiverOutput<number> } => {
    const calls: string[] = [];
    let output: ReceiverOutput<number>;
    return {
      calls,
      output: () => output,
      receiver: {
        onStart: (given) => {
          output = given;
          calls.push('start');
        },
        onStop: () => void calls.push('stop'),
      },
    };
  };

  it('hands out what is stored, in order, until it ends, and is stopped', async () => {
    const { receiver: users, calls, output } = storing();
    const { run, results } = await begin(users);
    void output().store(1, 2);
    await run.until(20_000);
    void output().store();
    void output().store(3);
    output().end();
    void output().store(4);
    expect(await run.end()).toMatchObject({ outcome: 'finished', recordsRead: { in: 3 } });
    expect(results).toEqual([1, 2, 3]);
    expect(calls).toEqual(['start', 'stop']);
  });

  it('is stopped with the job, and stores nothing behind that', async () => {
    const { receiver: users, calls, output } = storing();
    const { run, results } = await begin(users);
    void output().store(1);
    await run.until(50_000);
    run.job.stop();
    expect(await run.end()).toMatchObject({ outcome: 'stopped', error: undefined });
    void output().store(2);
    expect([results, calls]).toEqual([[1], ['start', 'stop']]);
  });

  it('is told to wait when so many records wait, and when there is room again', async () => {
    const { receiver: users, output } = storing();
    const { run } = await begin(users);
    expect(output().store(1)).toBeUndefined();
    const room = output().store(...Array.from({ length: VALUES_BUFFERED_MAX }, (_, i) => i));
    expect(room).toBeInstanceOf(Promise);
    let hasRoom = false;
    void room!.then(() => {
      hasRoom = true;
    });
    await run.until(500_000);
    expect(hasRoom).toBe(true);
    output().end();
    expect((await run.end()).recordsRead).toEqual({ in: VALUES_BUFFERED_MAX + 1 });
  });

  it('fails the job when it never waits', async () => {
    const { receiver: users, output } = storing();
    const { run } = await begin(users);
    for (let i = 0; i <= 4; i++) void output().store(...Array.from({ length: VALUES_BUFFERED_MAX }, () => i));
    const { error } = await run.end();
    expect(error).toMatchObject({ code: 'RG011', message: expect.stringContaining(`more than ${STORED_MAX} records`) });
  });

  it('is started again when it asks for it, and what it calls from before does nothing', async () => {
    const { receiver: users, calls, output } = storing();
    const { run, news, results } = await begin(users);
    const before = output();
    void before.store(1);
    before.restart('the wire broke');
    void before.store(2);
    expect(calls).toEqual(['start', 'stop']);
    await run.until(RESTART_DELAY + 10_000);
    expect(calls).toEqual(['start', 'stop', 'start']);
    void before.store(3);
    void output().store(4);
    output().end();
    await run.end();
    expect(results).toEqual([1, 4]);
    expect(news).toMatchObject([
      { kind: 'receiverError', source: 'in', attempt: 1, attemptsMax: RESTARTS_MAX, delay: RESTART_DELAY },
      { kind: 'receiverStarted', source: 'in' },
    ]);
  });

  it('fails the job when it stores nothing in so many restarts', async () => {
    const { run, news } = await begin({ onStart: (output) => output.restart('nobody there') });
    const { error } = await run.end();
    expect(error).toMatchObject({ code: 'RG043', message: expect.stringContaining('nobody there') });
    expect(news).toHaveLength(RESTARTS_MAX);
  });

  it.each<[string, Receiver<number>]>([
    [
      'throws as it starts',
      {
        onStart: () => {
          throw new Error('no wire');
        },
      },
    ],
    ['says that it failed', { onStart: (output) => output.fail(new Error('no wire')) }],
  ])('fails the job when it %s', async (_what, users) => {
    const { run } = await begin(users);
    const { error } = await run.end();
    expect(error).toMatchObject({ code: 'RG030', message: "the receiver of 'in' failed: no wire" });
  });
});

it('a receiver is made by a function', () => {
  expect(() => receiver({} as never)).toThrow(expect.objectContaining({ code: 'RG004' }));
});
