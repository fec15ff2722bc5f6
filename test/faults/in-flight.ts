import type pg from "pg";
import type { Broker } from "../../pipeline/broker/broker.ts";
import { topicName } from "../../pipeline/topics.ts";
import type { Side } from "./fault-servers.ts";

/** What was under way when a fault struck. */
export interface InFlight {
  /** Transactions of ours, at the side that was looked at, that have written and not committed. */
  readonly transactions: number;
  readonly oldestMs: number;
  /** Locks that they hold on tables which others read. */
  readonly rowLocks: number;
  /** Transactions of ours that are open in the registry. */
  readonly reads: number;
  readonly leased: number;
  readonly sealed: number;
  readonly published: number;
  /** Messages that the broker acknowledged and nobody has applied; null where nobody asked the broker. */
  readonly unread: Unread | null;
}

export interface Unread {
  readonly up: number;
  readonly down: number;
}

export interface Look {
  readonly side: Side;
  /** Of the daemons whose work counts. */
  readonly applications: readonly string[];
  /** Process ids of loaders whose leases count. */
  readonly loaderPids: readonly number[];
}

export interface Eyes {
  readonly exchange: pg.Pool;
  readonly national: pg.Pool;
  readonly registry: pg.Pool;
  readonly broker: Broker;
  readonly province: string;
}

const transactionsSql = `
  SELECT count(*)::int AS transactions,
    coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000), 0)::int AS "oldestMs",
    coalesce(sum((SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND l.mode = 'RowExclusiveLock')), 0)::int AS "rowLocks"
  FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.application_name = ANY ($1) AND a.backend_xid IS NOT NULL`;

const readsSql = `SELECT count(*)::int AS reads FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = ANY ($1) AND xact_start IS NOT NULL`;

const batchesSql = `SELECT
  (SELECT count(*)::int FROM exchange.chunk WHERE state = 'leased' AND lease_until > now()
     AND split_part(owner, ':', 2) = ANY ($1::text[])) AS leased,
  (SELECT count(*)::int FROM exchange.batch WHERE state = 'sealed') AS sealed,
  (SELECT count(*)::int FROM exchange.batch WHERE state = 'published') AS published`;

type Transactions = Pick<InFlight, "transactions" | "oldestMs" | "rowLocks">;
type Batches = Pick<InFlight, "leased" | "sealed" | "published">;

/** What our processes have under way now, as databases and broker themselves say. */
export async function lookAt(eyes: Eyes, look: Look, withMessages: boolean): Promise<InFlight> {
  const [written, read, batches] = await Promise.all([
    eyes[look.side].query<Transactions>(transactionsSql, [look.applications]),
    eyes.registry.query<{ reads: number }>(readsSql, [look.applications]),
    eyes.exchange.query<Batches>(batchesSql, [look.loaderPids.map(String)]),
  ]);
  return {
    ...one(written.rows),
    ...one(read.rows),
    ...one(batches.rows),
    unread: withMessages ? await unreadMessages(eyes) : null,
  };
}

/** Backends of ours with an open transaction, for those who end them. */
export async function openBackends(pool: pg.Pool, applications: readonly string[]): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY ($1)
       AND xact_start IS NOT NULL`,
    [applications],
  );
  return rows.map(({ pid }) => pid);
}

/** Written to the broker, both ways, and not yet applied by the receiving database's own position. */
async function unreadMessages({ broker, exchange, national, province }: Eyes): Promise<Unread> {
  const sql = (schema: Side) =>
    `SELECT topic, partition, next_offset FROM ${schema}.consumer_position WHERE topic LIKE 'duijie.%'`;
  const positions = new Map<string, bigint>();
  for (const pool of [national.query(sql("national")), exchange.query(sql("exchange"))]) {
    const { rows }: pg.QueryResult<{ topic: string; partition: number; next_offset: string }> = await pool;
    for (const row of rows) positions.set(`${row.topic}/${row.partition}`, BigInt(row.next_offset));
  }
  const places = [
    ...[0, 1, 2, 3].map((partition) => [topicName(province, "up", "data"), partition, "up"] as const),
    [topicName(province, "down", "control"), 0, "down"] as const,
  ];
  const unread = { up: 0, down: 0 };
  for (const [topic, partition, way] of places) {
    const { high } = await broker.watermarks(topic, partition);
    const next = positions.get(`${topic}/${partition}`) ?? 0n;
    if (high > next) unread[way] += Number(high - next);
  }
  return unread;
}

function one<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new RangeError("no row");
  return row;
}
