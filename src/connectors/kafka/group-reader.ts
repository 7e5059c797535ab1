/** A receiver: a member of a consumer group that reads what the group gives it, into one partition of the source. */
import { StreamError } from '../../core/errors.js';
import type { World } from '../../runtime/world.js';
import { FetchLoop, METADATA_AGE } from './fetch-loop.js';
import { Lane } from './lane.js';
import { OffsetCommits } from './offset-commits.js';
import type { KafkaPartition } from './partition.js';
import { Outage } from './patience.js';
import { type GroupMember, KafkaFailure, type KafkaPort, type MemberState, type Membership } from './port.js';
import type { ValueSettings } from './record-values.js';
import { firstOffsets, type StartingOffsets } from './start-offsets.js';

/** A member is heard of so often (us). */
const HEARTBEAT_INTERVAL = 1_000_000;
/** Before partitions are given up, what was handed out has so long to become durable and be committed (us). */
const HANDOVER_MAX = 5_000_000;

export interface GroupReaderParts extends ValueSettings {
  readonly port: KafkaPort;
  readonly member: GroupMember;
  readonly group: string;
  readonly partition: KafkaPartition;
  readonly world: Pick<World, 'clock' | 'scheduler'>;
  readonly startingOffsets: StartingOffsets;
  /** By partition, where the topic ends for this job; undefined: never. */
  readonly ends: readonly number[] | undefined;
  readonly onDataLoss: 'stop' | 'continue';
  /** An error as people see it. */
  readonly errorOf: (thrown: unknown) => unknown;
  /** Hears of each share that the group gives it. */
  readonly tell: (message: string) => void;
}

/**
 * 1. It joins, and is given partitions. Each is read from the offset that the group has committed, or from where this job has handed out
 *    more; where the group has none, from the starting offset, which is committed before a record is read.
 * 2. What is durable here is committed to the group within a second.
 * 3. When the group forms anew, it stops reading, forgets what it did not hand out, waits up to five seconds until what it did hand out
 *    is durable, commits that, and joins again. Whoever has a partition next goes on there.
 * 4. A member that the group went on without joins again at once; what it had not committed is read again by others.
 */
export class GroupReader {
  lostRecords = 0;
  readonly commits: OffsetCommits;
  readonly #parts: GroupReaderParts;
  /** The partitions that are its own, with the offset below which they are not its own to commit. */
  readonly #owned = new Map<number, number>();
  readonly #outage: Outage;
  /** What it reads now, and what was counted of what it read before. */
  #lanes: readonly Lane[] = [];
  #before = { tombstones: 0, undecodableRecords: 0 };
  #partitionCount = 0;
  /** Of the first time that it joined. */
  #partitionCountBefore: number | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(parts: GroupReaderParts) {
    this.#parts = parts;
    this.#outage = new Outage(parts.world.clock);
    const { group, member, world, errorOf, partition } = parts;
    this.commits = new OffsetCommits({
      ...{ group, world, errorOf },
      send: (offsets) => member.commit(offsets),
      failed: (error) => partition.fail(error),
    });
  }

  /** What it has counted beside records. */
  get counts(): { readonly tombstones: number; readonly undecodableRecords: number } {
    let { tombstones, undecodableRecords } = this.#before;
    for (const lane of this.#lanes) {
      tombstones += lane.tombstones;
      undecodableRecords += lane.undecodable;
    }
    return { tombstones, undecodableRecords };
  }

  /** Runs until it has ended or failed, or `stop`. Never rejects: what goes wrong is the partition's failure. */
  async run(): Promise<void> {
    const { member, partition } = this.#parts;
    while (!this.#isClosed) {
      try {
        const membership = await member.join();
        this.#outage.isOver();
        await this.#holds(membership);
      } catch (thrown) {
        if (this.#outage.bears(thrown)) await this.#sleep(this.#outage.wait);
        else {
          partition.fail(this.#finalError(thrown));
          this.#isClosed = true;
        }
      }
    }
  }

  stop(): void {
    this.#isClosed = true;
    this.changed();
  }

  /** Something was handed out, or became durable. */
  changed(): void {
    this.#wake?.();
  }

  /** Everything of the partition below this offset in Kafka is durable. */
  durable(partition: number, offset: number): void {
    const floor = this.#owned.get(partition);
    if (floor !== undefined && offset > floor) this.commits.set(partition, offset);
    this.changed();
  }

  /** Reads its share until the group forms anew, or everything is over. */
  async #holds({ partitions, leads }: Membership): Promise<void> {
    const { port, topic, partition, tell, group, onDataLoss, world, errorOf } = this.#parts;
    const lanes = await this.#lanesOf(partitions);
    if (lanes === undefined) return;
    const share = partitions.length === 0 ? 'none' : partitions.join(', ');
    tell(`its partitions of '${topic}' in the group '${group}': ${share}`);
    this.#lanes = lanes;
    for (const lane of lanes) partition.add(lane);
    const common = { port, topic, world, onDataLoss, errorOf };
    const loop = new FetchLoop({ ...common, lanes, partitionCount: this.#partitionCount, grown: () => undefined });
    const reading = loop.run();
    let state: MemberState | undefined;
    try {
      state = await this.#beats(leads, lanes);
    } finally {
      loop.stop();
      await reading;
      this.lostRecords += loop.lostRecords;
      this.#before = this.counts;
      this.#lanes = [];
      partition.dropAll();
      // One that stops goes on to commit what becomes durable, to its end.
      if (!this.#isClosed) await this.#giveUp(state === 'rebalancing');
    }
  }

  /** Tells the group that it lives, until the group forms anew, or this is over. */
  async #beats(leads: boolean, lanes: readonly Lane[]): Promise<MemberState | undefined> {
    const { member, world, port, topic } = this.#parts;
    const { clock } = world;
    let looked = clock.now();
    for (let beat = clock.now(); !this.#isClosed; ) {
      if (clock.now() >= beat) {
        const state = await member.heartbeat();
        this.#outage.isOver();
        if (state !== 'stable') return state;
        beat = clock.now() + HEARTBEAT_INTERVAL;
      }
      if (await this.#isDone(lanes)) break;
      if (leads && clock.now() - looked >= METADATA_AGE) {
        looked = clock.now();
        // New partitions are shared out when the member that leads joins again.
        if (((await port.leaders(topic))?.length ?? 0) > this.#partitionCount) return 'rebalancing';
      }
      await this.#sleep(beat - clock.now());
    }
    return undefined;
  }

  /** Where each of these is read from. Undefined when the group formed anew meanwhile. */
  async #lanesOf(partitions: readonly number[]): Promise<readonly Lane[] | undefined> {
    const { port, group, topic, partition, member, ends } = this.#parts;
    const found = (await port.leaders(topic))?.length ?? 0;
    this.#partitionCount = Math.max(found, ...partitions.map((one) => one + 1));
    this.#partitionCountBefore ??= this.#partitionCount;
    const committed = await port.committed(group, topic, this.#partitionCount);
    const first = await this.#firstOf(partitions.filter((one) => !committed.has(one)));
    const lanes = partitions.map((one) => {
      const start = Math.max(committed.get(one)?.offset ?? first.get(one) ?? 0, partition.placeOf(one) ?? 0);
      const until = ends === undefined ? Number.POSITIVE_INFINITY : (ends[one] ?? 0);
      return new Lane({ ...this.#parts, partition: one, start, until });
    });
    // Whoever reads one next must not begin elsewhere, such as at a later 'latest'; what the log of this job has is done, too.
    const known = new Map([...first, ...(partition.isCommitted ? lanes.map(placeOf) : [])]);
    for (const [one, offset] of known) if (offset === committed.get(one)?.offset) known.delete(one);
    if (known.size > 0 && (await member.commit(known)) !== 'stable') return undefined;
    this.#owned.clear();
    for (const one of partitions) this.#owned.set(one, known.get(one) ?? committed.get(one)!.offset);
    return lanes;
  }

  /** Where those begin of which the group knows nothing: partitions that came while this runs, at their beginning. */
  async #firstOf(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { port, topic, startingOffsets } = this.#parts;
    const before = this.#partitionCountBefore!;
    const asked = partitions.some((one) => one < before)
      ? await firstOffsets(port, topic, before, startingOffsets)
      : [];
    return new Map(partitions.map((one) => [one, asked[one] ?? 0]));
  }

  /** With an end: the group has committed everything up to it, whoever has read it. */
  async #isDone(lanes: readonly Lane[]): Promise<boolean> {
    const { ends, partition, port, group, topic } = this.#parts;
    if (ends === undefined || !partition.isCommitted || !lanes.every(({ hasEnded }) => hasEnded)) return false;
    // Behind the last record, markers count as read.
    for (const lane of lanes) this.durable(lane.partition, lane.next);
    await this.commits.flush();
    const committed = await port.committed(group, topic, ends.length);
    if (ends.some((end, one) => (committed.get(one)?.offset ?? 0) < end)) return false;
    partition.end();
    this.#isClosed = true;
    return true;
  }

  /** Commits what was handed out, if it may and as far as it becomes durable in time; after that, nothing is its own. */
  async #giveUp(mayCommit: boolean): Promise<void> {
    const { partition, world } = this.#parts;
    const until = world.clock.now() + HANDOVER_MAX;
    while (mayCommit && !partition.isCommitted && !this.#isClosed && world.clock.now() < until)
      await this.#sleep(until - world.clock.now());
    if (mayCommit) await this.commits.flush();
    this.commits.forget();
    this.#owned.clear();
  }

  #finalError(thrown: unknown): StreamError {
    const error = this.#parts.errorOf(thrown);
    if (!(error instanceof StreamError)) throw error;
    if (!(thrown instanceof KafkaFailure && thrown.kind === 'refused')) return error;
    return new StreamError(
      'RG081',
      `the consumer group '${this.#parts.group}' cannot be joined: ${error.message}`,
      "the group may be in use in another way: give the source a group of its own: group: 'NAME'",
      { cause: error },
    );
  }

  /** So long (us), or until something changes. */
  async #sleep(time: number): Promise<void> {
    if (this.#isClosed) return;
    const { clock, scheduler } = this.#parts.world;
    await new Promise<void>((resolve) => {
      const timer = scheduler.at(clock.now() + time, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

function placeOf({ partition, next }: Lane): readonly [number, number] {
  return [partition, next];
}
