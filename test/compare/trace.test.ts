/** The recorded input on its schedule, and the readers that play it. */
import { describe, expect, it } from 'vitest';
import { timetableOf } from '../../src/compare/timetable.js';
import { layOut, recordCount, STREAM_EPOCH } from '../../src/compare/trace.js';
import { openDrain, TracePartition } from '../../src/compare/trace-reader.js';
import { Block, type PartitionReader } from '../../src/runtime/source.js';

const schedule = { rate: 1_000, batchInterval: 10_000, slides: [30_000, 20_000], seed: 7 };

/** Every element of the next poll as text: `a@5` or `|10`. */
function polled(reader: PartitionReader, max: number): string {
  const block = new Block();
  block.clear(0);
  reader.poll(block, max);
  const elements: string[] = [];
  let beat = 0;
  for (let at = 0; at <= block.length; at++) {
    for (; block.heartbeats[beat]?.at === at; beat++) elements.push(`|${block.heartbeats[beat]!.watermark}`);
    if (at < block.length) elements.push(`${String(block.values[at])}@${block.timestamps[at]}`);
  }
  return elements.join(' ') + (block.ended ? ' end' : '');
}

describe('layOut', () => {
  it('gives record i of a source its intended time, whichever partition it is in', () => {
    const trace = layOut([{ name: 'in', partitions: [['a', 'c', 'd'], ['b']] }], schedule);
    const [first, second] = trace.sources[0]!.partitions;
    const start = first!.timestamps[0]!;
    expect([...first!.timestamps].map((time) => time - start)).toEqual([0, 2_000, 3_000]);
    expect([...second!.timestamps].map((time) => time - start)).toEqual([1_000]);
  });

  it('starts at a multiple of all slides, with a phase from the seed within the batch interval', () => {
    const trace = layOut([{ name: 'in', partitions: [['a']] }], schedule);
    const first = trace.sources[0]!.partitions[0]!.timestamps[0]!;
    expect([trace.start % 30_000, trace.start % 20_000]).toEqual([0, 0]);
    expect(trace.start - STREAM_EPOCH).toBeLessThan(60_000);
    expect(first - trace.start).toBeGreaterThanOrEqual(0);
    expect(first - trace.start).toBeLessThan(10_000);
    const other = layOut([{ name: 'in', partitions: [['a']] }], { ...schedule, seed: 8 });
    expect(other.sources[0]!.partitions[0]!.timestamps[0]).not.toBe(first);
  });

  it('puts a heartbeat at each batch interval before the records from then on, the last one above all records', () => {
    const values = Array.from({ length: 25 }, (_, i) => i);
    // A record each microsecond, so that some stand exactly on a border.
    const trace = layOut([{ name: 'in', partitions: [values] }], { ...schedule, rate: 1_000_000, batchInterval: 10 });
    const { timestamps, heartbeats } = trace.sources[0]!.partitions[0]!;
    expect(heartbeats.at(-1)!.watermark).toBe(trace.end);
    expect(trace.end).toBeGreaterThan(timestamps.at(-1)!);
    for (const { at, watermark } of heartbeats) {
      expect(watermark % 10).toBe(0);
      expect(timestamps.slice(0, at).every((time) => time < watermark)).toBe(true);
      expect(timestamps.slice(at).every((time) => time >= watermark)).toBe(true);
    }
  });

  it('gives all partitions the same heartbeats, also one without records', () => {
    const trace = layOut(
      [
        { name: 'in', partitions: [['a', 'b', 'c'], []] },
        { name: 'other', partitions: [[]] },
      ],
      schedule,
    );
    const beats = trace.sources.flatMap(({ partitions }) =>
      partitions.map(({ heartbeats }) => heartbeats.map(({ watermark }) => watermark)),
    );
    expect(beats[1]).toEqual(beats[0]);
    expect(beats[2]).toEqual(beats[0]);
    expect(recordCount(trace)).toBe(3);
  });
});

describe('a partition that plays a trace', () => {
  const partition = {
    values: ['a', 'b', 'c'],
    timestamps: Float64Array.of(5, 12, 13),
    heartbeats: [
      { at: 1, watermark: 10 },
      { at: 3, watermark: 20 },
    ],
  };

  it('hands out records and heartbeats in their places, and the end with the last', () => {
    const reader = new TracePartition(partition);
    reader.releaseAll();
    expect(polled(reader, 2)).toBe('a@5 |10 b@12');
    expect(polled(reader, 2)).toBe('c@13 |20 end');
  });

  it('goes no further than it is released', () => {
    const reader = new TracePartition(partition);
    expect(polled(reader, 9)).toBe('');
    reader.release(1, 0);
    expect(polled(reader, 9)).toBe('a@5');
    reader.release(1, 1);
    expect(polled(reader, 9)).toBe('|10 b@12');
    reader.release(1, 1);
    expect(polled(reader, 9)).toBe('c@13 |20 end');
    expect(reader.taken).toBe(3);
  });

  it('wakes who waits once something is released, and only once', () => {
    const reader = new TracePartition(partition);
    let woken = 0;
    reader.onReady(() => woken++);
    reader.wake();
    expect(woken).toBe(0);
    reader.release(0, 1);
    reader.wake();
    reader.wake();
    expect(woken).toBe(1);
    reader.onReady(() => woken++);
    expect(woken).toBe(2);
  });

  it('ends behind what was released when it is stopped', () => {
    const reader = new TracePartition(partition);
    reader.release(1, 0);
    let woken = 0;
    reader.stop();
    reader.onReady(() => woken++);
    expect(woken).toBe(1);
    expect(polled(reader, 9)).toBe('a@5 end');
  });

  it('repeats on one continuing schedule', () => {
    const source = { name: 'in', partitions: [partition] };
    const reader = openDrain({ sources: [source], start: 0, end: 20 }, 3).get('in')!.partitions[0]!;
    expect(polled(reader, 5)).toBe('a@5 |10 b@12 c@13 |20 a@25 |30 b@32');
    expect(polled(reader, 9)).toBe('c@33 |40 a@45 |50 b@52 c@53 |60 end');
  });
});

describe('the driver’s timetable', () => {
  it('merges all partitions by time, heartbeats before records of the same time', () => {
    const even = { values: ['a'], timestamps: Float64Array.of(110), heartbeats: [{ at: 0, watermark: 110 }] };
    const odd = { values: ['b'], timestamps: Float64Array.of(104), heartbeats: [{ at: 1, watermark: 110 }] };
    const trace = {
      start: 100,
      end: 110,
      sources: [
        { name: 'x', partitions: [even] },
        { name: 'y', partitions: [odd] },
      ],
    };
    const { due, owner } = timetableOf(trace);
    expect([...due]).toEqual([4, 10, 10, 10]);
    expect([...owner]).toEqual([2, 1, 3, 0]);
  });
});
