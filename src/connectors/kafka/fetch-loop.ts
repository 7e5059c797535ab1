/** Fetches partitions of a topic, one loop for each node that leads some; survives outages, and never skips what is gone in silence. */
import { StreamError } from '../../core/errors.js';
import type { World } from '../../runtime/world.js';
import type { Lane } from './lane.js';
import { Outage } from './patience.js';
import { type FetchedPartition, KafkaFailure, type KafkaPort } from './port.js';

/** A fetch waits so long for data where nothing else waits (ms); where a partition is full, it must soon be asked for again. */
const MAX_WAIT_MS = 100;
const BUSY_WAIT_MS = 5;
/** Bytes of one answer, and of one partition in it. */
const FETCH_BYTES = 8 * 1024 * 1024;
const PARTITION_BYTES = 1024 * 1024;
/** The topic is looked at again after this time: it may have more partitions (us). */
export const METADATA_AGE = 5_000_000;
export interface FetchLoopParts {
  readonly port: KafkaPort;
  readonly topic: string;
  readonly lanes: readonly Lane[];
  /** How many partitions the topic had when they were made. */
  readonly partitionCount: number;
  /** The topic has more partitions now. @throws StreamError when nobody reads them. */
  readonly grown: (partitionCount: number) => void;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
  readonly onDataLoss: 'stop' | 'continue';
  /** An error as people see it. */
  readonly errorOf: (thrown: unknown) => unknown;
}

export class FetchLoop {
  lostRecords = 0;
  readonly #parts: FetchLoopParts;
  #isClosed = false;
  /** Leaders are asked for again. */
  #isStale = false;
  #partitionCount: number;
  readonly #outage: Outage;
  #wakers = new Set<() => void>();

  constructor(parts: FetchLoopParts) {
    this.#parts = parts;
    this.#partitionCount = parts.partitionCount;
    this.#outage = new Outage(parts.world.clock);
  }

  /** Runs until every partition has ended or failed, or `stop`. Never rejects: what goes wrong is the partitions' failure. */
  async run(): Promise<void> {
    while (this.#isWanted) {
      try {
        await this.#round();
      } catch (thrown) {
        const error = this.#finalError(thrown);
        if (error === undefined) await this.#backOff();
        else for (const lane of this.#parts.lanes) lane.fail(error);
      }
    }
  }

  stop(): void {
    this.#isClosed = true;
    for (const wake of this.#wakers) wake();
  }

  get #isWanted(): boolean {
    return !this.#isClosed && this.#parts.lanes.some(({ isOpen }) => isOpen);
  }

  /** Until the leaders may have changed. */
  async #round(): Promise<void> {
    const { port, topic, lanes, world } = this.#parts;
    const leaders = await port.leaders(topic);
    this.#checkPartitions(leaders);
    this.#isStale = false;
    const nodes = new Set(lanes.map(({ partition }) => leaders![partition]!));
    const timer = world.scheduler.at(world.clock.now() + METADATA_AGE, () => {
      this.#isStale = true;
      for (const wake of this.#wakers) wake();
    });
    try {
      const loops = Array.from(nodes, (node) =>
        this.#readFrom(
          node,
          lanes.filter(({ partition }) => leaders![partition] === node),
        ),
      );
      // All must be over before a new round begins, also when one throws.
      const failed = (await Promise.allSettled(loops)).find((loop) => loop.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } finally {
      timer.cancel();
    }
    if (this.#outage.wait > 0) await this.#backOff();
  }

  async #readFrom(leader: number, lanes: readonly Lane[]): Promise<void> {
    const { port, topic } = this.#parts;
    while (!this.#isClosed && !this.#isStale) {
      const open = lanes.filter(({ isOpen }) => isOpen);
      if (open.length === 0) return;
      const wanted = open.filter(({ hasRoom }) => hasRoom);
      if (wanted.length === 0) {
        await this.#room(open);
        continue;
      }
      const places = wanted.map(({ partition, next }) => ({ partition, offset: next }));
      const maxWaitMs = wanted.length < open.length ? BUSY_WAIT_MS : MAX_WAIT_MS;
      try {
        const limits = { maxWaitMs, maxBytes: FETCH_BYTES, partitionMaxBytes: PARTITION_BYTES };
        await this.#takeAll(await port.fetch({ topic, leader, places, ...limits }), wanted);
      } catch (thrown) {
        this.#isStale = true;
        throw thrown;
      }
    }
  }

  async #takeAll(answers: readonly FetchedPartition[], lanes: readonly Lane[]): Promise<void> {
    this.#outage.answered();
    for (const answer of answers) {
      const lane = lanes.find((one) => one.partition === answer.partition);
      if (lane === undefined) continue;
      switch (answer.state) {
        case 'ok':
          lane.add(answer);
          this.#outage.isOver();
          break;
        case 'out-of-range':
          await this.#outOfRange(lane);
          break;
        case 'moved':
        case 'gone':
          this.#isStale = true;
          this.#outage.moved();
      }
    }
  }

  /** A broker may also say so of an offset that it has, while it comes up: only what its first and last offset say counts. */
  async #outOfRange(lane: Lane): Promise<void> {
    const { port, topic, onDataLoss } = this.#parts;
    const [first, last] = await Promise.all([
      port.offsets(topic, this.#partitionCount, 'earliest'),
      port.offsets(topic, this.#partitionCount, 'latest'),
    ]);
    const earliest = first[lane.partition]!;
    const latest = last[lane.partition]!;
    const { next } = lane;
    if (next >= earliest && next <= latest) {
      this.#isStale = true;
      this.#outage.moved();
    } else if (onDataLoss === 'continue') {
      this.lostRecords += Math.max(0, earliest - next);
      lane.next = earliest;
    } else {
      lane.fail(recordsLost(topic, lane.partition, next, earliest, latest));
    }
  }

  /** @throws KafkaFailure while a broker comes up and does not know its topics yet: that is an outage and not an end. */
  #checkPartitions(leaders: readonly number[] | undefined): void {
    const { topic, grown } = this.#parts;
    const before = this.#partitionCount;
    const found = leaders?.length ?? 0;
    if (found < before)
      throw new KafkaFailure(
        'transient',
        `the topic '${topic}' has ${found} partitions in place of ${before}`,
        undefined,
      );
    this.#partitionCount = found;
    if (found > before) grown(found);
  }

  #finalError(thrown: unknown): StreamError | undefined {
    if (this.#outage.bears(thrown)) return undefined;
    const error = this.#parts.errorOf(thrown);
    if (error instanceof StreamError) return error;
    throw error;
  }

  #backOff(): Promise<void> {
    const { clock, scheduler } = this.#parts.world;
    return this.#waiting((wake) => {
      const timer = scheduler.at(clock.now() + this.#outage.wait, wake);
      return () => timer.cancel();
    });
  }

  #room(lanes: readonly Lane[]): Promise<void> {
    return this.#waiting((wake) => {
      for (const lane of lanes) lane.onRoom(wake);
      return () => undefined;
    });
  }

  /** Resolves when `begin`'s wake is called, or at `stop`. */
  async #waiting(begin: (wake: () => void) => () => void): Promise<void> {
    if (this.#isClosed) return;
    let cancel: (() => void) | undefined;
    let wake: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#wakers.add(resolve);
      cancel = begin(resolve);
    });
    this.#wakers.delete(wake!);
    cancel?.();
  }
}

function recordsLost(topic: string, partition: number, next: number, earliest: number, latest: number): StreamError {
  const where = `partition ${partition} of the Kafka topic '${topic}'`;
  const hint = "start anew with another checkpoint folder, or go on without them: onDataLoss: 'continue'";
  const message =
    next < earliest
      ? `the records ${next} to ${earliest - 1} of ${where} are gone before they were read: Kafka now begins at ${earliest}`
      : `${where} ends at ${latest}, but ${next} is the next to be read: the topic was made again, or cut`;
  return new StreamError('RG064', message, hint);
}
