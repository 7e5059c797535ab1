/** Tests of the simulated World: order, virtual time, promises between events, files and channels. */
import { describe, expect, it } from 'vitest';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { Channel } from '../../src/runtime/world.js';

describe('the simulated World', () => {
  it('runs events in the order of their times, and at one time in the order in which they were scheduled', async () => {
    const world = createSimulatedWorld();
    const seen: string[] = [];
    const log = (name: string) => () => seen.push(`${name}@${world.clock.now()}`);
    world.scheduler.at(20, log('c'));
    world.scheduler.at(10, log('a'));
    world.scheduler.at(10, log('b'));
    world.scheduler.soon(log('now'));
    await world.run();
    expect(seen).toEqual(['now@0', 'a@10', 'b@10', 'c@20']);
  });

  it('keeps the order of many random events', async () => {
    const world = createSimulatedWorld({ seed: 7 });
    const planned = Array.from({ length: 2_000 }, (_, i) => ({ time: world.prng.below(300), i }));
    const seen: typeof planned = [];
    for (const event of planned) world.scheduler.at(event.time, () => seen.push(event));
    await world.run();
    expect(seen).toEqual(planned.toSorted((a, b) => a.time - b.time || a.i - b.i));
  });

  it('does not run what was cancelled', async () => {
    const world = createSimulatedWorld();
    const seen: string[] = [];
    const timers = [10, 20, 30].map((time) => world.scheduler.at(time, () => seen.push(`at ${time}`)));
    timers[0]!.cancel();
    world.scheduler.at(15, () => timers[1]!.cancel());
    await world.run();
    expect(seen).toEqual(['at 30']);
  });

  it('runs an event that is due in the past at once, without moving the clock back', async () => {
    const world = createSimulatedWorld({ start: 100 });
    let at = 0;
    world.scheduler.at(5, () => {
      at = world.clock.now();
    });
    await world.run();
    expect(at).toBe(100);
  });

  it('stops the clock where it is told to', async () => {
    const world = createSimulatedWorld();
    const seen: number[] = [];
    for (const time of [10, 20, 30]) world.scheduler.at(time, () => seen.push(time));
    await world.run(20);
    expect([seen, world.clock.now()]).toEqual([[10, 20], 20]);
    await world.run(25);
    expect([seen, world.clock.now()]).toEqual([[10, 20], 25]);
  });

  it('follows promises to their end between two events', async () => {
    const world = createSimulatedWorld();
    const seen: string[] = [];
    world.scheduler.at(10, () => {
      void (async () => {
        for (let i = 0; i < 100; i++) await null;
        seen.push(`promise@${world.clock.now()}`);
      })();
    });
    world.scheduler.at(11, () => seen.push('event'));
    await world.run();
    expect(seen).toEqual(['promise@10', 'event']);
  });

  it('runs until a promise settles, and says so when it never will', async () => {
    const world = createSimulatedWorld();
    const later = new Promise<number>((resolve) => world.scheduler.at(50, () => resolve(world.clock.now())));
    world.scheduler.at(60, () => undefined);
    expect(await world.complete(later)).toBe(50);
    expect(world.clock.now()).toBe(50);
    await expect(world.complete(new Promise(() => undefined))).rejects.toThrow('no event is left at 60 us');
    await expect(world.complete(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('says so when it does not come to rest', async () => {
    const world = createSimulatedWorld();
    const again = (): void => void world.scheduler.at(world.clock.now() + 1, again);
    again();
    await expect(world.runUntilIdle(100)).rejects.toThrow('not come to rest after 100 events');
  });

  it('keeps files with the errors of a disk', async () => {
    const world = createSimulatedWorld({ files: { 'a/b.txt': 'one\n' } });
    let changes = 0;
    const watch = world.files.watch('a/b.txt', () => changes++);
    await world.files.append('a/b.txt', 'two\n');
    await world.run();
    expect([world.files.text('a/b.txt'), changes]).toEqual(['one\ntwo\n', 1]);
    watch.cancel();
    await world.files.writeAtomically('a/b.txt', '');
    await world.run();
    expect([await world.files.size('a/b.txt'), changes]).toEqual([0, 1]);
    await expect(world.files.size('a')).rejects.toMatchObject({ code: 'RG041' });
    await expect(world.files.size('b')).rejects.toMatchObject({ code: 'RG040' });
  });

  it('talks to workers by copies, in order', async () => {
    const echo = (data: unknown, channel: Channel): void => {
      channel.send(data);
      channel.onMessage((message) => channel.send(['echo', message]));
    };
    const world = createSimulatedWorld({ workers: { 'load-driver': echo } });
    const channel = world.workers.start('load-driver', { rate: 1 });
    const seen: unknown[] = [];
    channel.onMessage((message) => seen.push(message));
    channel.onClose((reason) => seen.push(reason));
    const sent = { n: 1 };
    channel.send(sent);
    sent.n = 2;
    channel.send(sent);
    await world.run();
    channel.close();
    channel.send('into the void');
    await world.run();
    expect(seen).toEqual([{ rate: 1 }, ['echo', { n: 1 }], ['echo', { n: 2 }], 'ended']);
  });
});
