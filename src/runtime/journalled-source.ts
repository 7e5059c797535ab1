/** For record mode: what a source that cannot be read again gives is written down before it is handed out. Knows no connector. */
import type { StreamError } from '../core/errors.js';
import { BlockCursor } from './block-cursor.js';
import type { AllocatedRange, Durability } from './durability.js';
import { blockOf, rangeOf } from './logged-block.js';
import { Block, type PartitionReader, type SourceReader } from './source.js';

/** Records of one partition that are read ahead of whoever polls, and that may wait for the log. */
const JOURNAL_RECORDS_MAX = 20_000;
/** Records of one block of the journal. */
const JOURNAL_BLOCK_RECORDS = 10_000;

/** How much is read ahead. */
export interface JournalLimits {
  readonly recordsMax?: number;
  readonly blockRecords?: number;
}

/** What an earlier run wrote down and no snapshot covers, and where more is written. */
export class Journal {
  readonly #durability: Durability;
  readonly #ranges: readonly AllocatedRange[];

  constructor(durability: Durability) {
    this.#durability = durability;
    this.#ranges = durability.recovered.log.flatMap((record) => (record.kind === 'received' ? [record.range] : []));
  }

  /** Blocks of a partition that an earlier run wrote down, in order. The first may begin below the snapshot. */
  blocksOf(source: string, partition: number): readonly AllocatedRange[] {
    return this.#ranges.filter((range) => range.source === source && range.partition === partition);
  }

  /** Where the reader itself goes on: behind what is written down. Undefined: at the snapshot. */
  endOf(source: string, partition: number): { readonly offset: number; readonly reader: unknown } | undefined {
    const last = this.blocksOf(source, partition).at(-1);
    return last && { offset: last.to, reader: last.reader };
  }

  /** Resolves when it is durable. @throws StreamError `RG056`, `RG057`. */
  write(range: AllocatedRange): Promise<void> {
    return this.#durability.log({ kind: 'received', batch: 0, range });
  }
}

/**
 * Decorates a source whose readers stand at `Journal.endOf`. `from`: where the job goes on, in each partition.
 *
 * 1. First comes what the journal has from there on, with the times that it had.
 * 2. What is read then is written down in blocks, and handed out when it is durable. Blocks share syncs.
 * 3. The source hears of a block when it is durable: with a snapshot or the journal, a restart has it.
 */
export function journalled(
  name: string,
  source: SourceReader,
  journal: Journal,
  from: readonly number[],
  limits: JournalLimits = {},
): SourceReader {
  return {
    partitions: source.partitions.map(
      (reader, index) => new JournalledPartition(name, index, reader, journal, from[index] ?? 0, limits),
    ),
    counters: () => source.counters?.() ?? {},
    close: () => source.close(),
  };
}

/** A block on its way. */
interface Entry {
  readonly cursor: BlockCursor;
  /** Where the reader stood behind it. */
  readonly position: unknown;
  isDurable: boolean;
}

class JournalledPartition implements PartitionReader {
  readonly #source: string;
  readonly #partition: number;
  readonly #reader: PartitionReader;
  readonly #journal: Journal;
  readonly #recordsMax: number;
  readonly #blockRecords: number;
  readonly #entries: Entry[] = [];
  /** Records in them. */
  #ahead = 0;
  /** Offset of the next record of the reader. */
  #next: number;
  #position: unknown;
  #hasEnded = false;
  #isFinishing = false;
  #wake: (() => void) | undefined;
  #failure: StreamError | undefined;

  constructor(
    source: string,
    partition: number,
    reader: PartitionReader,
    journal: Journal,
    from: number,
    { recordsMax = JOURNAL_RECORDS_MAX, blockRecords = JOURNAL_BLOCK_RECORDS }: JournalLimits,
  ) {
    this.#source = source;
    this.#partition = partition;
    this.#reader = reader;
    this.#journal = journal;
    this.#recordsMax = recordsMax;
    this.#blockRecords = blockRecords;
    this.#next = from;
    for (const range of journal.blocksOf(source, partition)) this.#again(range, from);
  }

  get failure(): StreamError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    return this.#entries.length === 0 ? this.#reader.failure : undefined;
  }

  poll(block: Block, max: number): void {
    this.#readAhead();
    for (let left = max; left > 0; ) {
      const first = this.#entries[0];
      if (first === undefined || !first.isDurable) break;
      const given = first.cursor.give(block, left);
      left -= given;
      this.#ahead -= given;
      this.#position = first.position;
      if (!first.cursor.isDone) return;
      this.#entries.shift();
    }
    if (this.#entries.length === 0 && this.#hasEnded) block.ended = true;
  }

  onReady(wake: () => void): void {
    const first = this.#entries[0];
    if (this.#failure !== undefined || first?.isDurable === true || (first === undefined && this.#hasEnded)) {
      wake();
      return;
    }
    this.#wake = wake;
    if (first === undefined) this.#reader.onReady(this.#fire);
  }

  /** It heard so before: what is handed out is in the journal. */
  commit(): void {}

  /** What is written down comes again after a restart; handed out now, a job that was stopped has no more to do. */
  finishes(): boolean {
    this.#isFinishing = true;
    return this.#failure === undefined && (this.#reader.finishes?.() === true || this.#entries.length > 0);
  }

  /** Where the reader stood behind the block that was handed out last, or a part of it: the journal has the rest. */
  position(): unknown {
    return this.#position;
  }

  #again(range: AllocatedRange, from: number): void {
    const block = blockOf(range, [...range.values!]);
    const cursor = new BlockCursor(block);
    // What the snapshot covers of it is done.
    cursor.give(new Block(), Math.max(0, from - range.from));
    this.#entries.push({ cursor, position: range.reader, isDurable: true });
    this.#ahead += range.to - Math.max(range.from, from);
    this.#next = range.to;
    this.#hasEnded = range.ended;
  }

  /** Only where a whole block has room: else a fast source would give a block for each poll. */
  #readAhead(): void {
    if (this.#isFinishing && this.#reader.finishes?.() !== true) return;
    const roomFrom = this.#recordsMax - this.#blockRecords;
    while (!this.#hasEnded && this.#failure === undefined && this.#ahead <= roomFrom) {
      const block = new Block();
      block.clear(this.#next);
      this.#reader.poll(block, this.#blockRecords);
      if (block.length === 0 && block.heartbeats.length === 0 && !block.ended) return;
      this.#add(block);
      if (block.length === 0) return;
    }
  }

  /** Heartbeats without records are not written down: a restart goes on with later ones. */
  #add(block: Block): void {
    const position = this.#reader.position?.();
    const entry = { cursor: new BlockCursor(block), position, isDurable: block.length === 0 };
    this.#entries.push(entry);
    this.#ahead += block.length;
    this.#next += block.length;
    this.#hasEnded = block.ended;
    if (entry.isDurable) return;
    const offset = this.#next;
    const end = { source: this.#source, partition: this.#partition, offset, reader: position };
    this.#journal.write(rangeOf(end, [block], true)).then(
      () => {
        entry.isDurable = true;
        this.#reader.commit(offset);
        this.#fire();
      },
      (error: StreamError) => {
        this.#failure = error;
        this.#fire();
      },
    );
  }

  readonly #fire = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}
