import type { Store } from "../../exchange-db/store.ts";

/** Columns of the ministry's institutions, as they are imported and exported. */
export const schoolColumns = [
  "school_id",
  "name",
  "school_type_code",
  "region_code",
  "managing_authority_code",
] as const;

export type MinistrySchool = Readonly<Record<(typeof schoolColumns)[number], string>>;

/** All schools by id, one array of `schoolColumns` each. */
export async function ministrySchoolRows(store: Store): Promise<readonly string[][]> {
  const rows = await store.query<MinistrySchool & Record<string, string>>(
    `SELECT ${schoolColumns.join(", ")} FROM ministry.school ORDER BY school_id`,
  );
  return rows.map((row) => schoolColumns.map((column) => row[column]));
}

/** Adds and corrects; never deletes. The province is that of the school's region. */
export async function importSchools(
  store: Store,
  schools: readonly MinistrySchool[],
): Promise<{ readonly added: number; readonly changed: number }> {
  const list = schoolColumns.join(", ");
  const updates = [...schoolColumns.filter((column) => column !== "school_id"), "province"];
  const rows = await store.query<{ isNew: boolean }>(
    `INSERT INTO ministry.school AS m (${list}, province) SELECT ${list}, left(region_code, 2)
     FROM jsonb_to_recordset($1::jsonb) AS s(${schoolColumns.map((column) => `${column} text`).join(", ")})
     ON CONFLICT (school_id) DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(", ")}
     WHERE (${updates.map((column) => `m.${column}`).join(", ")}) IS DISTINCT FROM (${updates.map((column) => `excluded.${column}`).join(", ")})
     RETURNING xmax = 0 AS "isNew"`,
    [JSON.stringify(schools)],
  );
  const added = rows.filter((row) => row.isNew).length;
  return { added, changed: rows.length - added };
}
