/** Who reads which partition in a consumer group: what a member that leads the group works out for all. Pure. */

/** A member, with the topics that it wants to read. */
export interface GroupMemberTopics {
  readonly id: string;
  readonly topics: readonly string[];
}

/** Partitions of each topic that a member is given. */
export type Assignment = Readonly<Record<string, readonly number[]>>;

/**
 * Of each topic, a run of consecutive partitions for each member that reads it, in the order of the members' ids; the first ones get one
 * more where they do not divide. So members of Java and of raingauge come to the same.
 *
 * Source: Kafka's `RangeAssignor`.
 */
export function rangeAssignment(
  members: readonly GroupMemberTopics[],
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, Assignment> {
  const assigned = new Map<string, Record<string, number[]>>(members.map(({ id }) => [id, {}]));
  for (const [topic, count] of partitionCounts) {
    const readers = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id);
    readers.sort((a, b) => (a < b ? -1 : 1));
    const [each, more] = [Math.floor(count / readers.length), count % readers.length];
    readers.forEach((id, index) => {
      const first = each * index + Math.min(index, more);
      const length = each + (index < more ? 1 : 0);
      if (length > 0) assigned.get(id)![topic] = Array.from({ length }, (_, at) => first + at);
    });
  }
  return assigned;
}
