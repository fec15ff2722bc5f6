import type { Assigner, Cluster, GroupMember, GroupMemberAssignment } from "kafkajs";
import kafkajs from "kafkajs";

/**
 * Kafka's own `range` assignor, which kafkajs lacks: a group may then hold members of both clients. Per topic the
 * members, sorted, get neighbouring partitions; the first ones one more where it does not divide.
 */
export function rangeAssigner({ cluster }: { cluster: Cluster }): Assigner {
  return {
    name: "range",
    version: 0,
    protocol: ({ topics }) => ({
      name: "range",
      metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({
        version: 0,
        topics,
        userData: Buffer.alloc(0),
      }),
    }),
    assign: async ({ members, topics }) => {
      const partitions = new Map(
        topics.map((topic) => [
          topic,
          cluster.findTopicPartitionMetadata(topic).map((found) => found.partitionId),
        ]),
      );
      return encode(rangesOf(members.map(subscription), partitions));
    },
  };
}

export interface Subscription {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** Member → topic → partitions. Every member is in the result, and every partition of a topic somebody reads. */
export function rangesOf(
  members: readonly Subscription[],
  partitionsOf: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, Record<string, number[]>> {
  const result = new Map<string, Record<string, number[]>>();
  for (const { memberId } of members) result.set(memberId, {});
  for (const [topic, unsorted] of partitionsOf) {
    const partitions = unsorted.toSorted((a, b) => a - b);
    const readers = members.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => memberId);
    const sorted = readers.toSorted((a, b) => (a < b ? -1 : 1));
    const each = Math.floor(partitions.length / sorted.length);
    const more = partitions.length % sorted.length;
    sorted.forEach((memberId, at) => {
      const begin = each * at + Math.min(at, more);
      const end = begin + each + (at < more ? 1 : 0);
      const own = result.get(memberId);
      if (own !== undefined && end > begin) own[topic] = partitions.slice(begin, end);
    });
  }
  return result;
}

function subscription({ memberId, memberMetadata }: GroupMember): Subscription {
  const topics = kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [];
  return { memberId, topics };
}

function encode(ranges: ReadonlyMap<string, Record<string, number[]>>): GroupMemberAssignment[] {
  return [...ranges].map(([memberId, assignment]) => ({
    memberId,
    memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
      version: 0,
      assignment,
      userData: Buffer.alloc(0),
    }),
  }));
}
