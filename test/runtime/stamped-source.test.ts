/** Tests of ingest time, rates and heartbeats, on a virtual clock. */
import { describe, expect, it } from 'vitest';
import { openMemorySource } from '../../src/connectors/memory-source.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import { Block, type PartitionReader, type RawPartition, type RawSource } from '../../src/runtime/source.js';
import { HEARTBEATS_MAX, type StampOptions, stamped } from '../../src/runtime/stamped-source.js';

type Element = string | number;

/** A poll as one sequence: a record as `value@time`, a heartbeat as its number. */
function poll(partition: PartitionReader, max = 1_000): Element[] {
  const block = new Block();
  partition.poll(block, max);
  const sequence: Element[] = [];
  for (let at = 0; at <= block.length; at++) {
    for (const beat of block.heartbeats) if (beat.at === at) sequence.push(beat.watermark);
    if (at < block.length) sequence.push(`${String(block.values[at])}@${block.timestamps[at]}`);
  }
  if (block.ended) sequence.push('ended');
  return sequence;
}

/** Polls whenever the partition wakes, up to a time: what an executor sees. */
async function follow(world: SimulatedWorld, partition: PartitionReader, until: number): Promise<Element[]> {
  const sequence: Element[] = [];
  let polls = 0;
  const turn = (): void => {
    expect(++polls, 'polls: a wake without anything to give is a busy loop').toBeLessThan(1_000);
    const got = poll(partition);
    sequence.push(...got);
    if (got.at(-1) !== 'ended') partition.onReady(() => world.scheduler.soon(turn));
  };
  world.scheduler.soon(turn);
  await world.run(until);
  return sequence;
}

/** An input that is fed by hand. */
class HandFed implements RawPartition {
  readonly failure = undefined;
  #values: unknown[] = [];
  #wake: (() => void) | undefined;

  feed(...values: unknown[]): void {
    this.#values.push(...values);
    this.#wake?.();
    this.#wake = undefined;
  }

  take(values: unknown[], max: number): 'more' | 'idle' {
    values.push(...this.#values.splice(0, max));
    return this.#values.length > 0 ? 'more' : 'idle';
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    if (this.#values.length > 0) this.feed();
  }
}

function open(raw: RawSource, world: SimulatedWorld, options: Partial<StampOptions> = {}): readonly PartitionReader[] {
  return stamped(raw, { clock: world.clock, scheduler: world.scheduler, step: 100, ...options }).partitions;
}

const sourceOf = (...partitions: RawPartition[]): RawSource => ({ partitions, close: async () => undefined });

describe('ingest time', () => {
  it('gives the records of one poll one time, with the heartbeats that have passed before them', async () => {
    const world = createSimulatedWorld({ start: 1_050 });
    const input = new HandFed();
    const [partition] = open(sourceOf(input), world);
    input.feed('a', 'b');
    expect(poll(partition!)).toEqual(['a@1050', 'b@1050']);
    await world.run(1_300);
    input.feed('c');
    expect(poll(partition!)).toEqual([1_100, 1_200, 1_300, 'c@1300']);
    expect(poll(partition!)).toEqual([]);
  });

  it('sends a heartbeat at each multiple of the step without any data', async () => {
    const world = createSimulatedWorld({ start: 30 });
    const [partition] = open(sourceOf(new HandFed()), world);
    expect(await follow(world, partition!, 350)).toEqual([100, 200, 300]);
  });

  it('wakes for data between two heartbeats', async () => {
    const world = createSimulatedWorld();
    const input = new HandFed();
    const [partition] = open(sourceOf(input), world);
    world.scheduler.at(150, () => input.feed('a'));
    expect(await follow(world, partition!, 250)).toEqual([100, 'a@150', 200]);
  });

  it('never goes back when the clock does', () => {
    let now = 500;
    const world = { ...createSimulatedWorld(), clock: { now: () => now } };
    const input = new HandFed();
    const [partition] = open(sourceOf(input), world);
    input.feed('a');
    expect(poll(partition!)).toEqual(['a@500']);
    now = 400;
    input.feed('b');
    expect(poll(partition!)).toEqual(['b@500']);
  });

  it('rounds a fractional clock down to whole microseconds', () => {
    const world = { ...createSimulatedWorld(), clock: { now: () => 99.999 } };
    const [partition] = open(openMemorySource([['a']]), world);
    expect(poll(partition!)).toEqual(['a@99', 'ended']);
  });

  it('sends only the latest heartbeats after a very long silence', async () => {
    const world = createSimulatedWorld();
    const [partition] = open(sourceOf(new HandFed()), world);
    poll(partition!);
    await world.run(100 * 1_000_000);
    const beats = poll(partition!);
    expect([beats.length, beats.at(-1)]).toEqual([HEARTBEATS_MAX, 100_000_000]);
  });

  it('ends with the input, and leaves no timer behind', async () => {
    const world = createSimulatedWorld();
    const [partition] = open(openMemorySource([['a', 'b', 'c']]), world);
    expect(poll(partition!, 2)).toEqual(['a@0', 'b@0']);
    partition!.onReady(() => undefined);
    expect(poll(partition!, 2)).toEqual(['c@0', 'ended']);
    expect(poll(partition!, 2)).toEqual(['ended']);
    await world.runUntilIdle(0);
  });

  it('leaves no timer behind when it is closed early', async () => {
    const world = createSimulatedWorld();
    const source = stamped(sourceOf(new HandFed()), { clock: world.clock, scheduler: world.scheduler, step: 100 });
    source.partitions[0]!.onReady(() => undefined);
    await source.close();
    await world.runUntilIdle(0);
  });

  it('grows a block that is too small, and keeps what is in it', () => {
    const world = createSimulatedWorld({ start: 7 });
    const [partition] = open(openMemorySource([Array.from({ length: 500 }, (_, i) => i)]), world);
    const block = new Block();
    block.push('before', 1);
    partition!.poll(block, 500);
    expect([block.length, block.timestamps[0], block.timestamps[1], block.timestamps[500]]).toEqual([501, 1, 7, 7]);
  });
});

describe('a limit of records', () => {
  it('ends the source after so many, split over its partitions', () => {
    const world = createSimulatedWorld();
    const values = ['a', 'b', 'c', 'd'];
    const partitions = open(openMemorySource([values, values]), world, { records: 3 });
    expect(poll(partitions[0]!)).toEqual(['a@0', 'b@0', 'ended']);
    expect(poll(partitions[1]!)).toEqual(['a@0', 'ended']);
  });

  it('ends at once when it is 0', () => {
    const world = createSimulatedWorld();
    expect(poll(open(openMemorySource([['a']]), world, { records: 0 })[0]!)).toEqual(['ended']);
  });
});

describe('a rate', () => {
  const numbers = Array.from({ length: 12 }, (_, i) => i);

  it('hands out each record at its intended time and not before', async () => {
    const world = createSimulatedWorld({ start: 1_000 });
    const [partition] = open(openMemorySource([numbers.slice(0, 4)]), world, { rate: 25_000 });
    expect(await follow(world, partition!, 2_000)).toEqual(['0@1000', '1@1040', '2@1080', 1_100, '3@1120', 'ended']);
  });

  it('gives records that are read late their intended times, with the heartbeats between them', async () => {
    const world = createSimulatedWorld();
    const [partition] = open(openMemorySource([numbers]), world, { rate: 20_000 });
    expect(poll(partition!)).toEqual(['0@0']);
    await world.run(230);
    expect(poll(partition!)).toEqual(['1@50', 100, '2@100', '3@150', 200, '4@200']);
  });

  it('holds heartbeats back while a record that is due is not handed out', async () => {
    const world = createSimulatedWorld();
    const [partition] = open(openMemorySource([numbers]), world, { rate: 20_000 });
    poll(partition!);
    await world.run(1_000);
    expect(poll(partition!, 2)).toEqual(['1@50', 100, '2@100']);
    expect(poll(partition!, 2)).toEqual(['3@150', 200, '4@200']);
  });

  it('waits without a busy loop for an input that is behind, and then keeps the intended times', async () => {
    const world = createSimulatedWorld();
    const input = new HandFed();
    const [partition] = open(sourceOf(input), world, { rate: 20_000 });
    world.scheduler.at(330, () => input.feed('a', 'b'));
    expect(await follow(world, partition!, 400)).toEqual(['a@0', 'b@50', 100]);
  });

  it('is only a limit for a live input: heartbeats go on, and no record comes below one', async () => {
    const world = createSimulatedWorld();
    const input = new HandFed();
    const [partition] = open(sourceOf(input), world, { rate: 20_000, live: true });
    world.scheduler.at(330, () => input.feed('a', 'b'));
    expect(await follow(world, partition!, 420)).toEqual([100, 200, 300, 'a@330', 'b@380', 400]);
  });

  it('is split over the partitions, so that all together keep it', async () => {
    const world = createSimulatedWorld();
    const partitions = open(openMemorySource([numbers, numbers]), world, { rate: 20_000, phase: 7 });
    await world.run(100);
    expect(partitions.map((partition) => poll(partition))).toEqual([[], []]);
    await world.run(260);
    expect(poll(partitions[0]!)).toEqual(['0@107', 200, '1@207']);
    expect(poll(partitions[1]!)).toEqual(['0@157', 200, '1@257']);
  });

  it('agrees with the formula at any rate, however the polls fall', async () => {
    const world = createSimulatedWorld({ seed: 3 });
    for (const rate of [1, 3, 333, 1_000_000, 7_777_777]) {
      const start = world.clock.now();
      const [partition] = open(openMemorySource([Array.from({ length: 100 }, (_, i) => i)]), world, {
        rate,
        step: 1e12,
      });
      const times: number[] = [];
      for (let polls = 0; times.length < 100 && polls < 500; polls++) {
        const block = new Block();
        partition!.poll(block, 1 + world.prng.below(5));
        for (let at = 0; at < block.length; at++) {
          expect(block.timestamps[at]).toBeLessThanOrEqual(world.clock.now());
          times.push(block.timestamps[at]!);
        }
        const next = start + Math.floor((times.length * 1e6) / rate);
        if (block.length === 0) expect(next).toBeGreaterThan(world.clock.now());
        await world.run(Math.max(world.clock.now() + world.prng.below(4), times.length < 50 ? next : 0));
      }
      expect(times).toEqual(times.map((_, i) => start + Math.floor((i * 1e6) / rate)));
    }
  });
});
