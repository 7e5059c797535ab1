/** Tests of durability in memory: the same calls as a folder's, for restarts within the process. */
import { describe, expect, it } from 'vitest';
import { createMemoryDurability } from '../../src/runtime/memory-durability.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { allocated, expectedState, prepared, snapshotOf, stateOf } from './checkpoint-kit.js';

const interval = { batches: 4, time: 1e6 };

describe('durability in memory', () => {
  it('finds nothing at first', () => {
    const { scheduler } = createSimulatedWorld();
    const memory = createMemoryDurability({ scheduler, interval });
    expect([memory.recovered, memory.latest(), memory.interval]).toEqual([
      { snapshot: undefined, log: [] },
      undefined,
      interval,
    ]);
  });

  it('gives the last snapshot, as often as it is asked, and the log after it', async () => {
    const world = createSimulatedWorld();
    const memory = createMemoryDurability({ scheduler: world.scheduler, interval });
    for (const record of [allocated(1), prepared(1), allocated(2)]) await memory.log(record);
    expect(memory.recovered.log.length).toBe(3);
    await world.complete(memory.save(snapshotOf(1)));
    expect(stateOf(memory.latest())).toEqual(expectedState(1));
    expect(stateOf(memory.recovered.snapshot)).toEqual(expectedState(1));
    expect(memory.recovered.log).toEqual([allocated(2)]);
    expect(memory.latest()?.rows('other', 0)).toBeUndefined();
    await world.complete(Promise.all([memory.save(snapshotOf(2)), memory.save(snapshotOf(3))]));
    expect([stateOf(memory.latest()), memory.recovered.log]).toEqual([expectedState(3), []]);
  });

  it('keeps the older snapshot when a store fails, and closes all stores', async () => {
    const world = createSimulatedWorld();
    const memory = createMemoryDurability({ scheduler: world.scheduler, interval });
    await world.complete(memory.save(snapshotOf(1)));
    let closed = 0;
    const close = (): void => {
      closed += 1;
    };
    const broken = snapshotOf(2).stores.map((store, i) => ({
      ...store,
      close,
      next: i === 1 ? () => Promise.reject(new Error('lost')) : store.next,
    }));
    await expect(world.complete(memory.save({ ...snapshotOf(2), stores: broken }))).rejects.toThrow('lost');
    expect([closed, memory.latest()?.meta.epoch]).toEqual([3, 1]);
    await world.complete(memory.save(snapshotOf(3)));
    expect(memory.latest()?.meta.epoch).toBe(3);
  });
});
