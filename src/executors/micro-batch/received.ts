/** What one source partition has received and no batch has taken yet. */
import { StreamError } from '../../core/errors.js';
import { isSpout, nameOf } from '../../plan/kinds.js';
import type { Plan } from '../../plan/plan.js';
import type { AllocatedRange, SnapshotMeta, SourcePosition } from '../../runtime/durability.js';
import { blockOf } from '../../runtime/logged-block.js';
import { Block, type PartitionReader } from '../../runtime/source.js';
import type { MicroBatchOptions, Services } from '../executor.js';
import type { PartitionMark } from './batch.js';
import type { BlockLog } from './block-log.js';
import type { Components } from './components.js';
import { readAgain } from './logged-range.js';

/** What is read, and whether it can be had again: from an offset, or from whoever gave it; or only from a log of it. */
export interface Received {
  readonly name: string;
  readonly comesAgain: 'from its offset' | 'from its spout' | 'never';
}

/**
 * A receiver's block queue, or a direct source's next range.
 *
 * A receiver is polled at each block interval and its data cut to a block; a direct source is polled when a batch is cut.
 * While `receivedRecordsMax` records wait for their batch, or for the log, nothing is polled: the source feels the back-pressure.
 */
export class ReceivedPartition {
  readonly source: string;
  readonly partition: number;
  readonly reader: PartitionReader;
  readonly comesAgain: Received['comesAgain'];
  readonly #options: MicroBatchOptions;
  readonly #onEnd: (partition: ReceivedPartition) => void;
  #blocks: Block[] = [];
  #waiting = 0;
  #nextOffset = 0;
  /** What the reader told beyond a range that it was asked for again: watermarks, and the end. */
  readonly #ahead: number[] = [];
  #endsAhead = false;
  #committed = 0;
  /** Where blocks are written down as they are received; undefined for a source that can be read again, or where nothing is kept. */
  #log: BlockLog | undefined;
  /** Records that are not in the log yet. */
  #unlogged = 0;
  /** Blocks that an earlier run received, and that no batch of its log has. */
  #unallocated: readonly AllocatedRange[] = [];
  /** The watermark of what was received: the latest heartbeat or timestamp. */
  heartbeat = Number.NEGATIVE_INFINITY;
  /** The end has been received. */
  hasEnded = false;

  /** `start`: where a snapshot says that it goes on. */
  constructor(
    source: Received,
    partition: number,
    reader: PartitionReader,
    options: MicroBatchOptions,
    onEnd: (partition: ReceivedPartition) => void,
    start?: SourcePosition,
  ) {
    this.#onEnd = onEnd;
    this.source = source.name;
    this.comesAgain = source.comesAgain;
    this.partition = partition;
    this.reader = reader;
    this.#options = options;
    if (start === undefined) return;
    this.#nextOffset = start.offset;
    this.#committed = start.offset;
    this.hasEnded = start.hasEnded;
    this.heartbeat = start.times.watermark;
  }

  get recordsRead(): number {
    return this.#nextOffset;
  }

  /** Records that wait for their batch. */
  get waiting(): number {
    return this.#waiting;
  }

  /** So much waits that nothing is polled before the next batch is cut. */
  get isFull(): boolean {
    return this.#room <= 0;
  }

  /** It has ended, and a batch has all that it gave. */
  get isDrained(): boolean {
    return this.hasEnded && this.#blocks.length === 0;
  }

  get failure(): StreamError | undefined {
    return this.#blocks.length === 0 ? this.reader.failure : undefined;
  }

  /** Polls blocks of up to `blockRecordsMax` records while there are more, `max` in all. True when anything waits for a batch. */
  receive(max: number): boolean {
    const { blockRecordsMax } = this.#options;
    let left = Math.min(max, this.#room);
    while (left > 0 && !this.hasEnded) {
      const block = new Block();
      block.clear(this.#nextOffset);
      this.reader.poll(block, Math.min(left, blockRecordsMax));
      const count = block.values.length;
      if (count === 0 && block.heartbeats.length === 0 && !block.ended) break;
      this.#take(block, count);
      this.#write(block, count);
      left -= count;
      if (count === 0) break;
    }
    return this.#blocks.length > 0;
  }

  /** From here on each block is written down as it is received; `unallocated`: those that an earlier run wrote down for no batch. */
  logTo(log: BlockLog, unallocated: readonly AllocatedRange[]): void {
    this.#log = log;
    this.#unallocated = unallocated;
  }

  /** Its blocks are in the log: a batch only names them. */
  get isLogged(): boolean {
    return this.#log !== undefined;
  }

  /** Every record below `offset` is in the log. */
  logged(offset: number, records: number): void {
    this.#unlogged -= records;
    this.commit(offset);
  }

  /** Hands everything received to a batch. */
  cut(): Block[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#waiting = 0;
    return blocks;
  }

  /** Where it goes on behind what was cut last. */
  get mark(): PartitionMark {
    const { source, partition, hasEnded } = this;
    return { source, partition, offset: this.#nextOffset, hasEnded, reader: this.reader.position?.() };
  }

  /**
   * Takes a range of the log again, in the log's order; what it takes belongs to the batch of that time. With `skip` its records
   * are left out, only their time counts, and the reader stands behind the log. @throws StreamError `RG064`.
   */
  async takeAgain(range: AllocatedRange, skip: boolean, soon: (run: () => void) => void): Promise<Block> {
    const left = skip ? { values: [], heartbeats: [], hasEnded: false } : await readAgain(this, range, soon);
    const block = blockOf(range, skip ? undefined : left.values);
    this.#nextOffset = range.to;
    this.hasEnded = range.ended;
    const last = block.values.length > 0 ? block.timestamps[block.values.length - 1]! : Number.NEGATIVE_INFINITY;
    this.heartbeat = Math.max(this.heartbeat, block.heartbeats.at(-1)?.watermark ?? Number.NEGATIVE_INFINITY, last);
    this.#ahead.push(...left.heartbeats);
    this.#endsAhead ||= left.hasEnded;
    return block;
  }

  /** Every record below `offset` is durable. */
  commit(offset: number): void {
    if (offset <= this.#committed) return;
    this.#committed = offset;
    this.reader.commit(offset);
  }

  /** Behind the last batch of the log: what an earlier run received for none, and what the reader told beyond it, waits for the first new one. */
  goOn(): void {
    for (const range of this.#unallocated) this.#take(blockOf(range, [...range.values!]), range.to - range.from);
    this.#unallocated = [];
    if (this.hasEnded || (this.#ahead.length === 0 && !this.#endsAhead)) return;
    const block = new Block();
    block.clear(this.#nextOffset);
    for (const watermark of this.#ahead) block.heartbeat(watermark);
    block.ended = this.#endsAhead;
    this.#take(block, 0);
  }

  get #room(): number {
    return this.#options.receivedRecordsMax - Math.max(this.#waiting, this.#unlogged);
  }

  #take(block: Block, count: number): void {
    this.#blocks.push(block);
    this.#waiting += count;
    this.#nextOffset += count;
    const last = count > 0 ? block.timestamps[count - 1]! : Number.NEGATIVE_INFINITY;
    this.heartbeat = Math.max(this.heartbeat, block.heartbeats.at(-1)?.watermark ?? Number.NEGATIVE_INFINITY, last);
    this.hasEnded = block.ended;
    if (block.ended) this.#onEnd(this);
  }

  #write(block: Block, count: number): void {
    if (this.#log === undefined) return;
    this.#unlogged += count;
    this.#log.add(this.mark, block, this);
  }
}

/** The partitions of all sources of a plan, and the tasks of its spouts. */
export function partitionsOf(
  plan: Plan,
  services: Services,
  options: MicroBatchOptions,
  components: Components | undefined,
  restored?: SnapshotMeta,
): readonly ReceivedPartition[] {
  const ended = ({ source, partition, recordsRead }: ReceivedPartition): void =>
    services.listener?.({ kind: 'sourceEnded', source, partition, records: recordsRead });
  const placeOf = (name: string, index: number): SourcePosition | undefined =>
    restored?.sources.find(({ source, partition }) => source === name && partition === index);
  const partitions = (received: Received, readers: readonly PartitionReader[]): readonly ReceivedPartition[] =>
    readers.map(
      (reader, index) => new ReceivedPartition(received, index, reader, options, ended, placeOf(received.name, index)),
    );
  return plan.operators.flatMap((operator) => {
    const { kind } = operator;
    if (kind === 'spout') {
      const reached = (task: number): number =>
        placeOf(operator.name, task)?.times.watermark ?? Number.NEGATIVE_INFINITY;
      return partitions({ name: operator.name, comesAgain: 'from its spout' }, components!.readers(operator, reached));
    }
    if (kind !== 'source') return [];
    const { name, spec } = operator;
    const comesAgain = spec.capabilities.replayable ? 'from its offset' : 'never';
    return partitions({ name, comesAgain }, services.sources.get(name)!.partitions);
  });
}

/** Whether a source is read when a batch is cut, or all the time. */
export function intakeOf(plan: Plan, source: string): 'range' | 'receiver' {
  const found = plan.operators.find((operator) => isSpout(operator) && nameOf(operator) === source);
  if (found?.kind === 'spout') return 'receiver';
  if (found?.kind !== 'source')
    throw new StreamError('RG005', `there is no source '${source}'`, 'name a source of the topology');
  return found.spec.capabilities.intake;
}
