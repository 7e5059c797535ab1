/** Reservations: nothing is handed out that is not written down, and the log of them stays short. */
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import type { Durability } from '../../src/runtime/durability.js';
import { createMemoryDurability } from '../../src/runtime/memory-durability.js';
import { Reservations, reserved } from '../../src/runtime/reserved-source.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import { Block, type PartitionReader, type SourceReader } from '../../src/runtime/source.js';

/** Numbers from `from` on, up to `count`, a heartbeat behind each tenth. */
function numbers(count: number, from = 0): SourceReader {
  let next = from;
  const reader: PartitionReader = {
    poll: (block, max) => {
      for (let room = max; room > 0 && next < count; room--) {
        block.push(next, next);
        next += 1;
        if (next % 10 === 0) block.heartbeat(next);
      }
      block.ended = next === count;
    },
    onReady: (wake) => wake(),
    failure: undefined,
    commit: () => {},
  };
  return { partitions: [reader], close: async () => {} };
}

const interval = { batches: 10, time: 1_000 };

function polled(reader: PartitionReader, max: number): Block {
  const block = new Block();
  reader.poll(block, max);
  return block;
}

describe('a reserved source', () => {
  it('hands out a record only when it is durable that it may have been handed out', async () => {
    const world = createSimulatedWorld();
    const memory = createMemoryDurability({ scheduler: world.scheduler, interval });
    let settle = (): void => {};
    const durability: Durability = {
      ...memory,
      log: async (record) => {
        await new Promise<void>((resolve) => {
          settle = resolve;
        });
        return memory.log(record);
      },
    };
    const reader = reserved('n', numbers(25), new Reservations(durability), [0], 10).partitions[0]!;
    expect(polled(reader, 10).length).toBe(0);
    let isWoken = false;
    reader.onReady(() => {
      isWoken = true;
    });
    await world.run();
    expect([isWoken, polled(reader, 10).length]).toEqual([false, 0]);
    settle();
    await world.run();
    expect([isWoken, polled(reader, 4).values, polled(reader, 10).values]).toEqual([
      true,
      [0, 1, 2, 3],
      [4, 5, 6, 7, 8, 9],
    ]);
    expect(memory.recovered.log).toMatchObject([{ kind: 'allocated', ranges: [{ source: 'n', from: 0, to: 10 }] }]);
  });

  it('gives the same sequence as the source, cut as it comes, with its heartbeats and end', async () => {
    const world = createSimulatedWorld();
    const durability = createMemoryDurability({ scheduler: world.scheduler, interval });
    const reader = reserved('n', numbers(25), new Reservations(durability), [0], 7).partitions[0]!;
    const all = new Block();
    for (let i = 0; i < 100 && !all.ended; i++) {
      reader.poll(all, 3);
      await world.run();
    }
    const plain = polled(numbers(25).partitions[0]!, 100);
    expect([all.values, all.heartbeats, all.ended]).toEqual([plain.values, plain.heartbeats, true]);
  });

  it('keeps the log of reservations short, and the place in it', async () => {
    const world = createSimulatedWorld();
    const durability = createMemoryDurability({ scheduler: world.scheduler, interval });
    const reader = reserved('n', numbers(1_000), new Reservations(durability), [0], 1).partitions[0]!;
    for (let i = 0; i < 600; i++) {
      polled(reader, 1);
      await world.run();
    }
    const { snapshot, log } = durability.recovered;
    expect(snapshot?.meta.sources[0]?.offset).toBe(256);
    expect(log.length).toBeLessThan(256);
    const next = new Reservations(durability);
    await next.reserve('n', 0, 300, 301, undefined);
    expect(durability.recovered.log.at(-1)!.batch).toBeGreaterThan(256);
  });

  it('fails when a reservation cannot be written, and hands out nothing more', async () => {
    const world = createSimulatedWorld();
    const durability: Durability = {
      ...createMemoryDurability({ scheduler: world.scheduler, interval }),
      recovered: { snapshot: undefined, log: [] },
      log: () => Promise.reject(new StreamError('RG057', 'the disk is full', 'make room')),
    };
    const reader = reserved('n', numbers(25), new Reservations(durability), [0]).partitions[0]!;
    polled(reader, 10);
    await world.run();
    expect([reader.failure?.code, polled(reader, 10).length]).toEqual(['RG057', 0]);
  });
});

describe('the snapshot of a stop', () => {
  const saved = { epoch: 1, mode: 'record', time: 5, sources: [], gates: {}, innerGates: {}, counters: {} } as const;

  it('is there for a restart, until anything is handed out: a heartbeat is enough, since windows may close by it', async () => {
    const world = createSimulatedWorld();
    const memory = createMemoryDurability({ scheduler: world.scheduler, interval });
    const stopped = new Reservations(memory);
    await world.complete(stopped.reserve('n', 0, 0, 10, undefined));
    await world.complete(stopped.atStop().save({ meta: saved, stores: [] }));

    const restarted = new Reservations(memory);
    expect(restarted.atStop().recovered.snapshot?.meta.time).toBe(5);
    const beats: PartitionReader = { ...numbers(0).partitions[0]!, poll: (block) => block.heartbeat(7) };
    const reader = reserved('n', { partitions: [beats], close: async () => {} }, restarted, [10]).partitions[0]!;
    expect(polled(reader, 10).heartbeats).toEqual([]);
    await world.run();
    expect(polled(reader, 10).heartbeats.length).toBe(1);
    expect(new Reservations(memory).atStop().recovered.snapshot).toBeUndefined();
    // What follows needs no place of its own.
    expect(polled(reader, 10).heartbeats.length).toBe(1);
  });

  it('comes behind what was read ahead: polls give that, and nothing more', async () => {
    const world = createSimulatedWorld();
    const memory = createMemoryDurability({ scheduler: world.scheduler, interval });
    const reader = reserved('n', numbers(100), new Reservations(memory), [0], 10).partitions[0]!;
    polled(reader, 4);
    await world.run();
    expect(polled(reader, 4).values).toEqual([0, 1, 2, 3]);
    expect(reader.finishes!()).toBe(true);
    expect(polled(reader, 100).values).toEqual([4, 5, 6, 7, 8, 9]);
    expect(reader.finishes!()).toBe(false);
    expect(polled(reader, 100).length).toBe(0);
  });
});
