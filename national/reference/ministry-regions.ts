import { codeTable } from "../../contracts/codes.ts";
import type { Store } from "../../exchange-db/store.ts";

/** Columns of `ministry.region`, as they are exported. */
export const regionColumns = [
  "code",
  "name_zh",
  "level",
  "parent_code",
  "effective_from",
  "effective_to",
  "successor_codes",
] as const;

type MinistryRegion = Readonly<Record<(typeof regionColumns)[number], string | null>>;

/** All regions by code, one array of `regionColumns` each. */
export async function ministryRegionRows(store: Store): Promise<readonly (string | null)[][]> {
  const rows = await store.query<MinistryRegion & Record<string, string | null>>(
    `SELECT ${regionColumns.join(", ")} FROM ministry.region ORDER BY code`,
  );
  return rows.map((row) => regionColumns.map((column) => row[column]));
}

/**
 * Fills the ministry's regions from the code tables that ship: those in force, those of the statistics list, and the
 * abolished ones with what followed them. Again after an update of the tables; nothing is deleted. Gives their number.
 */
export async function seedRegions(store: Store): Promise<number> {
  const regions = shippedRegions();
  const list = regionColumns.join(", ");
  const updates = regionColumns.filter((column) => column !== "code");
  await store.query(
    `INSERT INTO ministry.region (${list}) SELECT ${list}
     FROM jsonb_to_recordset($1::jsonb) AS r(${regionColumns.map((column) => `${column} text`).join(", ")})
     ON CONFLICT (code) DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(", ")}`,
    [JSON.stringify(regions)],
  );
  return regions.length;
}

/** A code that was given twice keeps what it means now: the later list in this order wins. */
function shippedRegions(): readonly MinistryRegion[] {
  const regions = new Map<string, MinistryRegion>();
  for (const list of ["region-history", "region-nbs-extra", "region"] as const) {
    for (const row of codeTable(list).rows) {
      const code = row["code"] ?? "";
      regions.set(code, {
        code,
        name_zh: row["name_zh"] ?? "",
        level: row["level"] ?? "county",
        parent_code: textOrNull(row["parent_code"] ?? row["parent_region_code"]),
        effective_from: textOrNull(row["effective_from"]),
        effective_to: textOrNull(row["effective_to"]),
        successor_codes: textOrNull(row["successor_codes"]),
      });
    }
  }
  return [...regions.values()];
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
