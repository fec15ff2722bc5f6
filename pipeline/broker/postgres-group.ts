import type { PartitionName } from "./assigned-partitions.ts";
import type { ConsumeOptions } from "./broker.ts";
import { channel, partitionEnds } from "./postgres-log.ts";
import { numberOf, offsetOf, textOf, textsOf } from "./postgres-rows.ts";
import type { Ask, PostgresSession } from "./postgres-session.ts";
import { rangesOf } from "./range-assigner.ts";

/** What came of asking for our share: it, or why not yet. `fenced`: the group has struck us off. */
export type Taken = readonly PartitionName[] | "others hold it" | "another generation" | "fenced";

/**
 * Membership of one consumer in its group. Who is silent is judged by the database's clock alone. Each change of the
 * members begins a new generation: everyone lets go of everything, then takes its range as soon as nobody holds it.
 */
export class PostgresGroup {
  readonly #session: PostgresSession;
  readonly #options: ConsumeOptions;
  readonly #clientId: string;

  constructor(session: PostgresSession, options: ConsumeOptions, clientId: string) {
    this.#session = session;
    this.#options = options;
    this.#clientId = clientId;
  }

  /** A new member; the generation that it begins follows by `beat`. */
  async join(): Promise<string> {
    const { groupId, sessionTimeoutMs, topics } = this.#options;
    return await this.#session.transaction("join", async (ask) => {
      await ask("INSERT INTO broker.consumer_group (group_id) VALUES ($1) ON CONFLICT DO NOTHING", [groupId]);
      await this.#lock(ask);
      const rows = await ask(
        `INSERT INTO broker.member (group_id, client_id, topics, session_timeout_ms) VALUES ($1, $2, $3, $4)
         RETURNING member_id::text AS member`,
        [groupId, this.#clientId, topics, sessionTimeoutMs],
      );
      await this.#beginGeneration(ask);
      return textOf(rows[0], "member");
    });
  }

  /** A sign of life. Null: struck off for silence. Strikes off others that are silent. */
  async beat(member: string): Promise<bigint | null> {
    const rows = await this.#session.query(
      "beat",
      `UPDATE broker.member me SET seen_at = clock_timestamp() WHERE me.member_id = $1
       RETURNING (SELECT generation FROM broker.consumer_group g WHERE g.group_id = me.group_id)::text AS generation,
         (SELECT count(*) FROM broker.member other WHERE other.group_id = me.group_id AND other.member_id <> $1
            AND ${silent})::integer AS silent`,
      [member],
    );
    if (rows[0] === undefined) return null;
    if (numberOf(rows[0], "silent") === 0) return offsetOf(rows[0], "generation");
    return await this.#session.transaction("fence", async (ask) => await this.#strikeOff(ask, member));
  }

  /** Lets go of everything, then takes our range of this generation if nobody holds any of it. */
  async take(member: string, generation: bigint): Promise<Taken> {
    return await this.#session.transaction("take", async (ask) => {
      if ((await this.#lock(ask)) !== generation) return "another generation";
      const own = await ask("DELETE FROM broker.hold WHERE member_id = $1 RETURNING topic", [member]);
      if (own.length > 0) await this.#tell(ask);
      const range = await this.#rangeOf(ask, member);
      if (range === null) return "fenced";
      return (await this.#hold(ask, member, range)) ? range : "others hold it";
    });
  }

  async leave(member: string): Promise<void> {
    await this.#session.transaction("leave", async (ask) => {
      await this.#lock(ask);
      await ask("DELETE FROM broker.member WHERE member_id = $1", [member]);
      await this.#beginGeneration(ask);
    });
  }

  /** For whoever looks how far the group is behind. */
  async hint(hints: readonly (PartitionName & { readonly next: bigint })[]): Promise<void> {
    await this.#session.query(
      "hint",
      `INSERT INTO broker.committed AS c (group_id, topic, partition, next_offset)
       SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::bigint[])
       ON CONFLICT (group_id, topic, partition) DO UPDATE
         SET next_offset = excluded.next_offset, committed_at = clock_timestamp()`,
      [
        this.#options.groupId,
        hints.map(({ topic }) => topic),
        hints.map(({ partition }) => partition),
        hints.map(({ next }) => String(next)),
      ],
    );
  }

  /** One at a time changes a group; returns its generation. */
  async #lock(ask: Ask): Promise<bigint> {
    const rows = await ask(
      "SELECT generation::text AS generation FROM broker.consumer_group WHERE group_id = $1 FOR UPDATE",
      [this.#options.groupId],
    );
    return offsetOf(rows[0], "generation");
  }

  async #strikeOff(ask: Ask, member: string): Promise<bigint> {
    const generation = await this.#lock(ask);
    const gone = await ask(
      `DELETE FROM broker.member other WHERE group_id = $1 AND member_id <> $2 AND ${silent} RETURNING member_id::text`,
      [this.#options.groupId, member],
    );
    if (gone.length === 0) return generation;
    await this.#beginGeneration(ask);
    return generation + 1n;
  }

  async #beginGeneration(ask: Ask): Promise<void> {
    await ask("UPDATE broker.consumer_group SET generation = generation + 1 WHERE group_id = $1", [
      this.#options.groupId,
    ]);
    await this.#tell(ask);
  }

  async #tell(ask: Ask): Promise<void> {
    await ask(`SELECT pg_notify('${channel}', $1)::text`, [`group:${this.#options.groupId}`]);
  }

  async #rangeOf(ask: Ask, member: string): Promise<readonly PartitionName[] | null> {
    const rows = await ask(
      "SELECT member_id::text AS member, topics FROM broker.member WHERE group_id = $1 ORDER BY member_id",
      [this.#options.groupId],
    );
    const members = rows.map((row) => ({ memberId: textOf(row, "member"), topics: textsOf(row, "topics") }));
    const topics = [...new Set(members.flatMap((one) => one.topics))];
    const partitions = new Map<string, number[]>();
    for (const { topic, partition } of await partitionEnds(ask, topics)) {
      partitions.set(topic, [...(partitions.get(topic) ?? []), partition]);
    }
    const range = rangesOf(members, partitions).get(member);
    if (range === undefined) return null;
    return Object.entries(range).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition })),
    );
  }

  async #hold(ask: Ask, member: string, range: readonly PartitionName[]): Promise<boolean> {
    const { groupId } = this.#options;
    const names = [range.map(({ topic }) => topic), range.map(({ partition }) => partition)];
    const held = await ask(
      `SELECT FROM broker.hold JOIN unnest($2::text[], $3::integer[]) AS wanted (topic, partition)
         USING (topic, partition) WHERE group_id = $1 LIMIT 1`,
      [groupId, ...names],
    );
    if (held.length > 0) return false;
    await ask(
      `INSERT INTO broker.hold (group_id, topic, partition, member_id)
       SELECT $1, wanted.topic, wanted.partition, $4 FROM unnest($2::text[], $3::integer[]) AS wanted (topic, partition)`,
      [groupId, ...names, member],
    );
    return true;
  }
}

const silent = "other.seen_at < clock_timestamp() - other.session_timeout_ms * interval '1 millisecond'";
