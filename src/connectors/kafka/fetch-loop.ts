/** Fetches all partitions of a topic, one loop for each node that leads some; survives outages, and never skips what is gone in silence. */
import { StreamError } from '../../core/errors.js';
import type { World } from '../../runtime/world.js';
import type { KafkaPartition } from './partition.js';
import { type FetchedPartition, KafkaFailure, type KafkaPort } from './port.js';

/** A fetch waits so long for data where nothing else waits (ms); where a partition is full, it must soon be asked for again. */
const MAX_WAIT_MS = 100;
const BUSY_WAIT_MS = 5;
/** Bytes of one answer, and of one partition in it. */
const FETCH_BYTES = 8 * 1024 * 1024;
const PARTITION_BYTES = 1024 * 1024;
/** The topic is looked at again after this time: it may have more partitions (us). */
const METADATA_AGE = 30_000_000;
/** A cluster may be away for so long before the job fails (us). */
const UNAVAILABLE_MAX = 120_000_000;
/** Between attempts (us): doubled each time up to the second. */
const BACK_OFF = 100_000;
const BACK_OFF_MAX = 2_000_000;

export interface FetchLoopParts {
  readonly port: KafkaPort;
  readonly topic: string;
  readonly partitions: readonly KafkaPartition[];
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
  #lastAnswer: number;
  #attempts = 0;
  #wakers = new Set<() => void>();

  constructor(parts: FetchLoopParts) {
    this.#parts = parts;
    this.#lastAnswer = parts.world.clock.now();
  }

  /** Runs until every partition has ended or failed, or `stop`. Never rejects: what goes wrong is the partitions' failure. */
  async run(): Promise<void> {
    while (this.#isWanted) {
      try {
        await this.#round();
      } catch (thrown) {
        const error = this.#finalError(thrown);
        if (error === undefined) await this.#backOff();
        else for (const partition of this.#parts.partitions) partition.fail(error);
      }
    }
  }

  stop(): void {
    this.#isClosed = true;
    for (const wake of this.#wakers) wake();
  }

  get #isWanted(): boolean {
    return !this.#isClosed && this.#parts.partitions.some(({ isOpen }) => isOpen);
  }

  /** Until the leaders may have changed. */
  async #round(): Promise<void> {
    const { port, topic, partitions, world } = this.#parts;
    const leaders = await port.leaders(topic);
    this.#checkPartitions(leaders);
    this.#isStale = false;
    const nodes = new Set(partitions.map(({ partition }) => leaders![partition]!));
    const timer = world.scheduler.at(world.clock.now() + METADATA_AGE, () => {
      this.#isStale = true;
      for (const wake of this.#wakers) wake();
    });
    try {
      const loops = Array.from(nodes, (node) =>
        this.#readFrom(
          node,
          partitions.filter(({ partition }) => leaders![partition] === node),
        ),
      );
      // All must be over before a new round begins, also when one throws.
      const failed = (await Promise.allSettled(loops)).find((loop) => loop.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } finally {
      timer.cancel();
    }
    if (this.#attempts > 0) await this.#backOff();
  }

  async #readFrom(leader: number, partitions: readonly KafkaPartition[]): Promise<void> {
    const { port, topic } = this.#parts;
    while (!this.#isClosed && !this.#isStale) {
      const open = partitions.filter(({ isOpen }) => isOpen);
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

  async #takeAll(answers: readonly FetchedPartition[], partitions: readonly KafkaPartition[]): Promise<void> {
    this.#lastAnswer = this.#parts.world.clock.now();
    for (const answer of answers) {
      const partition = partitions.find((one) => one.partition === answer.partition);
      if (partition === undefined) continue;
      switch (answer.state) {
        case 'ok':
          partition.add(answer);
          this.#attempts = 0;
          break;
        case 'out-of-range':
          await this.#outOfRange(partition);
          break;
        case 'moved':
        case 'gone':
          this.#isStale = true;
          this.#attempts ||= 1;
      }
    }
  }

  /** A broker may also say so of an offset that it has, while it comes up: only what its first and last offset say counts. */
  async #outOfRange(partition: KafkaPartition): Promise<void> {
    const { port, topic, partitions, onDataLoss } = this.#parts;
    const [first, last] = await Promise.all([
      port.offsets(topic, partitions.length, 'earliest'),
      port.offsets(topic, partitions.length, 'latest'),
    ]);
    const earliest = first[partition.partition]!;
    const latest = last[partition.partition]!;
    const { next } = partition;
    if (next >= earliest && next <= latest) {
      this.#isStale = true;
      this.#attempts ||= 1;
    } else if (onDataLoss === 'continue') {
      this.lostRecords += Math.max(0, earliest - next);
      partition.next = earliest;
    } else {
      partition.fail(recordsLost(topic, partition.partition, next, earliest, latest));
    }
  }

  /** @throws StreamError `RG080` when the topic is gone, or has other partitions than when the job started. */
  #checkPartitions(leaders: readonly number[] | undefined): void {
    const { topic, partitions } = this.#parts;
    const found = leaders?.length ?? 0;
    // While a broker comes up, it may not know its topics yet: that is an outage and not an end.
    if (found < partitions.length)
      throw new KafkaFailure(
        'transient',
        `the topic '${topic}' has ${found} partitions in place of ${partitions.length}`,
        undefined,
      );
    if (found > partitions.length) throw partitionsAdded(topic, partitions.length, found);
  }

  #finalError(thrown: unknown): StreamError | undefined {
    const { world, errorOf } = this.#parts;
    const isTransient = thrown instanceof KafkaFailure && thrown.kind === 'transient';
    if (isTransient && world.clock.now() - this.#lastAnswer < UNAVAILABLE_MAX) {
      this.#attempts += 1;
      return undefined;
    }
    const error = errorOf(thrown);
    if (error instanceof StreamError) return error;
    throw error;
  }

  #backOff(): Promise<void> {
    const wait = Math.min(BACK_OFF_MAX, BACK_OFF * 2 ** Math.min(10, this.#attempts - 1));
    const { clock, scheduler } = this.#parts.world;
    return this.#waiting((wake) => {
      const timer = scheduler.at(clock.now() + wait, wake);
      return () => timer.cancel();
    });
  }

  #room(partitions: readonly KafkaPartition[]): Promise<void> {
    return this.#waiting((wake) => {
      for (const partition of partitions) partition.onRoom(wake);
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

function partitionsAdded(topic: string, before: number, found: number): StreamError {
  return new StreamError(
    'RG080',
    `the Kafka topic '${topic}' now has ${found} partitions; the job was started with ${before}`,
    'start it again: with the same --checkpoint it goes on, and reads the new partitions from their beginning',
  );
}
