/** Laws of a source that can be set back: the same sequence again, however it is cut, and bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import { RETAINED_HEARTBEATS_MAX, type RewindablePartition, retained } from '../../src/runtime/retained-source.js';
import { Block, type PartitionReader } from '../../src/runtime/source.js';

type Element = { readonly value: number; readonly time: number } | { readonly watermark: number } | 'end';

/** Gives a sequence, cut as it is told, and says where it stands. */
class Scripted implements PartitionReader {
  failure: StreamError | undefined;
  readonly commits: number[] = [];
  #at = 0;
  #wake: (() => void) | undefined;
  readonly #elements: readonly Element[];
  readonly #cuts: Iterator<number>;

  constructor(elements: readonly Element[], cuts: readonly number[] = []) {
    this.#elements = elements;
    this.#cuts = cuts[Symbol.iterator]();
  }

  poll(block: Block, max: number): void {
    let left = Math.min(max, this.#cuts.next().value ?? max);
    for (; this.#at < this.#elements.length; this.#at++) {
      const element = this.#elements[this.#at]!;
      if (element === 'end') {
        block.ended = true;
        return;
      }
      if ('watermark' in element) block.heartbeat(element.watermark);
      else if (left-- > 0) block.push(element.value, element.time);
      else return;
    }
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
  }

  wake(): void {
    this.#wake?.();
  }

  commit(offset: number): void {
    this.commits.push(offset);
  }

  position(): number {
    return this.#at;
  }
}

/** Elements with the offset before which they stand; polls until nothing comes. */
function drain(partition: PartitionReader, from: number, cuts: readonly number[] = [], max = 1_000): string[] {
  const got: string[] = [];
  let offset = from;
  for (let polls = 0; ; polls++) {
    const block = new Block();
    block.clear(offset);
    partition.poll(block, cuts[polls] ?? max);
    for (let at = 0; at <= block.length; at++) {
      for (const beat of block.heartbeats) if (beat.at === at) got.push(`${offset + at}|${beat.watermark}`);
      if (at < block.length) got.push(`${offset + at}:${block.values[at]}@${block.timestamps[at]}`);
    }
    offset += block.length;
    if (block.ended) return [...got, 'end'];
    if (block.length === 0 && block.heartbeats.length === 0) return got;
  }
}

const elements = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('record') }, { weight: 1, arbitrary: fc.constant('beat') }), {
      maxLength: 60,
    }),
    fc.boolean(),
  )
  .map(([kinds, ends]): readonly Element[] => {
    const made = kinds.map((kind, i) =>
      kind === 'record' ? { value: i, time: i * 10 + 1 } : { watermark: i * 10 },
    ) as Element[];
    return ends ? [...made, 'end'] : made;
  });
const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 20 });

/** What stands from a record on, with the heartbeats right before it. */
const since = (sequence: readonly string[], offset: number): string[] =>
  sequence.filter((element) => element === 'end' || Number.parseInt(element, 10) >= offset);
const countOf = (sequence: readonly string[]): number => sequence.filter((element) => element.includes(':')).length;

describe('a retained partition', () => {
  it('hands out what the reader does, and from any offset since the commit the same again, however it is cut', () => {
    fc.assert(
      fc.property(
        elements,
        cuts,
        cuts,
        cuts,
        fc.nat(),
        fc.nat(),
        fc.nat(100),
        (all, read, cut, again, c, r, before) => {
          const whole = drain(new Scripted(all), before);
          const partition = retained(new Scripted(all, read), { from: before });
          expect(drain(partition, before, cut)).toEqual(whole);
          const committed = before + (c % (countOf(whole) + 1));
          partition.commit(committed);
          for (let round = 0; round < 2; round++) {
            const offset = committed + (r % (before + countOf(whole) - committed + 1));
            partition.rewind(offset);
            expect(drain(partition, offset, again)).toEqual(since(whole, offset));
          }
        },
      ),
    );
  });

  it('goes on behind what was handed out again, also when it was set back in the middle of that', () => {
    fc.assert(
      fc.property(elements, fc.array(fc.tuple(fc.nat(9), fc.nat(100)), { maxLength: 30 }), (all, steps) => {
        const whole = drain(new Scripted(all), 0);
        const partition = retained(new Scripted(all));
        let offset = 0;
        let committed = 0;
        for (const [max, draw] of steps) {
          const block = new Block();
          block.clear(offset);
          partition.poll(block, max);
          offset += block.length;
          if (draw % 3 === 0) {
            committed = Math.max(committed, offset - (draw % 5));
            partition.commit(committed);
          }
          if (draw % 4 === 0) {
            offset = committed + (draw % (offset - committed + 1));
            partition.rewind(offset);
          }
        }
        partition.rewind(offset);
        expect(drain(partition, offset)).toEqual(since(whole, offset));
      }),
    );
  });

  it('holds long runs, and frees them by commits', () => {
    const all = Array.from({ length: 10_000 }, (_, i): Element => ({ value: i, time: i }));
    const partition = retained(new Scripted(all), { recordsMax: 6_000 });
    expect(countOf(drain(partition, 0, [5_000]))).toBe(6_000);
    partition.commit(4_500);
    partition.rewind(4_500);
    expect(drain(partition, 4_500)[0]).toBe('4500:4500@4500');
    expect(drain(partition, 10_000)).toEqual([]);
  });

  it('gives the heartbeats again that stand between two of its runs', () => {
    const all = Array.from(
      { length: 6_000 },
      (_, i): Element => (i % 2 === 0 ? { watermark: i } : { value: i, time: i }),
    );
    for (const offset of [1_023, 1_024, 1_025, 2_048]) {
      const whole = drain(new Scripted(all), 0);
      const partition = retained(new Scripted(all));
      drain(partition, 0, [1_024, 1_024]);
      partition.rewind(offset);
      expect(drain(partition, offset)).toEqual(since(whole, offset));
      partition.commit(offset);
      partition.rewind(offset);
      expect(drain(partition, offset)).toEqual(since(whole, offset));
    }
  });
});

describe('the bound', () => {
  const all = Array.from({ length: 10 }, (_, i): Element => ({ value: i, time: i }));

  function woken(partition: RewindablePartition): () => number {
    let count = 0;
    partition.onReady(() => count++);
    return () => count;
  }

  it('stops polls until a commit makes room, and wakes then', () => {
    const inner = new Scripted(all);
    const partition = retained(inner, { recordsMax: 4 });
    expect(countOf(drain(partition, 0))).toBe(4);
    const wakes = woken(partition);
    inner.wake();
    partition.commit(0);
    expect(wakes()).toBe(0);
    partition.commit(3);
    inner.wake();
    expect([wakes(), inner.commits]).toEqual([1, [0, 3]]);
    expect(drain(partition, 4)).toHaveLength(3);
  });

  it('does not hold back what is handed out again, which wakes at once', () => {
    const partition = retained(new Scripted(all), { recordsMax: 4 });
    drain(partition, 0);
    const wakes = woken(partition);
    partition.rewind(1);
    expect(wakes()).toBe(1);
    expect(woken(partition)()).toBe(1);
    expect(drain(partition, 1)).toHaveLength(3);
  });

  it('keeps only the latest heartbeats of one place', () => {
    const beats = Array.from({ length: 3_000 }, (_, i): Element => ({ watermark: i }));
    const partition = retained(new Scripted([...beats, { value: 1, time: 3_000 }]));
    expect(drain(partition, 0)).toHaveLength(3_001);
    partition.rewind(0);
    const again = drain(partition, 0);
    expect([again.length, again[0]]).toEqual([RETAINED_HEARTBEATS_MAX + 1, '0|2000']);
  });
});

describe('a retained reader', () => {
  it('tells a failure only behind what it hands out again', () => {
    const inner = new Scripted([{ value: 1, time: 1 }]);
    const partition = retained(inner);
    drain(partition, 0);
    inner.failure = new StreamError('RG040', 'gone', 'look for it');
    partition.rewind(0);
    expect(partition.failure).toBeUndefined();
    drain(partition, 0);
    expect(partition.failure).toBe(inner.failure);
  });

  it('says where the reader stood when what it hands out again was polled', () => {
    const all = Array.from({ length: 3_000 }, (_, i): Element => ({ value: i, time: i }));
    const inner = new Scripted(all);
    const partition = retained(inner);
    drain(partition, 0, [], 1_024);
    expect(partition.position!()).toBe(3_000);
    partition.rewind(0);
    partition.poll(new Block(), 1_024);
    expect(partition.position!()).toBe(1_024);
    partition.poll(new Block(), 10);
    expect(partition.position!()).toBe(2_048);
    drain(partition, 0);
    expect(partition.position!()).toBe(3_000);
  });

  it('refuses to be set back below its commit, or to what it never handed out', () => {
    const partition = retained(new Scripted([{ value: 1, time: 1 }]));
    drain(partition, 0);
    partition.commit(1);
    expect(() => partition.rewind(0)).toThrow('below the commit at 1');
    expect(() => partition.rewind(2)).toThrow('only 1 records');
    expect(() => partition.commit(2)).toThrow('only 1 records');
  });

  it('can be a whole source', async () => {
    let isClosed = false;
    const source = retained(
      {
        partitions: [new Scripted([{ value: 1, time: 1 }]), new Scripted([{ value: 2, time: 2 }])],
        counters: () => ({ seen: 3 }),
        close: async () => {
          isClosed = true;
        },
      },
      { from: [5, 7] },
    );
    expect(source.partitions.map((partition, i) => drain(partition, [5, 7][i]!))).toEqual([['5:1@1'], ['7:2@2']]);
    source.partitions[1]!.rewind(7);
    expect(source.partitions.map((partition, i) => drain(partition, [6, 7][i]!))).toEqual([[], ['7:2@2']]);
    expect(source.counters!()).toEqual({ seen: 3 });
    await source.close();
    expect(isClosed).toBe(true);
  });
});
