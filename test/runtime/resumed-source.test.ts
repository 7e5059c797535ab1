/** A stamped source that another process goes on with: stopped at every offset, it loses, repeats and delays nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openMemorySource } from '../../src/connectors/memory-source.js';
import { createSimulatedWorld, type SimulatedWorld } from '../../src/runtime/simulated-world.js';
import { skipped } from '../../src/runtime/skipped-source.js';
import { Block, type PartitionReader, type RawPartition } from '../../src/runtime/source.js';
import { rawPositions } from '../../src/runtime/stamp-position.js';
import { type StampOptions, stamped } from '../../src/runtime/stamped-source.js';
import { drain } from '../conformance/drain.js';

const COUNT = 12;
const values = (partition: number): string[] => Array.from({ length: COUNT }, (_, i) => `${partition}.${i}`);

function open(
  world: SimulatedWorld,
  partitions: number,
  options: Partial<StampOptions> = {},
): readonly PartitionReader[] {
  const all = Array.from({ length: partitions }, (_, partition) => values(partition));
  const { from = [] } = options;
  const raw = openMemorySource(all, { name: 'in', from });
  return stamped(raw, { clock: world.clock, scheduler: world.scheduler, step: 100, ...options }).partitions;
}

function poll(partition: PartitionReader, max = 1_000): (string | number)[] {
  const block = new Block();
  partition.poll(block, max);
  const sequence: (string | number)[] = [];
  for (let at = 0; at <= block.length; at++) {
    for (const beat of block.heartbeats) if (beat.at === at) sequence.push(beat.watermark);
    if (at < block.length) sequence.push(`${String(block.values[at])}@${block.timestamps[at]}`);
  }
  return block.ended ? [...sequence, 'ended'] : sequence;
}

const recordsIn = (sequence: readonly (string | number)[]): string[] =>
  sequence.filter((element): element is string => typeof element === 'string' && element !== 'ended');
/** What a checkpoint keeps. */
const saved = (partitions: readonly PartitionReader[]): unknown[] =>
  JSON.parse(JSON.stringify(partitions.map((partition) => partition.position?.() ?? null)));

describe('a source with a rate', () => {
  it('stopped behind every record, gives the sequence that it would have given', async () => {
    const options = { rate: 20_000, phase: 7, records: 21 };
    const world = createSimulatedWorld({ start: 1_030 });
    const partitions = open(world, 2, options);
    const whole: (string | number)[][] = [[], []];
    for (let time = 1_030; time < 3_000; time += 10) {
      await world.run(time);
      for (const [index, partition] of partitions.entries()) {
        if (whole[index]!.at(-1) !== 'ended') whole[index]!.push(...poll(partition));
      }
    }
    expect(whole.map((sequence) => recordsIn(sequence).length)).toEqual([11, 10]);
    for (let stop = 0; stop <= 11; stop++) {
      for (const downtime of [0, 35, 900]) {
        const before = createSimulatedWorld({ start: 1_030 });
        const first = open(before, 2, options);
        const seen: (string | number)[][] = [[], []];
        for (let time = 1_030; recordsIn(seen[0]!).length < stop; time += 10) {
          await before.run(time);
          for (const [index, partition] of first.entries())
            if (seen[index]!.at(-1) !== 'ended') seen[index]!.push(...poll(partition, 1));
        }
        const from = seen.map((sequence) => recordsIn(sequence).length);
        const after = createSimulatedWorld({ start: before.clock.now() + downtime });
        const second = open(after, 2, { ...options, resume: saved(first), ...(stop === 0 ? {} : { from }) });
        for (let time = after.clock.now(); time < 5_000; time += 10) {
          await after.run(time);
          for (const [index, partition] of second.entries())
            if (seen[index]!.at(-1) !== 'ended') seen[index]!.push(...poll(partition));
        }
        if (stop > 0) expect(seen).toEqual(whole);
        else expect(seen.map((sequence) => recordsIn(sequence).length)).toEqual([11, 10]);
      }
    }
  });

  it('goes by the offset where position and offset disagree', async () => {
    const world = createSimulatedWorld();
    const [first] = open(world, 1, { rate: 20_000 });
    poll(first!, 0);
    await world.run(400);
    expect(recordsIn(poll(first!)).length).toBe(9);
    const [second] = open(world, 1, { rate: 20_000, resume: saved([first!]), from: [4] });
    expect(recordsIn(poll(second!)).slice(0, 2)).toEqual(['0.4@200', '0.5@250']);
  });

  it('of another value than before goes on from now, so that no time comes twice', async () => {
    const world = createSimulatedWorld();
    const [first] = open(world, 1, { rate: 20_000 });
    poll(first!, 0);
    await world.run(205);
    poll(first!);
    for (const rate of [1_000_000, 10_000]) {
      const [second] = open(world, 1, { rate, resume: saved([first!]), from: [5] });
      expect(recordsIn(poll(second!))).toEqual(['0.5@205']);
    }
    const [unknown] = open(world, 1, { rate: 20_000, from: [5] });
    expect(recordsIn(poll(unknown!))).toEqual(['0.5@205']);
  });

  it('keeps the schedule of all for a partition that was not polled before', async () => {
    const world = createSimulatedWorld({ start: 500 });
    const first = open(world, 2, { rate: 20_000 });
    poll(first[0]!);
    await world.run(900);
    const second = open(world, 2, { rate: 20_000, resume: saved(first), from: [1, 0] });
    expect(recordsIn(poll(second[1]!, 1))).toEqual(['1.0@550']);
  });
});

describe('a source without a rate', () => {
  it('stopped behind every record, gives the same values at times that never go back, also when the clock does', () => {
    fc.assert(
      fc.property(fc.nat(COUNT), fc.integer({ min: -500, max: 500 }), (stop, jump) => {
        const [first] = open(createSimulatedWorld({ start: 1_000 }), 1);
        const before = poll(first!, stop);
        const [second] = open(createSimulatedWorld({ start: 1_000 + jump }), 1, {
          resume: saved([first!]),
          from: [stop],
        });
        const all = [...before, ...poll(second!)];
        expect(recordsIn(all).map((record) => record.split('@')[0])).toEqual(values(0));
        const times = all.flatMap((element) => (element === 'ended' ? [] : Number(String(element).split('@').at(-1))));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('sends the heartbeats that fell due in between, and none again', async () => {
    const world = createSimulatedWorld({ start: 50 });
    const [first] = open(world, 1);
    poll(first!, 0);
    await world.run(250);
    expect(poll(first!, 1)).toEqual([100, 200, '0.0@250']);
    await world.run(450);
    const [second] = open(world, 1, { resume: saved([first!]), from: [1] });
    expect(poll(second!, 1)).toEqual([300, 400, '0.1@450']);
  });

  it('counts the records of before against its limit', () => {
    const world = createSimulatedWorld();
    for (let stop = 0; stop <= 5; stop++) {
      const [first] = open(world, 1, { records: 5 });
      poll(first!, stop);
      const [second] = open(world, 1, { records: 5, resume: saved([first!]), from: [stop] });
      expect(recordsIn(poll(second!))).toHaveLength(5 - stop);
      expect(poll(second!)).toEqual(['ended']);
    }
  });

  it('may be stopped and resumed before its first poll', () => {
    const world = createSimulatedWorld();
    const [first] = open(world, 1);
    first!.onReady(() => undefined);
    const [second] = open(world, 1, { resume: saved([first!]) });
    const [third] = open(world, 1, { resume: saved([second!]), from: [0] });
    expect(recordsIn(poll(third!))).toHaveLength(COUNT);
  });
});

describe('the position', () => {
  it('holds what the connector needs, by partition', () => {
    const world = createSimulatedWorld();
    const raw: RawPartition = {
      take: () => 'idle',
      onReady: () => undefined,
      failure: undefined,
      position: () => ({ page: 3 }),
    };
    const source = stamped(
      { partitions: [raw, { ...raw, position: () => undefined }], close: async () => undefined },
      { clock: world.clock, scheduler: world.scheduler, step: 100 },
    );
    poll(source.partitions[0]!);
    expect(rawPositions([...saved(source.partitions), null, 'other'])).toEqual([
      { page: 3 },
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('skipping', () => {
  it('drops the first records of each partition, however they are taken', async () => {
    for (let skip = 0; skip <= COUNT; skip++) {
      for (const max of [1, 5, 100]) {
        const raw = openMemorySource([values(0), values(1)]);
        const { partitions } = skipped(raw, [skip, 0]);
        expect(await drain(partitions[0]!, max)).toEqual({ values: values(0).slice(skip), outcome: 'ended' });
        expect((await drain(partitions[1]!, max)).values).toEqual(values(1));
      }
    }
  });

  it('takes a long way in pieces', async () => {
    const numbers = Array.from({ length: 200_000 }, (_, i) => i);
    const { partitions } = skipped(openMemorySource([numbers]), [199_998]);
    const taken: unknown[] = [];
    expect(partitions[0]!.take(taken, 10)).toBe('more');
    expect(taken).toEqual([]);
    expect((await drain(partitions[0]!)).values).toEqual([199_998, 199_999]);
  });

  it('fails when there are less than were read before', async () => {
    const { partitions } = skipped(openMemorySource([['a', 'b']]), [3], { name: 'in', before: [10] });
    const { values: none, outcome } = await drain(partitions[0]!);
    expect(none).toEqual([]);
    expect(outcome).toMatchObject({
      code: 'RG064',
      message: "source 'in' has only 12 records in partition 0, but 13 were read before the restart",
    });
  });
});
