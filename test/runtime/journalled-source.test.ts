/** The journal of record mode: what cannot be read again is handed out once it is written down, and comes again from there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamError } from '../../src/core/errors.js';
import type { Durability, LogRecord, SnapshotMeta } from '../../src/runtime/durability.js';
import { isAfter } from '../../src/runtime/durability.js';
import { Journal, journalled } from '../../src/runtime/journalled-source.js';
import { Block, type PartitionReader, type SourceReader } from '../../src/runtime/source.js';

/** A log whose records become durable when a test says so. */
class Log {
  readonly records: LogRecord[] = [];
  readonly #waiting: { record: LogRecord; resolve: () => void; reject: (error: unknown) => void }[] = [];

  get durability(): Durability {
    return {
      recovered: { snapshot: undefined, log: [...this.records] },
      interval: { batches: 1, time: 1 },
      addsTo: undefined,
      log: (record) => new Promise((resolve, reject) => this.#waiting.push({ record, resolve, reject })),
      save: async () => {},
      latest: () => undefined,
    };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async sync(count = Number.POSITIVE_INFINITY): Promise<void> {
    for (const { record, resolve } of this.#waiting.splice(0, count)) {
      this.records.push(structuredClone(record));
      resolve();
    }
    await Promise.resolve();
  }

  async fail(error: unknown): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    await Promise.resolve();
    await Promise.resolve();
  }
}

/** A queue of numbers with a heartbeat behind each tenth: it gives what it has, and forgets what it hears to be durable. */
class Queue implements PartitionReader {
  readonly failure = undefined;
  readonly commits: number[] = [];
  readonly #count: number;
  #next: number;

  constructor(count: number, from = 0) {
    this.#count = count;
    this.#next = from;
  }

  poll(block: Block, max: number): void {
    for (let room = max; room > 0 && this.#next < this.#count; room--) {
      block.push(this.#next, this.#next * 10);
      this.#next += 1;
      if (this.#next % 10 === 0) block.heartbeat(this.#next * 10);
    }
    block.ended = this.#next === this.#count;
  }

  onReady(wake: () => void): void {
    wake();
  }

  commit(offset: number): void {
    this.commits.push(offset);
  }

  position(): unknown {
    return { at: this.#next };
  }
}

function sourceOf(...partitions: readonly PartitionReader[]): SourceReader {
  return { partitions, close: async () => {} };
}

function open(log: Log, queue: PartitionReader, from: number, limits = {}): PartitionReader {
  return journalled('n', sourceOf(queue), new Journal(log.durability), [from], limits).partitions[0]!;
}

function polled(reader: PartitionReader, max: number): Block {
  const block = new Block();
  reader.poll(block, max);
  return block;
}

describe('a journalled source', () => {
  it('hands a block out when it is durable, tells the source then, and wakes', async () => {
    const log = new Log();
    const queue = new Queue(25);
    const reader = open(log, queue, 0, { blockRecords: 10 });
    expect(polled(reader, 100).length).toBe(0);
    let woken = 0;
    reader.onReady(() => {
      woken += 1;
    });
    expect([log.waiting, queue.commits, woken]).toEqual([3, [], 0]);
    await log.sync(1);
    expect([queue.commits, woken, polled(reader, 100).length]).toEqual([[10], 1, 10]);
    await log.sync();
    const rest = polled(reader, 100);
    expect([queue.commits, rest.values.at(-1), rest.ended]).toEqual([[10, 20, 25], 24, true]);
  });

  it('at a stop hands out what it has written down, and reads what was received, but no more', async () => {
    const log = new Log();
    const queue = new Queue(100);
    let left = 2;
    const stopped = Object.assign(queue, { finishes: () => left-- > 0 });
    const reader = open(log, stopped, 0, { blockRecords: 10, recordsMax: 20 });
    polled(reader, 100);
    expect([log.waiting, reader.finishes!()]).toEqual([2, true]);
    await log.sync();
    expect([polled(reader, 15).length, reader.finishes!()]).toEqual([15, true]);
    expect([polled(reader, 100).length, reader.finishes!()]).toEqual([5, false]);
    expect(log.waiting).toBe(0);
  });

  it('reads no further ahead than its limit while the log is slow', async () => {
    const log = new Log();
    const reader = open(log, new Queue(100), 0, { blockRecords: 4, recordsMax: 11 });
    for (let i = 0; i < 5; i++) polled(reader, 100);
    expect(log.waiting).toBe(2);
    await log.sync();
    expect(polled(reader, 100).length).toBe(8);
  });

  it('gives after a restart what the source gave, from any place on, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 30 }),
        fc.nat(60),
        async (count, blockRecords, cuts, place) => {
          const log = new Log();
          const first = open(log, new Queue(count), 0, { blockRecords });
          let handedOut = 0;
          for (const cut of cuts) {
            handedOut += polled(first, cut).length;
            await log.sync(1);
          }
          // A snapshot holds a part of what was handed out; the driver is gone, and with it what was not durable.
          const offset = Math.min(place, handedOut);
          const meta = { epoch: 1, sources: [{ source: 'n', partition: 0, offset }] } as unknown as SnapshotMeta;
          log.records.splice(0, log.records.length, ...log.records.filter((record) => isAfter(record, meta)));
          const end = new Journal(log.durability).endOf('n', 0);
          const durable = end?.offset ?? offset;
          expect(durable).toBeGreaterThanOrEqual(handedOut);
          const second = open(log, new Queue(count, durable), offset, { blockRecords });
          const again = new Block();
          for (let i = 0; i < 200 && !again.ended; i++) {
            second.poll(again, cuts[i % cuts.length]!);
            await log.sync();
          }
          const plain = polled(new Queue(count), count);
          expect(again.ended).toBe(true);
          expect(again.values).toEqual(plain.values.slice(offset));
          expect([...again.timestamps.slice(0, again.length)]).toEqual([...plain.timestamps.slice(offset, count)]);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('says of its place where the reader stood behind the block that it is in', async () => {
    const log = new Log();
    const reader = open(log, new Queue(30), 0, { blockRecords: 10 });
    polled(reader, 1);
    await log.sync();
    expect([polled(reader, 4).length, reader.position?.()]).toEqual([4, { at: 10 }]);
    expect([polled(reader, 9).length, reader.position?.()]).toEqual([9, { at: 20 }]);
  });

  it('fails when the journal cannot be written, and hands out nothing more', async () => {
    const log = new Log();
    const reader = open(log, new Queue(30), 0, { blockRecords: 10 });
    polled(reader, 10);
    await log.fail(new StreamError('RG057', 'the disk is full', 'make room'));
    let isWoken = false;
    reader.onReady(() => {
      isWoken = true;
    });
    expect([reader.failure?.code, polled(reader, 10).length, isWoken]).toEqual(['RG057', 0, true]);
  });
});

describe('what a snapshot covers of the log', () => {
  const received = (batch: number, to: number): LogRecord => ({
    kind: 'received',
    batch,
    range: { source: 'n', partition: 0, from: to - 5, to, times: [], heartbeats: [], ended: false, reader: undefined },
  });
  const meta = { epoch: 3, sources: [{ source: 'n', partition: 0, offset: 20 }] } as unknown as SnapshotMeta;

  it('is told by offsets record at a time, and by batches otherwise', () => {
    expect([20, 21].map((to) => isAfter(received(0, to), meta))).toEqual([false, true]);
    expect([3, 4].map((batch) => isAfter(received(batch, 20), meta))).toEqual([false, true]);
    expect([3, 4].map((batch) => isAfter({ kind: 'prepared', batch }, meta))).toEqual([false, true]);
    expect(isAfter(received(0, 5), { epoch: 3, sources: [] })).toBe(true);
  });
});
