/** A partition of the source: polls it from the partitions of the topic that it reads, each in its order. */
import type { StreamError } from '../../core/errors.js';
import type { RawPartition } from '../../runtime/source.js';
import { HandedOut } from './handed-out.js';
import type { Lane } from './lane.js';

/** What `position` gives: by partition of the topic, the offset in Kafka behind the last record that was handed out. */
export interface KafkaPosition {
  /** Of the partition with the number of the source's partition. */
  readonly next?: number;
  /** Of others. */
  readonly others?: Readonly<Record<number, number>>;
}

export interface KafkaPartitionOptions {
  /** Its number in the source. */
  readonly index: number;
  /** Records that an earlier process has handed out. */
  readonly taken: number;
  /** What `position` gave there. */
  readonly position: KafkaPosition | undefined;
  /** It ends by `end` only: more partitions may come. Default: when all that it reads have ended. */
  readonly isHeldOpen?: boolean;
  /** Told the offset in Kafka below which everything of a partition is durable. */
  readonly onCommit: (partition: number, offset: number) => void;
}

export class KafkaPartition implements RawPartition {
  readonly #options: KafkaPartitionOptions;
  readonly #out: HandedOut;
  readonly #lanes: Lane[] = [];
  /** Where partitions of the topic that it does not read now would go on. */
  readonly #left: Map<number, number>;
  #isHeldOpen: boolean;
  #failure: StreamError | undefined;
  /** Whose turn it is. */
  #turn = 0;
  #wake: (() => void) | undefined;

  constructor(options: KafkaPartitionOptions) {
    this.#options = options;
    this.#isHeldOpen = options.isHeldOpen ?? false;
    this.#out = new HandedOut(options.taken);
    this.#left = placesIn(options.position, options.index);
  }

  /** Told once what was read before it is handed out. */
  get failure(): StreamError | undefined {
    const failed = this.#lanes.find(({ failure }) => failure !== undefined)?.failure;
    return failed ?? (this.#isEmpty ? this.#failure : undefined);
  }

  /** Everything that was handed out is durable. */
  get isCommitted(): boolean {
    return this.#out.isCommitted;
  }

  take(values: unknown[], max: number): 'more' | 'idle' | 'ended' {
    const lanes = this.#lanes;
    let left = max;
    for (let tried = 0; tried < lanes.length; tried++) {
      left -= lanes[this.#turn % lanes.length]!.take(values, left, this.#out);
      if (left === 0) break;
      this.#turn++;
    }
    // One that always has enough must not keep the others from their turn.
    if (left === 0) this.#turn++;
    if (!this.#isEmpty) return 'more';
    return this.#hasEnded ? 'ended' : 'idle';
  }

  onReady(wake: () => void): void {
    this.#wake = wake;
    this.#notify();
  }

  position(): KafkaPosition {
    const places = new Map(this.#left);
    for (const { partition, position } of this.#lanes) places.set(partition, position);
    const next = places.get(this.#options.index);
    places.delete(this.#options.index);
    const others = places.size === 0 ? {} : { others: Object.fromEntries(places) };
    return next === undefined ? others : { next, ...others };
  }

  commit(count: number): void {
    const isAll = count >= this.#out.taken;
    for (const [partition, offset] of this.#out.commit(count)) {
      const lane = this.#lanes.find((one) => one.partition === partition);
      this.#options.onCommit(partition, isAll && lane !== undefined ? Math.max(offset, lane.position) : offset);
    }
  }

  /** Where a partition of the topic that it has read goes on; undefined for one that it has not read. */
  placeOf(partition: number): number | undefined {
    return this.#lanes.find((one) => one.partition === partition)?.position ?? this.#left.get(partition);
  }

  /** From here on it reads this partition of the topic too. */
  add(lane: Lane): void {
    this.#left.delete(lane.partition);
    this.#lanes.push(lane);
    lane.ready = () => this.#notify();
    this.#notify();
  }

  /** It reads none any more. What was fetched and not handed out is forgotten. */
  dropAll(): void {
    for (const lane of this.#lanes) this.#left.set(lane.partition, lane.drop());
    this.#lanes.length = 0;
  }

  /** No other partitions of the topic will come. */
  end(): void {
    this.#isHeldOpen = false;
    this.#notify();
  }

  fail(error: StreamError): void {
    this.#failure ??= error;
    for (const lane of this.#lanes) lane.fail(error);
    this.#notify();
  }

  get #isEmpty(): boolean {
    return this.#lanes.every(({ waiting }) => waiting === 0);
  }

  get #hasEnded(): boolean {
    return !this.#isHeldOpen && this.#lanes.every(({ hasEnded }) => hasEnded);
  }

  #notify(): void {
    if (this.#wake === undefined) return;
    if (this.#isEmpty && !this.#hasEnded && this.failure === undefined) return;
    const wake = this.#wake;
    this.#wake = undefined;
    wake();
  }
}

/** By partition of the topic, where a position says that it goes on. `index`: the number of the source's partition. */
function placesIn(position: KafkaPosition | undefined, index: number): Map<number, number> {
  const { next, others = {} } = position ?? {};
  const places = new Map(Object.entries(others).map(([partition, offset]) => [Number(partition), offset]));
  if (next !== undefined) places.set(index, next);
  return places;
}
