/** A partition of the source: polls it from the partitions of the topic that it reads, each in its order. */
import type { StreamError } from '../../core/errors.js';
import type { RawPartition } from '../../runtime/source.js';
import { HandedOut } from './handed-out.js';
import type { Lane } from './lane.js';
import { Turns, type TurnsState } from './turns.js';

/** What `position` gives: by partition of the topic, the offset in Kafka behind the last record that was handed out. */
export interface KafkaPosition {
  /** Of the partition with the number of the source's partition. */
  readonly next?: number;
  /** Of others. */
  readonly others?: Readonly<Record<number, number>>;
  /** Where it reads several: the order in which they had their turns. */
  readonly turns?: TurnsState;
}

export interface KafkaPartitionOptions {
  /** Its number in the source. */
  readonly index: number;
  /** Records that an earlier process has handed out. */
  readonly taken: number;
  /** What `position` gave there, and at the end of what must come again in the same order. */
  readonly position: KafkaPosition | undefined;
  readonly later?: KafkaPosition | undefined;
  /** What it gives is read again in the same order after a restart. Default false. */
  readonly isReplayable?: boolean;
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
  /** Undefined where nobody asks for an order. */
  readonly #turns: Turns | undefined;
  #isHeldOpen: boolean;
  #failure: StreamError | undefined;
  /** Whose turn it is. */
  #turn = 0;
  #wake: (() => void) | undefined;

  /** @throws StreamError `RG064` when the order in which records must come again is forgotten. */
  constructor(options: KafkaPartitionOptions) {
    const { taken, position, later, index, isHeldOpen = false } = options;
    this.#options = options;
    this.#isHeldOpen = isHeldOpen;
    this.#out = new HandedOut(taken);
    this.#left = placesIn(position, index);
    if (options.isReplayable === true) this.#turns = new Turns(turnsOf(later ?? position, index), this.#left);
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
    let left = max - this.#takeAgain(values, max);
    const lanes = this.#due === undefined ? this.#lanes : [];
    for (let tried = 0; tried < lanes.length && left > 0; tried++) {
      const lane = lanes[this.#turn % lanes.length]!;
      const taken = lane.take(values, left, this.#out);
      if (taken > 0) this.#turns?.took(lane.partition, lane.behind);
      left -= taken;
      // One that always has enough must not keep the others from their turn.
      this.#turn++;
    }
    if (this.#hasMore) return 'more';
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
    const others =
      places.size === 0
        ? {}
        : { others: Object.fromEntries(places), ...(this.#turns && { turns: this.#turns.state() }) };
    return next === undefined ? others : { next, ...others };
  }

  commit(count: number): void {
    const isAll = count >= this.#out.taken;
    for (const [partition, offset] of this.#out.commit(count)) {
      const lane = this.#lanes.find((one) => one.partition === partition);
      this.#turns?.commit(partition, offset);
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

  /** A take would give something. */
  get #hasMore(): boolean {
    const due = this.#due;
    return due === undefined ? !this.#isEmpty : due.lane.waiting > 0;
  }

  /** Whose turn it is, while what an earlier life had comes again. */
  get #due(): { readonly lane: Lane; readonly end: number } | undefined {
    for (let turn = this.#turns?.due; turn !== undefined; turn = this.#turns?.due) {
      const { partition, end } = turn;
      const lane = this.#lanes.find((one) => one.partition === partition);
      if (lane !== undefined && !lane.hasEnded && lane.upcoming < end) return { lane, end };
      this.#turns?.next();
    }
    return undefined;
  }

  get #hasEnded(): boolean {
    return !this.#isHeldOpen && this.#lanes.every(({ hasEnded }) => hasEnded);
  }

  #takeAgain(values: unknown[], max: number): number {
    let taken = 0;
    for (let due = this.#due; due !== undefined && taken < max; due = this.#due) {
      const got = due.lane.take(values, max - taken, this.#out, due.end);
      if (got === 0) break;
      taken += got;
    }
    return taken;
  }

  #notify(): void {
    if (this.#wake === undefined) return;
    if (!this.#hasMore && !this.#hasEnded && this.failure === undefined) return;
    const wake = this.#wake;
    this.#wake = undefined;
    wake();
  }
}

/** Where a position has no turns, one partition alone had been read up to there. */
function turnsOf({ next, turns }: KafkaPosition = {}, index: number): TurnsState {
  return turns ?? { turns: next === undefined ? '' : `${index}@${next}`, forgotten: {} };
}

/** By partition of the topic, where a position says that it goes on. `index`: the number of the source's partition. */
export function placesIn(position: KafkaPosition | undefined, index: number): Map<number, number> {
  const { next, others = {} } = position ?? {};
  const places = new Map(Object.entries(others).map(([partition, offset]) => [Number(partition), offset]));
  if (next !== undefined) places.set(index, next);
  return places;
}
