/** What one source partition has received and no batch has taken yet. */
import { StreamError } from '../../core/errors.js';
import type { Plan } from '../../plan/plan.js';
import { Block, type PartitionReader } from '../../runtime/source.js';
import type { MicroBatchOptions, Services } from '../executor.js';

/**
 * A receiver's block queue, or a direct source's next range.
 *
 * A receiver is polled at each block interval and its data cut to a block; a direct source is polled when a batch is cut.
 * While `receivedRecordsMax` records wait, nothing is polled: the source feels the back-pressure.
 */
export class ReceivedPartition {
  readonly source: string;
  readonly partition: number;
  readonly reader: PartitionReader;
  readonly #options: MicroBatchOptions;
  readonly #onEnd: (partition: ReceivedPartition) => void;
  #blocks: Block[] = [];
  #waiting = 0;
  #nextOffset = 0;
  /** The watermark of what was received: the latest heartbeat or timestamp. */
  heartbeat = Number.NEGATIVE_INFINITY;
  /** The end has been received. */
  hasEnded = false;

  constructor(
    source: string,
    partition: number,
    reader: PartitionReader,
    options: MicroBatchOptions,
    onEnd: (partition: ReceivedPartition) => void,
  ) {
    this.#onEnd = onEnd;
    this.source = source;
    this.partition = partition;
    this.reader = reader;
    this.#options = options;
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
    return this.#waiting >= this.#options.receivedRecordsMax;
  }

  get failure(): StreamError | undefined {
    return this.#blocks.length === 0 ? this.reader.failure : undefined;
  }

  /** Polls blocks of up to `blockRecordsMax` records while there are more, `max` in all. True when anything came. */
  receive(max: number): boolean {
    const { blockRecordsMax, receivedRecordsMax } = this.#options;
    let left = Math.min(max, receivedRecordsMax - this.#waiting);
    let received = false;
    while (left > 0 && !this.hasEnded) {
      const block = new Block();
      block.clear(this.#nextOffset);
      this.reader.poll(block, Math.min(left, blockRecordsMax));
      const count = block.values.length;
      if (count === 0 && block.heartbeats.length === 0 && !block.ended) break;
      received = true;
      this.#take(block, count);
      left -= count;
      if (count === 0) break;
    }
    return received;
  }

  /** Hands everything received to a batch. */
  cut(): Block[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#waiting = 0;
    return blocks;
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
}

/** The partitions of all sources of a plan. */
export function partitionsOf(plan: Plan, services: Services, options: MicroBatchOptions): readonly ReceivedPartition[] {
  const ended = ({ source, partition, recordsRead }: ReceivedPartition): void =>
    services.listener?.({ kind: 'sourceEnded', source, partition, records: recordsRead });
  return plan.operators.flatMap((operator) => {
    if (operator.kind !== 'source') return [];
    const { partitions } = services.sources.get(operator.name)!;
    return partitions.map((reader, index) => new ReceivedPartition(operator.name, index, reader, options, ended));
  });
}

/** Whether a source is read when a batch is cut, or all the time. */
export function intakeOf(plan: Plan, source: string): 'range' | 'receiver' {
  const found = plan.operators.find((operator) => operator.kind === 'source' && operator.name === source);
  if (found?.kind !== 'source')
    throw new StreamError('RG005', `there is no source '${source}'`, 'name a source of the topology');
  return found.spec.capabilities.intake;
}
