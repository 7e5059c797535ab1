/** Makes batches: of what was received, or of what the log says that an earlier batch had. Each is logged as it is made. */
import type { Plan } from '../../plan/plan.js';
import type { Durability, SnapshotMeta } from '../../runtime/durability.js';
import type { Listener } from '../../runtime/events.js';
import { rangeOf } from '../../runtime/logged-block.js';
import type { Block } from '../../runtime/source.js';
import type { World } from '../../runtime/world.js';
import type { Batch, CutPoint, PartitionMark, Write } from './batch.js';
import { BlockLog } from './block-log.js';
import { rangeOfLogged } from './logged-range.js';
import type { ReceivedPartition } from './received.js';
import { type LoggedBatch, restartOf } from './restart.js';

/** What an allocator works with. */
export interface AllocatorParts {
  readonly plan: Plan;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
  readonly partitions: readonly ReceivedPartition[];
  readonly durability: Durability | undefined;
  readonly listener: Listener | undefined;
  readonly restored: SnapshotMeta | undefined;
  readonly failed: (error: unknown) => void;
}

export class BatchAllocator {
  readonly #parts: AllocatorParts;
  #number: number;
  #marks: readonly PartitionMark[];
  /** Undefined: nothing is logged, or, at most once, no values. */
  readonly #blocks: BlockLog | undefined;

  constructor(parts: AllocatorParts) {
    const { plan, partitions, durability, restored, failed } = parts;
    this.#parts = parts;
    this.#number = restored?.epoch ?? 0;
    this.#marks = partitions.map(
      ({ source, partition, mark }) =>
        restored?.sources.find((found) => found.source === source && found.partition === partition) ?? mark,
    );
    if (durability === undefined || plan.settings.guarantee === 'at-most-once') return;
    this.#blocks = new BlockLog(durability, this.#number + 1, failed);
    const { unallocated } = restartOf(durability.recovered);
    for (const partition of partitions)
      if (partition.comesAgain === 'never')
        partition.logTo(
          this.#blocks,
          unallocated.filter((range) => nameOf(range) === nameOf(partition)),
        );
  }

  /** The place behind the snapshot that the job goes on from, or the beginning. */
  get start(): CutPoint {
    const { restored, world } = this.#parts;
    return { number: this.#number, time: restored?.time ?? world.clock.now(), marks: this.#marks };
  }

  /** The batch of everything that was received and that no batch has yet. */
  allocate(time: number): Batch {
    const { partitions, world, listener } = this.#parts;
    const blocks = new Map(partitions.map((partition) => [nameOf(partition), partition.cut()]));
    let numRecords = 0;
    for (const received of blocks.values()) for (const block of received) numRecords += block.values.length;
    listener?.({ kind: 'batchSubmitted', batchTime: time, numRecords });
    const number = this.#next();
    this.#marks = partitions.map(({ mark }) => mark);
    const point = { number, time, marks: this.#marks };
    const logged = this.#log(point, blocks);
    return { ...point, blocks, numRecords, submissionTime: world.clock.now(), logged, results: 'new' };
  }

  /** A logged batch: with the records that it had, or, at most once, with their times only. @throws StreamError `RG064`. */
  async again({ batch: number, time, ranges }: LoggedBatch, committed: number): Promise<Batch> {
    const { plan, partitions, world, listener } = this.#parts;
    const submissionTime = world.clock.now();
    const isSkipped = plan.settings.guarantee === 'at-most-once';
    const blocks = new Map<string, readonly Block[]>();
    const marks: PartitionMark[] = [];
    let numRecords = 0;
    await Promise.all(
      partitions.map(async (partition, index) => {
        const taken: Block[] = [];
        marks[index] = this.#marks[index]!;
        for (const range of ranges.filter((found) => nameOf(found) === nameOf(partition))) {
          const { source, to, ended, reader } = range;
          marks[index] = { source, partition: range.partition, offset: to, hasEnded: ended, reader };
          const block = await partition.takeAgain(range, isSkipped, world.scheduler.soon);
          numRecords += block.values.length;
          taken.push(block);
        }
        if (taken.length > 0) blocks.set(nameOf(partition), taken);
      }),
    );
    this.#number = number - 1;
    this.#next();
    this.#marks = marks;
    listener?.({ kind: 'batchSubmitted', batchTime: time, numRecords });
    const results = isSkipped ? 'dropped' : number <= committed ? 'committed' : 'new';
    return { number, time, marks, blocks, numRecords, submissionTime, logged: undefined, results };
  }

  /** Tells sources how far they are durable. Those whose blocks are logged have heard so before. */
  commit(marks: readonly PartitionMark[], all: boolean): void {
    if (!all) return;
    for (const [index, { offset }] of marks.entries()) this.#parts.partitions[index]!.commit(offset);
  }

  /** The number of a new batch. What is received from here on belongs to the one behind it. */
  #next(): number {
    this.#number += 1;
    if (this.#blocks !== undefined) this.#blocks.batch = this.#number + 1;
    return this.#number;
  }

  /** Writes down what a batch will process: ranges that are read again, or the names of blocks that are in the log. */
  #log({ number: batch, time, marks }: CutPoint, blocks: Batch['blocks']): Write | undefined {
    const { durability, partitions, failed } = this.#parts;
    if (durability === undefined) return undefined;
    const ranges = partitions.flatMap((partition, index) => {
      const received = blocks.get(nameOf(partition))!;
      // A spout emits by itself what it heard no ack of.
      if (received.length === 0 || partition.comesAgain === 'from its spout') return [];
      const mark = marks[index]!;
      return [partition.isLogged ? rangeOfLogged(mark, received) : rangeOf(mark, received, false)];
    });
    const done = durability.log({ kind: 'allocated', batch, time, ranges });
    const write = { isDurable: false, done };
    done.then(() => {
      write.isDurable = true;
    }, failed);
    return write;
  }
}

function nameOf({ source, partition }: { readonly source: string; readonly partition: number }): string {
  return `${source}:${partition}`;
}
