/** For at-most-once: what a source hands out was written down as handed out before, so that no restart hands it out again. */
import type { StreamError } from '../core/errors.js';
import { BlockCursor } from './block-cursor.js';
import type { Durability, Recovered, SourcePosition } from './durability.js';
import { Block, type PartitionReader, type SourceReader } from './source.js';

/** Records that are read ahead of each partition: what a crash can lose of it, beside what was under way. */
const AHEAD_RECORDS = 1_000;

/** Where reservations are written, in one order for all sources. */
export class Reservations {
  readonly #durability: Durability;
  readonly #positions = new Map<string, SourcePosition>();
  readonly #recovered: Recovered;
  #batch: number;
  /** Something was reserved in this process. */
  isBegun = false;

  constructor(durability: Durability) {
    const { snapshot, log } = durability.recovered;
    this.#durability = durability;
    this.#recovered = { snapshot: log.length === 0 ? snapshot : undefined, log: [] };
    this.#batch = log.reduce((last, { batch }) => Math.max(last, batch), snapshot?.meta.epoch ?? 0);
    for (const place of snapshot?.meta.sources ?? []) this.#positions.set(`${place.source}:${place.partition}`, place);
    for (const record of log) {
      if (record.kind !== 'allocated') continue;
      for (const { source, partition, to, reader } of record.ranges)
        this.#positions.set(`${source}:${partition}`, {
          source,
          partition,
          offset: to,
          hasEnded: false,
          times: NO_TIMES,
          reader,
        });
    }
  }

  /** @throws StreamError `RG057`. Resolves when it is durable that the records [from, to) may have been handed out. */
  async reserve(source: string, partition: number, from: number, to: number, reader: unknown): Promise<void> {
    const range = { source, partition, from, to, times: [], heartbeats: [], ended: false, reader };
    this.#positions.set(`${source}:${partition}`, {
      source,
      partition,
      offset: to,
      hasEnded: false,
      times: NO_TIMES,
      reader,
    });
    const batch = ++this.#batch;
    await this.#durability.log({ kind: 'allocated', batch, time: 0, ranges: [range] });
    this.isBegun = true;
    if (batch % RESERVATIONS_KEPT === 0) await this.#shorten(batch);
  }

  /**
   * For the snapshot of a job that is stopped, with its state. A restart has it when nothing was handed out since; otherwise some of its
   * records, or of its results, would come a second time.
   */
  atStop(): Durability {
    const { interval, begun } = this.#durability;
    return {
      interval,
      begun,
      recovered: this.#recovered,
      addsTo: undefined,
      latest: () => undefined,
      log: async () => {},
      save: ({ meta, stores }) => this.#durability.save({ meta: { ...meta, epoch: ++this.#batch }, stores }),
    };
  }

  /** Writes all places down at once, so that the log before may go. */
  #shorten(epoch: number): Promise<void> {
    const sources = [...this.#positions.values()];
    const meta = { epoch, mode: 'record', time: 0, sources, gates: {}, innerGates: {}, counters: {} } as const;
    return this.#durability.save({ meta, stores: [] });
  }
}

/** Reservations after which the log is shortened. */
const RESERVATIONS_KEPT = 256;

/** At most once no stream time is kept: it goes on with what comes. */
const NO_TIMES = {
  watermark: Number.NEGATIVE_INFINITY,
  nextStep: Number.NEGATIVE_INFINITY,
  highest: Number.NEGATIVE_INFINITY,
  sent: Number.NEGATIVE_INFINITY,
};

/** Decorates a source; `from` is the offset of each partition's first record. */
export function reserved(
  name: string,
  source: SourceReader,
  reservations: Reservations,
  from: readonly number[],
  records = AHEAD_RECORDS,
): SourceReader {
  return {
    partitions: source.partitions.map(
      (reader, index) => new ReservedPartition(name, index, reader, reservations, from[index] ?? 0, records),
    ),
    counters: () => source.counters?.() ?? {},
    close: () => source.close(),
  };
}

/** Reads a block ahead, writes down that it may be handed out, and then hands it out. */
class ReservedPartition implements PartitionReader {
  readonly #source: string;
  readonly #partition: number;
  readonly #reader: PartitionReader;
  readonly #reservations: Reservations;
  readonly #records: number;
  /** What may be handed out. */
  #ready: BlockCursor | undefined;
  #next: number;
  #isReserving = false;
  #isFinishing = false;
  #wake: (() => void) | undefined;
  #failure: StreamError | undefined;

  constructor(
    source: string,
    partition: number,
    reader: PartitionReader,
    reservations: Reservations,
    from: number,
    records: number,
  ) {
    this.#source = source;
    this.#partition = partition;
    this.#reader = reader;
    this.#reservations = reservations;
    this.#next = from;
    this.#records = records;
  }

  get failure(): PartitionReader['failure'] {
    if (this.#failure !== undefined) return this.#failure;
    return this.#ready === undefined && !this.#isReserving ? this.#reader.failure : undefined;
  }

  poll(block: Block, max: number): void {
    if (this.#ready === undefined) this.#readAhead();
    this.#ready?.give(block, max);
    if (this.#ready?.isDone === true) this.#ready = undefined;
  }

  onReady(wake: () => void): void {
    if (this.#ready !== undefined) wake();
    else if (this.#isReserving) this.#wake = wake;
    else this.#reader.onReady(wake);
  }

  commit(offset: number): void {
    this.#reader.commit(offset);
  }

  finishes(): boolean {
    this.#isFinishing = true;
    return this.#ready !== undefined || this.#isReserving;
  }

  position(): unknown {
    return this.#reader.position?.();
  }

  #readAhead(): void {
    if (this.#isReserving || this.#isFinishing || this.#failure !== undefined) return;
    const block = new Block();
    block.clear(this.#next);
    this.#reader.poll(block, this.#records);
    if (block.length === 0 && block.heartbeats.length === 0 && !block.ended) return;
    // Windows of the state that a stop has left may close by a heartbeat: from then on that state must not be found again.
    if (block.length === 0 && this.#reservations.isBegun) return this.#take(block);
    const from = this.#next;
    this.#next += block.length;
    this.#isReserving = true;
    const settle = (): void => {
      this.#isReserving = false;
      const wake = this.#wake;
      this.#wake = undefined;
      wake?.();
    };
    this.#reservations.reserve(this.#source, this.#partition, from, this.#next, this.#reader.position?.()).then(
      () => {
        this.#take(block);
        settle();
      },
      (error: StreamError) => {
        this.#failure = error;
        settle();
      },
    );
  }

  #take(block: Block): void {
    this.#ready = new BlockCursor(block);
  }
}
