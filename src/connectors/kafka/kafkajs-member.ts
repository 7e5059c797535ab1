/** Membership in a consumer group by the protocol calls of kafkajs 2.2.4: its consumer would also read, commit and skip by itself. */
import { AssignerProtocol, type Kafka, type RetryOptions } from 'kafkajs';
import { type Broker, type Cluster, createCluster, retried } from './kafkajs-cluster.js';
import { failureOf, translated } from './kafkajs-failure.js';
import { type GroupMember, KafkaFailure, type MemberState, type Membership } from './port.js';
import { rangeAssignment } from './range-assignment.js';

/** The name that Java has for it. */
const PROTOCOL = 'range';
/** The coordinator takes a member for dead that it has not heard of for so long (ms). */
const SESSION_TIMEOUT_MS = 10_000;
/** So long it waits for the others to join again (ms). */
const REBALANCE_TIMEOUT_MS = 30_000;
/** A group that forms anew while it is joined is joined again, so often. */
const JOINS_MAX = 20;

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** Not yet a member: `join` makes it one. `retry`: how a call is asked again while the coordinator is chosen. */
export async function openMember(
  kafka: Kafka,
  group: string,
  topic: string,
  retry: RetryOptions,
): Promise<GroupMember> {
  // A join waits at the broker until all have joined: nothing else may wait behind it.
  const cluster = createCluster(kafka);
  await translated(() => cluster.connect());
  return new KafkaJSMember(cluster, group, topic, retry);
}

class KafkaJSMember implements GroupMember {
  readonly #cluster: Cluster;
  readonly #group: string;
  readonly #topic: string;
  readonly #retry: RetryOptions;
  #id = '';
  #generation = -1;

  constructor(cluster: Cluster, group: string, topic: string, retry: RetryOptions) {
    this.#cluster = cluster;
    this.#group = group;
    this.#topic = topic;
    this.#retry = retry;
  }

  async join(): Promise<Membership> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await retried(this.#retry, () => this.#joinAndSync());
      } catch (thrown) {
        const state = stateIn(thrown);
        if (state === undefined || attempt === JOINS_MAX) throw failureOf(thrown);
        if (state === 'lost') this.#id = '';
      }
    }
  }

  heartbeat(): Promise<MemberState> {
    return this.#told((coordinator) =>
      coordinator.heartbeat({ groupId: this.#group, groupGenerationId: this.#generation, memberId: this.#id }),
    );
  }

  commit(offsets: ReadonlyMap<number, number>): Promise<MemberState> {
    const partitions = Array.from(offsets, ([partition, offset]) => ({
      partition,
      offset: String(offset),
      metadata: '',
    }));
    return this.#told((coordinator) =>
      coordinator.offsetCommit({
        groupId: this.#group,
        groupGenerationId: this.#generation,
        memberId: this.#id,
        topics: [{ topic: this.#topic, partitions }],
      }),
    );
  }

  /** A coordinator that does not hear of it finds out by itself. */
  async leave(): Promise<void> {
    try {
      if (this.#id !== '') await (await this.#coordinator()).leaveGroup({ groupId: this.#group, memberId: this.#id });
    } catch {
      // It is told by its silence.
    }
    this.#id = '';
    await this.#cluster.disconnect().catch(() => undefined);
  }

  async #joinAndSync(): Promise<Membership> {
    const [groupId, topic] = [this.#group, this.#topic];
    const coordinator = await this.#coordinator();
    const joined = await coordinator.joinGroup({
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      memberId: this.#id,
      groupProtocols: [
        { name: PROTOCOL, metadata: MemberMetadata.encode({ version: 0, topics: [topic], userData: Buffer.alloc(0) }) },
      ],
    });
    this.#id = joined.memberId;
    this.#generation = joined.generationId;
    const leads = joined.leaderId === joined.memberId;
    const groupAssignment = leads ? await this.#assigned(joined.members) : [];
    const member = { groupId, generationId: this.#generation, memberId: this.#id };
    const { memberAssignment } = await coordinator.syncGroup({ ...member, groupAssignment });
    const given = memberAssignment.length === 0 ? undefined : MemberAssignment.decode(memberAssignment)?.assignment;
    return { partitions: given?.[topic] ?? [], leads };
  }

  async #assigned(members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]) {
    const wishes = members.map(({ memberId, memberMetadata }) => ({
      id: memberId,
      topics: MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }));
    const topics = [...new Set(wishes.flatMap((wish) => wish.topics))];
    const found = (await this.#cluster.metadata({ topics })) ?? (await this.#cluster.metadata({ topics: [] }));
    if (found === null) throw new KafkaFailure('transient', 'no broker answers', undefined);
    const known = found.topicMetadata.filter(({ topic }) => topics.includes(topic));
    const counts = new Map(known.map(({ topic, partitionMetadata }) => [topic, partitionMetadata.length]));
    return Array.from(rangeAssignment(wishes, counts), ([memberId, assigned]) => {
      const assignment = Object.fromEntries(Object.entries(assigned).map(([topic, list]) => [topic, [...list]]));
      const memberAssignment = MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) });
      return { memberId, memberAssignment };
    });
  }

  async #told(tell: (coordinator: Broker) => Promise<unknown>): Promise<MemberState> {
    try {
      await retried(this.#retry, async () => tell(await this.#coordinator()));
      return 'stable';
    } catch (thrown) {
      const state = stateIn(thrown);
      if (state === undefined) throw failureOf(thrown);
      return state;
    }
  }

  #coordinator(): Promise<Broker> {
    return this.#cluster.findGroupCoordinator({ groupId: this.#group });
  }
}

const STATES: Readonly<Record<string, MemberState>> = {
  REBALANCE_IN_PROGRESS: 'rebalancing',
  ILLEGAL_GENERATION: 'lost',
  UNKNOWN_MEMBER_ID: 'lost',
};

/** What an answer says of the membership; undefined for another failure. */
function stateIn(thrown: unknown): MemberState | undefined {
  return STATES[(thrown as { readonly type?: string }).type ?? ''];
}
