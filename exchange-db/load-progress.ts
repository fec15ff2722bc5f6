import type { EntityName } from "../contracts/entity.ts";
import type { Store } from "./store.ts";

/** How far one entity of a run is. */
export interface EntityLoadProgress {
  readonly entity: EntityName;
  readonly chunks: number;
  readonly chunksLanded: number;
  /** Read from the registry; what was taken up again from staging is not counted a second time. */
  readonly rows: number;
  readonly batchesSealed: number;
  readonly batchesPublished: number;
  readonly batchesSettled: number;
}

/** Entities that the run has begun, in the order that it works on them. */
export async function loadProgress(store: Store, runId: string): Promise<readonly EntityLoadProgress[]> {
  const rows = await store.query<Record<string, string> & { entity: EntityName }>(
    `SELECT e.entity, coalesce(c.chunks, 0) AS chunks, coalesce(c.landed, 0) AS "chunksLanded", coalesce(l.rows, 0) AS rows,
       coalesce(b.sealed, 0) AS "batchesSealed", coalesce(b.published, 0) AS "batchesPublished",
       coalesce(b.settled, 0) AS "batchesSettled"
     FROM exchange.run r CROSS JOIN LATERAL jsonb_array_elements_text(r.entities) WITH ORDINALITY AS e(entity, place)
     LEFT JOIN (SELECT entity, count(*) AS chunks, count(*) FILTER (WHERE state = 'landed') AS landed
                FROM exchange.chunk WHERE run_id = $1 GROUP BY entity) c ON c.entity = e.entity
     LEFT JOIN (SELECT entity, sum(read_count) FILTER (WHERE origin = 'chunk') AS rows
                FROM exchange.landing WHERE run_id = $1 GROUP BY entity) l ON l.entity = e.entity
     LEFT JOIN (SELECT entity, count(*) FILTER (WHERE state = 'sealed') AS sealed,
                  count(*) FILTER (WHERE state = 'published') AS published, count(*) FILTER (WHERE state = 'settled') AS settled
                FROM exchange.batch WHERE run_id = $1 GROUP BY entity) b ON b.entity = e.entity
     WHERE r.run_id = $1 AND (c.entity IS NOT NULL OR l.entity IS NOT NULL) ORDER BY e.place`,
    [runId],
  );
  return rows.map((row) => ({
    entity: row.entity,
    chunks: Number(row["chunks"]),
    chunksLanded: Number(row["chunksLanded"]),
    rows: Number(row["rows"]),
    batchesSealed: Number(row["batchesSealed"]),
    batchesPublished: Number(row["batchesPublished"]),
    batchesSettled: Number(row["batchesSettled"]),
  }));
}
